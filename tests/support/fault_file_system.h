#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/file_system.h"

namespace gasoline::test {

/// A disk in memory that does to its user what real ones do.
///
/// It keeps what was synced apart from what was only written, for the bytes of files and for the
/// names in directories. Every changing or syncing operation has a number, from 1. The power can be
/// cut after any of them; when it returns, each unsynced piece (a write, split at 512 bytes) is
/// kept, lost, torn or damaged as the seed wills, each directory has lost an end of its unsynced
/// changes, and all open files are dead. Bytes and names that were synced stay as they were.
/// A failed sync forgets what it should have written, as Linux does: a later one that succeeds does
/// not bring it to the disk. Thread-safe.
class FaultFileSystem final : public io::FileSystem {
 public:
  enum Kind : unsigned {
    kWrite = 1,
    kSync = 2,
    kSyncDirectory = 4,
    kName = 8,  ///< creations, renames, removals
    kResize = 16,
    kAny = 31
  };

  explicit FaultFileSystem(uint64_t seed);
  ~FaultFileSystem() override;

  uint64_t operations() const;
  /// The power goes during operation number `operation`.
  void cut_power_at(uint64_t operation);
  bool is_power_cut() const;
  /// After a cut (or as a cut of its own). Faults set before are gone.
  void return_power();

  /// Operations of a kind in `kinds` fail with `code` from number `first` on, `times` of them. A
  /// failing write has written a part.
  void fail(unsigned kinds, int code, uint64_t first, uint64_t times);
  uint64_t failures() const;
  /// Writes and reads take at most a few bytes at a time.
  void make_transfers_short(bool is_short);
  /// ENOSPC once the files hold this many bytes.
  void set_capacity(uint64_t bytes);
  /// Mutants: the call succeeds and does nothing.
  void ignore_syncs(bool of_files, bool of_directories);
  /// Changes bytes behind everybody's back, synced or not.
  void damage(const std::string& path, uint64_t offset, const std::string& bytes);
  std::string contents(const std::string& path) const;

  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Status make_directory(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<io::FileStatus> status(const std::string& path) override;

 private:
  friend class FaultFile;
  struct Node;
  struct NameChange;
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct Place {
    std::shared_ptr<Node> directory;
    std::string name;
  };

  static void apply(const NameChange& change, Names& names);
  std::shared_ptr<Node> find(const std::string& path) const;
  Result<Place> place_of(const std::string& path) const;
  Status change_name(const std::string& path, NameChange change);
  Status move(const std::string& from, const Place& old_place, const Place& new_place);
  /// Counts an operation and says whether it is to fail.
  Status begin(Kind kind, const std::string& what);
  void lose_unsynced(Node& node);
  Error no_power(const std::string& what) const;
  uint64_t used_bytes() const;

  mutable std::mutex mutex_;
  SeededRandom random_;
  std::shared_ptr<Node> root_;
  uint64_t inode_next_ = 1;
  uint64_t generation_ = 0;  // of the power; files of an earlier one are dead
  uint64_t operations_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  bool is_cut_ = false;
  unsigned fail_kinds_ = 0;
  int fail_code_ = 0;
  uint64_t fail_first_ = 0;
  uint64_t fail_times_ = 0;
  uint64_t failures_ = 0;
  bool is_short_ = false;
  uint64_t capacity_ = UINT64_MAX;
  bool ignores_file_syncs_ = false;
  bool ignores_directory_syncs_ = false;
};

}  // namespace gasoline::test

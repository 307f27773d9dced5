#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "journal/format.h"
#include "journal/segment_pool.h"

namespace gasoline::journal {

/// The names in a journal's directory, and the operations that change them.
///
///   lock                      the writer's pid; the file lock on it is what counts
///   00000000000000000001.seg  a segment, named by the sequence of its first record
///   spare-1                   an emptied segment, kept to be written over
///   next.tmp                  a segment in the making; rubbish once its maker is gone
///   NAME.seg.cut-1            what repair cut off a segment; for people
///
/// Anything else is left alone. lock() and unlock() are for one thread at a time, the rest for any.
class SegmentDirectory {
 public:
  /// In the name of a file with what was cut off, between the segment's name and a number.
  static constexpr std::string_view kCutOffInfix = ".cut-";

  SegmentDirectory(io::FileSystem& files, std::string path);

  struct Names {
    std::vector<uint64_t> segments;  ///< first sequences, rising
    std::vector<uint32_t> spares;    ///< numbers, rising
    bool has_unfinished = false;     ///< a next.tmp
  };
  Result<Names> list() const;

  const std::string& path() const { return path_; }
  std::string segment_path(uint64_t first_sequence) const;
  std::string spare_path(uint32_t number) const;
  /// Where a file is that is about to become a segment.
  std::string unfinished_path() const;

  /// The writer's lock, held until unlock() or destruction. Makes the directory if it is missing.
  /// Error::kLocked names the owner's pid if it is known.
  Status lock();
  void unlock() { lock_file_.reset(); }

  /// A file that is not yet part of the journal: a spare, or a new one.
  struct Draft {
    std::unique_ptr<io::File> file;
    std::string path;
    uint64_t size_bytes = 0;  ///< of the spare, whose old records are still in it
  };
  /// Under the lock. Writes the header, and syncs it unless `durable` is false. Makes a new file if
  /// `spare`, the path of one to be written over, is empty or cannot be opened.
  Result<Draft> draft(const SegmentHeader& header, const std::string& spare, bool durable);
  /// Under the lock. Gives the draft its name, replacing a segment of that name if there is one.
  /// The name is durable after sync().
  Status publish(const Draft& draft, uint64_t first_sequence);
  void discard(const Draft& draft);

  /// Under the lock. Removes a segment, or keeps it as a spare while there are fewer than
  /// `spares_max` and its size is within [size_min, size_max].
  struct Recycling {
    uint32_t spares_max = 0;
    uint64_t size_min = 0;
    uint64_t size_max = 0;
    SegmentPool* pool = nullptr;  ///< that gets what does not become a spare
  };
  /// Gives the spare's number if it became one.
  Result<std::optional<uint32_t>> remove(uint64_t first_sequence, const Recycling& recycling);

  Status sync();

 private:
  io::FileSystem& files_;
  const std::string path_;
  std::unique_ptr<io::File> lock_file_;
};

}  // namespace gasoline::journal

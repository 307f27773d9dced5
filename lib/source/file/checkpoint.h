#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "source/file/generation.h"

namespace gasoline::source {

/// Where each file was, for the next start. It says what the generations of a file look like; how
/// far they were taken is said by the event log, and by the checkpoint only where the log has
/// forgotten them.
///
/// The file, integers as varints (docs/JOURNAL.md) and strings with their size before them:
///
///   "GSFC" version=1
///   machine     the machine's id, so that a copy from another one is recognised
///   saved_us    wall clock: of the last look at all names
///   patterns    count, then each: those that were followed
///   generations count, then each: id, path, state, device, inode, birth_us, head size, head hash,
///               samples (count, then each), tail, read offset, taken offset, size seen,
///               changed_us, looked_us
///   crc         CRC-32C of all before, 4 bytes, little-endian
struct Checkpoint {
  struct Entry {
    std::string id;
    std::string path;
    Generation::State state = Generation::State::kLive;
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t birth_us = 0;
    Head head;
    Samples samples;
    std::string tail;
    uint64_t read_offset = 0;  ///< of the tail's end
    uint64_t taken_offset = 0;
    uint64_t size_seen = 0;
    int64_t changed_us = 0;
    int64_t looked_us = 0;  ///< of its path: no rotation before this went unseen
  };
  std::string machine;
  int64_t saved_us = 0;
  std::vector<std::string> patterns;
  std::vector<Entry> generations;
};

std::string encode(const Checkpoint& checkpoint);
/// kInvalid if the bytes are not a checkpoint, whatever they are.
Result<Checkpoint> decode_checkpoint(std::string_view bytes);

/// Keeps one checkpoint in a file, replaced as a whole: after a crash, also of the machine, it is
/// the old one or the new one. One thread.
class CheckpointFile {
 public:
  CheckpointFile(io::FileSystem& files, std::string directory, const std::string& source_name);

  const std::string& path() const { return path_; }
  /// nullopt if there is none; an Error if it cannot be read or is damaged.
  Result<std::optional<Checkpoint>> load();
  /// Durable on return. After an Error the old one is still there.
  Status save(const Checkpoint& checkpoint);

 private:
  io::FileSystem& files_;
  const std::string directory_;
  const std::string path_;
};

/// What tells this machine from others: /etc/machine-id, else the host's name.
std::string machine_identity();

}  // namespace gasoline::source

#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "source/file/content.h"
#include "source/file/file_identity.h"

namespace gasoline::source {

/// One life of a file, from its first byte on: bytes are only ever added at its end. A rotation, a
/// truncation or a new file under the name begins another one. Each is an origin of its own in the
/// event log, and a line's number there is the offset behind it.
///
///   kLive --renamed, deleted, link switched--> kRotated --quiet for long--> kDone
///     |                                            |
///     +--truncated--> kOrphaned <--truncated-------+
///                        |  ^
///       a copy is found  v  |  the copy is damaged or changed
///                      kCopied --read to its end--> kDone
struct Generation {
  enum class State : uint8_t {
    kLive = 1,      ///< what its path names now
    kRotated = 2,   ///< under another name, or under none; its writer may still have it open
    kOrphaned = 3,  ///< gone from its inode; a copy with the rest is looked for
    kCopied = 4,    ///< the rest is read from a copy that does not grow
    kDone = 5       ///< read to its end; kept to be recognised
  };

  uint64_t key = 0;  ///< in this process
  std::string id;    ///< its origin: "file-" BASE "-" NUMBER
  std::string path;  ///< as it is followed, whatever the file is called by now
  State state = State::kLive;

  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_us = 0;
  Head head;
  Samples samples;
  std::string tail;  ///< the last bytes before read_offset, at most kTailSizeBytesMax

  uint64_t read_offset = 0;   ///< handed to the pipeline up to here
  uint64_t taken_offset = 0;  ///< in the event log up to here
  uint64_t size_seen = 0;     ///< the largest that was seen
  uint64_t size_looked = 0;   ///< at the last look; may be another generation's already
  uint64_t last_taken = 0;    ///< its mark in the event log
  uint64_t after_seq = 0;     ///< number of the last line handed over
  uint64_t lines = 0;
  int64_t modified_us = 0;   ///< when a poll last saw it
  int64_t last_line_us = 0;  ///< wall clock
  int64_t active_us = 0;     ///< monotonic: when it last gave bytes or came into its state
  int64_t changed_us = 0;    ///< wall clock: when it came into its state
  int64_t looked_us = 0;     ///< of its path, in the checkpoint that was loaded

  /// Where to go on once the tail was seen to be in place, after a restart.
  uint64_t resume_offset = 0;
  bool must_verify = false;
  bool is_foreign = false;  ///< of a checkpoint from another machine

  std::unique_ptr<Content> content;
  int watch = -1;
  unsigned in_flight = 0;  ///< batches that are not answered
  bool is_polled = false;
  bool is_queued = false;    ///< to be read
  bool has_more = false;     ///< to be queued when an answer comes
  bool must_rewind = false;  ///< a batch was not taken: back to taken_offset when all are answered
  bool is_registered = false;  ///< in the checkpoint on the disk
  bool is_at_end = false;
  std::string problem;
  std::string missing;  ///< what became of lines that were not read, in plain words; empty if none
  bool is_given_up = false;   ///< no copy is looked for any more
  bool is_loss_told = false;  ///< a gap event of `missing` is in the pipeline or behind it
  /// The copy that it is read from, or was: inode, and when it was written.
  std::pair<uint64_t, int64_t> copy;

  bool is_same_file(const FileLook& look) const {
    if (inode != look.inode) return false;
    return birth_us != 0 && look.birth_us != 0 ? birth_us == look.birth_us : device == look.device;
  }
  /// What is known to be behind the place from which a copy would be read on.
  uint64_t bytes_not_read() const { return size_seen - std::min(size_seen, resume_offset); }
  bool is_read() const {
    return state == State::kLive || state == State::kRotated || state == State::kCopied;
  }
};

}  // namespace gasoline::source

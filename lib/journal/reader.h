#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "io/file_system.h"
#include "journal/segment_directory.h"
#include "journal/segment_scanner.h"

namespace gasoline::journal {

struct Record {
  uint64_t sequence;
  std::string_view payload;  ///< valid until the reader's next call
};

/// Nothing more for now; ask again after an append.
struct EndOfLog {};

/// Bytes that hold no intact record where one was due. The records [first_missing, end_missing) are
/// gone; the two are equal where only bytes between records are damaged.
struct Corruption {
  std::string segment;  ///< file name
  uint64_t offset;
  uint64_t bytes;  ///< 0 where records are missing between two intact ones
  uint64_t first_missing;
  uint64_t end_missing;
  /// Nothing is damaged: the writer released or dropped these records before they were read.
  bool is_released = false;
};

using ReadResult = std::variant<Record, EndOfLog, Corruption, Error>;

/// Reads a journal in order, live or dead, without a lock.
///
/// Follows a writer of this or another process through rotation, release and recycling, and never
/// gives half a record, one twice or one out of order. What is damaged is reported once as a
/// Corruption, then reading goes on behind it. Damage at the very end of the newest segment looks
/// like a record being written: it is the EndOfLog until something follows it.
/// Memory: one buffer of SegmentScanner. One thread at a time.
class Reader {
 public:
  /// Begins with the record `from_sequence`, or with the oldest above it that is kept. `files` must
  /// outlive the reader. Fails if there is no such directory.
  static Result<std::unique_ptr<Reader>> open(io::FileSystem& files, const std::string& directory,
                                              uint64_t from_sequence = 1);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// After an Error the reader stands where it stood; ask again.
  ReadResult read_next();
  /// Of the next record to be given, as far as is known.
  uint64_t next_sequence() const { return next_sequence_; }
  /// First sequence of the segment that was read last; 0 before the first one.
  uint64_t segment() const { return segment_first_; }

 private:
  Reader(io::FileSystem& files, const std::string& directory, uint64_t from_sequence)
      : files_(files), directory_(files, directory), next_sequence_(from_sequence) {}

  struct Successor {
    bool is_current_there = false;  // under its name, the same file
    bool is_name_taken = false;     // by another file
    std::optional<uint64_t> first_sequence;
  };

  std::optional<ReadResult> step();
  std::optional<ReadResult> deliver(const Frame& frame);
  std::optional<ReadResult> beyond_intact();
  std::optional<ReadResult> end_of_live_segment();
  std::optional<ReadResult> end_of_closed_segment(uint64_t successor);
  std::optional<ReadResult> find_segment();
  std::optional<ReadResult> leave_for(uint64_t first_sequence, bool is_released, uint64_t bytes);
  Status enter(uint64_t first_sequence);
  Result<Successor> look_around();
  ReadResult skip_to(const Frame& frame);
  Corruption missing_until(uint64_t end_sequence, uint64_t offset, uint64_t bytes) const;

  io::FileSystem& files_;
  const SegmentDirectory directory_;
  SegmentScanner scanner_;
  uint64_t next_sequence_;
  bool is_positioned_ = false;  // next_sequence_ is one that the journal promised

  // The segment being read; no file before the first one is found.
  std::unique_ptr<io::File> file_;
  uint64_t segment_first_ = 0;
  uint64_t segment_last_ = 0;  // sequence of the last record seen in it
  uint64_t offset_ = 0;        // of the next record
  bool is_identified_ = false;
  bool is_header_reported_ = true;
  uint64_t end_polls_ = 0;        // at this offset, since a record was found
  bool has_reached_end_ = false;  // of the journal, once
};

}  // namespace gasoline::journal

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "journal/reader.h"

namespace gasoline::journal {

struct SegmentReport {
  std::string name;
  uint64_t first_sequence = 0;  ///< as the name says
  uint64_t end_sequence = 0;    ///< one past the last intact record
  uint64_t records = 0;
  uint64_t payload_bytes = 0;
  uint64_t size_bytes = 0;     ///< of the file
  uint64_t end_offset = 0;     ///< behind the last intact record
  uint64_t damaged_bytes = 0;  ///< before end_offset
  int64_t creation_us = 0;     ///< 0 if the header is damaged
  bool is_header_intact = false;
};

struct JournalReport {
  std::vector<SegmentReport> segments;
  uint64_t records = 0;        ///< each sequence counted once
  uint64_t payload_bytes = 0;  ///< of these
  uint64_t size_bytes = 0;     ///< of the segment files
  uint64_t spare_bytes = 0;    ///< of the files kept for reuse
  uint64_t first_sequence = 0;
  uint64_t next_sequence = 0;
  /// Behind the last record of the newest segment: a record cut short by a crash, or one that a
  /// live writer is writing at this moment. What a recycled file held before does not count.
  uint64_t torn_tail_bytes = 0;
  uint64_t damaged_bytes = 0;
  uint64_t missing_records = 0;
  std::vector<Corruption> corruptions;  ///< at most kCorruptionsMax; the counts above go on

  static constexpr size_t kCorruptionsMax = 10'000;
  /// Repair would change something that a reader would otherwise stumble over.
  bool is_damaged() const { return damaged_bytes > 0; }
};

/// Reads all of a live or dead journal without a lock and says what it holds. Of a live one: what
/// was there when the call began, and neither what is released meanwhile nor what is being written
/// counts as damage. kInvalid if the directory holds no segment.
Result<JournalReport> inspect(io::FileSystem& files, const std::string& directory);

/// What repair did to one segment.
struct SegmentRepair {
  std::string segment;
  bool is_rewritten = false;  ///< else only a torn tail was cut off
  uint64_t records = 0;       ///< kept; 0 if not rewritten
  uint64_t cut_bytes = 0;
  std::string kept_in;  ///< name of the file beside it that has the bytes cut off
};

struct RepairReport {
  std::vector<SegmentRepair> repairs;  ///< empty if there was nothing to do
  JournalReport after;
};

/// Takes the writer's lock (else Error::kLocked), rewrites each damaged segment with the records
/// that are intact, under the sequences they have, and cuts the torn tail. What is cut off is first
/// put, durably, into a file beside the segment (docs/JOURNAL.md, "Repair"), then the segment is
/// replaced atomically: an Error or a crash leaves each segment either as it was or repaired.
/// Afterwards there are no damaged bytes, and the missing records are missing as before.
Result<RepairReport> repair(io::FileSystem& files, const std::string& directory);

}  // namespace gasoline::journal

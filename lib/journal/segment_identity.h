#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "io/file.h"
#include "journal/format.h"

namespace gasoline::journal {

/// Reads and checks a segment's header; nullopt if it is damaged or too short.
Result<std::optional<SegmentHeader>> read_segment_header(io::File& file);

/// Whose records a segment file holds.
struct SegmentIdentity {
  uint64_t segment_id = 0;
  JournalId journal_id;           ///< unknown (zeros) if the header is damaged
  uint32_t flags = 0;             ///< likewise
  bool is_header_intact = false;  ///< else the id was taken from the first intact record
};

/// The identity of the file whose name says `first_sequence`; nullopt if it holds neither a fitting
/// header nor a fitting record. A header of another sequence does not count, and nor do records
/// that it would own: they belong to another place.
Result<std::optional<SegmentIdentity>> identify_segment(io::File& file, uint64_t first_sequence);

}  // namespace gasoline::journal

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gasoline::journal {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint32_t kPayloadSizeMax = 16u << 20;
inline constexpr uint32_t kSegmentHeaderSize = 64;
inline constexpr uint32_t kRecordHeaderSize = 24;
inline constexpr std::string_view kMagic = "GASJRNL\n";

/// Overlaps what names after it hold: its records were appended again after a failed fdatasync.
inline constexpr uint32_t kSegmentAppendedAgain = 1;

struct JournalId {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const JournalId&) const = default;
};

/// The first bytes of every segment file. Integers are little-endian.
///
///   offset  size  field
///        0     8  magic           "GASJRNL\n"
///        8     4  version         1
///       12     4  flags           bit 0: kSegmentAppendedAgain
///       16     8  segment_id      random, new for each life of the file, never 0
///       24    16  journal_id      random, the same in all segments of a journal
///       40     8  first_sequence  of the first record; also the file's name
///       48     8  creation_us     wall clock, microseconds since the epoch
///       56     4  reserved        0
///       60     4  crc             CRC-32C of bytes 0..59
struct SegmentHeader {
  uint32_t flags = 0;
  uint64_t segment_id = 0;
  JournalId journal_id;
  uint64_t first_sequence = 1;
  int64_t creation_us = 0;
};

/// The fixed prefix of every record; the payload follows at once, the next record after it.
///
///   offset  size  field
///        0     4  crc           CRC-32C of the record's offset in the file (8 bytes), of bytes
///                               4..23 and of the payload
///        4     4  payload_size  bytes after this header, at most kPayloadSizeMax
///        8     8  sequence      1 for the journal's first record, then rising by 1
///       16     8  segment_id    the header's, so a record of the file's earlier life is caught
///
/// The crc covers payload_size: a reader must never trust a length it has not checked. It covers
/// the offset, so that a block of this file in the wrong place is caught as well. A segment_id is
/// never 0, so zero bytes are never a record and preallocated space reads as the end of the log.
struct RecordHeader {
  uint32_t crc = 0;
  uint32_t payload_size = 0;
  uint64_t sequence = 0;
  uint64_t segment_id = 0;
};

using SegmentHeaderBytes = std::array<char, kSegmentHeaderSize>;
using RecordHeaderBytes = std::array<char, kRecordHeaderSize>;

SegmentHeaderBytes encode(const SegmentHeader& header) noexcept;
/// nullopt unless magic, version, crc and the ranges of all fields are right.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) noexcept;

/// The header of a record whose payload is `parts`, to be written at `offset`.
RecordHeaderBytes make_record_header(uint64_t segment_id, uint64_t offset, uint64_t sequence,
                                     uint32_t payload_size,
                                     std::span<const std::string_view> parts) noexcept;
/// Reads the fields; checks nothing. `bytes` holds at least kRecordHeaderSize.
RecordHeader decode_record_header(const char* bytes) noexcept;
/// True if the checksum fits a record that stands at `offset` and whose bytes, header and payload,
/// begin at `bytes`. The caller has checked that payload_size bytes are there.
bool is_record_intact(const char* bytes, uint32_t payload_size, uint64_t offset) noexcept;

/// 42 -> "00000000000000000042.seg"
std::string segment_file_name(uint64_t first_sequence);
/// The reverse; nullopt for any other name.
std::optional<uint64_t> first_sequence_of(std::string_view file_name) noexcept;

}  // namespace gasoline::journal

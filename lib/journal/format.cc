#include "journal/format.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace gasoline::journal {
namespace {

constexpr std::string_view kSegmentSuffix = ".seg";
constexpr size_t kSequenceDigits = 20;

uint32_t crc_of_offset(uint64_t offset) noexcept {
  char bytes[sizeof offset];
  store_le(bytes, offset);
  return crc32c(bytes, sizeof bytes);
}

}  // namespace

SegmentHeaderBytes encode(const SegmentHeader& header) noexcept {
  SegmentHeaderBytes bytes{};
  char* to = bytes.data();
  std::memcpy(to, kMagic.data(), kMagic.size());
  store_le(to + 8, kFormatVersion);
  store_le(to + 12, header.flags);
  store_le(to + 16, header.segment_id);
  store_le(to + 24, header.journal_id.high);
  store_le(to + 32, header.journal_id.low);
  store_le(to + 40, header.first_sequence);
  store_le(to + 48, header.creation_us);
  store_le(to + 60, crc32c(to, 60));
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) noexcept {
  if (bytes.size() < kSegmentHeaderSize || !bytes.starts_with(kMagic)) return std::nullopt;
  const char* from = bytes.data();
  if (load_le<uint32_t>(from + 60) != crc32c(from, 60)) return std::nullopt;
  if (load_le<uint32_t>(from + 8) != kFormatVersion) return std::nullopt;
  SegmentHeader header;
  header.flags = load_le<uint32_t>(from + 12);
  header.segment_id = load_le<uint64_t>(from + 16);
  header.journal_id = {load_le<uint64_t>(from + 24), load_le<uint64_t>(from + 32)};
  header.first_sequence = load_le<uint64_t>(from + 40);
  header.creation_us = load_le<int64_t>(from + 48);
  if (header.segment_id == 0 || header.first_sequence == 0) return std::nullopt;
  return header;
}

RecordHeaderBytes make_record_header(uint64_t segment_id, uint64_t offset, uint64_t sequence,
                                     uint32_t payload_size,
                                     std::span<const std::string_view> parts) noexcept {
  RecordHeaderBytes bytes;
  char* to = bytes.data();
  store_le(to + 4, payload_size);
  store_le(to + 8, sequence);
  store_le(to + 16, segment_id);
  uint32_t crc = crc32c(to + 4, kRecordHeaderSize - 4, crc_of_offset(offset));
  for (const std::string_view part : parts) crc = crc32c(part.data(), part.size(), crc);
  store_le(to, crc);
  return bytes;
}

RecordHeader decode_record_header(const char* bytes) noexcept {
  return {load_le<uint32_t>(bytes), load_le<uint32_t>(bytes + 4), load_le<uint64_t>(bytes + 8),
          load_le<uint64_t>(bytes + 16)};
}

bool is_record_intact(const char* bytes, uint32_t payload_size, uint64_t offset) noexcept {
  const size_t covered = size_t{kRecordHeaderSize} - 4 + payload_size;
  return load_le<uint32_t>(bytes) == crc32c(bytes + 4, covered, crc_of_offset(offset));
}

std::string segment_file_name(uint64_t first_sequence) {
  const std::string digits = std::to_string(first_sequence);
  std::string name(kSequenceDigits - digits.size(), '0');
  name += digits;
  name += kSegmentSuffix;
  return name;
}

std::optional<uint64_t> first_sequence_of(std::string_view file_name) noexcept {
  if (file_name.size() != kSequenceDigits + kSegmentSuffix.size()) return std::nullopt;
  if (!file_name.ends_with(kSegmentSuffix)) return std::nullopt;
  const char* end = file_name.data() + kSequenceDigits;
  uint64_t first = 0;
  const auto [stopped, error] = std::from_chars(file_name.data(), end, first);
  if (error != std::errc{} || stopped != end || first == 0) return std::nullopt;
  return first;
}

}  // namespace gasoline::journal

#include "journal/segment_identity.h"

#include "journal/segment_scanner.h"

namespace gasoline::journal {

Result<std::optional<SegmentHeader>> read_segment_header(io::File& file) {
  SegmentHeaderBytes bytes;
  Result<size_t> got = file.read_at(bytes.data(), bytes.size(), 0);
  if (!got) return std::move(got).error();
  return decode_segment_header(std::string_view(bytes.data(), *got));
}

Result<std::optional<SegmentIdentity>> identify_segment(io::File& file, uint64_t first_sequence) {
  Result<std::optional<SegmentHeader>> header = read_segment_header(file);
  if (!header) return std::move(header).error();
  if (header->has_value() && (*header)->first_sequence == first_sequence) {
    return std::optional<SegmentIdentity>(
        SegmentIdentity{(*header)->segment_id, (*header)->journal_id, (*header)->flags, true});
  }
  Result<io::FileStatus> status = file.status();
  if (!status) return std::move(status).error();
  const uint64_t records_max = status->size_bytes / kRecordHeaderSize;
  SegmentScanner scanner;
  scanner.attach(file, 0);
  Result<std::optional<uint64_t>> id =
      scanner.find_segment_id(first_sequence, first_sequence + records_max);
  if (!id) return std::move(id).error();
  if (!id->has_value()) return std::optional<SegmentIdentity>{};
  if (header->has_value() && (*header)->segment_id == **id) return std::optional<SegmentIdentity>{};
  return std::optional<SegmentIdentity>(SegmentIdentity{**id, {}, 0, false});
}

}  // namespace gasoline::journal

#include "capture/spool_maker.h"

#include <array>
#include <cstdlib>

#include "base/assert.h"
#include "base/ids.h"
#include "event/json_scan.h"
#include "journal/reader.h"
#include "spool/spool_directory.h"

namespace gasoline::test {

SpoolMaker::SpoolMaker(io::FileSystem& files, const std::string& root) {
  run_.run_id = view(make_ulid(static_cast<uint64_t>(clock_.wall_us() / 1000),
                               static_cast<uint16_t>(random_.next_u64()), random_.next_u64()));
  run_.service = "shop";
  run_.host = "testhost";
  run_.started_us = clock_.wall_us();
  directory_ = root + "/" + run_.run_id;
  journal_ = std::move(*journal::Writer::open(files, directory_, {}, clock_, random_));
  GASOLINE_ASSERT(spool::write_run_description(files, directory_, run_).has_value());
}

void SpoolMaker::add_lines(const std::vector<std::string>& lines) {
  spool::SpoolRecord record;
  record.first_seq = next_seq_;
  record.count = lines.size();
  record.first_line = next_seq_;
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
    events_.emplace_back(run_.run_id + "/" + std::to_string(next_seq_++), line);
  }
  std::string head;
  spool::append_head(head, record, {{record.count, clock_.wall_us()}});
  const std::array<std::string_view, 2> parts{head, text};
  GASOLINE_ASSERT(journal_->append(parts).has_value());
}

std::vector<SpooledRecord> read_spool(io::FileSystem& files, const std::string& directory) {
  std::vector<SpooledRecord> records;
  auto reader = journal::Reader::open(files, directory);
  if (!reader) return records;
  for (;;) {
    const journal::ReadResult result = reader.value()->read_next();
    if (std::holds_alternative<journal::EndOfLog>(result)) return records;
    GASOLINE_ASSERT(!std::holds_alternative<Error>(result));
    const auto* read = std::get_if<journal::Record>(&result);
    if (read == nullptr) continue;
    SpooledRecord record;
    record.sequence = read->sequence;
    GASOLINE_ASSERT(spool::parse_record(read->payload, record.record, record.times));
    record.bytes = record.record.bytes;
    record.record.bytes = {};
    records.push_back(std::move(record));
  }
}

std::string spooled_text(const std::vector<SpooledRecord>& records, spool::Stream stream) {
  std::string text;
  for (const SpooledRecord& record : records) {
    const bool is_text = record.record.kind == spool::RecordKind::kLines ||
                         record.record.kind == spool::RecordKind::kPiece;
    const bool is_partial = (record.record.flags & spool::kPartial) != 0;
    if (is_text && !is_partial && record.record.stream == stream) text += record.bytes;
  }
  return text;
}

GapSum sum_of_gaps(const std::vector<SpooledRecord>& records) {
  GapSum sum;
  for (const SpooledRecord& record : records) {
    if (record.record.kind != spool::RecordKind::kGap) continue;
    const std::string members = "{" + record.bytes + "}";
    const auto gap = event::find_member(members, "gap");
    GASOLINE_ASSERT(gap.has_value());
    const auto number = [&](std::string_view name) {
      return std::strtoull(std::string(*event::find_member(*gap, name)).c_str(), nullptr, 10);
    };
    sum.lines += number("lines");
    sum.bytes += number("bytes");
    sum.reasons += *event::find_member(*gap, "reason");
    ++sum.events;
  }
  return sum;
}

}  // namespace gasoline::test

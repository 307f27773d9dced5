#include "spool/spool_fixture.h"

#include <algorithm>
#include <array>

#include "base/arena.h"
#include "event/event_reader.h"
#include "framing/line_splitter.h"

namespace gasoline::spool::test {

std::ostream& operator<<(std::ostream& to, const SeenEvent& event) {
  return to << event.seq << " " << event.time_us << " " << event.source << " line " << event.line
            << " '" << event.message << "' {" << event.metadata << "} " << event.level;
}

void require_same(const std::vector<SeenEvent>& seen, const std::vector<SeenEvent>& expected) {
  for (size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
    if (seen[i] == expected[i]) continue;
    CAPTURE(i);
    REQUIRE(seen[i] == expected[i]);
  }
  REQUIRE(seen.size() == expected.size());
}

RunDescription some_run() {
  RunDescription run;
  run.run_id = kRunId;
  run.service = "web \"shop\"";
  run.host = "box";
  run.project = "proj";
  run.tags = {"env:dev", "a\\b"};
  run.started_us = 1'763'700'000'000'000;
  run.pid = 4711;
  return run;
}

std::vector<SeenEvent> events_of(const SpoolBatch& batch) {
  std::string body = batch.body;
  body.reserve(body.size() + event::EventReader::kPaddingBytes);
  event::EventReader reader;
  Arena arena;
  event::ParsedBatch parsed;
  const Status status = reader.read(body, event::BatchForm::kBatch, arena, parsed);
  if (!status) FAIL(status.error().to_string() << ": " << body);
  REQUIRE(parsed.failures.empty());
  REQUIRE(parsed.events.size() == batch.events);
  REQUIRE(parsed.run_id == kRunId);
  REQUIRE(parsed.first_seq == batch.first_seq);
  std::vector<SeenEvent> seen;
  for (const event::Event& event : parsed.events) {
    REQUIRE(event.service == "web \"shop\"");
    REQUIRE(std::vector<std::string>(event.tags.begin(), event.tags.end()) ==
            std::vector<std::string>{"service:web \"shop\"", "project:proj", "env:dev", "a\\b"});
    std::string metadata(event.metadata);
    REQUIRE(metadata.ends_with(R"("host":"box")"));
    metadata.resize(metadata.size() - std::string_view(R"("host":"box")").size());
    if (!metadata.empty()) metadata.pop_back();
    seen.push_back({batch.first_seq + seen.size(), event.timestamp_us,
                    std::string(to_string(event.source)), std::string(event.message), event.line,
                    metadata, event.level_stated ? std::string(to_string(event.level)) : ""});
  }
  return seen;
}

std::vector<SeenEvent> read_on(SpoolReader& reader, const BatchLimits& limits,
                               std::vector<uint64_t>* batch_sizes) {
  std::vector<SeenEvent> all;
  SpoolBatch batch;
  for (;;) {
    const Status status = reader.next_batch(limits, batch);
    if (!status) FAIL(status.error().to_string());
    if (batch.events == 0) return all;
    REQUIRE(batch.events <= limits.events_max);
    if (batch_sizes != nullptr) batch_sizes->push_back(batch.events);
    for (SeenEvent& event : events_of(batch)) all.push_back(std::move(event));
  }
}

TestSpool::TestSpool(uint64_t segment_size_bytes) {
  journal::WriterOptions options;
  options.segment_size_bytes = segment_size_bytes;
  options.sync = journal::SyncPolicy::kNever;
  auto writer = journal::Writer::open(files_, directory_.path(), options, clock_, random_);
  if (!writer) FAIL(writer.error().to_string());
  writer_ = std::move(*writer);
}

void TestSpool::append(const SpoolRecord& record, const std::vector<EventTimes>& times) {
  std::string head;
  append_head(head, record, times);
  const std::array<std::string_view, 2> parts{head, record.bytes};
  const auto appended = writer_->append(parts);
  if (!appended) FAIL(appended.error().to_string());
}

void TestSpool::add_lines(Stream stream, const std::vector<std::string>& lines, int64_t time_us) {
  uint64_t& next_line = next_lines_[stream == Stream::kStderr ? 1 : 0];
  SpoolRecord record;
  record.stream = stream;
  record.first_seq = next_seq_;
  record.count = lines.size();
  record.first_line = next_line;
  std::string bytes;
  std::vector<EventTimes> times;
  for (const std::string& line : lines) {
    // Two lines of one read at a time.
    if (times.empty() || times.back().count == 2) times.push_back({0, time_us++});
    ++times.back().count;
    expected_.push_back({next_seq_++, times.back().time_us, std::string(to_string(stream)),
                         std::string(framing::visible_text(line)), next_line++, "", ""});
    bytes += line;
  }
  record.bytes = bytes;
  append(record, times);
}

void TestSpool::add(SpoolRecord record, int64_t time_us, const SeenEvent& expected) {
  record.first_seq = next_seq_;
  record.count = 1;
  append(record, {{1, time_us}});
  expected_.push_back(expected);
  expected_.back().seq = next_seq_++;
  expected_.back().time_us = time_us;
}

std::unique_ptr<SpoolReader> TestSpool::open_reader(io::FileSystem* files) {
  auto reader =
      SpoolReader::open(files != nullptr ? *files : files_, directory_.path(), some_run());
  if (!reader) FAIL(reader.error().to_string());
  return std::move(*reader);
}

}  // namespace gasoline::spool::test

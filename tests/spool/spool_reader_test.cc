#include "spool/spool_reader.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "event/gap.h"
#include "spool/spool_fixture.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

using test::read_on;
using test::SeenEvent;
using test::TestSpool;

constexpr int64_t kTime = 1'763'700'000'123'456;

TEST_CASE("an empty spool gives an empty batch, again and again") {
  TestSpool spool;
  const auto reader = spool.open_reader();
  SpoolBatch batch;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(reader->next_batch({}, batch));
    CHECK(batch.events == 0);
  }
  CHECK(reader->position().record == 1);
}

TEST_CASE("the lines that were put in come out, numbered, timed and visible") {
  TestSpool spool;
  spool.add_lines(Stream::kStdout, {"a\n", "\n", "10%\r100%\r\n"}, kTime);
  spool.add_lines(Stream::kStderr, {"\"quoted\" \\ \x01\n", "caf\xC3\xA9\n"}, kTime + 10);
  spool.add_lines(Stream::kStdout, {"last\n"}, kTime + 20);
  const auto reader = spool.open_reader();
  const auto seen = read_on(*reader);
  CHECK(seen == spool.expected());
  REQUIRE(seen.size() == 6);
  CHECK(seen[2].message == "100%");
  CHECK(seen[2].line == 3);
  CHECK(seen[3].source == "stderr");
  CHECK(seen[3].line == 1);
  CHECK(seen[5].line == 4);
  CHECK(seen[5].seq == 6);
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD in the message") {
  TestSpool spool;
  spool.add_lines(Stream::kStdout, {"a\xFF\xC2\n"}, kTime);
  const auto seen = read_on(*spool.open_reader());
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].message == "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

struct PieceRow {
  uint8_t flags;
  std::string_view metadata;
};

TEST_CASE("a piece says what it is of its line") {
  TestSpool spool;
  for (const PieceRow& row :
       {PieceRow{0, R"("unterminated":true)"}, PieceRow{kEndsLine, ""},
        PieceRow{kContinuesLine, R"("continued":true)"},
        PieceRow{kContinuesLine | kEndsLine, R"("continued":true)"},
        PieceRow{kPartial, R"("partial":true)"}, PieceRow{kReplaces | kEndsLine, R"("replaces":5)"},
        PieceRow{kReplaces | kPartial, R"("partial":true,"replaces":5)"}}) {
    SpoolRecord record;
    record.kind = RecordKind::kPiece;
    record.stream = Stream::kStderr;
    record.flags = row.flags;
    record.first_line = 9;
    record.replaces_seq = 5;
    record.bytes = "piece\n";
    if ((row.flags & kEndsLine) == 0) record.bytes.remove_suffix(1);
    spool.add(record, kTime, {0, 0, "stderr", "piece", 9, std::string(row.metadata), ""});
  }
  CHECK(read_on(*spool.open_reader()) == spool.expected());
}

TEST_CASE("gaps and the run's own records are events among the lines") {
  TestSpool spool;
  SpoolRecord started;
  started.kind = RecordKind::kRunStarted;
  started.bytes = R"("cwd":"/w","pid":7)";
  spool.add(started, kTime, {0, 0, "stdout", "run started", 0, R"("cwd":"/w","pid":7)", ""});
  spool.add_lines(Stream::kStdout, {"a\n"}, kTime + 1);
  const std::string gap_members =
      event::to_json_members({3, 99, kTime, kTime + 5, "the disk is \"full\""});
  CHECK(gap_members == R"("gap":{"lines":3,"bytes":99,"from":1763700000123.456,)"
                       R"("to":1763700000123.461,"reason":"the disk is \"full\""})");
  SpoolRecord gap;
  gap.kind = RecordKind::kGap;
  gap.stream = Stream::kStderr;
  gap.bytes = gap_members;
  const std::string gap_read = R"("gap":{"lines":3,"bytes":99,"from":1763700000123.456,)"
                               R"("to":1763700000123.461,"reason":"the disk is \"full\""})";
  spool.add(gap, kTime + 2, {0, 0, "stderr", "lines were not captured", 0, gap_read, "warn"});
  SpoolRecord ended;
  ended.kind = RecordKind::kRunEnded;
  ended.bytes = R"("exit":0)";
  spool.add(ended, kTime + 3, {0, 0, "stdout", "run ended", 0, R"("exit":0)", ""});
  CHECK(read_on(*spool.open_reader()) == spool.expected());
}

TEST_CASE("limits cut batches anywhere, inside a record too, and lose nothing") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 20; ++round) {
    TestSpool spool(16 << 10);  // many segments
    for (uint64_t records = 5 + random.next_u64() % 60; records > 0; --records) {
      std::vector<std::string> lines(1 + random.next_u64() % 20);
      for (std::string& line : lines) line = std::string(random.next_u64() % 60, 'x') + "\n";
      spool.add_lines(random.next_u64() % 2 == 0 ? Stream::kStdout : Stream::kStderr, lines,
                      kTime + static_cast<int64_t>(records));
    }
    for (const BatchLimits& limits :
         {BatchLimits{}, BatchLimits{1, 4 << 20}, BatchLimits{7, 4 << 20}, BatchLimits{10'000, 1},
          BatchLimits{10'000, 900}}) {
      std::vector<uint64_t> sizes;
      const auto seen = read_on(*spool.open_reader(), limits, &sizes);
      test::require_same(seen, spool.expected());
      if (limits.events_max == 7) {
        // All but the last are full: nothing but the limit cut them.
        for (size_t i = 0; i + 1 < sizes.size(); ++i) REQUIRE(sizes[i] == 7);
      }
      if (limits.body_size_bytes_max == 1) REQUIRE(sizes.size() == seen.size());
    }
  }
}

TEST_CASE("a batch is over its size by at most one event") {
  TestSpool spool;
  std::vector<std::string> lines(200, std::string(100, 'x') + "\n");
  spool.add_lines(Stream::kStdout, lines, kTime);
  const auto reader = spool.open_reader();
  SpoolBatch batch;
  REQUIRE(reader->next_batch({10'000, 5000}, batch));
  CHECK(batch.events > 10);
  CHECK(batch.body.size() >= 5000);
  CHECK(batch.body.size() < 5000 + 300);
}

TEST_CASE("a live spool is read up to where its writer says that it ends, and then on") {
  TestSpool spool;
  for (int i = 0; i < 4; ++i) spool.add_lines(Stream::kStdout, {"a\n", "b\n"}, kTime + i);
  const auto reader = spool.open_reader();
  BatchLimits limits;
  SpoolBatch batch;
  for (const auto& [end_record, events] :
       {std::pair(1u, 0u), {3u, 4u}, {3u, 0u}, {5u, 4u}, {9u, 0u}}) {
    limits.end_record = end_record;
    REQUIRE(reader->next_batch(limits, batch));
    CHECK(batch.events == events);
  }
}

TEST_CASE("from any position between two batches reading goes on as before") {
  TestSpool spool(4 << 10);
  for (int i = 0; i < 30; ++i) {
    spool.add_lines(Stream::kStdout, {"a\n", "bb\n", "ccc\n", "dddd\n", "e\n"}, kTime + i * 10);
  }
  const auto reader = spool.open_reader();
  std::vector<std::pair<SpoolPosition, size_t>> places{{{}, 0}};
  SpoolBatch batch;
  for (size_t seen = 0;;) {
    REQUIRE(reader->next_batch({7, 4 << 20}, batch));
    if (batch.events == 0) break;
    seen += batch.events;
    places.emplace_back(reader->position(), seen);
  }
  REQUIRE(places.size() > 20);
  for (const auto& [position, before] : places) {
    REQUIRE(reader->seek(position));
    const std::vector<SeenEvent> rest(spool.expected().begin() + static_cast<ptrdiff_t>(before),
                                      spool.expected().end());
    INFO("record " << position.record << " event " << position.event_index);
    test::require_same(read_on(*reader), rest);
  }
}

TEST_CASE("a new batch begins where numbers are missing") {
  TestSpool spool;
  spool.add_lines(Stream::kStdout, {"a\n", "b\n"}, kTime);
  spool.skip_seq(5);
  spool.add_lines(Stream::kStdout, {"c\n"}, kTime + 10);
  spool.add_lines(Stream::kStdout, {"d\n"}, kTime + 20);
  std::vector<uint64_t> sizes;
  const auto seen = read_on(*spool.open_reader(), {}, &sizes);
  CHECK(seen == spool.expected());
  CHECK(sizes == std::vector<uint64_t>{2, 2});
  CHECK(seen[2].seq == 8);
}

TEST_CASE("in the place of records that cannot be read comes a gap") {
  TestSpool spool;
  spool.add_lines(Stream::kStdout, {"a\n"}, kTime);
  REQUIRE(spool.writer().append("\x02 of a later version"));
  REQUIRE(spool.writer().append(""));
  spool.skip_seq(3);
  spool.add_lines(Stream::kStdout, {"b\n"}, kTime + 10);
  const auto reader = spool.open_reader();
  std::vector<uint64_t> sizes;
  std::vector<SeenEvent> seen = read_on(*reader, {}, &sizes);
  REQUIRE(seen.size() == 3);
  CHECK(seen[1].seq == 4);
  CHECK(seen[1].metadata.find("\"lines\":3") != std::string::npos);
  CHECK(seen[1].metadata.find("the spool is damaged there") != std::string::npos);
  seen.erase(seen.begin() + 1);
  CHECK(seen == spool.expected());
  CHECK(sizes == std::vector<uint64_t>{1, 1, 1});
  CHECK(reader->damaged_records() == 2);
}

TEST_CASE("a reader of a live spool gives what came since") {
  TestSpool spool(2 << 10);
  const auto reader = spool.open_reader();
  std::vector<SeenEvent> seen;
  for (int i = 0; i < 100; ++i) {
    spool.add_lines(Stream::kStdout, {"line " + std::to_string(i) + "\n", "\n"}, kTime + i);
    for (SeenEvent& event : read_on(*reader)) seen.push_back(std::move(event));
    test::require_same(seen, spool.expected());
  }
  // What was delivered may go; what comes next is found all the same.
  REQUIRE(spool.writer().release_before(reader->position().record));
  spool.add_lines(Stream::kStdout, {"after\n"}, kTime + 1000);
  CHECK(read_on(*reader).back() == spool.expected().back());
  CHECK(reader->damaged_records() == 0);
}

TEST_CASE("records that were dropped before they were read leave a new batch and no damage") {
  TestSpool spool(1 << 10);
  for (int i = 0; i < 50; ++i)
    spool.add_lines(Stream::kStdout, {std::string(100, 'x') + "\n"}, kTime + i);
  const auto reader = spool.open_reader();
  SpoolBatch batch;
  REQUIRE(reader->next_batch({1, 4 << 20}, batch));
  for (int i = 0; i < 3; ++i) REQUIRE(spool.writer().drop_oldest());
  const auto rest = read_on(*reader);
  REQUIRE_FALSE(rest.empty());
  CHECK(rest.back() == spool.expected().back());
  CHECK(reader->damaged_records() == 0);
  for (size_t i = 1; i < rest.size(); ++i) CHECK(rest[i].seq > rest[i - 1].seq);
}

}  // namespace
}  // namespace gasoline::spool

#include "spool/spool_record.h"

#include <catch2/catch.hpp>
#include <limits>

#include "base/bytes.h"
#include "base/random.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

std::string encoded(const SpoolRecord& record, const std::vector<EventTimes>& times) {
  std::string payload;
  append_head(payload, record, times);
  return payload + std::string(record.bytes);
}

SpoolRecord lines_record() {
  SpoolRecord record;
  record.stream = Stream::kStderr;
  record.first_seq = 7;
  record.count = 3;
  record.first_line = 5;
  record.stream_offset = 1000;
  record.bytes = "a\nbb\n\n";
  return record;
}

TEST_CASE("a record is written byte for byte as its format says") {
  SpoolRecord record = lines_record();
  CHECK(encoded(record, {{1, 300}, {2, 301}}) ==
        std::string("\x01\x01\x02\x00\x07\x03\x05\xE8\x07\x00\x02\x01\xAC\x02\x02\x01"
                    "a\nbb\n\n",
                    22));
}

TEST_CASE("random records come back") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 3000; ++round) {
    SpoolRecord record;
    record.kind = static_cast<RecordKind>(1 + random.next_u64() % 5);
    record.stream = static_cast<Stream>(1 + random.next_u64() % 2);
    record.flags = static_cast<uint8_t>(random.next_u64() % 16);
    record.first_seq = 1 + (random.next_u64() >> (1 + random.next_u64() % 63));
    record.first_line = random.next_u64() >> (random.next_u64() % 64);
    record.stream_offset = random.next_u64() >> (random.next_u64() % 64);
    record.replaces_seq = random.next_u64() >> (random.next_u64() % 64);
    record.count = record.kind == RecordKind::kLines ? 1 + random.next_u64() % 50 : 1;
    std::string bytes(record.count + random.next_u64() % 100, 'x');
    record.bytes = bytes;
    std::vector<EventTimes> times;
    int64_t time = static_cast<int64_t>(random.next_u64() >> 12);
    for (uint64_t left = record.count; left > 0;) {
      const uint64_t count = 1 + random.next_u64() % left;
      times.push_back({count, time});
      time += static_cast<int64_t>(random.next_u64() % 1000);
      left -= count;
    }
    const std::string payload = encoded(record, times);
    SpoolRecord read;
    std::vector<EventTimes> read_times{{99, 99}};
    REQUIRE(parse_record(payload, read, read_times));
    REQUIRE(read.kind == record.kind);
    REQUIRE(read.stream == record.stream);
    REQUIRE(read.flags == record.flags);
    REQUIRE(read.first_seq == record.first_seq);
    REQUIRE(read.count == record.count);
    REQUIRE(read.first_line == record.first_line);
    REQUIRE(read.stream_offset == record.stream_offset);
    REQUIRE(read.replaces_seq == record.replaces_seq);
    REQUIRE(read.bytes == record.bytes);
    REQUIRE(read.end_seq() == record.first_seq + record.count);
    REQUIRE(read_times.size() == times.size());
    for (size_t i = 0; i < times.size(); ++i) {
      REQUIRE(read_times[i].count == times[i].count);
      REQUIRE(read_times[i].time_us == times[i].time_us);
    }
  }
}

TEST_CASE("a head that is cut is refused") {
  const SpoolRecord record = lines_record();
  std::string head;
  append_head(head, record, {{1, 1'763'700'000'000'000}, {2, 1'763'700'000'000'001}});
  for (size_t size = 0; size < head.size(); ++size) {
    const std::vector<char> exact(head.begin(), head.begin() + static_cast<ptrdiff_t>(size));
    SpoolRecord read;
    std::vector<EventTimes> times;
    INFO(size);
    CHECK_FALSE(parse_record({exact.data(), exact.size()}, read, times));
  }
}

bool is_read(SpoolRecord record, const std::vector<EventTimes>& times) {
  SpoolRecord read;
  std::vector<EventTimes> read_times;
  return parse_record(encoded(record, times), read, read_times);
}

TEST_CASE("what no writer writes is refused") {
  const SpoolRecord good = lines_record();
  REQUIRE(is_read(good, {{3, 1}}));
  CHECK_FALSE(is_read(good, {}));
  CHECK_FALSE(is_read(good, {{2, 1}}));
  CHECK_FALSE(is_read(good, {{4, 1}}));
  CHECK_FALSE(is_read(good, {{2, 1}, {2, 2}}));
  CHECK_FALSE(is_read(good, {{std::numeric_limits<uint64_t>::max(), 1}, {4, 1}}));
  std::string payload = encoded(good, {{3, 1}});
  const auto with = [&](size_t at, char value) {
    std::string changed = payload;
    changed[at] = value;
    SpoolRecord read;
    std::vector<EventTimes> times;
    return parse_record(changed, read, times);
  };
  CHECK(with(0, 1));
  CHECK_FALSE(with(0, 0));
  CHECK_FALSE(with(0, 2));
  CHECK_FALSE(with(1, 0));
  CHECK_FALSE(with(1, 6));
  CHECK_FALSE(with(2, 0));
  CHECK_FALSE(with(2, 3));
}

TEST_CASE("a record cannot claim more events than its bytes can hold") {
  SpoolRecord record = lines_record();
  record.count = 6;
  CHECK(is_read(record, {{6, 1}}));
  record.count = 7;
  CHECK_FALSE(is_read(record, {{7, 1}}));
  record.count = uint64_t{1} << 60;
  CHECK_FALSE(is_read(record, {{uint64_t{1} << 60, 1}}));
  record.kind = RecordKind::kPiece;
  record.count = 2;
  CHECK_FALSE(is_read(record, {{2, 1}}));
  record.count = 1;
  CHECK(is_read(record, {{1, 1}}));
  record.first_seq = std::numeric_limits<uint64_t>::max();
  CHECK_FALSE(is_read(record, {{1, 1}}));
}

TEST_CASE("streams have the names of their sources") {
  CHECK(to_string(Stream::kStdout) == "stdout");
  CHECK(to_string(Stream::kStderr) == "stderr");
}

}  // namespace
}  // namespace gasoline::spool

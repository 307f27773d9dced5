#include "spool/stream_framer.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/noise.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

constexpr size_t kLineSizeMax = 100;

/// One event of a framed record, with bytes of its own.
struct Framed {
  RecordKind kind;
  uint8_t flags;
  uint64_t seq;
  uint64_t line;
  uint64_t replaces;
  int64_t time_us;
  std::string bytes;

  bool operator==(const Framed&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Framed& framed) {
  return out << "{kind " << int(framed.kind) << " flags " << int(framed.flags) << " seq "
             << framed.seq << " line " << framed.line << " \"" << framed.bytes << "\"}";
}

struct FramerRig {
  explicit FramerRig(size_t line_size_max = kLineSizeMax)
      : ring(*StreamRing::create(0, 0)), framer(Stream::kStderr, ring, line_size_max) {}

  void put(std::string_view bytes) {
    while (!bytes.empty()) {
      const StreamRing::Space space = ring.free_space(bytes.size());
      REQUIRE(space.size > 0);
      std::copy_n(bytes.data(), space.size, space.bytes);
      ring.publish(space.size, time_us);
      bytes.remove_prefix(space.size);
    }
  }
  /// A gap at this place of the stream.
  void put_gap(uint64_t line_feeds, uint64_t bytes, bool ends_inside_line = false) {
    framer.add_gap({ring.head(), bytes, line_feeds, ends_inside_line, 111, 222}, "a test");
  }
  void take(bool is_end = false) {
    while (const FramedRecord* framed = framer.next(next_seq, now_us, {ring.head(), is_end})) {
      add_events(*framed);
      next_seq = framed->record.end_seq();
      framer.accept(++records);
    }
  }
  void add_events(const FramedRecord& framed) {
    const SpoolRecord& record = framed.record;
    CHECK(record.stream == Stream::kStderr);
    uint64_t of_times = 0;
    for (const EventTimes& group : framed.times) of_times += group.count;
    CHECK(of_times == record.count);
    size_t group = 0;
    uint64_t left_of_group = framed.times[0].count;
    std::string_view rest = record.bytes;
    for (uint64_t i = 0; i < record.count; ++i) {
      const size_t size = record.kind == RecordKind::kLines ? rest.find('\n') + 1 : rest.size();
      while (left_of_group == 0) left_of_group = framed.times[++group].count;
      --left_of_group;
      events.push_back({record.kind, record.flags, record.first_seq + i, record.first_line + i,
                        record.replaces_seq, framed.times[group].time_us,
                        std::string(rest.substr(0, size))});
      rest.remove_prefix(size);
    }
    CHECK(rest.empty());
  }

  StreamRing ring;
  StreamFramer framer;
  uint64_t next_seq = 1;
  uint64_t records = 1;
  int64_t now_us = 5'000'000;
  int64_t time_us = 1'700'000'000'000'000;
  std::vector<Framed> events;
};

TEST_CASE("whole lines come with their numbers and their LFs") {
  FramerRig rig;
  rig.next_seq = 7;
  rig.put("one\n\ntwo\r\nunfin");
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[0].bytes == "one\n");
  CHECK(rig.events[1].bytes == "\n");
  CHECK(rig.events[2].bytes == "two\r\n");
  CHECK(rig.events[2].kind == RecordKind::kLines);
  CHECK(rig.events[2].seq == 9);
  CHECK(rig.events[2].line == 3);
  CHECK(rig.ring.readable(100) == "unfin");
  rig.put("ished\n");
  rig.take();
  REQUIRE(rig.events.size() == 4);
  CHECK(rig.events[3].bytes == "unfinished\n");
  CHECK(rig.events[3].line == 4);
  CHECK(rig.framer.lines() == 4);
}

TEST_CASE("each line has the time at which its last byte was read") {
  FramerRig rig;
  rig.put("first\nsec");
  rig.time_us += 1'000;
  rig.put("ond\nthird\n");
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[0].time_us + 1'000 == rig.events[1].time_us);
  CHECK(rig.events[1].time_us == rig.events[2].time_us);
}

TEST_CASE("lines that are counted together are those that are taken one by one") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  FramerRig one_by_one(kLineSizeMax);
  FramerRig together(StreamRing::kSpanSizeBytesMin);
  for (int turn = 0; turn < 50; ++turn) {
    for (uint64_t reads = random.next_u64() % 8; reads > 0; --reads) {
      std::string read(random.next_u64() % 3000, '.');
      for (size_t at = random.next_u64() % (kLineSizeMax / 2); at < read.size();
           at += 1 + random.next_u64() % (kLineSizeMax / 2 - 1)) {
        read[at] = '\n';
      }
      for (FramerRig* rig : {&one_by_one, &together}) {
        rig->time_us += 10;
        rig->put(read);
      }
    }
    one_by_one.take();
    together.take();
    REQUIRE(together.ring.tail() == one_by_one.ring.tail());
  }
  REQUIRE(one_by_one.events.size() > 100);
  CHECK(together.events == one_by_one.events);
}

TEST_CASE("a line over the bound comes in pieces, and one of exactly the bound stays whole") {
  FramerRig rig;
  const std::string longest(kLineSizeMax, 'a');
  rig.put(longest + "\n" + longest + "b\n" + "next\n");
  rig.take();
  REQUIRE(rig.events.size() == 4);
  CHECK(rig.events[0].kind == RecordKind::kLines);
  CHECK(rig.events[0].bytes == longest + "\n");
  CHECK(rig.events[1].kind == RecordKind::kPiece);
  CHECK(rig.events[1].flags == 0);
  CHECK(rig.events[1].bytes == longest);
  CHECK(rig.events[2].flags == (kContinuesLine | kEndsLine));
  CHECK(rig.events[2].bytes == "b\n");
  CHECK(rig.events[1].line == 2);
  CHECK(rig.events[2].line == 2);
  CHECK(rig.events[3].bytes == "next\n");
  CHECK(rig.events[3].line == 3);
}

TEST_CASE("an unfinished line is shown after a second of silence and replaced by the whole one") {
  FramerRig rig;
  rig.put("password? ");
  rig.take();
  CHECK(rig.events.empty());
  REQUIRE(rig.framer.next_deadline_us() == rig.now_us + StreamFramer::kPartialAfterUs);
  rig.now_us += StreamFramer::kPartialAfterUs - 1;
  rig.take();
  CHECK(rig.events.empty());
  rig.now_us += 1;
  rig.take();
  REQUIRE(rig.events.size() == 1);
  CHECK(rig.events[0].flags == kPartial);
  CHECK(rig.events[0].bytes == "password? ");
  CHECK(rig.events[0].line == 1);
  CHECK(rig.framer.next_deadline_us() == -1);
  rig.now_us += 10 * StreamFramer::kPartialAfterUs;
  rig.take();
  CHECK(rig.events.size() == 1);

  rig.put("accepted\nnext\n");
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[1].flags == (kReplaces | kEndsLine));
  CHECK(rig.events[1].replaces == rig.events[0].seq);
  CHECK(rig.events[1].bytes == "password? accepted\n");
  CHECK(rig.events[1].line == 1);
  CHECK(rig.events[2].kind == RecordKind::kLines);
  CHECK(rig.events[2].line == 2);
}

TEST_CASE("every byte that comes starts the second of silence anew") {
  FramerRig rig;
  for (int i = 0; i < 5; ++i) {
    rig.put(".");
    rig.take();
    rig.now_us += StreamFramer::kPartialAfterUs - 1;
    rig.take();
  }
  CHECK(rig.events.empty());
  rig.now_us += 1;
  rig.take();
  REQUIRE(rig.events.size() == 1);
  CHECK(rig.events[0].bytes == ".....");
}

TEST_CASE("an unfinished line that grew is shown again in the place of the first showing") {
  FramerRig rig;
  rig.put("a");
  rig.take();
  rig.now_us += StreamFramer::kPartialAfterUs;
  rig.take();
  rig.put("b");
  rig.take();
  rig.now_us += StreamFramer::kPartialAfterUs;
  rig.take();
  rig.put("c\n");
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[1].flags == (kPartial | kReplaces));
  CHECK(rig.events[1].bytes == "ab");
  CHECK(rig.events[1].replaces == rig.events[0].seq);
  CHECK(rig.events[2].bytes == "abc\n");
  CHECK(rig.events[2].replaces == rig.events[1].seq);
}

TEST_CASE("the end of the stream gives the line without an LF, once") {
  FramerRig rig;
  rig.put("whole\nnot whole");
  rig.take(true);
  rig.take(true);
  REQUIRE(rig.events.size() == 2);
  CHECK(rig.events[1].kind == RecordKind::kPiece);
  CHECK(rig.events[1].flags == 0);
  CHECK(rig.events[1].bytes == "not whole");
  CHECK(rig.events[1].line == 2);
  CHECK(rig.ring.head() == rig.ring.tail());
}

TEST_CASE("a record that could not be written comes again with the number that is free then") {
  FramerRig rig;
  rig.put("line\n");
  const FramedRecord* first = rig.framer.next(1, rig.now_us, {rig.ring.head(), false});
  REQUIRE(first != nullptr);
  rig.put("more\n");
  const FramedRecord* again = rig.framer.next(5, rig.now_us, {rig.ring.head(), false});
  REQUIRE(again != nullptr);
  CHECK(again->record.first_seq == 5);
  CHECK(again->record.bytes == "line\n");
  CHECK(rig.ring.tail() == 0);
  rig.framer.accept(++rig.records);
  CHECK(rig.ring.tail() == 5);
}

TEST_CASE("a gap between two lines is told where it happened") {
  FramerRig rig;
  rig.put("before\n");
  rig.put_gap(3, 30);
  rig.put("after\n");
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[0].bytes == "before\n");
  CHECK(rig.events[1].kind == RecordKind::kGap);
  CHECK(rig.events[1].bytes.find("\"lines\":3,\"bytes\":30") != std::string::npos);
  CHECK(rig.events[1].bytes.find("a test") != std::string::npos);
  CHECK(rig.events[2].bytes == "after\n");
  CHECK(rig.events[2].line == 5);
  CHECK(rig.events[2].seq == 3);
  CHECK_FALSE(rig.framer.has_gap());
}

TEST_CASE("a gap inside a line gives the captured part of it, which is not a missing line") {
  FramerRig rig;
  rig.put("whole\nhalf of a li");
  rig.put_gap(3, 30);
  rig.put("after\n");
  rig.take();
  REQUIRE(rig.events.size() == 4);
  CHECK(rig.events[1].kind == RecordKind::kPiece);
  CHECK(rig.events[1].bytes == "half of a li");
  CHECK(rig.events[1].line == 2);
  CHECK(rig.events[2].bytes.find("\"lines\":2,\"bytes\":30") != std::string::npos);
  CHECK(rig.events[3].bytes == "after\n");
  CHECK(rig.events[3].line == 5);
}

TEST_CASE("a gap inside a long line ends that line") {
  FramerRig rig;
  rig.put(std::string(2 * kLineSizeMax + 1, 'x'));
  rig.put_gap(2, 20);
  rig.put("after\n");
  rig.take();
  REQUIRE(rig.events.size() == 5);
  CHECK(rig.events[2].bytes == "x");
  CHECK(rig.events[2].flags == kContinuesLine);
  CHECK(rig.events[3].bytes.find("\"lines\":1,\"bytes\":20") != std::string::npos);
  CHECK(rig.events[4].kind == RecordKind::kLines);
  CHECK(rig.events[4].bytes == "after\n");
  CHECK(rig.events[4].line == 3);
}

TEST_CASE("a gap of which the last line had no end counts that line as missing") {
  FramerRig rig;
  rig.put("whole\n");
  rig.put_gap(2, 20, true);
  rig.take(true);
  REQUIRE(rig.events.size() == 2);
  CHECK(rig.events[1].bytes.find("\"lines\":3,\"bytes\":20") != std::string::npos);
}

TEST_CASE("a gap that swallowed only the rest of the last line misses no line") {
  FramerRig rig;
  rig.put("begun");
  rig.put_gap(0, 20, true);
  rig.take(true);
  REQUIRE(rig.events.size() == 2);
  CHECK(rig.events[0].bytes == "begun");
  CHECK(rig.events[1].bytes.find("\"lines\":0,\"bytes\":20") != std::string::npos);
}

TEST_CASE("two gaps at one place and one at the very start are all told") {
  FramerRig rig;
  rig.put_gap(1, 1);
  rig.put_gap(2, 2);
  rig.put("line\n");
  rig.put_gap(4, 4);
  rig.take(true);
  REQUIRE(rig.events.size() == 4);
  CHECK(rig.events[0].kind == RecordKind::kGap);
  CHECK(rig.events[1].kind == RecordKind::kGap);
  CHECK(rig.events[2].bytes == "line\n");
  CHECK(rig.events[2].line == 4);
  CHECK(rig.events[3].kind == RecordKind::kGap);
}

TEST_CASE("what lies behind the horizon is not looked at") {
  FramerRig rig;
  rig.put("before\nhalf");
  const uint64_t head = rig.ring.head();
  // The pump has told of a gap and gone on, after the framer's owner asked for gaps.
  rig.put("after\n");
  const FramedRecord* framed = rig.framer.next(1, rig.now_us, {head, false});
  REQUIRE(framed != nullptr);
  CHECK(framed->record.bytes == "before\n");
  rig.framer.accept(++rig.records);
  CHECK(rig.framer.next(2, rig.now_us, {head, false}) == nullptr);
  rig.framer.add_gap({head, 10, 1, false, 111, 222}, "a test");
  rig.next_seq = 2;
  rig.take();
  REQUIRE(rig.events.size() == 3);
  CHECK(rig.events[0].bytes == "half");
  CHECK(rig.events[1].kind == RecordKind::kGap);
  CHECK(rig.events[2].bytes == "after\n");
}

/// What has to come of `bytes`, worked out in the plainest way.
std::vector<Framed> expected_events(const std::string& bytes, int64_t time_us) {
  std::vector<Framed> events;
  uint64_t line = 1;
  for (size_t at = 0; at < bytes.size(); ++line) {
    const size_t line_feed = bytes.find('\n', at);
    const size_t end = line_feed == std::string::npos ? bytes.size() : line_feed;
    bool is_first = true;
    while (end - at > kLineSizeMax) {
      const auto flags = is_first ? uint8_t{0} : kContinuesLine;
      events.push_back({RecordKind::kPiece, flags, events.size() + 1, line, 0, time_us,
                        bytes.substr(at, kLineSizeMax)});
      at += kLineSizeMax;
      is_first = false;
    }
    const bool has_end = line_feed != std::string::npos;
    const auto flags = static_cast<uint8_t>((is_first ? 0 : kContinuesLine) |
                                            (has_end && !is_first ? kEndsLine : 0));
    const bool is_whole = is_first && has_end;
    events.push_back({is_whole ? RecordKind::kLines : RecordKind::kPiece, flags, events.size() + 1,
                      line, 0, time_us, bytes.substr(at, end - at + (has_end ? 1 : 0))});
    at = end + 1;
  }
  return events;
}

TEST_CASE("the events are the same however the bytes were cut") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 200; ++round) {
    const size_t line_size = 1 + random.next_u64() % 300;
    const std::string bytes = test::noise(random, random.next_u64() % 5000, line_size);
    FramerRig rig;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min<size_t>(1 + random.next_u64() % 400, bytes.size() - at);
      rig.put(std::string_view(bytes).substr(at, size));
      at += size;
      if (random.next_u64() % 2 == 0) rig.take();
    }
    rig.take(true);
    const std::vector<Framed> expected = expected_events(bytes, rig.time_us);
    REQUIRE(rig.events == expected);
    CHECK(rig.ring.head() == rig.ring.tail());
  }
}

TEST_CASE("with silences between them the bytes still come once, partial events aside") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::string bytes = test::noise(random, random.next_u64() % 3000, 60);
    FramerRig rig;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min<size_t>(1 + random.next_u64() % 150, bytes.size() - at);
      rig.put(std::string_view(bytes).substr(at, size));
      at += size;
      rig.take();
      if (random.next_u64() % 3 == 0) rig.now_us += StreamFramer::kPartialAfterUs;
      rig.take();
    }
    rig.take(true);
    std::string joined;
    uint64_t shown_seq = 0;
    for (const Framed& event : rig.events) {
      if ((event.flags & kReplaces) != 0) REQUIRE(event.replaces == shown_seq);
      const bool is_partial = (event.flags & kPartial) != 0;
      shown_seq = is_partial ? event.seq : 0;
      if (!is_partial) joined += event.bytes;
      REQUIRE(event.line == 1 + test::count_line_feeds(joined) -
                                (!is_partial && event.bytes.ends_with('\n') ? 1 : 0));
    }
    REQUIRE((joined == bytes));
    CHECK(rig.framer.lines() == test::count_line_feeds(bytes));
  }
}

}  // namespace
}  // namespace gasoline::spool

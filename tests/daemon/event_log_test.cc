#include "daemon/event_log.h"

#include <catch2/catch.hpp>
#include <cerrno>

#include "daemon/daemon_rig.h"
#include "event/event_codec.h"
#include "event/event_json.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

using test::FaultFileSystem;

constexpr int64_t kHourUs = 3'600'000'000;

/// An event log on a disk in memory, that can be closed and opened again.
struct LogRig {
  explicit LogRig(uint64_t size_bytes_max = 64 << 20) {
    options.directory = "/events";
    options.size_bytes_max = size_bytes_max;
    reopen();
  }
  void reopen() {
    log.reset();
    auto opened = EventLog::open(files, options, clock, random, diary);
    if (!opened) FAIL(opened.error().to_string());
    log = std::move(*opened);
  }
  /// The JSON of every event that is kept.
  std::vector<std::string> replay() {
    std::vector<std::string> events;
    const Status replayed = log->replay([&](std::span<const event::Event> batch) {
      for (const event::Event& event : batch) {
        events.emplace_back();
        event::append_json(events.back(), event);
      }
    });
    CHECK(replayed.has_value());
    return events;
  }
  Status append_one(const std::string& message, const std::string& run_id = {}, uint64_t seq = 0) {
    event::Event event;
    event.event_id = "id";
    event.message = message;
    event.run_id = run_id;
    event.seq = seq;
    event.receive_time_us = clock.wall_us();
    return log->append({&event, 1});
  }

  FaultFileSystem files{1};
  test::MovableClock clock;
  SystemRandom random;
  test::RecordingLog diary;
  EventLog::Options options;
  std::unique_ptr<EventLog> log;
};

TEST_CASE("what was appended is replayed, event by event and field by field") {
  LogRig rig;
  const std::array<std::string_view, 2> tags{"service:auth", "env:dev"};
  std::vector<std::string> appended;
  for (uint64_t batch = 0; batch < 5; ++batch) {
    std::vector<event::Event> events;
    const std::vector<std::string> texts = test::messages_of("batch", 100 * batch, 20);
    for (size_t i = 0; i < texts.size(); ++i) {
      event::Event event;
      event.event_id = texts[i];
      event.message = texts[i];
      event.timestamp_us = 1'700'000'000'000'000 + static_cast<int64_t>(i);
      event.receive_time_us = rig.clock.wall_us();
      event.level = static_cast<event::Level>(i % 5);
      event.correlation_id = "abc";
      event.metadata = "\"k\":1";
      event.tags = tags;
      event.service = "auth";
      event.line = i;
      events.push_back(event);
      appended.emplace_back();
      event::append_json(appended.back(), event);
    }
    REQUIRE(rig.log->append(events));
  }
  CHECK(rig.log->next_sequence() == 6);
  rig.reopen();
  CHECK(rig.replay() == appended);
  CHECK(rig.log->damaged_records() == 0);
}

TEST_CASE("run marks are rebuilt from the events") {
  LogRig rig;
  REQUIRE(rig.append_one("a", "run A", 7));
  REQUIRE(rig.append_one("b", "run B", 3));
  REQUIRE(rig.append_one("c", "run A", 8));
  CHECK(rig.log->marks().last_seq("run A") == 8);
  rig.reopen();
  CHECK(rig.log->marks().last_seq("run A") == 0);
  rig.replay();
  CHECK(rig.log->marks().last_seq("run A") == 8);
  CHECK(rig.log->marks().last_seq("run B") == 3);
}

TEST_CASE("run marks survive the release of the segments that made them") {
  LogRig rig(4 << 20);
  REQUIRE(rig.append_one("the run's only event", "run A", 42));
  const std::string filler(300'000, 'x');
  for (int i = 0; i < 60; ++i) {
    REQUIRE(rig.append_one(filler));
    rig.log->retain();
    REQUIRE(rig.log->size_bytes() <= rig.options.size_bytes_max);
  }
  CHECK(rig.log->first_sequence() > 1);
  rig.reopen();
  for (const std::string& event : rig.replay()) {
    REQUIRE(event.find("the run's only event") == std::string::npos);
  }
  CHECK(rig.log->marks().last_seq("run A") == 42);
}

TEST_CASE("what is past its time is released, and what is younger stays") {
  LogRig rig(16 << 20);
  const std::string filler(1'000'000, 'x');
  for (int i = 0; i < 10; ++i) REQUIRE(rig.append_one("old " + filler));
  rig.clock.offset_us += 20 * kHourUs;
  rig.log->retain();
  CHECK(rig.log->first_sequence() == 1);
  for (int i = 0; i < 5; ++i) REQUIRE(rig.append_one("young " + filler));
  rig.clock.offset_us += 10 * kHourUs;
  rig.log->retain();
  const uint64_t first = rig.log->first_sequence();
  CHECK(first > 1);
  CHECK(first <= 11);
  size_t young = 0;
  for (const std::string& event : rig.replay()) {
    if (event.find("\"message\":\"young ") != std::string::npos) ++young;
  }
  CHECK(young == 5);
}

TEST_CASE("a damaged record is skipped, counted and logged, and the others are there") {
  LogRig rig;
  REQUIRE(rig.append_one("first"));
  REQUIRE(rig.append_one("the damaged one"));
  REQUIRE(rig.append_one("third"));
  REQUIRE(rig.log->sync());
  const std::string path = "/events/00000000000000000001.seg";
  const size_t at = rig.files.contents(path).find("the damaged one");
  REQUIRE(at != std::string::npos);
  rig.files.damage(path, at, "THE");
  rig.log.reset();
  rig.reopen();
  const std::vector<std::string> events = rig.replay();
  REQUIRE(events.size() == 2);
  CHECK(events[0].find("first") != std::string::npos);
  CHECK(events[1].find("third") != std::string::npos);
  CHECK(rig.log->damaged_records() == 1);
  CHECK(rig.diary.count_of("damaged") == 1);
  REQUIRE(rig.append_one("fourth"));
  CHECK(rig.replay().size() == 3);
}

TEST_CASE("a disk that takes nothing gives an error, nothing half, and goes on when it is mended") {
  LogRig rig;
  REQUIRE(rig.append_one("before", "run A", 1));
  rig.files.fail(FaultFileSystem::kWrite | FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  const Status failed = rig.append_one("refused", "run A", 2);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ENOSPC);
  CHECK(rig.log->marks().last_seq("run A") == 1);
  rig.files.fail(0, 0, 0, 0);
  REQUIRE(rig.append_one("after", "run A", 2));
  rig.reopen();
  const std::vector<std::string> events = rig.replay();
  REQUIRE(events.size() == 2);
  CHECK(events[0].find("before") != std::string::npos);
  CHECK(events[1].find("after") != std::string::npos);
  CHECK(rig.log->damaged_records() == 0);
}

TEST_CASE("a batch over the bound is refused as too large") {
  LogRig rig;
  const Status refused = rig.append_one(std::string(EventLog::kBatchSizeBytesMax, 'x'));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Error::kTooLarge);
  CHECK(rig.log->next_sequence() == 1);
}

TEST_CASE("a record of a version to come is counted and passed over") {
  LogRig rig;
  REQUIRE(rig.append_one("known"));
  rig.log.reset();
  {
    auto writer = journal::Writer::open(rig.files, "/events", {}, rig.clock, rig.random);
    REQUIRE(writer);
    REQUIRE(writer.value()->append(std::string_view("\x7f\x01 whatever")));
    REQUIRE(writer.value()->append(std::string_view("\x01")));
  }
  rig.reopen();
  CHECK(rig.replay().size() == 1);
  CHECK(rig.log->damaged_records() == 2);
}

}  // namespace
}  // namespace gasoline::daemon

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "capture/capture_rig.h"
#include "support/ring.h"
#include "support/seed.h"

namespace gasoline::capture {
namespace {

using test::eventually;

constexpr uint64_t kRingSizeBytes = 512 * 1024;

/// A pump between two pipes. Its clock stands still unless the test moves it.
struct PumpRig {
  explicit PumpRig(StreamPump::Options options = {}, bool collects_output = true)
      : ring(*spool::StreamRing::create(kRingSizeBytes, 0)) {
    if (collects_output) {
      collector = std::make_unique<test::Collector>(std::move(output.read_end));
    }
    pump = std::make_unique<StreamPump>(
        std::move(input.read_end), output.write_end.get(), ring, clock, std::move(options),
        [this] { ++progress_calls; }, [this] { ++end_calls; });
  }

  ~PumpRig() {
    pump.reset();
    output.write_end.reset();
  }

  /// Everything that the ring holds.
  std::string take_captured() {
    std::string taken;
    for (auto bytes = ring.readable(UINT64_MAX); !bytes.empty();
         bytes = ring.readable(UINT64_MAX)) {
      taken += bytes;
      test::consume(ring, bytes.size());
      pump->notify_space();
    }
    return taken;
  }
  /// What the ring gets until the stream ends.
  std::string take_until_end() {
    std::string taken;
    eventually([&] {
      const bool has_ended = pump->has_ended();
      taken += take_captured();
      return has_ended;
    });
    return taken;
  }
  /// Waits for the end of the pump and gives what came out of it.
  const std::string& passed() {
    eventually([&] { return pump->has_ended(); });
    output.write_end.reset();
    return collector->all();
  }

  test::SharedManualClock clock;
  test::Pipe input;
  test::Pipe output;
  spool::StreamRing ring;
  std::atomic<int> progress_calls{0};
  std::atomic<int> end_calls{0};
  std::unique_ptr<test::Collector> collector;
  std::unique_ptr<StreamPump> pump;
};

TEST_CASE("bytes pass byte for byte and in order, to the output and into the ring") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  const std::string bytes = test::noise(random, 50'000'000, 80);
  PumpRig rig;
  std::thread writer([&] {
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = std::min<size_t>(1 + random.next_u64() % 100'000, bytes.size() - at);
      test::write_all(rig.input.write_end.get(), std::string_view(bytes).substr(at, size));
      at += size;
    }
    rig.input.write_end.reset();
  });
  const std::string captured = rig.take_until_end();
  writer.join();
  CHECK((captured == bytes));
  CHECK((rig.passed() == bytes));
  CHECK(rig.pump->counters().bytes.load() == bytes.size());
  CHECK(rig.pump->take_dropped().empty());
  CHECK(eventually([&] { return rig.end_calls == 1; }));
}

TEST_CASE("what comes line by line, one soon after the other, is let come together") {
  PumpRig rig;
  const auto pass_line = [&](int number) {
    test::write_all(rig.input.write_end.get(), "line\n");
    const size_t size = 5u * static_cast<size_t>(number);
    return eventually([&] { return rig.collector->size_bytes() == size; });
  };
  int number = 0;
  // A millisecond apart: nobody may be kept waiting.
  for (int i = 0; i < 40; ++i) {
    rig.clock.advance(1'000);
    REQUIRE(pass_line(++number));
  }
  CHECK(rig.pump->counters().pauses.load() == 0);
  // Without time between them.
  for (int i = 0; i < 40; ++i) REQUIRE(pass_line(++number));
  CHECK(rig.pump->counters().pauses.load() > 0);
}

TEST_CASE("a full ring holds the child back and loses nothing while the clock stands still") {
  PumpRig rig;
  const std::string bytes = test::numbered_lines("line", 0, 200'000);
  std::thread writer([&] {
    test::write_all(rig.input.write_end.get(), bytes);
    rig.input.write_end.reset();
  });
  REQUIRE(eventually([&] { return rig.ring.head() == kRingSizeBytes; }));
  // Several rounds of waiting for space: no more may be read than the ring can take.
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  CHECK(rig.pump->counters().bytes.load() == kRingSizeBytes);
  const std::string captured = rig.take_until_end();
  writer.join();
  CHECK((captured == bytes));
  CHECK((rig.passed() == bytes));
  CHECK(rig.pump->counters().dropped_bytes.load() == 0);
}

TEST_CASE(
    "a ring that is not emptied at all drops, counted exactly, and resumes at a line's start") {
  PumpRig rig;
  const std::string first = test::numbered_lines("before and during the stall", 0, 100'000);
  const std::string second = test::numbered_lines("after the stall", 0, 5'000);
  std::thread writer([&] { test::write_all(rig.input.write_end.get(), first); });
  REQUIRE(eventually([&] { return rig.ring.head() == kRingSizeBytes; }));
  // The child can write all of it only once the pump stops waiting for the ring.
  REQUIRE(eventually([&] {
    rig.clock.advance(100'000);
    return rig.pump->counters().bytes.load() == first.size();
  }));
  writer.join();
  const std::string before = rig.take_captured();
  test::write_all(rig.input.write_end.get(), second);
  rig.input.write_end.reset();
  const std::string after = rig.take_until_end();

  const std::vector<spool::Dropped> dropped = rig.pump->take_dropped();
  REQUIRE(dropped.size() == 1);
  const spool::Dropped& gap = dropped.front();
  const std::string bytes = first + second;
  CHECK((rig.passed() == bytes));
  CHECK(before.size() == kRingSizeBytes);
  CHECK(gap.position == before.size());
  CHECK(before.size() + gap.bytes + after.size() == bytes.size());
  CHECK((bytes.substr(0, before.size()) == before));
  CHECK((bytes.substr(before.size() + gap.bytes) == after));
  const std::string lost = bytes.substr(before.size(), gap.bytes);
  CHECK(gap.line_feeds == test::count_line_feeds(lost));
  CHECK(lost.back() == '\n');
  CHECK_FALSE(gap.ends_inside_line);
  CHECK(gap.from_us <= gap.to_us);
  CHECK(rig.pump->counters().dropped_bytes.load() == gap.bytes);
  CHECK(after.starts_with("after the stall"));
}

TEST_CASE("a drop that lasts to the end of the stream says whether its last line was whole") {
  const std::string last = GENERATE(std::string("whole\n"), std::string("not whole"));
  PumpRig rig;
  const std::string bytes = test::numbered_lines("line", 0, 100'000) + last;
  std::thread writer([&] {
    test::write_all(rig.input.write_end.get(), bytes);
    rig.input.write_end.reset();
  });
  REQUIRE(eventually([&] {
    rig.clock.advance(100'000);
    return rig.pump->has_ended();
  }));
  writer.join();
  const std::vector<spool::Dropped> dropped = rig.pump->take_dropped();
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].bytes == bytes.size() - kRingSizeBytes);
  CHECK(dropped[0].line_feeds == test::count_line_feeds(bytes.substr(kRingSizeBytes)));
  CHECK(dropped[0].ends_inside_line == (last.back() != '\n'));
  CHECK((rig.passed() == bytes));
}

TEST_CASE("a stream through a staging pipe comes out as it went in, behind what was left there") {
  StreamPump::Options options;
  test::Pipe staging;
  std::string expected = "left by an earlier pump\n";
  test::write_all(staging.write_end.get(), expected);
  // What comes in one piece may be more than one pipe holds.
  if (GENERATE(false, true)) ::fcntl(staging.write_end.get(), F_SETPIPE_SZ, 4096);
  options.staging = {std::move(staging.read_end), std::move(staging.write_end)};
  PumpRig rig(std::move(options));
  std::thread writer([&rig, &expected] {
    for (int i = 0; i < 200; ++i) {
      const std::string lines = test::numbered_lines("out", 100 * i, 100);
      test::write_all(rig.input.write_end.get(), lines);
      expected += lines;
    }
    rig.input.write_end.reset();
  });
  const std::string captured = rig.take_until_end();
  writer.join();
  CHECK((captured == expected));
  CHECK((rig.passed() == expected));
  CHECK(rig.ring.filled() == rig.ring.head());
}

TEST_CASE("a stream that cannot be staged is read all the same") {
  StreamPump::Options options;
  test::Pipe staging;
  // A pipe that is no pipe: splice(2) refuses it, as it refuses some terminals.
  options.staging = {std::move(staging.read_end),
                     FileDescriptor(::open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC))};
  PumpRig rig(std::move(options));
  test::write_all(rig.input.write_end.get(), "one\ntwo\n");
  rig.input.write_end.reset();
  CHECK(rig.take_until_end() == "one\ntwo\n");
}

TEST_CASE("a stall during which the child was silent leaves no gap behind") {
  StreamPump::Options options;
  options.stall_us = 1'000;
  PumpRig rig(std::move(options));
  test::write_all(rig.input.write_end.get(), std::string(kRingSizeBytes, 'x'));
  REQUIRE(eventually([&] { return rig.ring.head() == kRingSizeBytes; }));
  for (int i = 0; i < 50; ++i) {
    rig.clock.advance(10'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(rig.take_captured().size() == kRingSizeBytes);
  test::write_all(rig.input.write_end.get(), "and on it goes\n");
  rig.input.write_end.reset();
  CHECK(rig.take_until_end() == "and on it goes\n");
  CHECK(rig.pump->take_dropped().empty());
}

TEST_CASE("after a drop that ended with a line the next line is captured whole") {
  PumpRig rig;
  std::string bytes;
  while (bytes.size() < kRingSizeBytes) bytes += std::string(63, 'x') + "\n";
  const std::string lost = "this line is dropped\n";
  test::write_all(rig.input.write_end.get(), bytes);
  REQUIRE(eventually([&] { return rig.ring.head() == kRingSizeBytes; }));
  test::write_all(rig.input.write_end.get(), lost);
  REQUIRE(eventually([&] {
    rig.clock.advance(100'000);
    return rig.pump->counters().dropped_bytes.load() == lost.size();
  }));
  CHECK(rig.take_captured().size() == kRingSizeBytes);
  test::write_all(rig.input.write_end.get(), "this one is not\n");
  rig.input.write_end.reset();
  CHECK(rig.take_until_end() == "this one is not\n");
  const std::vector<spool::Dropped> dropped = rig.pump->take_dropped();
  REQUIRE(dropped.size() == 1);
  CHECK(dropped[0].line_feeds == 1);
}

TEST_CASE("a lossless pump holds the child however long the ring stays full") {
  StreamPump::Options options;
  options.lossless = true;
  options.stall_us = 1'000;
  PumpRig rig(std::move(options));
  const std::string bytes = test::numbered_lines("line", 0, 100'000);
  std::thread writer([&] {
    test::write_all(rig.input.write_end.get(), bytes);
    rig.input.write_end.reset();
  });
  REQUIRE(eventually([&] { return rig.ring.head() == kRingSizeBytes; }));
  for (int i = 0; i < 50; ++i) {
    rig.clock.advance(1'000'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(rig.pump->counters().bytes.load() == kRingSizeBytes);
  const std::string captured = rig.take_until_end();
  writer.join();
  CHECK((captured == bytes));
  CHECK(rig.pump->take_dropped().empty());
  CHECK(rig.pump->counters().dropped_bytes.load() == 0);
}

TEST_CASE("read times never run backwards when the machine's clock does") {
  PumpRig rig;
  const int64_t start_us = rig.clock.wall;
  for (const int64_t step_us : std::array<int64_t, 4>{0, 60'000'000, -3'600'000'000, 70'000'000}) {
    rig.clock.wall += step_us;
    const uint64_t head = rig.ring.head();
    test::write_all(rig.input.write_end.get(), "x\n");
    REQUIRE(eventually([&] { return rig.ring.head() == head + 2; }));
  }
  // What the pump's thread waited for a processor is taken off, and that the machine decides.
  CHECK(rig.ring.time_of(2) <= start_us);
  CHECK(rig.ring.time_of(4) > start_us);
  CHECK(rig.ring.time_of(4) <= start_us + 60'000'000);
  CHECK(rig.ring.time_of(6) == rig.ring.time_of(4));
  CHECK(rig.ring.time_of(8) == rig.ring.time_of(4));
}

TEST_CASE("the output's descriptor is never made non-blocking") {
  PumpRig rig;
  test::write_all(rig.input.write_end.get(), "some line\n");
  REQUIRE(eventually([&] { return rig.ring.head() == 10; }));
  CHECK((::fcntl(rig.output.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
  // The child's side neither: it is another description of the same pipe.
  CHECK((::fcntl(rig.input.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
  rig.input.write_end.reset();
  CHECK(rig.passed() == "some line\n");
}

TEST_CASE("an output that nobody reads holds up its own stream only") {
  PumpRig blocked({}, false);
  PumpRig other;
  const std::string flood(400'000, 'x');
  std::thread writer([&] { test::write_all(blocked.input.write_end.get(), flood); });
  REQUIRE(eventually([&] { return blocked.ring.head() > 0; }));
  const std::string bytes = test::numbered_lines("line", 0, 10'000);
  test::write_all(other.input.write_end.get(), bytes);
  other.input.write_end.reset();
  CHECK((other.passed() == bytes));

  test::Collector late(std::move(blocked.output.read_end));
  writer.join();
  blocked.input.write_end.reset();
  CHECK(eventually([&] { return blocked.pump->has_ended(); }));
  blocked.output.write_end.reset();
  CHECK((late.all() == flood));
}

}  // namespace
}  // namespace gasoline::capture

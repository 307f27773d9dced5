#include "base/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"

namespace gasoline {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t wall_us() const override { return 1'795'236'480'007'999; }
  int64_t monotonic_us() const override { return 0; }
};

struct LogPipe {
  LogPipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0);
    read_end = FileDescriptor(ends[0]);
    write_end = FileDescriptor(ends[1]);
  }
  std::string read() const {
    std::string text(65536, '\0');
    const ssize_t got = ::read(read_end.get(), text.data(), text.size());
    text.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return text;
  }
  FileDescriptor read_end;
  FileDescriptor write_end;
};

TEST_CASE("a log line has the time, the severity and the text") {
  const LogPipe pipe;
  const FixedClock clock;
  DescriptorLog log(pipe.write_end.get(), Severity::kDebug, clock);
  log.info("taking events in");
  CHECK(pipe.read() == "2026-11-21T04:48:00.007Z INFO taking events in\n");
  log.debug("a");
  log.warn("b");
  log.error("c {} %s");
  CHECK(pipe.read() ==
        "2026-11-21T04:48:00.007Z DEBUG a\n2026-11-21T04:48:00.007Z WARN b\n"
        "2026-11-21T04:48:00.007Z ERROR c {} %s\n");
}

TEST_CASE("what matters less than asked for is left out") {
  const LogPipe pipe;
  const FixedClock clock;
  DescriptorLog log(pipe.write_end.get(), Severity::kWarn, clock);
  log.debug("a");
  log.info("b");
  CHECK(pipe.read().empty());
  log.warn("c");
  log.error("d");
  CHECK(pipe.read().size() == 2 * std::string("2026-11-21T04:48:00.007Z WARN c\n").size() + 1);
}

TEST_CASE("a log whose reader does not read never stops its program") {
  const LogPipe pipe;
  const FixedClock clock;
  DescriptorLog log(pipe.write_end.get(), Severity::kInfo, clock);
  const std::string text(1000, 'x');
  for (int i = 0; i < 200; ++i) log.info(text);
  DescriptorLog nowhere(-1, Severity::kInfo, clock);
  nowhere.error("dropped");
  SUCCEED("both came back");
}

TEST_CASE("lines of several threads never mix") {
  const LogPipe pipe;
  const FixedClock clock;
  DescriptorLog log(pipe.write_end.get(), Severity::kInfo, clock);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      const std::string text(20, static_cast<char>('a' + t));
      for (int i = 0; i < 100; ++i) log.info(text);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string all = pipe.read();
  int lines = 0;
  constexpr size_t kPrefix = sizeof "2026-11-21T04:48:00.007Z INFO " - 1;
  for (size_t at = 0; at < all.size(); ++lines) {
    const size_t end = all.find('\n', at);
    REQUIRE(end - at == kPrefix + 20);
    REQUIRE(all.substr(at + kPrefix, 20) == std::string(20, all[at + kPrefix]));
    at = end + 1;
  }
  CHECK(lines == 400);
}

TEST_CASE("a silent log says nothing") {
  SilentLog log;
  log.error("nobody hears this");
  SUCCEED("it came back");
}

}  // namespace
}  // namespace gasoline

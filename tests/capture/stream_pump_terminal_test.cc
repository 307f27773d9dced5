#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <thread>

#include "capture/capture_rig.h"
#include "process/pty.h"

namespace gasoline::capture {
namespace {

using test::eventually;

/// A pump between a pseudo-terminal and a pipe.
struct PtyRig {
  explicit PtyRig(FileDescriptor master) : ring(*spool::StreamRing::create(512 * 1024, 0)) {
    StreamPump::Options options;
    options.before_passing = [this] { ++calls_before_passing; };
    pump = std::make_unique<StreamPump>(
        std::move(master), output.write_end.get(), ring, clock, std::move(options), [] {},
        [] {});
  }

  SystemClock clock;
  test::Pipe output;
  spool::StreamRing ring;
  std::atomic<int> calls_before_passing{0};
  std::unique_ptr<StreamPump> pump;
};

TEST_CASE("a pseudo-terminal ends when nobody holds its slave any more, without an error") {
  process::Pty pty = std::move(*process::open_pty(-1));
  PtyRig rig(std::move(pty.master));
  const std::string_view bytes = "a line\nand no end";
  REQUIRE(::write(pty.slave.get(), bytes.data(), bytes.size()) > 0);
  pty.slave.reset();
  eventually([&] { return rig.pump->has_ended(); });
  CHECK(rig.ring.readable(UINT64_MAX) == bytes);
  CHECK_FALSE(rig.pump->is_output_closed());
}

TEST_CASE("what could be read is passed on before the wait for it ends") {
  process::Pty pty = std::move(*process::open_pty(-1));
  PtyRig rig(std::move(pty.master));
  for (int i = 0; i < 200; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    REQUIRE(::write(pty.slave.get(), line.data(), line.size()) > 0);
    REQUIRE(rig.pump->wait_until_passed(20'000'000));
    char got[64];
    const ssize_t size = ::read(rig.output.read_end.get(), got, sizeof got);
    REQUIRE(size > 0);
    REQUIRE(std::string(got, static_cast<size_t>(size)) == line);
  }
  CHECK(rig.calls_before_passing.load() >= 200);
}

TEST_CASE("a wait for what cannot be passed on ends after its time") {
  process::Pty pty = std::move(*process::open_pty(-1));
  PtyRig rig(std::move(pty.master));
  const std::string much(256 * 1024, 'x');  // more than the output's pipe takes
  std::thread writer([&] {
    [[maybe_unused]] const ssize_t written = ::write(pty.slave.get(), much.data(), much.size());
  });
  eventually([&] { return rig.ring.head() > 64 * 1024; });
  CHECK_FALSE(rig.pump->wait_until_passed(50'000));
  rig.pump.reset();  // closes the master: the writer gets an error
  writer.join();
}

}  // namespace
}  // namespace gasoline::capture

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>
#include <thread>

#include "capture/capture_rig.h"

namespace gasoline::capture {
namespace {

using test::eventually;

struct Ending {
  explicit Ending(int output_fd) : ring(*spool::StreamRing::create(0, 0)) {
    pump = std::make_unique<StreamPump>(
        std::move(input.read_end), output_fd, ring, clock, StreamPump::Options{}, [] {},
        [this] { ++end_calls; });
  }
  /// The child's next write.
  int write_error() {
    errno = 0;
    return ::write(input.write_end.get(), "x", 1) < 0 ? errno : 0;
  }

  SystemClock clock;
  test::Pipe input;
  spool::StreamRing ring;
  std::atomic<int> end_calls{0};
  std::unique_ptr<StreamPump> pump;
};

TEST_CASE("when the output's reader goes the child's very next write fails") {
  test::Pipe output;
  Ending rig(output.write_end.get());
  REQUIRE(rig.write_error() == 0);
  REQUIRE(eventually([&] { return rig.ring.head() == 1; }));
  CHECK_FALSE(rig.pump->has_ended());
  output.read_end.reset();
  // Nothing is written meanwhile: the pump has to notice by itself.
  REQUIRE(eventually([&] { return rig.end_calls == 1; }));
  CHECK(rig.pump->has_ended());
  CHECK(rig.pump->is_output_closed());
  CHECK(rig.write_error() == EPIPE);
}

TEST_CASE("when the output's reader goes in the middle of a flood the child gets EPIPE") {
  test::Pipe output;
  Ending rig(output.write_end.get());
  int writer_error = 0;
  std::thread writer([&] {
    while (test::write_all(rig.input.write_end.get(), std::string(10'000, 'y'))) {
    }
    writer_error = errno;
  });
  std::array<char, 100> some;
  CHECK(::read(output.read_end.get(), some.data(), some.size()) > 0);
  output.read_end.reset();
  writer.join();
  CHECK(writer_error == EPIPE);
  CHECK(eventually([&] { return rig.pump->has_ended(); }));
  CHECK(rig.pump->is_output_closed());
}

TEST_CASE("a socket as output ends the stream too when its other end closes") {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  const FileDescriptor ours(fds[0]);
  FileDescriptor theirs(fds[1]);
  Ending rig(ours.get());
  REQUIRE(rig.write_error() == 0);
  REQUIRE(eventually([&] { return rig.ring.head() == 1; }));
  std::array<char, 10> some;
  CHECK(::read(theirs.get(), some.data(), some.size()) == 1);
  theirs.reset();
  REQUIRE(eventually([&] { return rig.pump->has_ended(); }));
  CHECK(rig.write_error() == EPIPE);
}

TEST_CASE("a pipe that a grandchild still holds ends after the silence that was asked for") {
  test::Pipe output;
  Ending rig(output.write_end.get());
  test::write_all(rig.input.write_end.get(), "the child's last line\n");
  rig.pump->end_when_silent(20'000);
  REQUIRE(eventually([&] { return rig.pump->has_ended(); }));
  CHECK(rig.ring.readable(100) == "the child's last line\n");
  CHECK_FALSE(rig.pump->is_output_closed());
  CHECK(rig.end_calls == 1);
}

TEST_CASE("a grandchild that goes on writing is captured as long as it does") {
  test::Pipe output;
  test::Collector collector(std::move(output.read_end));
  Ending rig(output.write_end.get());
  rig.pump->end_when_silent(2'000'000);
  const std::string bytes = test::numbered_lines("grandchild", 0, 50);
  for (size_t at = 0; at < bytes.size(); at += 50) {
    REQUIRE(test::write_all(rig.input.write_end.get(), std::string_view(bytes).substr(at, 50)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  rig.input.write_end.reset();
  REQUIRE(eventually([&] { return rig.pump->has_ended(); }));
  output.write_end.reset();
  CHECK(collector.all() == bytes);
  CHECK(rig.ring.head() == bytes.size());
}

TEST_CASE("a pump that waits for input can be destroyed") {
  test::Pipe output;
  Ending rig(output.write_end.get());
  rig.pump.reset();
  CHECK(rig.end_calls == 1);
  CHECK(rig.write_error() == EPIPE);
}

TEST_CASE("a pump whose output is blocked can be destroyed") {
  test::Pipe output;
  ::fcntl(output.write_end.get(), F_SETPIPE_SZ, 4096);
  Ending rig(output.write_end.get());
  std::thread writer(
      [&] { test::write_all(rig.input.write_end.get(), std::string(300'000, 'x')); });
  // More was read than the output takes: the pump is in the middle of passing it on.
  REQUIRE(eventually([&] { return rig.ring.head() > 4096; }));
  // Fails by hanging: this frees the pump only long after a good one has ended.
  rig.pump.reset();
  writer.join();
  CHECK(rig.end_calls == 1);
  CHECK((::fcntl(output.write_end.get(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("a pump whose ring is full can be destroyed") {
  test::Pipe output;
  test::Collector collector(std::move(output.read_end));
  test::SharedManualClock clock;
  test::Pipe input;
  auto ring = *spool::StreamRing::create(0, 0);
  auto pump = std::make_unique<StreamPump>(
      std::move(input.read_end), output.write_end.get(), ring, clock, StreamPump::Options{}, [] {},
      [] {});
  std::thread writer([&] { test::write_all(input.write_end.get(), std::string(2'000'000, 'x')); });
  // All that was read has been passed on too: the pump is not in the middle of a write.
  REQUIRE(eventually([&] { return collector.size_bytes() == ring.size_bytes(); }));
  pump.reset();
  writer.join();
  output.write_end.reset();
  CHECK(collector.all().size() == ring.size_bytes());
}

}  // namespace
}  // namespace gasoline::capture

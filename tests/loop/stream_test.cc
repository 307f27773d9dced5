#include "loop/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <vector>

#include "loop/connector.h"
#include "loop/listener.h"

using namespace gasoline;
using namespace gasoline::loop;

namespace {

/// Collects what a stream reads.
struct Collector {
  explicit Collector(Stream stream_in) : stream(std::move(stream_in)) {
    REQUIRE(stream.start_reading({[this] { return std::span<char>(room); },
                                  [this](size_t size) { text.append(room.data(), size); },
                                  [this](const Error& error) { end = error.code; }}));
  }
  Stream stream;
  std::array<char, 1000> room{};
  std::string text;
  std::optional<int> end;
};

std::pair<FileDescriptor, FileDescriptor> socket_pair() {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace

TEST_CASE("bytes go through whole and in order, and the end is told after them") {
  Loop loop;
  auto [left, right] = socket_pair();
  Stream writing = *Stream::adopt(loop, std::move(left));
  Collector reading(*Stream::adopt(loop, std::move(right)));
  std::string expected;
  int at_once = 0;
  int done = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string first(static_cast<size_t>(i * 370), static_cast<char>('a' + i % 26));
    const std::string second = i % 2 == 0 ? "" : "second";
    expected += first + second;
    at_once += writing.write(first, second, [&](const Status& status) { done += status ? 1 : 0; });
  }
  writing.shut_down({});
  CHECK(loop.run());
  CHECK(reading.text == expected);
  CHECK(reading.end == Error::kClosed);
  CHECK(at_once > 0);
  CHECK(done > 0);
  CHECK(at_once + done == 100);
}

TEST_CASE("what the peer does not take is counted until it does") {
  Loop loop;
  auto [left, right] = socket_pair();
  Stream writing = *Stream::adopt(loop, std::move(left));
  const std::string large(8 * 1024 * 1024, 'x');
  writing.write(large, {}, {});
  CHECK(writing.unwritten_bytes() > 0);
  Collector reading(*Stream::adopt(loop, std::move(right)));
  while (reading.text.size() < large.size()) loop.run_once();
  CHECK(writing.unwritten_bytes() == 0);
}

TEST_CASE("a stream destroyed with writes under way calls nobody back") {
  Loop loop;
  auto [left, right] = socket_pair();
  {
    Stream writing = *Stream::adopt(loop, std::move(left));
    writing.write(std::string(8 * 1024 * 1024, 'x'), {}, [](const Status&) { FAIL("gone"); });
    writing.shut_down([](const Status&) { FAIL("gone"); });
  }
  CHECK(loop.run());
}

TEST_CASE("a stream may be destroyed in its own callbacks") {
  Loop loop;
  auto [left, right] = socket_pair();
  std::optional<Stream> reading = *Stream::adopt(loop, std::move(left));
  std::array<char, 10> room{};
  std::string captured(100, 'c');
  REQUIRE(reading->start_reading({[&] { return std::span<char>(room); },
                                  [&, captured](size_t size) {
                                    reading.reset();
                                    CHECK(size == 3);
                                    CHECK(captured.size() == 100);
                                  },
                                  [](const Error&) { FAIL("gone"); }}));
  REQUIRE(write(right.get(), "abc", 3) == 3);
  CHECK(loop.run());
  CHECK_FALSE(reading.has_value());
}

TEST_CASE("no room pauses reading, and it goes on when asked") {
  Loop loop;
  auto [left, right] = socket_pair();
  Stream reading = *Stream::adopt(loop, std::move(left));
  std::array<char, 10> room{};
  size_t allowed = 4;
  std::string text;
  const auto take = [&](size_t size) {
    text.append(room.data(), size);
    allowed -= size;
  };
  REQUIRE(reading.start_reading(
      {[&] { return std::span<char>(room.data(), allowed); }, take, [](const Error&) {}}));
  REQUIRE(write(right.get(), "abcdefgh", 8) == 8);
  while (reading.is_reading()) loop.run_once();
  CHECK(text == "abcd");
  allowed = 10;
  REQUIRE(reading.start_reading({}));
  while (text.size() < 8) loop.run_once();
  CHECK(text == "abcdefgh");
}

TEST_CASE("writing to a peer that is gone is an error of the write") {
  std::signal(SIGPIPE, SIG_IGN);
  Loop loop;
  auto [left, right] = socket_pair();
  Stream writing = *Stream::adopt(loop, std::move(left));
  right.reset();
  int code = 0;
  writing.write("x", {}, [&](const Status& status) { code = status ? 0 : status.error().code; });
  CHECK(loop.run());
  CHECK(code == EPIPE);
}

TEST_CASE("a listener accepts, a connector connects, and both tell refusals") {
  Loop loop;
  Result<FileDescriptor> socket = bind_tcp(*SocketAddress::from_ip("127.0.0.1", 0));
  REQUIRE(socket);
  const uint16_t port = bound_port(socket->get());
  REQUIRE(port != 0);
  const SocketAddress address = *SocketAddress::from_ip("127.0.0.1", port);
  CHECK(bind_tcp(address).error().code == EADDRINUSE);
  std::optional<Listener> listener;
  std::vector<Stream> accepted;
  listener.emplace(*Listener::open(loop, std::move(*socket), [&](Stream stream) {
    accepted.push_back(std::move(stream));
    listener.reset();
  }));
  std::optional<Stream> connected;
  auto connector = Connector::start(loop, address, [&](Result<Stream> stream) {
    REQUIRE(stream);
    connected.emplace(std::move(*stream));
  });
  REQUIRE(connector);
  while (!connected || accepted.empty()) loop.run_once();
  connector->reset();
  int code = 0;
  auto refused = Connector::start(loop, address, [&](const Result<Stream>& stream) {
    code = stream ? 0 : stream.error().code;
  });
  REQUIRE(refused);
  while (code == 0) loop.run_once();
  CHECK(code == ECONNREFUSED);
  auto given_up = Connector::start(loop, address, [](const Result<Stream>&) { FAIL("given up"); });
  REQUIRE(given_up);
  given_up->reset();
  CHECK(loop.run());
}

TEST_CASE("addresses that do not fit or are no numbers are errors") {
  CHECK(SocketAddress::from_path(std::string(108, 'x')).error().code == Error::kTooLarge);
  CHECK(SocketAddress::from_path("").error().code == Error::kTooLarge);
  CHECK(SocketAddress::from_ip("localhost", 1).error().code == Error::kInvalid);
  CHECK(SocketAddress::from_ip("::1", 1)->storage.ss_family == AF_INET6);
  Loop loop;
  CHECK(connect_unix(loop, "/nonexistent/socket").error().code == ENOENT);
}

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <optional>
#include <thread>

#include "http/client.h"
#include "http/fixture.h"
#include "loop/timer.h"

using namespace gasoline;
using namespace gasoline::http;

namespace {

constexpr std::string_view kGet = "GET /tail HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr size_t kWaitingBytesMax = 64 * 1024;

/// A server whose every answer streams; the test writes to the streams it has begun.
class StreamingServer {
 public:
  explicit StreamingServer(Limits limits = {})
      : server_(limits, nullptr, [this](Request&&, const Responder& responder) {
          Response head;
          head.content_type = "text/event-stream";
          const std::lock_guard lock(mutex_);
          streams_.push_back(responder.stream(head, kWaitingBytesMax, [this] { ++rooms; }));
        }) {}

  /// The stream of the request of that number, once it is there.
  ResponseStream stream(size_t number) {
    REQUIRE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return streams_.size() > number;
    }));
    const std::lock_guard lock(mutex_);
    return streams_[number];
  }
  void forget_streams() {
    const std::lock_guard lock(mutex_);
    streams_.clear();
  }
  ServerOnThread& operator*() { return server_; }
  ServerOnThread* operator->() { return &server_; }

  std::atomic<int> rooms{0};

 private:
  std::mutex mutex_;
  std::vector<ResponseStream> streams_;
  ServerOnThread server_;
};

/// The data of a chunked body, and whether it is whole.
std::string unchunked(std::string_view answer, bool& is_whole) {
  std::string data;
  std::string_view rest = answer.substr(answer.find("\r\n\r\n") + 4);
  is_whole = false;
  while (!rest.empty()) {
    const size_t size = std::strtoul(std::string(rest.substr(0, 16)).c_str(), nullptr, 16);
    rest.remove_prefix(rest.find("\r\n") + 2);
    if (size == 0) {
      is_whole = rest == "\r\n";
      break;
    }
    data += rest.substr(0, size);
    rest.remove_prefix(std::min(rest.size(), size + 2));
  }
  return data;
}

}  // namespace

TEST_CASE("an answer goes out piece by piece, and the connection is good for the next request") {
  StreamingServer server;
  RawSocket socket(server->port());
  REQUIRE(socket.send(kGet));
  {
    const ResponseStream stream = server.stream(0);
    CHECK(stream.try_write("first "));
    CHECK(eventually([&] { return server->counters().streams_open == 1; }));
    CHECK(stream.try_write("second"));
    CHECK(stream.is_open());
    stream.end();
    CHECK_FALSE(stream.try_write("too late"));
  }
  REQUIRE(socket.send("GET /again HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  const ResponseStream again = server.stream(1);
  CHECK(again.try_write("third"));
  again.end();
  const std::string all = socket.receive_all();
  CHECK(all.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(all.find("Content-Length") == std::string::npos);
  CHECK(all.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  const size_t second_answer = all.find("HTTP/1.1 200", 1);
  REQUIRE(second_answer != std::string::npos);
  bool is_whole = false;
  CHECK(unchunked(all.substr(0, second_answer), is_whole) == "first second");
  CHECK(is_whole);
  CHECK(unchunked(all.substr(second_answer), is_whole) == "third");
  CHECK(is_whole);
  CHECK(eventually([&] { return server->counters().streams_open == 0; }));
}

TEST_CASE("what waits for one answer does not count for the next on the connection") {
  StreamingServer server;
  RawSocket socket(server->path());
  std::string all;
  std::thread reader([&] { all = socket.receive_all(); });
  for (size_t i = 0; i < 100; ++i) {
    REQUIRE(socket.send(kGet));
    const ResponseStream stream = server.stream(i);
    for (int piece = 0; piece < 5; ++piece) REQUIRE(stream.try_write(std::string(50, 'x')));
    stream.end();
    // The end of one answer lets the next begin, maybe before its pieces are accounted for.
  }
  server->run([](Server& each) { each.close(); });
  reader.join();
  size_t ends = 0;
  for (size_t at = all.find("\r\n0\r\n\r\n"); at != std::string::npos;
       at = all.find("\r\n0\r\n\r\n", at + 1)) {
    ++ends;
  }
  CHECK(ends == 100);
}

TEST_CASE("a stream ends with its last copy") {
  StreamingServer server;
  RawSocket socket(server->port());
  REQUIRE(socket.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  CHECK(server.stream(0).try_write("all of it"));
  server.forget_streams();
  bool is_whole = false;
  CHECK(unchunked(socket.receive_all(), is_whole) == "all of it");
  CHECK(is_whole);
}

TEST_CASE("a reader that takes nothing fills its bound and no more, and room is told") {
  StreamingServer server;
  RawSocket socket(server->path());
  REQUIRE(socket.send(kGet));
  const ResponseStream stream = server.stream(0);
  const std::string piece(10'000, 'x');
  size_t written = 0;
  // The kernel takes some; then the bound is reached for good.
  REQUIRE(eventually([&] {
    while (stream.try_write(piece)) written += piece.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return !stream.has_room(piece.size());
  }));
  CHECK_FALSE(stream.has_room(piece.size()));
  CHECK(written < 16 * 1024 * 1024);
  stream.end();
  std::string all = socket.receive_answers(1);
  while (all.find("\r\n0\r\n\r\n") == std::string::npos) {
    const std::string more = socket.receive_answers(1);
    if (more.empty()) break;
    all += more;
  }
  bool is_whole = false;
  CHECK(unchunked(all, is_whole).size() == written);
  CHECK(is_whole);
}

TEST_CASE("room is told to a writer that was refused") {
  StreamingServer server;
  RawSocket socket(server->path());
  REQUIRE(socket.send(kGet));
  const ResponseStream stream = server.stream(0);
  const std::string piece(10'000, 'x');
  REQUIRE(eventually([&] { return !stream.try_write(piece); }));
  std::thread reader([&] { static_cast<void>(socket.receive_all()); });
  CHECK(eventually([&] { return server.rooms > 0; }));
  CHECK(eventually([&] { return stream.has_room(piece.size()); }));
  server->run([](Server& each) { each.close(); });
  CHECK(eventually([&] { return !stream.is_open(); }));
  reader.join();
}

TEST_CASE("a client that goes away closes the stream") {
  StreamingServer server;
  std::optional<RawSocket> socket(std::in_place, server->port());
  REQUIRE(socket->send(kGet));
  const ResponseStream stream = server.stream(0);
  CHECK(stream.try_write("hello"));
  socket.reset();
  CHECK(eventually([&] { return !stream.is_open(); }));
  CHECK_FALSE(stream.try_write("nobody hears this"));
  CHECK(eventually([&] { return server->counters().connections_open == 0; }));
}

TEST_CASE("a client that takes nothing for too long is closed") {
  Limits limits;
  limits.stream_stall_us = 50'000;
  StreamingServer server(limits);
  RawSocket socket(server->path());
  REQUIRE(socket.send(kGet));
  const ResponseStream stream = server.stream(0);
  const std::string piece(60'000, 'x');
  CHECK(eventually([&] { return !stream.try_write(piece) && !stream.is_open(); }));
  CHECK(server->counters().timeouts_total == 1);
}

TEST_CASE("HTTP/1.0 and HEAD get what they know") {
  StreamingServer server;
  RawSocket old(server->port());
  REQUIRE(old.send("GET / HTTP/1.0\r\n\r\n"));
  CHECK(server.stream(0).try_write("plain"));
  server.stream(0).end();
  const std::string answer = old.receive_all();
  CHECK(answer.ends_with("\r\n\r\nplain"));
  CHECK(answer.find("chunked") == std::string::npos);
  RawSocket head(server->port());
  REQUIRE(head.send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  CHECK(head.receive_all().ends_with("\r\n\r\n"));
  CHECK_FALSE(server.stream(1).is_open());
}

TEST_CASE("the server's end ends its streams in order, whoever still holds them") {
  std::optional<StreamingServer> server(std::in_place);
  RawSocket socket((*server)->port());
  REQUIRE(socket.send(kGet));
  const ResponseStream stream = server->stream(0);
  CHECK(stream.try_write("hello"));
  std::thread reader([&] {
    bool is_whole = false;
    CHECK(unchunked(socket.receive_all(), is_whole) == "hello");
    CHECK(is_whole);
  });
  (*server)->close_and_join();
  reader.join();
  server.reset();
  CHECK_FALSE(stream.is_open());
  CHECK_FALSE(stream.try_write("after the end"));
}

TEST_CASE("a client gets a streamed body as it comes, and may stop it") {
  StreamingServer server;
  auto loop = loop::Loop::open();
  REQUIRE(loop.has_value());
  {
    Client client(**loop, *Client::parse_url("http://127.0.0.1:" + std::to_string(server->port())));
    std::string heard;
    std::optional<Result<Response>> end;
    Request request;
    request.method = "GET";
    request.target = "/tail";
    client.send_streaming(
        request, 20'000'000,
        [&](std::string piece) {
          heard += piece;
          if (heard == "onetwo") client.close();
        },
        [&](Result<Response> outcome) { end = std::move(outcome); });
    std::thread writer([&] {
      CHECK(server.stream(0).try_write("one"));
      CHECK(server.stream(0).try_write("two"));
    });
    while (!end && (*loop)->run_once()) {
    }
    writer.join();
    CHECK(heard == "onetwo");
    REQUIRE(end.has_value());
    CHECK(end->error().code == Error::kClosed);
    CHECK(eventually([&] { return !server.stream(0).is_open(); }));
  }
}

TEST_CASE("a paused client reads nothing, however long, and goes on where it was") {
  StreamingServer server;
  auto loop = loop::Loop::open();
  REQUIRE(loop.has_value());
  {
    Client client(**loop, *Client::parse_url("http://127.0.0.1:" + std::to_string(server->port())));
    constexpr int64_t kDeadlineUs = 150'000;
    std::string heard;
    std::optional<Result<Response>> end;
    loop::Timer resume(**loop, [&] {
      CHECK(heard == "one");
      client.set_paused(false);
    });
    Request request;
    request.method = "GET";
    request.target = "/tail";
    client.send_streaming(
        request, kDeadlineUs,
        [&](const std::string& piece) {
          heard += piece;
          if (heard != "one") return;
          client.set_paused(true);
          CHECK(server.stream(0).try_write("two"));
          resume.start(4 * kDeadlineUs);
        },
        [&](Result<Response> outcome) { end = std::move(outcome); });
    std::thread writer([&] { CHECK(server.stream(0).try_write("one")); });
    while (!end && (*loop)->run_once()) {
    }
    writer.join();
    CHECK(heard == "onetwo");
    // The deadline runs again.
    REQUIRE(end.has_value());
    CHECK(end->error().code == Error::kTimedOut);
  }
}

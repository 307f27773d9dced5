#include "http/client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <memory>

#include "http/fixture.h"
#include "loop/timer.h"

using namespace gasoline;
using namespace gasoline::http;

namespace {

constexpr int64_t kLongUs = 20'000'000;

Request request_of(std::string method, std::string target, std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  return request;
}

/// Sends one request and runs the loop until its outcome is there.
Result<Response> ask(loop::Loop& loop, Client& client, Request request,
                     int64_t timeout_us = kLongUs) {
  std::optional<Result<Response>> outcome;
  client.send(std::move(request), timeout_us,
              [&](Result<Response> result) { outcome.emplace(std::move(result)); });
  while (!outcome) loop.run_once();
  return *outcome;
}

/// A server that answers each connection with fixed bytes after the first read, then closes it.
class CannedServer {
 public:
  explicit CannedServer(std::string answer, bool closes = true)
      : listening_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listening_.get(), 8) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(listening_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), closes] {
      while (true) {
        FileDescriptor peer(accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer.is_open()) return;
        std::array<char, 4096> piece;
        if (read(peer.get(), piece.data(), piece.size()) <= 0) continue;
        static_cast<void>(!write(peer.get(), answer.data(), answer.size()));
        while (!closes && read(peer.get(), piece.data(), piece.size()) > 0) {
        }
      }
    });
  }
  ~CannedServer() {
    shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  Client::Target target() const { return {"", "127.0.0.1", port_}; }

 private:
  FileDescriptor listening_;
  uint16_t port_ = 0;
  std::thread thread_;
};

/// Takes requests and does not answer them while it lives.
class SilentServer {
 public:
  SilentServer()
      : server_([this](Request&&, const Responder& responder) {
          if (!is_over_) kept_.push_back(responder);
        }) {}
  ~SilentServer() {
    server_.run([this](Server&) {
      is_over_ = true;
      kept_.clear();
    });
  }
  const std::string& path() const { return server_.path(); }

 private:
  bool is_over_ = false;
  std::vector<Responder> kept_;
  ServerOnThread server_;
};

}  // namespace

TEST_CASE("a client keeps its connection from one request to the next") {
  ServerOnThread server(&echo);
  for (const Client::Target& target :
       {Client::Target{"", "127.0.0.1", server.port()}, Client::Target{server.path(), "", 0},
        Client::Target{"", "localhost", server.port()}}) {
    loop::Loop loop;
    Client client(loop, target);
    const uint64_t before = server.counters().connections_total;
    for (size_t i = 0; i < 20; ++i) {
      const Result<Response> answer =
          ask(loop, client, request_of("POST", "/x", std::string(i * 10'000, 'b')));
      REQUIRE(answer);
      CHECK(answer->status == 200);
      CHECK(answer->content_type == "text/plain");
      CHECK(answer->body == "POST /x " + std::to_string(i * 10'000));
    }
    CHECK(server.counters().connections_total == before + 1);
  }
}

TEST_CASE("an idle client does not keep the loop alive, and notices that the server went") {
  loop::Loop loop;
  auto server = std::make_unique<ServerOnThread>(&echo);
  Client client(loop, {server->path(), "", 0});
  REQUIRE(ask(loop, client, request_of("GET", "/")));
  CHECK(loop.run());
  CHECK(client.is_connected());
  server.reset();
  loop::Timer tick(loop, [] {});
  tick.start(0, 1000);
  while (client.is_connected()) loop.run_once();
  const Result<Response> answer = ask(loop, client, request_of("GET", "/"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ENOENT);
}

TEST_CASE("a connection that the server closed while nobody looked is not used again") {
  Limits limits;
  limits.idle_timeout_us = 20'000;
  ServerOnThread server(limits, nullptr, &echo);
  loop::Loop loop;
  Client client(loop, {server.path(), "", 0});
  REQUIRE(ask(loop, client, request_of("GET", "/1")));
  REQUIRE(eventually([&] { return server.counters().connections_open == 0; }));
  CHECK(ask(loop, client, request_of("GET", "/2")));
}

TEST_CASE("a client reconnects after the server restarted") {
  loop::Loop loop;
  uint16_t port = 0;
  std::optional<Client> client;
  {
    ServerOnThread first(&echo);
    port = first.port();
    client.emplace(loop, Client::Target{"", "127.0.0.1", port});
    REQUIRE(ask(loop, *client, request_of("GET", "/")));
  }
  CHECK_FALSE(ask(loop, *client, request_of("GET", "/")));
  SystemClock clock;
  Server second(loop, clock, Limits(), nullptr, &echo);
  REQUIRE(second.listen_tcp("127.0.0.1", port));
  CHECK(ask(loop, *client, request_of("GET", "/")));
}

TEST_CASE("a refused connection and an unknown host are errors that come later") {
  loop::Loop loop;
  uint16_t port = 0;
  {
    ServerOnThread gone(&echo);
    port = gone.port();
  }
  Client refused(loop, {"", "127.0.0.1", port});
  const Result<Response> answer = ask(loop, refused, request_of("GET", "/"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ECONNREFUSED);
  Client unknown(loop, {"", "no-such-host.invalid", 80});
  CHECK_FALSE(ask(loop, unknown, request_of("GET", "/")));
  Client nowhere(loop, {"/nonexistent/socket", "", 0});
  CHECK(ask(loop, nowhere, request_of("GET", "/")).error().code == ENOENT);
}

TEST_CASE("a server that does not answer ends the request at its deadline") {
  SilentServer server;
  loop::Loop loop;
  Client client(loop, {server.path(), "", 0});
  const Result<Response> answer = ask(loop, client, request_of("GET", "/"), 20'000);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == Error::kTimedOut);
  CHECK_FALSE(client.is_connected());
}

TEST_CASE("bodies of all three kinds are read, and interim answers are skipped") {
  loop::Loop loop;
  SECTION("counted, after an interim answer") {
    CannedServer server(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\n"
        "Content-Length: 2\r\n\r\nok",
        false);
    Client client(loop, server.target());
    const Result<Response> answer = ask(loop, client, request_of("GET", "/"));
    REQUIRE(answer);
    CHECK(answer->status == 201);
    CHECK(answer->body == "ok");
    CHECK(client.is_connected());
  }
  SECTION("chunked") {
    CannedServer server(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
    Client client(loop, server.target());
    CHECK(ask(loop, client, request_of("GET", "/"))->body == "abcd");
  }
  SECTION("until the end of the stream") {
    CannedServer server("HTTP/1.1 200 OK\r\n\r\nall of it");
    Client client(loop, server.target());
    CHECK(ask(loop, client, request_of("GET", "/"))->body == "all of it");
    CHECK_FALSE(client.is_connected());
  }
}

TEST_CASE("answers that are no HTTP, too long or cut short are errors") {
  loop::Loop loop;
  struct Case {
    const char* answer;
    int code;
  };
  const auto [answer, code] = GENERATE(
      Case{"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", Error::kInvalid},
      Case{"HTTP/1.1 200 OK\nContent-Length: 0\n\n", Error::kInvalid},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", Error::kInvalid},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nok", Error::kTooLarge},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok", Error::kClosed},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", Error::kInvalid},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", Error::kClosed},
      Case{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
           Error::kInvalid},
      Case{"", Error::kClosed});
  CannedServer server(answer);
  Client client(loop, server.target(), 1000);
  const Result<Response> outcome = ask(loop, client, request_of("GET", "/"));
  REQUIRE_FALSE(outcome);
  INFO(answer << ": " << outcome.error().to_string());
  CHECK(outcome.error().code == code);
  CHECK_FALSE(client.is_connected());
}

TEST_CASE("bytes after an answer end the connection instead of answering the next request") {
  loop::Loop loop;
  const std::string one = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  CannedServer server(one + one, false);
  Client client(loop, server.target());
  CHECK(ask(loop, client, request_of("GET", "/"))->body == "ok");
  CHECK_FALSE(client.is_connected());
}

TEST_CASE("the callback of a request may destroy its client or send the next request") {
  ServerOnThread server(&echo);
  loop::Loop loop;
  auto client = std::make_unique<Client>(loop, Client::Target{server.path(), "", 0});
  int answers = 0;
  client->send(request_of("GET", "/1"), kLongUs, [&](const Result<Response>& first) {
    REQUIRE(first);
    ++answers;
    client->send(request_of("GET", "/2"), kLongUs, [&](const Result<Response>& second) {
      REQUIRE(second);
      ++answers;
      client.reset();
    });
  });
  CHECK(loop.run());
  CHECK(answers == 2);
}

TEST_CASE("closing a client ends its request; destroying it forgets the request") {
  SilentServer server;
  loop::Loop loop;
  int code = 0;
  Client closed(loop, {server.path(), "", 0});
  closed.send(request_of("GET", "/"), kLongUs,
              [&](const Result<Response>& outcome) { code = outcome.error().code; });
  closed.close();
  CHECK(code == Error::kClosed);
  {
    Client forgotten(loop, {server.path(), "", 0});
    forgotten.send(request_of("GET", "/"), kLongUs,
                   [&](const Result<Response>&) { FAIL("nobody waits for this"); });
  }
  CHECK(loop.run());
}

TEST_CASE("an answer that comes before the request is sent whole is taken") {
  Limits limits;
  limits.body_size_bytes_max = 1000;
  ServerOnThread server(limits, nullptr, &echo);
  loop::Loop loop;
  Client client(loop, {server.path(), "", 0});
  const Result<Response> answer =
      ask(loop, client, request_of("POST", "/", std::string(8 * 1024 * 1024, 'x')));
  REQUIRE(answer);
  CHECK(answer->status == 413);
  CHECK_FALSE(client.is_connected());
}

TEST_CASE("URLs name a host and port or a socket, and nothing else") {
  CHECK(Client::parse_url("http://localhost:7890")->port == 7890);
  CHECK(Client::parse_url("http://localhost:7890/")->host == "localhost");
  CHECK(Client::parse_url("http://[::1]:7890")->host == "::1");
  CHECK(Client::parse_url("http://[::1]")->port == 80);
  CHECK(Client::parse_url("http://example.org")->port == 80);
  CHECK(Client::parse_url("unix:/run/x.sock")->unix_path == "/run/x.sock");
  CHECK(Client::parse_url("unix:///run/x.sock")->unix_path == "/run/x.sock");
  for (const char* bad : {"", "localhost", "https://x:1", "http://", "http://:1", "http://x:",
                          "http://x:0", "http://x:65536", "http://x:1a", "http://x:1/path",
                          "http://u@x:1", "http://[::1", "http://[::1]7", "unix:relative"}) {
    INFO(bad);
    CHECK_FALSE(Client::parse_url(bad));
  }
}

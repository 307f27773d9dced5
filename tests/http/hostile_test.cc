#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>

#include "http/fixture.h"

using namespace std::string_literals;
using namespace gasoline;
using namespace gasoline::http;

namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Limits with timeouts short enough for a test.
Limits hasty() {
  Limits limits;
  limits.header_timeout_us = 50'000;
  limits.idle_timeout_us = 50'000;
  limits.body_timeout_us = 50'000;
  limits.write_timeout_us = 50'000;
  limits.linger_us = 50'000;
  return limits;
}

std::string head_of(std::string_view more) {
  return "POST / HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) + "\r\n";
}

void check_problem(const std::string& answer, int status, const std::string& code) {
  INFO(answer);
  CHECK(status_of(answer) == status);
  CHECK(answer.find("Content-Type: application/problem+json\r\n") != std::string::npos);
  CHECK(answer.find("\"code\":\"" + code + "\"") != std::string::npos);
  CHECK(answer.find("\"status\":" + std::to_string(status)) != std::string::npos);
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
}

}  // namespace

TEST_CASE("each malformed request gets its status and code, and the server goes on") {
  struct Case {
    std::string request;
    int status;
    const char* code;
  };
  Limits limits;
  limits.body_size_bytes_max = 1000;
  limits.unpacked_size_bytes_max = 100'000;
  ServerOnThread server(limits, nullptr, &echo);
  const std::string bomb = gzip(std::string(200'000, '\0'));
  const std::string zbomb = zstd(std::string(200'000, '\0'));
  REQUIRE(bomb.size() < 1000);
  const std::string half = gzip(std::string(500, 'x')).substr(0, 15);
  const auto packed = [](const std::string& coding, const std::string& body) {
    return head_of("Content-Encoding: " + coding +
                   "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") +
           body;
  };
  const std::vector<Case> cases = {
      {"hello\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\nHost: x\n\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, 400, "bad_request"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: b\x1b[31m\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
      {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"},
      {"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"},
      {"GET /?a=%f HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"},
      {"GET ../etc HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"},
      {"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad_request"},
      {"\x16\x03\x01\x02", 400, "bad_request"},
      {head_of("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400,
       "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") + "0\r\n\r\n", 400,
       "bad_request"},
      {head_of("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc", 400, "bad_request"},
      {head_of("Content-Length: 3, 3\r\n") + "abc", 400, "bad_request"},
      {head_of("Content-Length: -1\r\n"), 400, "bad_request"},
      {head_of("Content-Length: +3\r\n") + "abc", 400, "bad_request"},
      {head_of("Content-Length: 0x3\r\n") + "abc", 400, "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\n") + "xyz\r\nabc\r\n0\r\n\r\n", 400, "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\n") + "3\r\nabcd\r\n0\r\n\r\n", 400, "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\n") + "3;" + std::string(50'000, 'x'), 400,
       "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "bad_request"},
      {head_of("Transfer-Encoding: gzip, chunked\r\n"), 501, "not_implemented"},
      {head_of("Transfer-Encoding: xchunked\r\n"), 501, "not_implemented"},
      {head_of("Expect: a-miracle\r\nContent-Length: 1\r\n"), 417, "expectation_failed"},
      {head_of(""), 411, "length_required"},
      {head_of("Content-Length: 1001\r\n"), 413, "body_too_large"},
      {head_of("Content-Length: 99999999999999999999999\r\n"), 400, "bad_request"},
      {head_of("Transfer-Encoding: chunked\r\n") + "3e9\r\n", 413, "body_too_large"},
      {head_of("Transfer-Encoding: chunked\r\n") + "ffffffffffffffff\r\n", 413, "body_too_large"},
      {packed("gzip", bomb), 413, "body_too_large"},
      {packed("zstd", zbomb), 413, "body_too_large"},
      {packed("gzip", half), 400, "bad_request"},
      {packed("gzip", "no gzip at all"), 400, "bad_request"},
      {packed("zstd", "no zstd at all"), 400, "bad_request"},
      {packed("br", "x"), 415, "unsupported_encoding"},
      {packed("gzip, gzip", "x"), 415, "unsupported_encoding"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(70'000, 'a'), 431, "header_too_large"},
      {"PRI * HTTP/2.0\r\n\r\n", 505, "http_version_not_supported"},
  };
  for (const Case& one : cases) {
    INFO(one.request.substr(0, 200));
    check_problem(exchange(server.port(), one.request), one.status, one.code);
  }
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 300; ++i) many += "H" + std::to_string(i) + ": x\r\n";
  check_problem(exchange(server.port(), many + "\r\n"), 431, "header_too_large");
  CHECK(status_of(exchange(server.port(), kGet)) == 200);
  CHECK(server.counters().requests_total == 1);
  CHECK(server.counters().bodies_bytes == 0);
}

TEST_CASE("what follows a refused request is not taken for another request") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send(head_of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") +
                      "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string answers = socket.receive_all();
  CHECK(status_of(answers) == 400);
  CHECK(answers.find("smuggled") == std::string::npos);
  CHECK(server.counters().requests_total == 0);
}

TEST_CASE("a head that comes too slowly is answered with 408") {
  ServerOnThread server(hasty(), nullptr, &echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send("GET / HT"));
  check_problem(socket.receive_all(), 408, "request_timeout");
  CHECK(server.counters().timeouts_total == 1);
}

TEST_CASE("a head that comes byte by byte does not move its deadline") {
  Limits limits = hasty();
  limits.idle_timeout_us = 20'000'000;
  ServerOnThread server(limits, nullptr, &echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send("GET / HTTP/1.1\r\nHost: x\r\nA: "));
  bool is_taken = true;
  for (int i = 0; i < 2000 && is_taken; ++i) {
    is_taken = socket.send("a");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (i % 50 == 0 && server.counters().timeouts_total == 1) break;
  }
  CHECK(server.counters().timeouts_total == 1);
}

TEST_CASE("a body that stops half way is answered with 408") {
  ServerOnThread server(hasty(), nullptr, &echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send(head_of("Content-Length: 100\r\n") + "half"));
  check_problem(socket.receive_all(), 408, "request_timeout");
}

TEST_CASE("an idle connection is closed without a word") {
  ServerOnThread server(hasty(), nullptr, &echo);
  RawSocket fresh(server.port());
  RawSocket used(server.port());
  REQUIRE(used.send(kGet));
  CHECK(status_of(used.receive_answers(1)) == 200);
  CHECK(used.receive_all().empty());
  CHECK(fresh.receive_all().empty());
  CHECK(server.counters().timeouts_total == 0);
}

TEST_CASE("a client that never reads its answer is closed") {
  ServerOnThread server(hasty(), nullptr, [](Request&&, const Responder& responder) {
    Response response;
    response.body.assign(32 * 1024 * 1024, 'x');
    responder.respond(std::move(response));
  });
  RawSocket socket(server.port());
  REQUIRE(socket.send(kGet));
  REQUIRE(eventually([&] { return server.counters().connections_total == 1; }));
  CHECK(eventually([&] { return server.counters().connections_open == 0; }));
  CHECK(server.counters().timeouts_total == 1);
}

TEST_CASE("a client that reads slowly but steadily gets all of its answer") {
  Limits limits = hasty();
  limits.write_timeout_us = 500'000;
  ServerOnThread server(limits, nullptr, [](Request&&, const Responder& responder) {
    Response response;
    response.body.assign(16 * 1024 * 1024, 'x');
    responder.respond(std::move(response));
  });
  RawSocket socket(server.port());
  REQUIRE(socket.send(kGet));
  size_t size = 0;
  std::vector<char> piece(512 * 1024);
  while (size < 16 * 1024 * 1024) {
    const ssize_t got = recv(socket.fd(), piece.data(), piece.size(), 0);
    REQUIRE(got > 0);
    size += static_cast<size_t>(got);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(server.counters().timeouts_total == 0);
}

TEST_CASE("a client that sends requests and never reads is not read from without end") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  const timeval patience = {0, 200'000};
  setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string requests;
  for (int i = 0; i < 2000; ++i) requests += kGet;
  bool is_taken = true;
  size_t rounds = 0;
  for (; is_taken && rounds < 2000; ++rounds) is_taken = socket.send(requests);
  CHECK_FALSE(is_taken);
  CHECK(server.counters().in_bytes_total < requests.size() * rounds);
  CHECK(status_of(exchange(server.port(), kGet)) == 200);
}

TEST_CASE("clients that vanish leave nothing behind") {
  ServerOnThread server(&echo);
  const linger at_once = {1, 0};
  for (const std::string& beginning :
       {std::string(), std::string("GET / HT"), head_of("Content-Length: 100000\r\n") + "half",
        head_of("Transfer-Encoding: chunked\r\n") + "ff\r\nabc", std::string(kGet)}) {
    for (const bool resets : {false, true}) {
      RawSocket socket(server.port());
      REQUIRE(socket.send(beginning));
      if (resets) setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
  }
  CHECK(eventually([&] {
    const Server::Counters counters = server.counters();
    return counters.connections_total == 10 && counters.connections_open == 0;
  }));
  CHECK(server.counters().bodies_bytes == 0);
}

TEST_CASE("a client that vanishes in the middle of its answer is forgotten") {
  ServerOnThread server([](Request&&, const Responder& responder) {
    Response response;
    response.body.assign(32 * 1024 * 1024, 'x');
    responder.respond(std::move(response));
  });
  {
    RawSocket socket(server.port());
    REQUIRE(socket.send(kGet));
    char byte = 0;
    REQUIRE(recv(socket.fd(), &byte, 1, 0) == 1);
  }
  CHECK(eventually([&] { return server.counters().connections_open == 0; }));
}

TEST_CASE("a reset while the handler works is known to the responder") {
  std::optional<Responder> kept;
  ServerOnThread server(
      [&](Request&&, Responder responder) { kept.emplace(std::move(responder)); });
  {
    RawSocket socket(server.port());
    REQUIRE(socket.send(kGet));
    REQUIRE(eventually([&] { return server.counters().requests_total == 1; }));
    const linger at_once = {1, 0};
    setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  CHECK(eventually([&] { return !kept->is_connected(); }));
  kept->respond(Response());
}

TEST_CASE("a body over the limit is refused while it is still being sent, and the client sees it") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  const std::string body(17 * 1024 * 1024, 'x');
  REQUIRE(socket.send(head_of("Content-Length: " + std::to_string(body.size()) + "\r\n")));
  REQUIRE(socket.send(body));
  check_problem(socket.receive_all(), 413, "body_too_large");
}

TEST_CASE("bodies of all connections together are bounded") {
  Limits limits;
  limits.bodies_size_bytes_max = 2 * 1024 * 1024;
  ServerOnThread server(limits, nullptr, &echo);
  std::vector<std::unique_ptr<RawSocket>> holders;
  for (int i = 0; i < 3; ++i) {
    holders.push_back(std::make_unique<RawSocket>(server.port()));
    REQUIRE(holders.back()->send(head_of("Content-Length: 600000\r\n") + std::string(1000, 'x')));
    REQUIRE(eventually(
        [&] { return server.counters().bodies_bytes >= 600'000 * static_cast<size_t>(i + 1); }));
  }
  const std::string refused =
      exchange(server.port(), head_of("Content-Length: 600000\r\n") + std::string(1000, 'x'));
  check_problem(refused, 503, "too_busy");
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  REQUIRE(holders.front()->send(std::string(599'000, 'x')));
  CHECK(status_of(holders.front()->receive_answers(1)) == 200);
  CHECK(status_of(exchange(server.port(), head_of("Content-Length: 600000\r\n") +
                                              std::string(600'000, 'x'))) == 200);
}

TEST_CASE("the connection after the last allowed one is told so and closed") {
  // Both ends of each connection are in this process.
  rlimit files{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = files.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &files) == 0);
  REQUIRE(files.rlim_cur > 2500);
  ServerOnThread server(&echo);
  std::vector<std::unique_ptr<RawSocket>> sockets;
  for (int i = 0; i < 1100; ++i) {
    sockets.push_back(std::make_unique<RawSocket>(server.port()));
    REQUIRE(sockets.back()->fd() >= 0);
  }
  REQUIRE(eventually([&] { return server.counters().connections_refused_total == 76; }));
  CHECK(server.counters().connections_open == 1024);
  const std::string refused = sockets[1024]->receive_all();
  check_problem(refused, 503, "too_busy");
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  for (size_t i = 0; i < 1024; ++i) {
    REQUIRE(sockets[i]->send(kGet));
    REQUIRE(status_of(sockets[i]->receive_answers(1)) == 200);
  }
  sockets.clear();
  REQUIRE(eventually([&] { return server.counters().connections_open == 0; }));
  CHECK(status_of(exchange(server.port(), kGet)) == 200);
}

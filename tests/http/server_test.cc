#include "http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <mutex>
#include <thread>

#include "http/fixture.h"

using namespace gasoline;
using namespace gasoline::http;

namespace {

constexpr std::string_view kGet = "GET /a?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string post(std::string_view body, std::string_view more_headers = {}) {
  return "POST /b HTTP/1.1\r\nHost: localhost\r\n" + std::string(more_headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

size_t count_of(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("a request is answered over TCP and over the Unix socket") {
  ServerOnThread server(&echo);
  RawSocket tcp(server.port());
  RawSocket local(server.path());
  for (RawSocket* socket : {&tcp, &local}) {
    REQUIRE(socket->send(kGet));
    const std::string answer = socket->receive_answers(1);
    CHECK(status_of(answer) == 200);
    CHECK(answer.ends_with("\r\n\r\nGET /a 0"));
    CHECK(answer.find("Date: ") != std::string::npos);
    CHECK(answer.find("Content-Type: text/plain\r\n") != std::string::npos);
  }
}

TEST_CASE("a connection is kept for the next request") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  for (int i = 0; i < 50; ++i) {
    REQUIRE(socket.send(post(std::string(static_cast<size_t>(i) * 1000, 'x'))));
    CHECK(socket.receive_answers(1).ends_with("POST /b " + std::to_string(i * 1000)));
  }
  CHECK(server.counters().connections_total == 1);
  CHECK(server.counters().requests_total == 50);
}

TEST_CASE("pipelined requests are answered in their order") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  std::string requests;
  for (int i = 0; i < 500; ++i) {
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  }
  REQUIRE(socket.send(requests));
  const std::string answers = socket.receive_answers(500);
  size_t at = 0;
  for (int i = 0; i < 500; ++i) {
    at = answers.find("GET /" + std::to_string(i) + " 0", at);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("HEAD gets the head of the answer and no body") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send("HEAD /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  socket.end_sending();
  std::string answer = socket.receive_all();
  CHECK(answer.find("Content-Length: 9\r\n") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("a client that waits for 100 Continue gets it before its body and the answer after") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  REQUIRE(
      socket.send("POST /c HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                  "Content-Length: 5\r\n\r\n"));
  CHECK(socket.receive_answers(1) == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(socket.send("hello"));
  CHECK(socket.receive_answers(1).ends_with("POST /c 5"));
}

TEST_CASE("the head check refuses before the body is read and says so to a waiting client") {
  ServerOnThread server(
      Limits(),
      [](const Request& request) -> std::optional<Response> {
        if (request.path == "/ok") return std::nullopt;
        return problem(404, "not_found", "Nothing here", "Ask for /ok.");
      },
      &echo);
  SECTION("with a body to come, the connection is closed after the answer") {
    RawSocket socket(server.port());
    REQUIRE(
        socket.send("POST /no HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                    "Content-Length: 1000000\r\n\r\n"));
    const std::string answer = socket.receive_answers(1);
    CHECK(status_of(answer) == 404);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK(answer.find("\"code\":\"not_found\"") != std::string::npos);
  }
  SECTION("without one, the connection goes on") {
    RawSocket socket(server.port());
    REQUIRE(
        socket.send("GET /no HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const std::string answers = socket.receive_answers(2);
    CHECK(status_of(answers) == 404);
    CHECK(answers.ends_with("GET /ok 0"));
  }
  CHECK(server.counters().refused_total == 1);
}

TEST_CASE("chunked and packed bodies arrive whole") {
  std::string seen;
  ServerOnThread server([&](Request&& request, Responder responder) {
    seen = request.body;
    echo(std::move(request), std::move(responder));
  });
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "line " + std::to_string(i) + "\n";
  RawSocket socket(server.port());
  REQUIRE(socket.send(post(gzip(text), "Content-Encoding: gzip\r\n")));
  CHECK(status_of(socket.receive_answers(1)) == 200);
  CHECK(seen == text);
  REQUIRE(socket.send(post(zstd(text), "Content-Encoding: zstd\r\n")));
  CHECK(status_of(socket.receive_answers(1)) == 200);
  CHECK(seen == text);
  REQUIRE(
      socket.send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nTrailer: t\r\n\r\n"));
  CHECK(status_of(socket.receive_answers(1)) == 200);
  CHECK(seen == "hello, world");
}

TEST_CASE("a large body arrives whole and has room for a reader's padding behind it") {
  size_t spare = 0;
  bool is_right = false;
  std::string body(8 * 1024 * 1024, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 13);
  ServerOnThread server([&](Request&& request, Responder responder) {
    spare = request.body.capacity() - request.body.size();
    is_right = request.body == body;
    echo(std::move(request), std::move(responder));
  });
  RawSocket socket(server.path());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(socket.send(post(body)));
    CHECK(status_of(socket.receive_answers(1)) == 200);
    CHECK(is_right);
    CHECK(spare >= Request::kBodyPaddingBytes);
  }
  CHECK(server.counters().bodies_bytes == 0);
}

TEST_CASE("answers may be given later and from another thread") {
  std::mutex mutex;
  std::vector<std::thread> workers;
  {
    ServerOnThread server([&](Request&& request, Responder responder) {
      const std::lock_guard lock(mutex);
      workers.emplace_back([request = std::move(request), responder]() mutable {
        echo(std::move(request), responder);
      });
    });
    std::vector<std::unique_ptr<RawSocket>> sockets;
    for (int i = 0; i < 20; ++i) {
      sockets.push_back(std::make_unique<RawSocket>(server.port()));
      REQUIRE(sockets.back()->send(kGet));
    }
    for (const auto& socket : sockets) CHECK(socket->receive_answers(1).ends_with("GET /a 0"));
  }
  for (std::thread& worker : workers) worker.join();
}

TEST_CASE("a request whose responder is dropped is answered with 500") {
  ServerOnThread server([](Request&&, const Responder&) {});
  RawSocket socket(server.port());
  REQUIRE(socket.send(kGet));
  const std::string answer = socket.receive_answers(1);
  CHECK(status_of(answer) == 500);
  CHECK(answer.find("\"code\":\"internal_error\"") != std::string::npos);
  REQUIRE(socket.send(kGet));
  CHECK(status_of(socket.receive_answers(1)) == 500);
}

TEST_CASE("a responder outlives its connection and its server") {
  std::optional<Responder> kept;
  {
    ServerOnThread server(
        [&](Request&&, Responder responder) { kept.emplace(std::move(responder)); });
    RawSocket socket(server.port());
    REQUIRE(socket.send(kGet));
    REQUIRE(eventually([&] { return server.counters().requests_total == 1; }));
    CHECK(kept->is_connected());
    socket.close();
    // An orderly end of the client's side leaves the answer owed; the server cannot know more.
    server.run([&](Server&) { kept->respond(Response()); });
    REQUIRE(eventually([&] { return server.counters().connections_open == 0; }));
    CHECK_FALSE(kept->is_connected());
  }
  kept->respond(Response());
  CHECK_FALSE(kept->is_connected());
}

TEST_CASE("a client that ends its side after the request still gets the answer") {
  ServerOnThread server(&echo);
  RawSocket socket(server.port());
  REQUIRE(socket.send(std::string(kGet) + std::string(kGet)));
  socket.end_sending();
  const std::string answers = socket.receive_all();
  CHECK(count_of(answers, "HTTP/1.1 200 OK") == 2);
}

TEST_CASE("HTTP/1.0 closes after the answer unless asked to stay") {
  ServerOnThread server(&echo);
  RawSocket socket(server.path());
  REQUIRE(socket.send("GET / HTTP/1.0\r\n\r\n"));
  CHECK(socket.receive_all().find("Connection: close\r\n") != std::string::npos);
  RawSocket staying(server.port());
  for (int i = 0; i < 2; ++i) {
    REQUIRE(staying.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    CHECK(staying.receive_answers(1).find("Connection: keep-alive\r\n") != std::string::npos);
  }
}

TEST_CASE("closing lets an owed answer out and then ends the loop") {
  std::optional<Responder> kept;
  ServerOnThread server(
      [&](Request&&, Responder responder) { kept.emplace(std::move(responder)); });
  RawSocket socket(server.port());
  RawSocket idle(server.port());
  REQUIRE(socket.send(kGet));
  REQUIRE(eventually([&] { return server.counters().requests_total == 1; }));
  server.run([&](Server& own) { own.close(); });
  CHECK(idle.receive_all().empty());
  server.run([&](Server&) { kept->respond(Response()); });
  CHECK(status_of(socket.receive_all()) == 200);
  CHECK_FALSE(RawSocket(server.port()).fd() >= 0);
  CHECK(access(server.path().c_str(), F_OK) != 0);
}

TEST_CASE("control characters in an answer's headers cannot split it") {
  ServerOnThread server([](Request&&, const Responder& responder) {
    Response response;
    response.headers.push_back({"X-Echo", "a\r\nSet-Cookie: x\r\n\r\nbody"});
    responder.respond(std::move(response));
  });
  RawSocket socket(server.port());
  REQUIRE(socket.send(kGet));
  CHECK(count_of(socket.receive_answers(1), "\r\n\r\n") == 1);
}

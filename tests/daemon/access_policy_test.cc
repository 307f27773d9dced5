#include "daemon/access_policy.h"

#include <catch2/catch.hpp>

#include "event/json_scan.h"

namespace gasoline::daemon {
namespace {

constexpr uint32_t kOurUid = 1000;
const std::string kToken = std::string(16, 'a') + std::string(16, 'b');

AccessPolicy make_policy() {
  AccessPolicy::Options options;
  options.uid = kOurUid;
  options.token = kToken;
  options.allowed_hosts = {"dev.example", "pinned.example:7890"};
  options.allowed_origins = {"https://app.example"};
  return AccessPolicy(options);
}

/// A request of ours over loopback.
http::Request request_of(const std::string& method, const std::string& path,
                         const std::string& host = "localhost:7890") {
  http::Request request;
  request.method = method;
  request.path = path;
  request.headers.push_back({"Host", host});
  request.peer.loopback = true;
  request.peer.uid_known = true;
  request.peer.uid = kOurUid;
  return request;
}

int status_of(const http::Request& request) {
  const auto response = make_policy().check(request);
  return response ? response->status : 0;
}

TEST_CASE("loopback names and addresses are served, with any port or none") {
  const std::string host = GENERATE(values<std::string>(
      {"localhost", "localhost:7890", "LocalHost:1", "api.localhost", "a.b.localhost:3000",
       "127.0.0.1", "127.0.0.1:7890", "127.8.9.10:80", "[::1]", "[::1]:7890", "dev.example",
       "dev.example:7890", "DEV.example", "pinned.example:7890"}));
  CAPTURE(host);
  CHECK(status_of(request_of("GET", "/v1/timeline", host)) == 0);
}

TEST_CASE("any other host is misdirected: its name was bent to point at us") {
  const std::string host = GENERATE(values<std::string>({"",
                                                         "evil.example",
                                                         "evil.example:7890",
                                                         "localhost.evil.example",
                                                         "evillocalhost",
                                                         "127.0.0.1.evil.example",
                                                         "127.evil",
                                                         "127.0.0.1.5",
                                                         "127.1",
                                                         "128.0.0.1",
                                                         "0.0.0.0",
                                                         "10.0.0.1:7890",
                                                         "[::2]",
                                                         "[::1",
                                                         "[::1].evil.example",
                                                         "[::1]evil",
                                                         "::1",
                                                         "localhost:evil.example",
                                                         "localhost@evil.example",
                                                         ".localhost",
                                                         "pinned.example:1",
                                                         "pinned.example"}));
  CAPTURE(host);
  const http::Request request = request_of("GET", "/v1/timeline", host);
  CHECK(status_of(request) == 421);
  const auto response = make_policy().check(request);
  REQUIRE(response);
  CHECK(event::find_member(response->body, "code") == "\"misdirected_request\"");
}

TEST_CASE("the host is not looked at on the Unix socket") {
  http::Request request = request_of("GET", "/v1/timeline", "whatever");
  request.peer = http::Peer{};
  request.peer.unix_socket = true;
  CHECK(status_of(request) == 0);
}

struct OriginCase {
  const char* method;
  const char* path;
  const char* origin;
  int status;
};

TEST_CASE("pages may post events from here and from extensions, and read only their own origin") {
  const OriginCase example = GENERATE(values<OriginCase>({
      {"POST", "/v1/events", "http://localhost:3000", 0},
      {"POST", "/v1/event", "http://127.0.0.1:5173", 0},
      {"POST", "/events", "https://app.localhost", 0},
      {"POST", "/event", "http://[::1]:8080", 0},
      {"POST", "/v1/events", "chrome-extension://abcdefghijklmnop", 0},
      {"POST", "/v1/events", "moz-extension://0f1e-2d3c", 0},
      {"POST", "/v1/events", "https://app.example", 0},
      {"POST", "/v1/events", "https://app.example.evil.example", 403},
      {"POST", "/v1/events", "http://app.example", 403},
      {"POST", "/v1/events", "https://evil.example", 403},
      {"POST", "/v1/events", "null", 403},
      {"POST", "/v1/events", "", 403},
      {"POST", "/v1/events", "file://localhost", 403},
      {"POST", "/v1/events", "https://localhost.evil.example", 403},
      {"GET", "/v1/timeline", "http://localhost:3000", 403},
      {"GET", "/v1/timeline", "chrome-extension://abcdefghijklmnop", 403},
      {"GET", "/v1/timeline", "https://app.example", 403},
      {"GET", "/v1/timeline", "http://localhost:7890", 0},
      {"GET", "/v1/events", "http://localhost:3000", 403},
      {"POST", "/v1/config/reload", "http://localhost:3000", 403},
      {"POST", "/v1/events/", "http://localhost:3000", 403},
  }));
  CAPTURE(example.method, example.path, example.origin);
  http::Request request = request_of(example.method, example.path);
  request.headers.push_back({"Origin", example.origin});
  CHECK(status_of(request) == example.status);
}

TEST_CASE("a preflight of an allowed page is answered with what it may send") {
  http::Request request = request_of("OPTIONS", "/v1/events");
  request.headers.push_back({"Origin", "http://localhost:3000"});
  request.headers.push_back({"Access-Control-Request-Method", "POST"});
  // A browser sends no token with a preflight.
  request.peer.uid_known = false;
  auto response = make_policy().check(request);
  REQUIRE(response);
  CHECK(response->status == 204);
  CHECK(response->header("Access-Control-Allow-Origin") == "http://localhost:3000");
  CHECK(response->header("Access-Control-Allow-Methods") == "POST");
  CHECK(response->header("Vary") == "Origin");
  CHECK(response->header("Access-Control-Allow-Private-Network").empty());

  request.headers.push_back({"Access-Control-Request-Private-Network", "true"});
  response = make_policy().check(request);
  REQUIRE(response);
  CHECK(response->header("Access-Control-Allow-Private-Network") == "true");
}

TEST_CASE("a preflight of a foreign page is refused without any leave") {
  http::Request request = request_of("OPTIONS", "/v1/events");
  request.headers.push_back({"Origin", "https://evil.example"});
  request.headers.push_back({"Access-Control-Request-Method", "POST"});
  const auto response = make_policy().check(request);
  REQUIRE(response);
  CHECK(response->status == 403);
  CHECK(response->header("Access-Control-Allow-Origin").empty());
}

TEST_CASE("answers carry the leave to read them for allowed origins only") {
  const AccessPolicy policy = make_policy();
  http::Request request = request_of("POST", "/v1/events");
  http::Response response;
  policy.add_cors_headers(request, response);
  CHECK(response.headers.empty());
  request.headers.push_back({"Origin", "https://evil.example"});
  policy.add_cors_headers(request, response);
  CHECK(response.headers.empty());
  request.headers.back().value = "https://app.example";
  policy.add_cors_headers(request, response);
  CHECK(response.header("Access-Control-Allow-Origin") == "https://app.example");
}

struct PeerCase {
  const char* what;
  bool unix_socket;
  bool loopback;
  bool uid_known;
  uint32_t uid;
  std::string authorization;
  int status;
};

TEST_CASE("other users and other machines need the token") {
  const PeerCase example = GENERATE(values<PeerCase>({
      {"Unix socket", true, false, true, 4711, "", 0},
      {"ourselves", false, true, true, kOurUid, "", 0},
      {"root", false, true, true, 0, "", 0},
      {"another user", false, true, true, 1001, "", 401},
      {"another user with the token", false, true, true, 1001, "Bearer " + kToken, 0},
      {"somebody on this machine", false, true, false, 0, "", 401},
      {"somebody with the token", false, true, false, 0, "Bearer " + kToken, 0},
      {"another machine with our uid", false, false, true, kOurUid, "", 401},
      {"another machine", false, false, false, 0, "", 401},
      {"another machine with the token", false, false, false, 0, "Bearer " + kToken, 0},
      {"a shorter token", false, false, false, 0, "Bearer " + kToken.substr(1), 401},
      {"a longer token", false, false, false, 0, "Bearer " + kToken + "a", 401},
      {"a wrong token", false, false, false, 0, "Bearer " + std::string(32, 'a'), 401},
      {"no scheme", false, false, false, 0, kToken, 401},
      {"another scheme", false, false, false, 0, "Basic " + kToken, 401},
      {"an empty token", false, false, false, 0, "Bearer ", 401},
  }));
  CAPTURE(example.what);
  http::Request request = request_of("GET", "/v1/timeline");
  request.peer.unix_socket = example.unix_socket;
  request.peer.loopback = example.loopback;
  request.peer.uid_known = example.uid_known;
  request.peer.uid = example.uid;
  if (!example.authorization.empty()) {
    request.headers.push_back({"Authorization", example.authorization});
  }
  CHECK(status_of(request) == example.status);
}

TEST_CASE("without a token nobody can have the right one") {
  const AccessPolicy policy(AccessPolicy::Options{});
  http::Request request = request_of("GET", "/v1/timeline");
  request.peer.uid_known = false;
  request.headers.push_back({"Authorization", "Bearer "});
  const auto response = policy.check(request);
  REQUIRE(response);
  CHECK(response->status == 401);
  CHECK(response->header("WWW-Authenticate") == "Bearer");
}

}  // namespace
}  // namespace gasoline::daemon

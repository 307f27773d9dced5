#include "daemon/router.h"

#include <catch2/catch.hpp>

#include "event/json_scan.h"

namespace gasoline::daemon {
namespace {

Router make_router() {
  Route get;
  get.method = "GET";
  get.path = "/v1/thing";
  get.alias = "/thing";
  get.operation_id = "getThing";
  get.parameters = {{"id", "string", "its id"}, {"limit", "integer", "how many"}};
  Route post;
  post.method = "POST";
  post.path = "/v1/thing";
  post.operation_id = "postThing";
  Route plain;
  plain.method = "POST";
  plain.path = "/v1/plain";
  plain.operation_id = "postPlain";
  return Router({get, post, plain});
}

http::Request request_of(const std::string& method, const std::string& path) {
  http::Request request;
  request.method = method;
  request.path = path;
  return request;
}

std::string code_of(const http::Response& response) {
  return std::string(event::find_member(response.body, "code").value_or(""));
}

TEST_CASE("a route is found by its path and by the bare path of older clients, HEAD with GET") {
  const Router router = make_router();
  CHECK_FALSE(router.check(request_of("GET", "/v1/thing")));
  CHECK_FALSE(router.check(request_of("GET", "/thing")));
  CHECK_FALSE(router.check(request_of("HEAD", "/v1/thing")));
  CHECK_FALSE(router.check(request_of("POST", "/v1/thing")));
}

TEST_CASE("an unknown path is not found, and an empty alias is no path") {
  const Router router = make_router();
  for (const char* path : {"/", "", "/v1/thing/", "/v1/things", "/V1/thing", "/plain"}) {
    CAPTURE(path);
    const auto response = router.check(request_of("GET", path));
    REQUIRE(response);
    CHECK(response->status == 404);
    CHECK(code_of(*response) == "\"not_found\"");
  }
}

TEST_CASE("a wrong method is told the right ones") {
  const Router router = make_router();
  struct Case {
    const char* method;
    const char* path;
    const char* allow;
  };
  const Case example = GENERATE(values<Case>({{"DELETE", "/v1/thing", "GET, HEAD, POST"},
                                              {"PUT", "/thing", "GET, HEAD"},
                                              {"POST", "/thing", "GET, HEAD"},
                                              {"GET", "/v1/plain", "POST"},
                                              {"HEAD", "/v1/plain", "POST"},
                                              {"get", "/v1/thing", "GET, HEAD, POST"},
                                              {"OPTIONS", "/v1/plain", "POST"}}));
  CAPTURE(example.method, example.path);
  const auto response = router.check(request_of(example.method, example.path));
  REQUIRE(response);
  CHECK(response->status == 405);
  CHECK(response->header("Allow") == example.allow);
  CHECK(code_of(*response) == "\"method_not_allowed\"");
}

TEST_CASE("a parameter that is not known is refused with those that are") {
  const Router router = make_router();
  http::Request request = request_of("GET", "/v1/thing");
  request.query.push_back({"id", "1"});
  CHECK_FALSE(router.check(request));
  request.query.push_back({"limt", "5"});
  auto response = router.check(request);
  REQUIRE(response);
  CHECK(response->status == 400);
  CHECK(code_of(*response) == "\"unknown_parameter\"");
  CHECK(response->body.find("'limt' is not known here; accepted: id, limit.") != std::string::npos);

  request = request_of("POST", "/v1/plain");
  request.query.push_back({"id", "1"});
  response = router.check(request);
  REQUIRE(response);
  CHECK(response->body.find("accepted: none.") != std::string::npos);
}

TEST_CASE("the description names every route") {
  const std::string text = describe_api(make_router().routes());
  CHECK(text.find("\"/v1/thing\"") != std::string::npos);
  CHECK(text.find("\"getThing\"") != std::string::npos);
  CHECK(text.find("\"postPlain\"") != std::string::npos);
  CHECK(event::find_member(text, "paths").has_value());
}

}  // namespace
}  // namespace gasoline::daemon

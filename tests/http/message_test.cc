#include "http/message.h"

#include <catch2/catch.hpp>

#include "http/target.h"

using namespace gasoline::http;

TEST_CASE("headers are found in any case, query parameters in theirs") {
  Request request;
  request.headers = {{"Content-Type", "text/plain"}, {"X-A", "1"}, {"x-a", "2"}};
  request.query = {{"a", "1"}, {"A", "2"}, {"empty", ""}};
  CHECK(request.header("content-TYPE") == "text/plain");
  CHECK(request.header("x-a") == "1");
  CHECK(request.header("x-b").empty());
  CHECK(request.query_value("A") == "2");
  CHECK(request.query_value("empty") == "");
  CHECK_FALSE(request.query_value("b").has_value());
}

TEST_CASE("targets are decoded once, and only where they are escaped") {
  const auto target = parse_target("/a%20b/%2525+c?x=1+2&y=%26%3D&z&=v&&x=3%2B");
  REQUIRE(target.has_value());
  CHECK(target->path == "/a b/%25+c");
  REQUIRE(target->query.size() == 5);
  CHECK(target->query[0].value == "1 2");
  CHECK(target->query[1].value == "&=");
  CHECK(target->query[2].name == "z");
  CHECK(target->query[3].name.empty());
  CHECK(target->query[4].value == "3+");
}

TEST_CASE("absolute targets give their authority, and * is itself") {
  CHECK(parse_target("http://example.org:80/p?q=1")->authority == "example.org:80");
  CHECK(parse_target("HTTP://example.org")->path == "/");
  CHECK(parse_target("http://example.org?q=1")->query.size() == 1);
  CHECK(parse_target("*")->path == "*");
  for (const char* bad : {"", "a", "?", "example.org:443", "http://", "/%", "/%4", "/%4g", "/?%"}) {
    INFO(bad);
    CHECK_FALSE(parse_target(bad).has_value());
  }
}

TEST_CASE("more query parameters than anybody sends are refused") {
  std::string target = "/?";
  for (size_t i = 0; i < kQueryParametersMax; ++i) target += "a=1&";
  CHECK(parse_target(target).has_value());
  CHECK_FALSE(parse_target(target + "b").has_value());
}

TEST_CASE("a problem is valid JSON whatever its detail holds") {
  const Response response = problem(400, "bad_request", "No", "a \"b\" \\ \n \x01 \xff \xc3\xa9");
  CHECK(response.status == 400);
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body ==
        "{\"title\":\"No\",\"status\":400,\"code\":\"bad_request\","
        "\"detail\":\"a \\\"b\\\" \\\\ \\u000a \\u0001 ? ??\"}");
}

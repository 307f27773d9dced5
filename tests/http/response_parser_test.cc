#include "http/response_parser.h"

#include <catch2/catch.hpp>

using namespace gasoline;
using namespace gasoline::http;

using State = ResponseParser::State;

TEST_CASE("the answer to HEAD has no body, whatever its head says") {
  ResponseParser parser(true, 1000);
  const std::string_view head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n";
  CHECK(parser.feed(std::string(head) + "HTTP/1.1") == head.size());
  CHECK(parser.state() == State::kDone);
  CHECK(parser.keeps_alive());
}

TEST_CASE("a body that lasts until the end of the stream is bounded too") {
  ResponseParser parser(false, 10);
  parser.feed("HTTP/1.1 200 OK\r\n\r\n12345");
  CHECK(parser.state() == State::kBody);
  parser.feed("67890!");
  REQUIRE(parser.state() == State::kFailed);
  CHECK(parser.error().code == Error::kTooLarge);
}

TEST_CASE("an answer that asks to close is not kept") {
  ResponseParser parser(false, 10);
  parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");
  REQUIRE(parser.state() == State::kDone);
  CHECK_FALSE(parser.keeps_alive());
  CHECK(parser.take().body == "x");
}

TEST_CASE("endless interim answers are bounded by the head's size only in each") {
  ResponseParser parser(false, 10);
  for (int i = 0; i < 100; ++i) {
    parser.feed("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    REQUIRE(parser.state() == State::kHead);
  }
  parser.feed("HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(parser.state() == State::kDone);
  CHECK(parser.take().headers.empty());
}

TEST_CASE("a head without end is too large") {
  ResponseParser parser(false, 10);
  const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
  parser.feed("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 100 && parser.state() == State::kHead; ++i) parser.feed(line);
  REQUIRE(parser.state() == State::kFailed);
  CHECK(parser.error().code == Error::kTooLarge);
}

#include "http/request_parser.h"

#include <catch2/catch.hpp>

using namespace gasoline::http;

namespace {

using State = RequestParser::State;

/// Feeds everything and says what came of it.
State feed_all(RequestParser& parser, std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t used = parser.feed(bytes);
    bytes.remove_prefix(used);
    if (parser.state() == State::kHeadDone) parser.accept_body();
    if (parser.state() == State::kDone || parser.state() == State::kRefused) break;
  }
  return parser.state();
}

}  // namespace

TEST_CASE("a head is told before its body is taken") {
  RequestParser parser(Limits(), true);
  const std::string_view head = "POST /x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
  const std::string bytes = std::string(head) + "abc";
  CHECK(parser.feed(bytes) == head.size());
  REQUIRE(parser.state() == State::kHeadDone);
  CHECK(parser.request().method == "POST");
  CHECK(parser.request().path == "/x");
  CHECK(parser.request().header("host") == "h");
  CHECK(parser.has_body());
  CHECK(parser.feed("abc") == 0);
  parser.accept_body();
  CHECK(parser.feed("abcGET") == 3);
  REQUIRE(parser.state() == State::kDone);
  CHECK(parser.keeps_alive());
  const Request request = parser.take();
  CHECK(request.body == "abc");
  CHECK(request.body.capacity() >= 3 + Request::kBodyPaddingBytes);
  CHECK(parser.state() == State::kHead);
}

TEST_CASE("a counted body is read in place and never past its end") {
  RequestParser parser(Limits(), true);
  const size_t size = 3'000'000;
  feed_all(parser, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n");
  size_t filled = 0;
  while (parser.state() == State::kBody) {
    const std::span<char> room = parser.body_room();
    REQUIRE_FALSE(room.empty());
    REQUIRE(room.size() <= size - filled);
    const size_t part = std::min<size_t>(room.size(), 100'000);
    std::fill_n(room.data(), part, 'x');
    parser.body_filled(part);
    filled += part;
  }
  CHECK(filled == size);
  CHECK(parser.take().body == std::string(size, 'x'));
}

TEST_CASE("packed and chunked bodies offer no room in place") {
  RequestParser chunked(Limits(), true);
  feed_all(chunked, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  CHECK(chunked.body_room().empty());
  RequestParser packed(Limits(), true);
  feed_all(packed,
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n");
  CHECK(packed.body_room().empty());
}

TEST_CASE("trailers do not become headers") {
  RequestParser parser(Limits(), true);
  REQUIRE(feed_all(parser,
                   "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "1\r\nx\r\n0\r\nAuthorization: Bearer t\r\nHost: other\r\n\r\n") ==
          State::kDone);
  const Request request = parser.take();
  CHECK(request.body == "x");
  CHECK(request.headers.size() == 2);
  CHECK_FALSE(request.has_header("authorization"));
}

TEST_CASE("empty lines before a request are forgiven") {
  RequestParser parser(Limits(), true);
  CHECK(feed_all(parser, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == State::kDone);
}

TEST_CASE("the authority of an absolute target replaces Host") {
  RequestParser parser(Limits(), true);
  REQUIRE(feed_all(parser, "GET http://evil.example/x HTTP/1.1\r\nHost: localhost\r\n\r\n") ==
          State::kDone);
  const Request request = parser.take();
  CHECK(request.header("host") == "evil.example");
  CHECK(request.path == "/x");
}

TEST_CASE("without Host a request is refused only where Host is required") {
  RequestParser strict(Limits(), true);
  CHECK(feed_all(strict, "GET / HTTP/1.1\r\n\r\n") == State::kRefused);
  RequestParser local(Limits(), false);
  CHECK(feed_all(local, "GET / HTTP/1.1\r\n\r\n") == State::kDone);
}

TEST_CASE("a promise of a large body alone takes little memory") {
  RequestParser parser(Limits(), true);
  feed_all(parser, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16000000\r\n\r\n");
  CHECK(parser.body_held_bytes() <= 4 * 1024 * 1024 + 4096);
}

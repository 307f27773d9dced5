#include "http/response_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.h"
#include "http/body_buffer.h"
#include "http/chunk_carry.h"
#include "http/head_scanner.h"

namespace gasoline::http {

namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

constexpr std::string_view kReading = "read an HTTP answer";

}  // namespace

struct ResponseParser::Impl final {
  class Sink;
  enum class Length { kNone, kCounted, kChunked, kUntilEnd };

  Impl(bool answers_head_in, size_t size_max_in)
      : answers_head(answers_head_in), size_max(size_max_in) {}

  void fail(int code, std::string_view detail) {
    if (!failure) failure = Error::of(code, kReading, detail);
    state = State::kFailed;
  }
  void finish() {
    response.body = body.take();
    state = State::kDone;
  }
  size_t feed_head(std::string_view bytes);
  void finish_head();
  void begin_body();
  size_t feed_body(std::string_view bytes);
  size_t put_chunked(std::string_view bytes, bool& needs_more);
  bool take_body(std::string_view bytes);

  const bool answers_head;
  const size_t size_max;
  State state = State::kHead;
  std::optional<Error> failure;
  HeadScanner scanner;
  std::string head;
  std::unique_ptr<Sink> sink;
  Response response;
  Length length = Length::kNone;
  uint64_t body_left = 0;
  BodyBuffer body{Request::kBodyPaddingBytes};
  ChunkCarry carry;
};

class ResponseParser::Impl::Sink final : public beast::http::basic_parser<false> {
 public:
  explicit Sink(Impl& impl) : impl_(impl) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(kHeadSizeBytesMax) + 16);
    // Without a limit Beast 1.74 refuses every counted body; the limits that count are ours.
    body_limit(std::numeric_limits<std::uint64_t>::max());
    skip(impl.answers_head);
  }

  size_t content_lengths = 0;
  size_t transfer_encodings = 0;

 private:
  using ErrorCode = beast::error_code;

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       ErrorCode&) override {}
  void on_response_impl(int code, beast::string_view, int, ErrorCode&) override {
    impl_.response.status = code;
  }
  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     ErrorCode&) override {
    if (is_header_done()) return;
    if (field == beast::http::field::content_length) ++content_lengths;
    if (field == beast::http::field::transfer_encoding) ++transfer_encodings;
    if (field == beast::http::field::content_type) impl_.response.content_type = view(value);
    impl_.response.headers.push_back({std::string(view(name)), std::string(view(value))});
  }
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(beast::string_view bytes, ErrorCode&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                 ErrorCode& error) override {
    if (!impl_.take_body(view(bytes))) error = beast::http::error::body_limit;
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Impl& impl_;
};

size_t ResponseParser::Impl::feed_head(std::string_view bytes) {
  size_t used = 0;
  const HeadScanner::Verdict verdict = scanner.scan(bytes, used);
  if (verdict == HeadScanner::Verdict::kBad) {
    fail(Error::kInvalid, "the head has a control character or a bad line ending");
  } else if (head.size() + used > kHeadSizeBytesMax) {
    fail(Error::kTooLarge, "the head is too large");
  } else {
    head.append(bytes.substr(0, used));
    if (verdict == HeadScanner::Verdict::kDone) finish_head();
  }
  return used;
}

void ResponseParser::Impl::finish_head() {
  const std::string_view text = std::string_view(head).substr(head.find_first_not_of("\r\n"));
  response = Response();
  sink = std::make_unique<Sink>(*this);
  beast::error_code error;
  sink->put(boost::asio::const_buffer(text.data(), text.size()), error);
  if ((error && error != beast::http::error::need_more) || !sink->is_header_done()) {
    return fail(Error::kInvalid, "the head is malformed: " + error.message());
  }
  if (sink->content_lengths + sink->transfer_encodings > 1) {
    return fail(Error::kInvalid, "the answer states its length more than once");
  }
  if (response.status == 101) return fail(Error::kInvalid, "the server switched protocols");
  if (response.status < 200) {
    head.clear();
    scanner.reset();
    return;
  }
  begin_body();
}

void ResponseParser::Impl::begin_body() {
  const bool has_none = answers_head || response.status == 204 || response.status == 304;
  if (has_none) {
    length = Length::kNone;
  } else if (sink->chunked()) {
    length = Length::kChunked;
  } else if (sink->content_lengths > 0) {
    length = Length::kCounted;
    body_left = sink->content_length().value_or(0);
    if (body_left > size_max) return fail(Error::kTooLarge, "the body is too large");
    body.expect(body_left);
  } else {
    length = Length::kUntilEnd;
  }
  state = State::kBody;
  if (length == Length::kNone || (length == Length::kCounted && body_left == 0)) finish();
}

bool ResponseParser::Impl::take_body(std::string_view bytes) {
  if (bytes.size() > size_max - body.size()) {
    fail(Error::kTooLarge, "the body is too large");
    return false;
  }
  body.append(bytes);
  return true;
}

size_t ResponseParser::Impl::put_chunked(std::string_view bytes, bool& needs_more) {
  beast::error_code error;
  const size_t taken = sink->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  needs_more = error == beast::http::error::need_more;
  if (error && !needs_more) fail(Error::kInvalid, "the chunked body is malformed");
  if (state == State::kBody && sink->is_done()) finish();
  return taken;
}

size_t ResponseParser::Impl::feed_body(std::string_view bytes) {
  if (length == Length::kUntilEnd) {
    take_body(bytes);
    return bytes.size();
  }
  if (length == Length::kCounted) {
    const std::string_view part = bytes.substr(0, body_left);
    body_left -= part.size();
    if (take_body(part) && body_left == 0) finish();
    return part.size();
  }
  const size_t used = carry.feed(
      bytes,
      [this](std::string_view part, bool& needs_more) { return put_chunked(part, needs_more); },
      [this] { return state != State::kBody; });
  if (carry.is_too_long()) fail(Error::kInvalid, "a chunk's head or the trailer is too long");
  return used;
}

ResponseParser::ResponseParser(bool answers_head, size_t body_size_bytes_max)
    : impl_(std::make_unique<Impl>(answers_head, body_size_bytes_max)) {}

ResponseParser::~ResponseParser() = default;

ResponseParser::State ResponseParser::state() const {
  return impl_->state;
}

size_t ResponseParser::feed(std::string_view bytes) {
  size_t used = 0;
  // More than one head may come: interim answers precede the final one.
  while (used < bytes.size() && impl_->state == State::kHead) {
    used += impl_->feed_head(bytes.substr(used));
  }
  if (used < bytes.size() && impl_->state == State::kBody) {
    used += impl_->feed_body(bytes.substr(used));
  }
  return used;
}

void ResponseParser::end() {
  Impl& impl = *impl_;
  if (impl.state == State::kDone || impl.state == State::kFailed) return;
  if (impl.state == State::kBody && impl.length == Impl::Length::kUntilEnd) return impl.finish();
  impl.fail(Error::kClosed, "the connection ended before the answer did");
}

std::span<char> ResponseParser::body_room() {
  Impl& impl = *impl_;
  if (impl.state != State::kBody || impl.length != Impl::Length::kCounted) return {};
  return impl.body.room(impl.body_left);
}

void ResponseParser::body_filled(size_t size) {
  Impl& impl = *impl_;
  GASOLINE_ASSERT(impl.state == State::kBody && size <= impl.body_left);
  impl.body.filled(size);
  impl.body_left -= size;
  if (impl.body_left == 0) impl.finish();
}

const Response& ResponseParser::head() const {
  GASOLINE_ASSERT(impl_->state == State::kBody);
  return impl_->response;
}

std::string ResponseParser::take_piece() {
  GASOLINE_ASSERT(impl_->state == State::kBody);
  return impl_->body.take();
}

Response ResponseParser::take() {
  GASOLINE_ASSERT(impl_->state == State::kDone);
  return std::move(impl_->response);
}

bool ResponseParser::keeps_alive() const {
  return impl_->length != Impl::Length::kUntilEnd && impl_->sink->keep_alive();
}

const Error& ResponseParser::error() const {
  GASOLINE_ASSERT(impl_->failure.has_value());
  return *impl_->failure;
}

}  // namespace gasoline::http

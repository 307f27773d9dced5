#include "http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <string>
#include <utility>

#include "base/assert.h"
#include "http/body_buffer.h"
#include "http/chunk_carry.h"
#include "http/head_scanner.h"
#include "http/target.h"
#include "http/unpacker.h"

namespace gasoline::http {

namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_all_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Response bad_request(std::string_view detail) {
  return problem(400, "bad_request", "The request is not well-formed HTTP", detail);
}

Response body_too_large(size_t size_max, std::string_view which) {
  return problem(413, "body_too_large", "The body is too large",
                 "At most " + std::to_string(size_max) + " bytes " + std::string(which) +
                     " are taken; send the events in smaller batches.");
}

/// True if the first line ends in a version of HTTP that we do not speak.
bool names_foreign_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  return version.starts_with("HTTP/") && version != "HTTP/1.1" && version != "HTTP/1.0";
}

}  // namespace

/// Beast's parser with our request as its sink. Beast gets heads whole, and bodies only if chunked.
struct RequestParser::Impl final {
  class Sink;

  Impl(const Limits& limits_in, bool host_required_in)
      : limits(limits_in), host_required(host_required_in) {}

  void begin_message();
  void refuse(Response answer);
  size_t feed_head(std::string_view bytes);
  void finish_head();
  std::optional<Response> objection() const;
  void prepare_body();
  size_t feed_counted(std::string_view bytes);
  size_t feed_chunked(std::string_view bytes);
  size_t put_chunked(std::string_view bytes, bool& needs_more);
  bool take_body(std::string_view bytes);
  void finish_body();

  const Limits limits;
  const bool host_required;
  State state = State::kHead;
  std::optional<Response> refusal;

  HeadScanner scanner;
  std::string head;
  std::unique_ptr<Sink> sink;
  Request request;
  Peer peer;

  bool has_body = false;
  bool is_chunked = false;
  uint64_t body_left = 0;     // of a counted body
  uint64_t body_as_sent = 0;  // of a chunked one
  BodyBuffer body{Request::kBodyPaddingBytes};
  std::unique_ptr<Unpacker> unpacker;
  ChunkCarry carry;
};

class RequestParser::Impl::Sink final : public beast::http::basic_parser<true> {
 public:
  explicit Sink(Impl& impl) : impl_(impl) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(impl.limits.header_size_bytes_max) + 16);
    // Without a limit Beast 1.74 refuses every counted body; the limits that count are ours.
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  bool is_http11 = false;
  bool expects_continue = false;
  bool expects_something_else = false;
  size_t hosts = 0;
  size_t content_lengths = 0;
  size_t transfer_encodings = 0;
  size_t content_encodings = 0;
  std::string_view content_encoding;
  std::string_view length_text;
  std::string_view transfer_text;

 private:
  using ErrorCode = beast::error_code;

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, ErrorCode&) override {
    impl_.request.method = view(method);
    impl_.request.target = view(target);
    is_http11 = version >= 11;
  }

  void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}

  void on_field_impl(beast::http::field field, beast::string_view name, beast::string_view value,
                     ErrorCode&) override {
    // Trailers are read and dropped: nothing that comes after the body may change what was decided
    // on the head.
    if (is_header_done()) return;
    using Field = beast::http::field;
    if (field == Field::host) ++hosts;
    if (field == Field::content_length) {
      ++content_lengths;
      length_text = view(value);
    }
    if (field == Field::transfer_encoding) {
      ++transfer_encodings;
      transfer_text = view(value);
    }
    if (field == Field::content_encoding) {
      ++content_encodings;
      content_encoding = view(value);
    }
    if (field == Field::expect) {
      const bool is_known = equals_ignoring_case(view(value), "100-continue");
      (is_known ? expects_continue : expects_something_else) = true;
    }
    impl_.request.headers.push_back({std::string(view(name)), std::string(view(value))});
  }

  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(beast::string_view bytes, ErrorCode&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, ErrorCode& error) override {
    if (size <= impl_.limits.body_size_bytes_max - impl_.body_as_sent) return;
    impl_.refuse(body_too_large(impl_.limits.body_size_bytes_max, "as sent"));
    error = beast::http::error::body_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                 ErrorCode& error) override {
    impl_.body_as_sent += bytes.size();
    if (!impl_.take_body(view(bytes))) error = beast::http::error::body_limit;
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  Impl& impl_;
};

void RequestParser::Impl::begin_message() {
  state = State::kHead;
  scanner.reset();
  head.clear();
  sink.reset();
  request = Request();
  request.peer = peer;
  has_body = false;
  is_chunked = false;
  body_left = 0;
  body_as_sent = 0;
  unpacker.reset();
  carry.clear();
}

void RequestParser::Impl::refuse(Response answer) {
  state = State::kRefused;
  if (!refusal) refusal = std::move(answer);
}

size_t RequestParser::Impl::feed_head(std::string_view bytes) {
  size_t used = 0;
  const HeadScanner::Verdict verdict = scanner.scan(bytes, used);
  if (verdict == HeadScanner::Verdict::kBad) {
    refuse(
        bad_request("A line of the head has a control character, does not end in CRLF, or "
                    "continues the line before."));
    return used;
  }
  if (head.size() + used > limits.header_size_bytes_max) {
    refuse(problem(431, "header_too_large", "The request's head is too large",
                   "Request line and headers may have " +
                       std::to_string(limits.header_size_bytes_max) + " bytes in all."));
    return used;
  }
  head.append(bytes.substr(0, used));
  if (verdict == HeadScanner::Verdict::kDone) finish_head();
  return used;
}

void RequestParser::Impl::finish_head() {
  const std::string_view text = std::string_view(head).substr(head.find_first_not_of("\r\n"));
  sink = std::make_unique<Sink>(*this);
  beast::error_code error;
  sink->put(boost::asio::const_buffer(text.data(), text.size()), error);
  if (error && error != beast::http::error::need_more) {
    if (names_foreign_version(text)) {
      return refuse(
          problem(505, "http_version_not_supported", "Unknown HTTP version", "Send HTTP/1.1."));
    }
    return refuse(bad_request("The head is malformed: " + error.message() + "."));
  }
  if (!sink->is_header_done()) return refuse(bad_request("The head is malformed."));
  if (std::optional<Response> answer = objection()) return refuse(std::move(*answer));

  std::optional<Target> target = parse_target(request.target);
  if (!target) {
    return refuse(
        bad_request("The request target is no path with an optional query, or has a "
                    "broken percent escape."));
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (!target->authority.empty()) {
    // RFC 9112 3.2.2: the authority of an absolute target counts, whatever Host says.
    for (Header& header : request.headers) {
      if (equals_ignoring_case(header.name, "host")) header.value = target->authority;
    }
  }
  prepare_body();
  state = State::kHeadDone;
}

/// What is wrong with a head that Beast can read.
std::optional<Response> RequestParser::Impl::objection() const {
  const Sink& seen = *sink;
  if (request.headers.size() > limits.headers_max) {
    return problem(431, "header_too_large", "The request has too many headers",
                   "At most " + std::to_string(limits.headers_max) + " are taken.");
  }
  if (seen.hosts > 1 || (seen.hosts == 0 && seen.is_http11 && host_required)) {
    return bad_request("Send exactly one Host header.");
  }
  if (seen.content_lengths + seen.transfer_encodings > 1) {
    return bad_request("Send one Content-Length or one Transfer-Encoding, not several.");
  }
  if (seen.transfer_encodings == 1) {
    if (!seen.is_http11) return bad_request("HTTP/1.0 has no Transfer-Encoding.");
    if (!equals_ignoring_case(seen.transfer_text, "chunked")) {
      return problem(501, "not_implemented", "Unknown transfer coding",
                     "The only Transfer-Encoding taken is chunked.");
    }
  }
  constexpr size_t kDigitsMax = 18;  // fits 64 bits; no body has so many bytes
  if (seen.content_lengths == 1 && !is_all_digits(seen.length_text)) {
    return bad_request("Content-Length must be a number.");
  }
  if (seen.length_text.size() > kDigitsMax ||
      (seen.content_lengths == 1 &&
       std::stoull(std::string(seen.length_text)) > limits.body_size_bytes_max)) {
    return body_too_large(limits.body_size_bytes_max, "as sent");
  }
  if (seen.expects_something_else) {
    return problem(417, "expectation_failed", "Unknown expectation",
                   "The only Expect taken is 100-continue.");
  }
  if (seen.content_encodings > 1 ||
      Unpacker::coding(seen.content_encoding) == Unpacker::Coding::kUnknown) {
    Response answer = problem(415, "unsupported_encoding", "Unknown Content-Encoding",
                              "Send the body as it is, or as gzip or zstd alone.");
    answer.headers.push_back({"Accept-Encoding", "gzip, zstd"});
    return answer;
  }
  return std::nullopt;
}

void RequestParser::Impl::prepare_body() {
  is_chunked = sink->transfer_encodings == 1;
  if (sink->content_lengths == 1) body_left = std::stoull(std::string(sink->length_text));
  has_body = is_chunked || body_left > 0;
}

size_t RequestParser::Impl::feed_counted(std::string_view bytes) {
  const std::string_view part = bytes.substr(0, body_left);
  body_left -= part.size();
  if (take_body(part) && body_left == 0) finish_body();
  return part.size();
}

size_t RequestParser::Impl::feed_chunked(std::string_view bytes) {
  const size_t used = carry.feed(
      bytes,
      [this](std::string_view part, bool& needs_more) { return put_chunked(part, needs_more); },
      [this] { return state != State::kBody; });
  if (carry.is_too_long()) refuse(bad_request("A chunk's head or the trailer is too long."));
  return used;
}

size_t RequestParser::Impl::put_chunked(std::string_view bytes, bool& needs_more) {
  beast::error_code error;
  const size_t taken = sink->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  needs_more = error == beast::http::error::need_more;
  if (error && !needs_more && state != State::kRefused) {
    refuse(bad_request("The chunked body is malformed: " + error.message() + "."));
  }
  if (state == State::kBody && sink->is_done()) finish_body();
  return taken;
}

bool RequestParser::Impl::take_body(std::string_view bytes) {
  if (unpacker == nullptr) {
    body.append(bytes);
    return true;
  }
  const Unpacker::Verdict verdict =
      body.append_by([&](std::string& text) { return unpacker->append(bytes, text); });
  if (verdict == Unpacker::Verdict::kOk) return true;
  refuse(verdict == Unpacker::Verdict::kTooLarge
             ? body_too_large(limits.unpacked_size_bytes_max, "unpacked")
             : bad_request("The body is not what its Content-Encoding says."));
  return false;
}

void RequestParser::Impl::finish_body() {
  if (unpacker != nullptr && !unpacker->is_at_end()) {
    return refuse(bad_request("The packed body ends too early."));
  }
  unpacker.reset();
  request.body = body.take();
  state = State::kDone;
}

RequestParser::RequestParser(const Limits& limits, bool host_required)
    : impl_(std::make_unique<Impl>(limits, host_required)) {}

RequestParser::~RequestParser() = default;

void RequestParser::set_peer(const Peer& peer) {
  impl_->peer = peer;
  impl_->request.peer = peer;
}

RequestParser::State RequestParser::state() const {
  return impl_->state;
}

size_t RequestParser::feed(std::string_view bytes) {
  Impl& impl = *impl_;
  if (impl.state == State::kHead) return impl.feed_head(bytes);
  if (impl.state != State::kBody) return 0;
  return impl.is_chunked ? impl.feed_chunked(bytes) : impl.feed_counted(bytes);
}

std::span<char> RequestParser::body_room() {
  Impl& impl = *impl_;
  if (impl.state != State::kBody || impl.is_chunked || impl.unpacker != nullptr) return {};
  return impl.body.room(impl.body_left);
}

void RequestParser::body_filled(size_t size) {
  Impl& impl = *impl_;
  GASOLINE_ASSERT(impl.state == State::kBody && size <= impl.body_left);
  impl.body.filled(size);
  impl.body_left -= size;
  if (impl.body_left == 0) impl.finish_body();
}

void RequestParser::accept_body() {
  Impl& impl = *impl_;
  GASOLINE_ASSERT(impl.state == State::kHeadDone);
  impl.state = State::kBody;
  const Unpacker::Coding coding = Unpacker::coding(impl.sink->content_encoding);
  if (!impl.has_body) {
    // A body of no bytes is no gzip file, and yet nobody would call it broken.
    impl.finish_body();
  } else if (coding == Unpacker::Coding::kIdentity) {
    impl.body.expect(impl.body_left);
  } else {
    impl.unpacker = std::make_unique<Unpacker>(coding, impl.limits.unpacked_size_bytes_max);
  }
}

const Request& RequestParser::request() const {
  return impl_->request;
}

Request RequestParser::take() {
  GASOLINE_ASSERT(impl_->state == State::kDone);
  Request request = std::move(impl_->request);
  impl_->begin_message();
  return request;
}

bool RequestParser::has_body() const {
  return impl_->has_body;
}

bool RequestParser::keeps_alive() const {
  return impl_->state != State::kRefused && impl_->sink != nullptr && impl_->sink->keep_alive();
}

bool RequestParser::expects_continue() const {
  return impl_->sink != nullptr && impl_->sink->is_http11 && impl_->sink->expects_continue;
}

bool RequestParser::speaks_http11() const {
  return impl_->sink != nullptr && impl_->sink->is_http11;
}

bool RequestParser::has_begun() const {
  return impl_->scanner.has_begun();
}

size_t RequestParser::body_held_bytes() const {
  return impl_->body.held_bytes() + impl_->request.body.capacity();
}

const Response& RequestParser::refusal() const {
  GASOLINE_ASSERT(impl_->refusal.has_value());
  return *impl_->refusal;
}

}  // namespace gasoline::http

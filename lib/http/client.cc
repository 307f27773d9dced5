#include "http/client.h"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/message_writer.h"
#include "http/response_parser.h"
#include "loop/connector.h"
#include "loop/resolver.h"
#include "loop/stream.h"
#include "loop/timer.h"

namespace gasoline::http {

namespace {

Error bad_url(std::string_view url, std::string_view what) {
  return Error::of(Error::kInvalid, "URL " + std::string(url), what);
}

/// True if the peer has closed, or said something unasked, while the loop was not looking.
bool was_closed_by_peer(int fd) {
  char byte = 0;
  const ssize_t size = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace

Result<Client::Target> Client::parse_url(std::string_view url) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kAccepted = "give http://HOST:PORT or unix:/PATH";
  Target target;
  if (url.starts_with(kUnix)) {
    std::string_view path = url.substr(kUnix.size());
    if (path.starts_with("//")) path.remove_prefix(2);
    if (!path.starts_with('/')) return bad_url(url, kAccepted);
    target.unix_path = path;
    return target;
  }
  if (!url.starts_with(kHttp)) return bad_url(url, kAccepted);
  std::string_view rest = url.substr(kHttp.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos) return bad_url(url, kAccepted);
  size_t host_end = rest.find(':');
  if (rest.starts_with('[')) {
    host_end = rest.find(']');
    if (host_end == std::string_view::npos) return bad_url(url, kAccepted);
    target.host = rest.substr(1, host_end - 1);
    ++host_end;
  } else {
    target.host = rest.substr(0, host_end);
  }
  const std::string_view port = host_end >= rest.size() ? "" : rest.substr(host_end);
  target.port = 80;
  if (target.host.empty()) return bad_url(url, kAccepted);
  if (port.empty()) return target;
  const auto [end, error] =
      std::from_chars(port.data() + 1, port.data() + port.size(), target.port);
  const bool is_number = error == std::errc() && end == port.data() + port.size();
  if (port.front() != ':' || !is_number || target.port == 0) {
    return bad_url(url, "the port must be a number from 1 to 65535");
  }
  return target;
}

/// Kept alive by its own callbacks while they run, so that `done` may destroy the Client.
struct Client::State : std::enable_shared_from_this<Client::State> {
  State(loop::Loop& loop_in, Target target_in, size_t size_max_in)
      : loop(loop_in),
        target(std::move(target_in)),
        size_max(size_max_in),
        timer(loop_in, [this] { timer_rang(); }) {}

  std::string host_header() const;
  void begin(int64_t timeout_us);
  void connect();
  void try_next_address(std::optional<Error> last);
  void use(loop::Stream connected);
  void write_request();
  void fail_later(Error error);
  void timer_rang();

  std::span<char> room();
  void received(size_t size);
  void input_ended(const Error& error);
  void look_at_parser();
  void finish(Result<Response> outcome);
  void disconnect();

  loop::Loop& loop;
  const Target target;
  const size_t size_max;
  loop::Timer timer;
  loop::Stream stream;
  std::unique_ptr<loop::Connector> connector;
  std::unique_ptr<loop::Resolver> resolver;
  std::vector<loop::SocketAddress> addresses;
  size_t addresses_tried = 0;

  Request request;
  Done done;                                  // set while a request is in flight
  std::function<void(std::string)> on_piece;  // set while its answer is streamed
  int64_t idle_timeout_us = 0;
  std::optional<ResponseParser> parser;
  std::optional<Error> late_failure;
  std::vector<char> scratch;
  bool room_is_body = false;
};

std::string Client::State::host_header() const {
  if (!target.unix_path.empty()) return "localhost";
  const bool is_v6 = target.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + target.host + "]" : target.host;
  return target.port == 80 ? host : host + ":" + std::to_string(target.port);
}

void Client::State::begin(int64_t timeout_us) {
  parser.emplace(request.method == "HEAD", size_max);
  timer.start(timeout_us);
  if (stream.is_open() && was_closed_by_peer(stream.fd())) disconnect();
  stream.is_open() ? write_request() : connect();
}

void Client::State::connect() {
  addresses_tried = 0;
  if (!target.unix_path.empty()) {
    Result<loop::Stream> connected = loop::connect_unix(loop, target.unix_path);
    if (!connected) return fail_later(std::move(connected).error());
    return use(std::move(*connected));
  }
  addresses = loop::Resolver::known(target.host, target.port);
  if (!addresses.empty()) return try_next_address(std::nullopt);
  resolver = std::make_unique<loop::Resolver>(loop);
  Status asked = resolver->resolve(target.host, target.port,
                                   [this](Result<std::vector<loop::SocketAddress>> found) {
                                     const auto self = shared_from_this();
                                     if (!found) return finish(std::move(found).error());
                                     addresses = std::move(*found);
                                     try_next_address(std::nullopt);
                                   });
  if (!asked) fail_later(std::move(asked).error());
}

void Client::State::try_next_address(std::optional<Error> last) {
  while (addresses_tried < addresses.size()) {
    const loop::SocketAddress& address = addresses[addresses_tried++];
    auto started = loop::Connector::start(loop, address, [this](Result<loop::Stream> connected) {
      const auto self = shared_from_this();
      connector.reset();
      if (!connected) return try_next_address(std::move(connected).error());
      use(std::move(*connected));
    });
    if (started) {
      connector = std::move(*started);
      return;
    }
    last = std::move(started).error();
  }
  last->while_doing = "connect to " + target.host + " port " + std::to_string(target.port);
  fail_later(std::move(*last));
}

void Client::State::use(loop::Stream connected) {
  stream = std::move(connected);
  Status reading =
      stream.start_reading({[this] { return room(); }, [this](size_t size) { received(size); },
                            [this](const Error& error) { input_ended(error); }});
  if (!reading) return fail_later(std::move(reading).error());
  write_request();
}

void Client::State::write_request() {
  stream.set_keeps_loop_alive(true);
  std::string head = request_head(request, host_header());
  // A failed write is not the last word: the server may have answered before it closed. Reading
  // tells, or the deadline.
  stream.write(std::move(head), std::move(request.body), {});
}

void Client::State::fail_later(Error error) {
  late_failure = std::move(error);
  timer.start(0);
}

void Client::State::timer_rang() {
  const auto self = shared_from_this();
  if (late_failure) return finish(*std::exchange(late_failure, std::nullopt));
  finish(Error::of(Error::kTimedOut, request.method + " " + request.target,
                   "no answer within the time allowed"));
}

std::span<char> Client::State::room() {
  const std::span<char> body = parser ? parser->body_room() : std::span<char>();
  room_is_body = !body.empty();
  if (room_is_body) return body;
  constexpr size_t kScratchBytes = 64 * 1024;
  if (scratch.empty()) scratch.resize(kScratchBytes);
  return scratch;
}

void Client::State::received(size_t size) {
  const auto self = shared_from_this();
  // Nobody asked for these bytes.
  if (!done) return disconnect();
  if (room_is_body) {
    parser->body_filled(size);
  } else if (parser->feed({scratch.data(), size}) < size &&
             parser->state() == ResponseParser::State::kDone) {
    // More than the answer came: what follows could be taken for the next one.
    const auto answered = parser->take();
    disconnect();
    return finish(answered);
  }
  look_at_parser();
}

void Client::State::input_ended(const Error& error) {
  const auto self = shared_from_this();
  stream = loop::Stream();
  if (!done) return;
  if (error.code != Error::kClosed) return finish(error);
  parser->end();
  look_at_parser();
}

void Client::State::look_at_parser() {
  using Parsing = ResponseParser::State;
  if (parser->state() == Parsing::kFailed) return finish(parser->error());
  if (parser->state() == Parsing::kBody && on_piece && parser->head().status == 200) {
    timer.start(idle_timeout_us);
    std::string piece = parser->take_piece();
    if (piece.empty()) return;
    // It may close the client, which forgets it.
    auto take = std::exchange(on_piece, nullptr);
    take(std::move(piece));
    if (done) on_piece = std::move(take);
    return;
  }
  if (parser->state() != Parsing::kDone) return;
  // A server that answers before it has the whole request will not read the rest.
  if (!parser->keeps_alive() || stream.unwritten_bytes() > 0) disconnect();
  finish(parser->take());
}

void Client::State::finish(Result<Response> outcome) {
  timer.stop();
  late_failure.reset();
  if (!outcome) disconnect();
  if (stream.is_open()) stream.set_keeps_loop_alive(false);
  request = Request();
  parser.reset();
  on_piece = nullptr;
  const Done call = std::exchange(done, nullptr);
  if (call) call(std::move(outcome));
}

void Client::State::disconnect() {
  stream = loop::Stream();
  connector.reset();
  resolver.reset();
}

Client::Client(loop::Loop& loop, Target target, size_t response_size_bytes_max)
    : state_(std::make_shared<State>(loop, std::move(target), response_size_bytes_max)) {}

Client::~Client() {
  state_->done = nullptr;
  state_->timer.stop();
  state_->disconnect();
}

void Client::send(Request request, int64_t timeout_us, Done done) {
  GASOLINE_ASSERT(!is_busy() && done);
  state_->request = std::move(request);
  state_->done = std::move(done);
  state_->begin(timeout_us);
}

void Client::send_streaming(Request request, int64_t idle_timeout_us,
                            std::function<void(std::string)> on_piece, Done done) {
  GASOLINE_ASSERT(!is_busy() && done && on_piece);
  state_->request = std::move(request);
  state_->done = std::move(done);
  state_->on_piece = std::move(on_piece);
  state_->idle_timeout_us = idle_timeout_us;
  state_->begin(idle_timeout_us);
}

void Client::set_paused(bool is_paused) {
  State& state = *state_;
  if (!state.stream.is_open() || !state.done) return;
  if (is_paused) {
    state.stream.stop_reading();
    return state.timer.stop();
  }
  state.timer.start(state.idle_timeout_us);
  if (Status reading = state.stream.start_reading({}); !reading) {
    state.fail_later(std::move(reading).error());
  }
}

bool Client::is_busy() const {
  return state_->done != nullptr;
}

bool Client::is_connected() const {
  return state_->stream.is_open();
}

void Client::close() {
  const auto state = state_;
  state->disconnect();
  if (state->done) {
    state->finish(Error::of(Error::kClosed, "wait for an HTTP answer", "the client was closed"));
  }
}

}  // namespace gasoline::http

#include "http/connection.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/message_writer.h"
#include "http/peer.h"

namespace gasoline::http {

namespace {

Response request_timeout() {
  return problem(408, "request_timeout", "The request took too long",
                 "Send head and body without long pauses.");
}

Response too_busy() {
  Response response = problem(503, "too_busy", "Too much is being taken in",
                              "Wait a second and send the request again.");
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

bool needs_length(const Request& request) {
  return request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

Connection::Connection(ServerCore& core, uint64_t id, loop::Stream stream, bool is_extra)
    : core_(core),
      id_(id),
      is_extra_(is_extra),
      stream_(std::move(stream)),
      timer_(core.loop, [this] { deadline_passed(); }),
      peer_(identify_peer(stream_.fd())),
      parser_(core.limits, !peer_.unix_socket),
      is_connected_(std::make_shared<std::atomic<bool>>(true)) {
  parser_.set_peer(peer_);
}

Connection::~Connection() {
  // Nobody is called back from here on: stream and timer go with this.
  drop_stream();
  phase_ = Phase::kClosed;
  *is_connected_ = false;
}

void Connection::start() {
  const Status reading =
      stream_.start_reading({[this] { return room(); }, [this](size_t size) { received(size); },
                             [this](const Error& error) { input_ended(error); }});
  if (!reading) return close();
  set_deadline(core_.limits.idle_timeout_us);
}

void Connection::turn_away(Response response) {
  start();
  if (phase_ == Phase::kReading) refuse(std::move(response), false);
}

std::span<char> Connection::room() {
  room_is_body_ = false;
  if (phase_ == Phase::kReading && kept_.empty()) {
    const std::span<char> body = parser_.body_room();
    if (!body.empty()) {
      room_is_body_ = true;
      return body;
    }
  }
  return core_.scratch;
}

void Connection::received(size_t size) {
  core_.counters.in_bytes_total += size;
  if (phase_ == Phase::kLingering) {
    lingered_bytes_ += size;
    if (lingered_bytes_ > kLingerBytesMax) close();
  } else if (room_is_body_) {
    is_processing_ = true;
    parser_.body_filled(size);
    step(false);
    is_processing_ = false;
  } else if (phase_ == Phase::kReading) {
    process({core_.scratch.data(), size});
  } else if (phase_ != Phase::kClosed) {
    kept_.append(core_.scratch.data(), size);
    if (kept_.size() >= kReadAheadBytesMax) stream_.stop_reading();
  }
}

void Connection::input_ended(const Error& error) {
  input_has_ended_ = true;
  // A client that only ended its sending side still wants the answer it is owed.
  const bool is_orderly = error.code == Error::kClosed;
  if (is_orderly && (phase_ == Phase::kHandling || phase_ == Phase::kWriting)) return;
  close();
}

void Connection::resume_reading() {
  if (stream_.is_reading() || input_has_ended_) return;
  if (const Status reading = stream_.start_reading({}); !reading) close();
}

/// Uses as many of `bytes` as the phase allows; keeps the rest.
void Connection::process(std::string_view bytes) {
  is_processing_ = true;
  while (!bytes.empty() && phase_ == Phase::kReading) {
    bytes.remove_prefix(parser_.feed(bytes));
    step(!bytes.empty());
  }
  is_processing_ = false;
  const bool is_answering = phase_ == Phase::kHandling || phase_ == Phase::kStreaming ||
                            phase_ == Phase::kWriting;
  if (!is_answering) return;
  kept_.append(bytes);
  if (kept_.size() >= kReadAheadBytesMax) stream_.stop_reading();
}

void Connection::process_kept() {
  // An answer given inside the handler comes here while process() is still on the stack; that one
  // goes on by itself.
  if (is_processing_ || phase_ != Phase::kReading) return;
  process(std::exchange(kept_, std::string()));
  if (phase_ == Phase::kReading && input_has_ended_) return close();
  if (phase_ == Phase::kReading) resume_reading();
}

void Connection::step(bool more_is_here) {
  using State = RequestParser::State;
  if (parser_.state() == State::kHeadDone) check_head(more_is_here);
  if (phase_ != Phase::kReading) return;
  switch (parser_.state()) {
    case State::kRefused:
      return refuse(parser_.refusal(), false);
    case State::kDone:
      return hand_over();
    case State::kBody:
      return account_for_body(parser_.body_held_bytes());
    case State::kHeadDone:
      return;
    case State::kHead:
      if (!parser_.has_begun() || head_deadline_is_set_) return;
      head_deadline_is_set_ = true;
      return set_deadline(core_.limits.header_timeout_us);
  }
}

void Connection::check_head(bool more_is_here) {
  if (peer_.loopback && !uid_was_sought_) {
    uid_was_sought_ = true;
    if (find_tcp_uid(stream_.fd(), peer_)) parser_.set_peer(peer_);
  }
  const Request& request = parser_.request();
  is_head_request_ = request.method == "HEAD";
  std::optional<Response> refusal = core_.head_check ? core_.head_check(request) : std::nullopt;
  const bool lacks_length =
      core_.limits.length_required && needs_length(request) && !request.states_length();
  if (!refusal && lacks_length) {
    refusal = problem(411, "length_required", "The body's length is missing",
                      "Send Content-Length, 0 if there is no body, or Transfer-Encoding: chunked.");
  }
  if (refusal) {
    // A body of unknown length may follow, which would be taken for the next request.
    const bool may_stay = !parser_.has_body() && !lacks_length && parser_.keeps_alive();
    return refuse(std::move(*refusal), may_stay);
  }
  const bool says_continue = parser_.expects_continue() && parser_.has_body() && !more_is_here;
  parser_.accept_body();
  if (says_continue) stream_.write("HTTP/1.1 100 Continue\r\n\r\n", {}, {});
  if (parser_.has_body()) set_deadline(core_.limits.body_timeout_us);
}

void Connection::hand_over() {
  closes_after_answer_ = closes_after_answer_ || !parser_.keeps_alive();
  speaks_http11_ = parser_.speaks_http11();
  Request request = parser_.take();
  head_deadline_is_set_ = false;
  account_for_body(request.body.capacity());
  if (phase_ != Phase::kReading) return;
  phase_ = Phase::kHandling;
  set_deadline(0);
  ++requests_;
  ++core_.counters.requests_total;
  auto exchange = std::make_shared<Responder::Exchange>();
  exchange->gate = core_.gate;
  exchange->is_connected = is_connected_;
  exchange->connection = id_;
  exchange->request = requests_;
  core_.handler(std::move(request), Responder(std::move(exchange)));
}

/// Answers without the handler. `may_stay`: the request has no body that is still to come.
void Connection::refuse(Response response, bool may_stay) {
  ++core_.counters.refused_total;
  ++requests_;  // so that an answer to an older request is known to be late
  account_for_body(0);
  if (may_stay) {
    parser_.accept_body();
    static_cast<void>(parser_.take());
    head_deadline_is_set_ = false;
  } else {
    closes_after_answer_ = true;
  }
  send(std::move(response));
}

/// Says how much memory this connection's body takes now; refuses it if all together take too much.
void Connection::account_for_body(size_t held_bytes) {
  core_.counters.bodies_bytes += held_bytes;
  core_.counters.bodies_bytes -= body_held_bytes_;
  const bool has_grown = held_bytes > body_held_bytes_;
  body_held_bytes_ = held_bytes;
  if (has_grown && core_.counters.bodies_bytes > core_.limits.bodies_size_bytes_max) {
    refuse(too_busy(), false);
  }
}

void Connection::answer(uint64_t request, Response response) {
  if (phase_ != Phase::kHandling || request != requests_) return;
  account_for_body(0);
  send(std::move(response));
}

void Connection::send(Response response) {
  phase_ = Phase::kWriting;
  if (core_.is_closing) closes_after_answer_ = true;
  std::string head = response_head(response, core_.date.now(), !closes_after_answer_);
  std::string body = is_head_request_ ? std::string() : std::move(response.body);
  is_head_request_ = false;
  core_.counters.out_bytes_total += head.size() + body.size();
  stream_.write(std::move(head), std::move(body), [this](const Status& status) {
    if (!status) return close();
    written();
  });
  written();
  if (phase_ != Phase::kWriting) return;
  unwritten_seen_bytes_ = stream_.unwritten_bytes();
  set_deadline(core_.limits.write_timeout_us);
}

void Connection::begin_stream(const std::shared_ptr<StreamState>& state, Response head) {
  const bool is_late = phase_ != Phase::kHandling || state->request != requests_;
  if (is_late || core_.is_closing || is_head_request_) {
    state->is_open = false;
    if (is_late) return;
    head.body.clear();
    return answer(state->request, std::move(head));
  }
  account_for_body(0);
  phase_ = Phase::kStreaming;
  streaming_ = state;
  ++core_.counters.streams_open;
  stream_is_chunked_ = speaks_http11_;
  if (!stream_is_chunked_) closes_after_answer_ = true;
  std::string text =
      response_head(head, core_.date.now(), !closes_after_answer_,
                    stream_is_chunked_ ? BodyEnd::kChunked : BodyEnd::kConnectionEnd);
  core_.counters.out_bytes_total += text.size();
  stream_.write(std::move(text), {}, {});
  flush_stream(state);
}

void Connection::flush_stream(std::shared_ptr<StreamState> state) {
  if (streaming_ != state) return;
  std::string piece;
  bool is_ended = false;
  {
    const std::lock_guard lock(state->mutex);
    state->is_noted = false;
    piece = std::exchange(state->pending, std::string());
    is_ended = state->is_ended;
  }
  if (!piece.empty()) write_piece(std::move(piece));
  if (is_ended && streaming_ == state) end_stream();
}

void Connection::write_piece(std::string piece) {
  const size_t size = piece.size();
  std::string before;
  if (stream_is_chunked_) {
    before = chunk_head(size);
    piece += "\r\n";
  }
  core_.counters.out_bytes_total += before.size() + piece.size();
  const std::shared_ptr<StreamState> state = streaming_;
  const bool is_written = stream_.write(
      std::move(before), std::move(piece),
      [this, state, size](const Status& status) { piece_gone(*state, size, status); });
  if (is_written) return piece_gone(*state, size, {});
  if (deadline_us_ == 0) set_deadline(core_.limits.stream_stall_us);
}

/// The next answer may stream already: `state` is that of the piece.
void Connection::piece_gone(StreamState& state, size_t size, const Status& status) {
  if (!status) return close();
  stream_gone_bytes_ += size;
  state.gone(size);
  if (phase_ == Phase::kWriting) written();
}

/// The body is complete; what is on its way is written as of any answer.
void Connection::end_stream() {
  drop_stream();
  phase_ = Phase::kWriting;
  if (stream_is_chunked_) {
    stream_.write(std::string(kLastChunk), {}, [this](const Status& status) {
      if (!status) return close();
      written();
    });
  }
  unwritten_seen_bytes_ = stream_.unwritten_bytes();
  set_deadline(core_.limits.write_timeout_us);
  written();
}

void Connection::drop_stream() {
  if (streaming_ == nullptr) return;
  streaming_->is_open = false;
  streaming_.reset();
  --core_.counters.streams_open;
}

void Connection::written() {
  if (phase_ == Phase::kWriting && stream_.unwritten_bytes() == 0) finish_answer();
}

void Connection::finish_answer() {
  if (closes_after_answer_) return linger();
  phase_ = Phase::kReading;
  set_deadline(core_.limits.idle_timeout_us);
  process_kept();
}

/// Ends our side and reads the client's away for a while. Closing with unread input would make the
/// kernel send a reset, which can destroy the answer before the client has read it.
void Connection::linger() {
  if (input_has_ended_) return close();
  phase_ = Phase::kLingering;
  kept_ = std::string();
  set_deadline(core_.limits.linger_us);
  stream_.shut_down({});
  resume_reading();
}

void Connection::close_when_answered() {
  closes_after_answer_ = true;
  if (phase_ == Phase::kReading) close();
  if (phase_ != Phase::kStreaming) return;
  {
    const std::lock_guard lock(streaming_->mutex);
    streaming_->is_ended = true;
  }
  flush_stream(streaming_);
}

void Connection::close() {
  if (phase_ == Phase::kClosed) return;
  drop_stream();
  account_for_body(0);
  phase_ = Phase::kClosed;
  *is_connected_ = false;
  timer_.stop();
  stream_ = loop::Stream();
  --(is_extra_ ? core_.refusing : core_.counters.connections_open);
  core_.bury(id_);
}

/// Moves the deadline. The timer is only touched if it would ring too late: when it rings too early
/// it goes back to sleep, which is cheaper than moving it with each request.
void Connection::set_deadline(int64_t delay_us) {
  deadline_us_ = delay_us == 0 ? 0 : core_.loop.now_us() + delay_us;
  if (deadline_us_ == 0 || (timer_.is_active() && rings_at_us_ <= deadline_us_)) return;
  rings_at_us_ = deadline_us_;
  timer_.start(delay_us);
}

void Connection::deadline_passed() {
  if (deadline_us_ == 0 || phase_ == Phase::kClosed) return;
  const int64_t left_us = deadline_us_ - core_.loop.now_us();
  if (left_us > 0) {
    rings_at_us_ = deadline_us_;
    return timer_.start(left_us);
  }
  if (phase_ == Phase::kWriting) {
    const size_t unwritten = stream_.unwritten_bytes();
    const bool moves = unwritten + kWriteProgressBytesMin <= unwritten_seen_bytes_;
    unwritten_seen_bytes_ = unwritten;
    if (moves) return set_deadline(core_.limits.write_timeout_us);
    ++core_.counters.timeouts_total;
    return close();
  }
  if (phase_ == Phase::kStreaming) {
    const bool moves = stream_gone_bytes_ != stream_gone_seen_bytes_;
    stream_gone_seen_bytes_ = stream_gone_bytes_;
    if (stream_.unwritten_bytes() == 0) return set_deadline(0);
    if (moves) return set_deadline(core_.limits.stream_stall_us);
    ++core_.counters.timeouts_total;
    return close();
  }
  const bool is_idle = phase_ == Phase::kReading && !parser_.has_begun();
  if (is_idle || phase_ == Phase::kLingering) return close();
  ++core_.counters.timeouts_total;
  refuse(request_timeout(), false);
}

}  // namespace gasoline::http

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/request_parser.h"
#include "http/server_core.h"
#include "loop/stream.h"
#include "loop/timer.h"

namespace gasoline::http {

/// One accepted connection. Owned by ServerCore, which outlives it.
///
///   kReading --request--> kHandling --answer--> kWriting --written--> kReading
///      |                      |                    |
///      |                      +--> kStreaming -----+  (its body has ended)
///      |                                           |
///      +--refused, timed out--> (answer) ----------+--closes--> kLingering --> kClosed
///
/// While a request is with the handler, up to 64 KiB of what follows are read ahead, so that a
/// client that goes away is noticed; then reading pauses. While an answer streams, a client that ends
/// its sending side counts as gone.
class Connection {
 public:
  Connection(ServerCore& core, uint64_t id, loop::Stream stream, bool is_extra);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  /// Answers without having been asked, and closes.
  void turn_away(Response response);
  /// The handler's answer to the request of that number; late ones are ignored.
  void answer(uint64_t request, Response response);
  /// The same with a body that follows piece by piece.
  void begin_stream(const std::shared_ptr<StreamState>& state, Response head);
  /// Sends what waits in `state`, if it is this connection's stream.
  void flush_stream(std::shared_ptr<StreamState> state);
  /// Closes now, unless an answer is owed or on its way; then after it.
  void close_when_answered();
  void close();

 private:
  enum class Phase { kReading, kHandling, kStreaming, kWriting, kLingering, kClosed };
  static constexpr size_t kReadAheadBytesMax = 64 * 1024;
  static constexpr size_t kWriteProgressBytesMin = 64 * 1024;
  static constexpr size_t kLingerBytesMax = 64 * 1024 * 1024;

  std::span<char> room();
  void received(size_t size);
  void input_ended(const Error& error);
  void resume_reading();

  void process(std::string_view bytes);
  void process_kept();
  void step(bool more_is_here);
  void check_head(bool more_is_here);
  void hand_over();
  void refuse(Response response, bool may_stay);
  void account_for_body(size_t held_bytes);

  void send(Response response);
  void write_piece(std::string piece);
  void piece_gone(StreamState& state, size_t size, const Status& status);
  void end_stream();
  void drop_stream();
  void written();
  void finish_answer();
  void linger();

  void set_deadline(int64_t delay_us);
  void deadline_passed();

  ServerCore& core_;
  const uint64_t id_;
  const bool is_extra_;
  loop::Stream stream_;
  loop::Timer timer_;
  Peer peer_;
  RequestParser parser_;
  Phase phase_ = Phase::kReading;

  std::string kept_;  // bytes read ahead
  uint64_t requests_ = 0;
  size_t body_held_bytes_ = 0;
  size_t lingered_bytes_ = 0;
  size_t unwritten_seen_bytes_ = 0;
  int64_t deadline_us_ = 0;  // 0: none
  int64_t rings_at_us_ = 0;  // the timer, if it is active
  std::shared_ptr<StreamState> streaming_;  // in kStreaming
  uint64_t stream_gone_bytes_ = 0;
  uint64_t stream_gone_seen_bytes_ = 0;
  bool stream_is_chunked_ = false;
  bool speaks_http11_ = true;
  bool room_is_body_ = false;
  bool is_processing_ = false;
  bool is_head_request_ = false;
  bool closes_after_answer_ = false;
  bool input_has_ended_ = false;
  bool head_deadline_is_set_ = false;
  bool uid_was_sought_ = false;
  std::shared_ptr<std::atomic<bool>> is_connected_;
};

}  // namespace gasoline::http

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

namespace gasoline::http {

/// The body of an answer that goes out piece by piece, for as long as there is something to say.
///
/// Copies write to the same body. Any thread. The bound is on what waits for the client: a piece
/// that would pass it is refused, and the writer decides what that means; nothing here ever waits. A
/// client that goes away, or takes nothing for Limits::stream_stall_us, ends the stream, as does
/// Server::close(). The body ends when the last copy goes.
class ResponseStream {
 public:
  /// False, with nothing written, if the stream is over or full. A piece larger than the bound is
  /// taken when nothing else waits.
  [[nodiscard]] bool try_write(std::string_view piece) const;
  /// Whether a piece of this size would be taken now.
  bool has_room(size_t size) const;
  /// False once nobody reads any more.
  bool is_open() const;
  /// Ends the body in order; what was written before still goes out.
  void end() const;

 private:
  friend class Responder;
  struct Owner;
  explicit ResponseStream(std::shared_ptr<Owner> owner) : owner_(std::move(owner)) {}
  std::shared_ptr<Owner> owner_;
};

}  // namespace gasoline::http

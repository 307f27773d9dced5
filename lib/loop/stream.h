#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "loop/handle.h"
#include "loop/loop.h"

namespace gasoline::loop {

/// A connected stream socket, TCP or Unix. Loop thread only. Moves, never copies.
///
/// Destruction closes it at once, drops what was not written and calls nobody back; it may happen
/// in any of its own callbacks. Callbacks never run inside the call that started the operation.
class Stream {
 public:
  /// How bytes come in. All three are set, and stay the same until stop_reading().
  struct Reader {
    /// Where the next bytes go; must stay valid until `received` or `ended`, which follow at once.
    /// An empty room stops reading.
    std::function<std::span<char>()> room;
    /// So many bytes were placed at the beginning of the last room.
    std::function<void(size_t)> received;
    /// No more will come. kClosed: the peer ended its side in order. Anything else: broken.
    std::function<void(const Error&)> ended;
  };
  using Done = std::function<void(const Status&)>;

  /// Takes a connected socket.
  static Result<Stream> adopt(Loop& loop, FileDescriptor socket);
  /// Takes the next connection of a listening libuv stream; Listener does it.
  static Result<Stream> accept(Loop& loop, uv_stream_t* listening, bool is_unix);
  Stream() = default;
  bool is_open() const { return state_ != nullptr; }
  int fd() const;

  Status start_reading(Reader reader);
  /// Pauses; start_reading with an empty Reader goes on with the one before.
  void stop_reading();
  bool is_reading() const;
  /// Whether reading keeps Loop::run() going; it does unless told otherwise.
  void set_keeps_loop_alive(bool keeps);

  /// Writes `first`, then `second`, both owned until written. True if the socket took all of it in
  /// the call: then `done` is dropped. Else it is called later; it may be empty. Not bounded here:
  /// the caller looks at unwritten_bytes().
  bool write(std::string first, std::string second, Done done);
  /// Bytes that the socket has not taken yet.
  size_t unwritten_bytes() const;
  /// Ends our side once everything is written.
  void shut_down(Done done);

 private:
  struct State;
  struct Closer {
    void operator()(State* state) const noexcept;
  };
  explicit Stream(State* state) : state_(state) {}
  static Result<Stream> make(Loop& loop, bool is_unix);
  static void on_room(uv_handle_t* handle, size_t suggested, uv_buf_t* room) noexcept;
  static void on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t* room) noexcept;

  std::unique_ptr<State, Closer> state_;
};

}  // namespace gasoline::loop

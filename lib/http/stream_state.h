#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "http/response_stream.h"

namespace gasoline::http {

struct Gate;

/// What a ResponseStream and its connection share.
///
///   try_write --> pending --(one note in the mailbox)--> the loop takes all of it --> socket
///
/// `waiting` counts both parts, from try_write until the kernel has the bytes. At most one note for
/// each stream is in the mailbox, however often it is written to.
struct StreamState {
  size_t waiting_bytes_max = 0;
  /// Called on the loop's thread when a stream that had refused a piece has room again.
  std::function<void()> on_room;
  std::shared_ptr<Gate> gate;
  uint64_t connection = 0;
  uint64_t request = 0;

  std::atomic<bool> is_open{true};
  std::atomic<size_t> waiting_bytes{0};
  std::atomic<bool> has_refused{false};
  std::mutex mutex;
  std::string pending;      // guarded by mutex
  bool is_ended = false;    // guarded by mutex
  bool is_noted = false;    // guarded by mutex: the loop will come and look

  /// Loop thread: so many bytes have left.
  void gone(size_t size);
};

/// Ends the body with the last ResponseStream.
struct ResponseStream::Owner {
  explicit Owner(std::shared_ptr<StreamState> state_in) : state(std::move(state_in)) {}
  ~Owner();
  void note(bool ends) const;

  const std::shared_ptr<StreamState> state;
};

}  // namespace gasoline::http

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "http/message_writer.h"
#include "http/server.h"
#include "http/stream_state.h"
#include "http/unix_listener.h"
#include "loop/listener.h"
#include "loop/mailbox.h"
#include "loop/timer.h"

namespace gasoline::http {

class Connection;
struct ServerCore;

/// Where answers enter the server again. Outlives it for as long as a Responder lives.
struct Gate {
  /// Any thread. Dropped if the server is gone.
  void deliver(const std::shared_ptr<Gate>& self, uint64_t connection, uint64_t request,
               Response response);
  /// Any thread. Begins the answer that `state` streams, with the head.
  void begin(const std::shared_ptr<Gate>& self, std::shared_ptr<StreamState> state, Response head);
  /// Any thread. Has the loop look at what waits in `state`.
  void flush(const std::shared_ptr<Gate>& self, std::shared_ptr<StreamState> state);

  std::atomic<std::thread::id> loop_thread;
  std::mutex mutex;
  ServerCore* core = nullptr;        // changed under mutex; read without it on the loop's thread
  loop::Mailbox* mailbox = nullptr;  // guarded by mutex

 private:
  void run_on_loop(std::function<void()> function);
};

/// What a Responder and its copies share.
struct Responder::Exchange {
  ~Exchange();
  void answer(Response response);

  std::shared_ptr<Gate> gate;
  std::shared_ptr<std::atomic<bool>> is_connected;  // one for each connection
  uint64_t connection = 0;
  uint64_t request = 0;
  std::atomic<bool> is_answered = false;
};

/// What all connections of a server share. Loop thread only.
struct ServerCore {
  ServerCore(loop::Loop& loop, const Clock& clock, Limits limits, Server::HeadCheck head_check,
             Server::Handler handler);
  ~ServerCore();

  Status listen(FileDescriptor socket, SocketFile file);
  void accept(loop::Stream stream);
  void answer(uint64_t connection, uint64_t request, Response response);
  void begin_stream(const std::shared_ptr<StreamState>& state, Response head);
  void flush_stream(const std::shared_ptr<StreamState>& state);
  /// A closed connection: destroyed later, because one of its functions may be running.
  void bury(uint64_t connection);
  void stop_accepting();
  void close();

  struct Listening {
    loop::Listener listener;
    SocketFile file;  // path is empty for what has no file
  };

  static constexpr size_t kScratchBytes = 256 * 1024;

  loop::Loop& loop;
  const Limits limits;
  const Server::HeadCheck head_check;
  const Server::Handler handler;
  Server::Counters counters;
  DateText date;
  bool is_closing = false;
  size_t refusing = 0;  // connections over the limit that are being told so
  uint64_t last_connection = 0;

  /// Every connection reads into this, and keeps only what it cannot use at once: an idle
  /// connection holds no buffer. Sound because libuv asks for room, reads and reports in one go.
  std::vector<char> scratch;
  std::vector<Listening> listening;
  std::unordered_map<uint64_t, std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Connection>> buried;
  loop::Timer sweep;
  loop::Mailbox mailbox;
  std::shared_ptr<Gate> gate;
};

}  // namespace gasoline::http

#pragma once

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "http/server.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

namespace gasoline::http {

/// A server with its loop on a thread of its own, on a TCP port and a Unix socket. The destructor
/// closes it in order and checks that the loop ran idle by itself and held no open handle.
class ServerOnThread {
 public:
  ServerOnThread(Limits limits, Server::HeadCheck head_check, Server::Handler handler);
  explicit ServerOnThread(Server::Handler handler)
      : ServerOnThread(Limits(), nullptr, std::move(handler)) {}
  ~ServerOnThread();

  uint16_t port() const { return port_; }
  const std::string& path() const { return path_; }
  Server::Counters counters();
  /// Runs `function` on the server's thread and waits for it.
  void run(const std::function<void(Server&)>& function);
  /// Server::close(), then waits for the loop to end.
  void close_and_join();

 private:
  SystemClock clock_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<loop::Mailbox> mailbox_;
  std::unique_ptr<Server> server_;
  uint16_t port_ = 0;
  std::string directory_;
  std::string path_;
  std::thread thread_;
};

/// Answers every request with what it was: "METHOD path body-size".
void echo(Request&& request, Responder responder);

/// A blocking socket without any idea of HTTP.
class RawSocket {
 public:
  explicit RawSocket(uint16_t port);
  explicit RawSocket(const std::string& path);

  /// False if the peer does not take it any more.
  bool send(std::string_view bytes);
  void end_sending();
  /// What comes until `count` heads and their counted bodies are complete, or the peer closes.
  std::string receive_answers(size_t count);
  /// Everything until the peer closes.
  std::string receive_all();
  int fd() const { return fd_.get(); }
  void close() { fd_.reset(); }

 private:
  FileDescriptor fd_;
};

/// Sends `request` over a connection of its own; everything that comes back.
std::string exchange(uint16_t port, std::string_view request);
/// The status of the first answer in `answer`, 0 if there is none.
int status_of(std::string_view answer);

std::string gzip(std::string_view text);
std::string zstd(std::string_view text);

/// Waits until `claim` holds, for at most ten seconds; returns whether it does.
bool eventually(const std::function<bool()>& claim);

}  // namespace gasoline::http

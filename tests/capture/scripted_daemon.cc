#include "capture/scripted_daemon.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "base/clock.h"
#include "capture/capture_rig.h"
#include "event/event_reader.h"

namespace gasoline::test {

RawAnswer answer(int status, std::string_view body, std::string_view headers) {
  RawAnswer raw;
  raw.bytes = "HTTP/1.1 " + std::to_string(status) + " Whatever\r\n" + std::string(headers) +
              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  return raw;
}

RawAnswer taken(std::string_view ack, std::string_view failed) {
  RawAnswer raw = answer(200, "{\"status\":\"ok\",\"ack\":\"" + std::string(ack) +
                                  "\",\"failed\":" + std::string(failed) + "}");
  raw.takes_events = true;
  return raw;
}

RawAnswer problem_answer(int status, std::string_view code, std::string_view headers) {
  return answer(status, "{\"title\":\"No\",\"code\":\"" + std::string(code) + "\"}", headers);
}

ScriptedDaemon::ScriptedDaemon(std::string path, Script script)
    : path_(std::move(path)),
      script_(std::move(script)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  std::signal(SIGPIPE, SIG_IGN);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  GASOLINE_ASSERT(path_.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path_.data(), path_.size());
  ::unlink(path_.c_str());
  GASOLINE_ASSERT(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
                  0);
  GASOLINE_ASSERT(::listen(listener_.get(), 10) == 0);
  thread_ = std::thread([this] { run(); });
}

ScriptedDaemon::~ScriptedDaemon() {
  is_stopping_ = true;
  thread_.join();
  ::unlink(path_.c_str());
}

http::Client::Target ScriptedDaemon::target() const {
  http::Client::Target target;
  target.unix_path = path_;
  return target;
}

std::vector<ReceivedBatch> ScriptedDaemon::batches() const {
  const std::lock_guard lock(mutex_);
  return batches_;
}

std::map<std::string, std::string> ScriptedDaemon::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

bool ScriptedDaemon::wait_readable(int fd) const {
  while (!is_stopping_) {
    pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, 20) > 0) return true;
  }
  return false;
}

void ScriptedDaemon::run() {
  while (wait_readable(listener_.get())) {
    const FileDescriptor connection(::accept(listener_.get(), nullptr, nullptr));
    if (connection.is_open()) serve(connection);
  }
}

void ScriptedDaemon::serve(const FileDescriptor& connection) {
  std::string buffer;
  std::string body;
  while (read_request(connection.get(), buffer, body)) {
    const RawAnswer raw = take(std::move(body));
    if (!write_all(connection.get(), raw.bytes) || raw.closes) return;
  }
}

bool ScriptedDaemon::read_request(int fd, std::string& buffer, std::string& body) const {
  std::array<char, 65536> piece;
  for (;;) {
    const size_t head_size = buffer.find("\r\n\r\n");
    if (head_size != std::string::npos) {
      const size_t at = buffer.find("Content-Length: ");
      GASOLINE_ASSERT(at < head_size);
      const size_t body_size = std::strtoul(buffer.c_str() + at + 16, nullptr, 10);
      if (buffer.size() >= head_size + 4 + body_size) {
        body = buffer.substr(head_size + 4, body_size);
        buffer.erase(0, head_size + 4 + body_size);
        return true;
      }
    }
    if (!wait_readable(fd)) return false;
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got <= 0) return false;
    buffer.append(piece.data(), static_cast<size_t>(got));
  }
}

RawAnswer ScriptedDaemon::take(std::string body) {
  ReceivedBatch received;
  received.monotonic_us = SystemClock().monotonic_us();
  received.body = body;
  body.reserve(body.size() + event::EventReader::kPaddingBytes);
  event::EventReader reader;
  Arena arena;
  event::ParsedBatch parsed;
  const Status read = reader.read(body, event::BatchForm::kBatch, arena, parsed);
  GASOLINE_ASSERT(read.has_value() && parsed.failures.empty());
  received.run_id = parsed.run_id;
  received.first_seq = parsed.first_seq;
  for (const event::Event& event : parsed.events) received.messages.emplace_back(event.message);
  {
    const std::lock_guard lock(mutex_);
    received.number = batches_.size();
    batches_.push_back(received);
  }
  RawAnswer raw = script_(received);
  if (!raw.takes_events) return raw;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < received.messages.size(); ++i) {
    const auto [at, is_new] = stored_.emplace(
        received.run_id + "/" + std::to_string(received.first_seq + i), received.messages[i]);
    if (!is_new && at->second != received.messages[i]) ++contradictions_;
  }
  return raw;
}

}  // namespace gasoline::test

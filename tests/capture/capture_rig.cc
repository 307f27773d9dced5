#include "capture/capture_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "base/assert.h"

namespace gasoline::test {

bool eventually(const std::function<bool()>& claim) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

Pipe::Pipe() {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> fds{};
  GASOLINE_ASSERT(::pipe2(fds.data(), O_CLOEXEC) == 0);
  read_end = FileDescriptor(fds[0]);
  write_end = FileDescriptor(fds[1]);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

std::string numbered_lines(const std::string& prefix, int first, int count) {
  std::string lines;
  for (int i = first; i < first + count; ++i) lines += prefix + " " + std::to_string(i) + "\n";
  return lines;
}

Collector::Collector(FileDescriptor fd) : fd_(std::move(fd)) {
  thread_ = std::thread([this] {
    std::vector<char> piece(64 * 1024);
    for (;;) {
      pollfd entry{fd_.get(), POLLIN, 0};
      if (::poll(&entry, 1, 50) == 0) {
        if (is_abandoned_) return;
        continue;
      }
      const ssize_t got = ::read(fd_.get(), piece.data(), piece.size());
      if (got <= 0) return;
      bytes_.append(piece.data(), static_cast<size_t>(got));
      size_bytes_ = bytes_.size();
    }
  });
}

Collector::~Collector() {
  is_abandoned_ = true;
  if (thread_.joinable()) thread_.join();
}

const std::string& Collector::all() {
  if (thread_.joinable()) thread_.join();
  return bytes_;
}

std::function<void(const std::string&)> Complaints::listener() {
  return [this](const std::string& text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(text);
  };
}

std::vector<std::string> Complaints::all() const {
  const std::lock_guard lock(mutex_);
  return texts_;
}

size_t Complaints::count_of(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count_if(texts_.begin(), texts_.end(), [&](const auto& text) {
    return text.find(part) != std::string::npos;
  }));
}

CapturedPipe::CapturedPipe(spool::Stream stream, const Clock& clock,
                           capture::StreamPump::Options options, std::function<void()> on_progress)
    : stream_(stream),
      nowhere_(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
      ring_(*spool::StreamRing::create(0, 0)) {
  pump_ = std::make_unique<capture::StreamPump>(std::move(pipe_.read_end), nowhere_.get(), ring_,
                                                clock, std::move(options), std::move(on_progress),
                                                [this] { is_over_ = true; });
}

}  // namespace gasoline::test

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "process/write_order.h"

namespace gasoline::process {
namespace {

constexpr int kNoticeMs = 1;
constexpr size_t kFloodSizeBytes = 2048;  // half of what the kernel gives in one read

/// poll(2) also counts what the kernel has yet to move into a pseudo-terminal reader's buffer;
/// FIONREAD does not.
bool is_readable(int fd, int timeout_ms = 0) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) == 1 && (entry.revents & POLLIN) != 0;
}

}  // namespace

Result<std::unique_ptr<WriteOrder>> WriteOrder::create(std::array<int, 2> masters,
                                                       std::array<int, 2> slaves,
                                                       int64_t patience_us) {
  FileDescriptor notices(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!notices.is_open()) return Error::from_errno(errno, "open an inotify descriptor");
  std::array<int, 2> watches{};
  for (size_t i = 0; i < slaves.size(); ++i) {
    const std::string path = "/proc/self/fd/" + std::to_string(slaves[i]);
    watches[i] = ::inotify_add_watch(notices.get(), path.c_str(), IN_MODIFY);
    if (watches[i] < 0) return Error::from_errno(errno, "watch a pseudo-terminal");
  }
  return std::unique_ptr<WriteOrder>(new WriteOrder(std::move(notices), watches, masters, patience_us));
}

bool WriteOrder::begin(size_t stream, const std::atomic<bool>& abandoned) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kLook{100};
  const size_t other = 1 - stream;
  std::unique_lock lock(mutex_);
  auto give_up_at = Clock::now() + patience_;
  while (!abandoned.load(std::memory_order_relaxed)) {
    if (at_it_ != kNone) {
      // The terminal takes its time, or is held by its user: that is not the other's fault.
      changed_.wait_for(lock, kLook);
      give_up_at = Clock::now() + patience_;
      continue;
    }
    take_notices();
    const bool is_others_turn = next_turn() == other && has_input(other);
    if (!is_others_turn || Clock::now() >= give_up_at) {
      if (is_others_turn) given_up_.fetch_add(1, std::memory_order_relaxed);
      if (next_turn() == other) forget_turns(other);
      at_it_ = stream;
      return true;
    }
    changed_.wait_until(lock, give_up_at);
  }
  return false;
}

size_t WriteOrder::portion(size_t stream, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  // Asked first: if nothing more is there, the notices speak of what was read, but for one that
  // comes in between.
  const bool has_more = is_readable(masters_[stream]);
  is_flood_ = has_more && bytes.size() >= kFloodSizeBytes && turns_.size() < 2;
  if (is_flood_) return bytes.size();
  take_notices();
  const bool is_noted = std::find(turns_.begin(), turns_.end(), stream) != turns_.end();
  // A write is noted just after its bytes can be read; that notice must not stand for the next one.
  if (!is_noted && !has_more && is_readable(notices_.get(), kNoticeMs)) take_notices();
  const auto turns = static_cast<size_t>(std::count(turns_.begin(), turns_.end(), stream));
  if (turns < 2) {
    if (!has_more) forget_turns(stream);
    return bytes.size();
  }
  turns_.pop_front();
  auto lines = static_cast<size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  if (bytes.back() != '\n') ++lines;
  size_t end = 0;
  for (size_t left = lines >= turns ? lines - turns + 1 : 1; left > 0 && end < bytes.size();
       --left) {
    end = std::min(bytes.find('\n', end), bytes.size() - 1) + 1;
  }
  return end;
}

void WriteOrder::end(size_t stream, bool holds_more) {
  const std::lock_guard lock(mutex_);
  if (at_it_ != stream) return;
  at_it_ = kNone;
  holds_more_[stream] = holds_more;
  if (!is_flood_) {
    take_notices();
    if (!has_input(stream)) forget_turns(stream);
  }
  is_flood_ = false;
  changed_.notify_all();
}

int64_t WriteOrder::not_before_last_us(int64_t time_us) {
  last_time_us_ = std::max(last_time_us_, time_us);
  return last_time_us_;
}

void WriteOrder::leave(size_t stream) {
  end(stream, false);
  const std::lock_guard lock(mutex_);
  has_left_[stream] = true;
  changed_.notify_all();
}

void WriteOrder::forget_turns(size_t stream) {
  std::erase(turns_, stream);
  // All that is left is the other's.
  if (!turns_.empty()) turns_.resize(1);
}

/// The kernel's queue holds 16,384 notices and merges repeated ones. Beyond that, and beyond
/// kTurnsMax, what waits comes out with the last turn that is known.
void WriteOrder::take_notices() {
  alignas(inotify_event) std::array<char, 4096> bytes;
  ssize_t size = 0;
  while ((size = ::read(notices_.get(), bytes.data(), bytes.size())) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* notice = reinterpret_cast<const inotify_event*>(bytes.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + notice->len);
      const auto stream = static_cast<size_t>(
          std::find(watches_.begin(), watches_.end(), notice->wd) - watches_.begin());
      if (stream == kNone || (notice->mask & IN_MODIFY) == 0) continue;
      if (turns_.size() < kTurnsMax && (turns_.empty() || turns_.back() != stream)) {
        turns_.push_back(stream);
      }
    }
  }
}

bool WriteOrder::has_input(size_t stream) const {
  return holds_more_[stream] || (!has_left_[stream] && is_readable(masters_[stream]));
}

}  // namespace gasoline::process

#include "base/wake_up.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "base/assert.h"

namespace gasoline {

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { GASOLINE_ASSERT(fd_.is_open()); }

void WakeUp::notify() {
  // Whoever gave the notice that still stands has seen to the waking.
  if (pending_.exchange(true, std::memory_order_seq_cst)) return;
  // The waiter sets sleeping_ before it looks at pending_: one of the two sees the other.
  if (!sleeping_.load(std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

void WakeUp::wait(int64_t timeout_us, int other_fd) {
  sleeping_.store(true, std::memory_order_seq_cst);
  if (!pending_.load(std::memory_order_seq_cst)) {
    std::array<pollfd, 2> entries{{{fd_.get(), POLLIN, 0}, {other_fd, POLLIN, 0}}};
    timespec limit{timeout_us / 1'000'000, (timeout_us % 1'000'000) * 1000};
    ::ppoll(entries.data(), entries.size(), timeout_us < 0 ? nullptr : &limit, nullptr);
  }
  sleeping_.store(false, std::memory_order_seq_cst);
  // An exchange, not a store: it takes over what the notifier did before its notice.
  pending_.exchange(false, std::memory_order_seq_cst);
  uint64_t drained = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &drained, sizeof drained);
}

}  // namespace gasoline

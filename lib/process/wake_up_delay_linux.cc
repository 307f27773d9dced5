#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "process/wake_up_delay.h"

namespace gasoline::process {
namespace {

bool read_number(const char*& at, const char* end, int64_t& number) {
  while (at != end && *at == ' ') ++at;
  const auto [rest, error] = std::from_chars(at, end, number);
  at = rest;
  return error == std::errc{};
}

}  // namespace

WakeUpDelay::WakeUpDelay()
    : schedstat_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

void WakeUpDelay::before_sleep() {
  is_known_ = read_account(before_);
}

std::optional<int64_t> WakeUpDelay::after_sleep_us() const {
  Account after;
  if (!is_known_ || !read_account(after)) return 0;
  if (after.interruptions != before_.interruptions) return std::nullopt;
  if (after.sleeps - before_.sleeps != 1) return 0;
  return (after.waited_ns - before_.waited_ns) / 1000;
}

bool WakeUpDelay::read_account(Account& account) const {
  std::array<char, 80> text{};
  const ssize_t size = ::pread(schedstat_.get(), text.data(), text.size(), 0);
  if (size <= 0) return false;
  const char* at = text.data();
  const char* const end = at + size;
  int64_t ran_ns = 0;
  if (!read_number(at, end, ran_ns) || !read_number(at, end, account.waited_ns)) return false;
  rusage usage{};
  if (::getrusage(RUSAGE_THREAD, &usage) != 0) return false;
  account.sleeps = usage.ru_nvcsw;
  account.interruptions = usage.ru_nivcsw;
  return true;
}

}  // namespace gasoline::process

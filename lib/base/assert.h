#pragma once

namespace gasoline {

/// Prints the failed claim to stderr and aborts. Called by GASOLINE_ASSERT only.
[[noreturn]] void assertion_failed(const char* claim, const char* file, int line) noexcept;

}  // namespace gasoline

/// Checks a claim that only a programmer's mistake can make false. It stays on in release builds:
/// a daemon that goes on with a broken invariant damages what it was trusted to keep.
/// Never for bad input, a full disk or anything else that the outside world can cause.
#define GASOLINE_ASSERT(claim) \
  ((claim) ? static_cast<void>(0) : ::gasoline::assertion_failed(#claim, __FILE__, __LINE__))

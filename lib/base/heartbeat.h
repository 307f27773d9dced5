#pragma once

#include <atomic>
#include <cstdint>

namespace gasoline {

/// By which a long-lived task shows its supervisor that it goes on. One writer, any readers; each
/// call is one store, without a clock or a lock.
class Heartbeat {
 public:
  /// "I did a step." To be called at least a few times within the task's stall_us.
  void beat() noexcept { state_.store(((state_.load(kRelaxed) | 1) + 1), kRelaxed); }
  /// "I wait for something that may never come": until the next beat() silence is no stall.
  void rest() noexcept { state_.store(((state_.load(kRelaxed) | 1) + 2), kRelaxed); }

  /// Changes with every call; its lowest bit is set while the task rests.
  uint64_t state() const noexcept { return state_.load(kRelaxed); }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  std::atomic<uint64_t> state_{0};
};

}  // namespace gasoline

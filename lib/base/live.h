#pragma once

#include <atomic>

namespace gasoline {

/// A number that one thread may change while others read it: a bound that a reload of the
/// configuration moves. Otherwise like a plain number; copies take the value of the moment.
template <typename Number>
class Live {
 public:
  Live(Number value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  Live(const Live& other) : value_(other.get()) {}
  Live& operator=(const Live& other) {
    value_.store(other.get(), std::memory_order_relaxed);
    return *this;
  }
  Live& operator=(Number value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  Number get() const { return value_.load(std::memory_order_relaxed); }
  operator Number() const { return get(); }  // NOLINT(google-explicit-constructor)

 private:
  std::atomic<Number> value_;
};

}  // namespace gasoline

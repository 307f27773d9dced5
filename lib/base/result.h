#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace gasoline {

/// Why an operation failed, for a person and for code.
///
/// `code` is an errno value where the system gave one, else one of the k... constants below, which
/// are negative and so never collide with errno. `while_doing` names the operation and its object:
/// "append to segment 000017". `detail` explains a code that has no errno text.
struct Error {
  static constexpr int kInvalid = -1;    ///< input that does not follow its format
  static constexpr int kLocked = -2;     ///< another process owns the resource
  static constexpr int kTooLarge = -3;   ///< over a documented bound
  static constexpr int kClosed = -4;     ///< the peer or the owner is gone
  static constexpr int kTimedOut = -5;   ///< a deadline passed

  int code = 0;
  std::string while_doing;
  std::string detail;

  /// An error from the system: text comes from strerror.
  static Error from_errno(int errno_value, std::string_view while_doing);
  /// An error of our own, with one of the k... codes.
  static Error of(int code, std::string_view while_doing, std::string_view detail);

  /// "append to segment 000017: No space left on device"
  std::string to_string() const;
};

/// A value or an Error; the part of std::expected's interface that we use.
///
/// Holds exactly one of the two. Reading the wrong one is a programmer's mistake and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    GASOLINE_ASSERT(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    GASOLINE_ASSERT(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    GASOLINE_ASSERT(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    GASOLINE_ASSERT(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    GASOLINE_ASSERT(!has_value());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an Error. `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  const Error& error() const& {
    GASOLINE_ASSERT(error_.has_value());
    return *error_;
  }
  Error&& error() && {
    GASOLINE_ASSERT(error_.has_value());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace gasoline

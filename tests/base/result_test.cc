#include "base/result.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <memory>

namespace gasoline {
namespace {

/// The signal that ends a child which runs `action`; 0 if it came to its end.
template <typename Action>
int signal_of_child(Action action) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    // Catch2's handlers would report the expected abort as this test's failure.
    ::signal(SIGABRT, SIG_DFL);
    ::close(STDERR_FILENO);
    action();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST_CASE("a result holds a value or an error, never both") {
  const Result<int> good = 7;
  CHECK(good.has_value());
  CHECK(static_cast<bool>(good));
  CHECK(good.value() == 7);
  CHECK(*good == 7);
  const Result<int> bad = Error::from_errno(ENOSPC, "append");
  CHECK_FALSE(bad.has_value());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK(bad.error().code == ENOSPC);
}

TEST_CASE("a result gives up a value that can only be moved") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  CHECK(**result == 5);
  const std::unique_ptr<int> taken = std::move(result).value();
  CHECK(*taken == 5);
  Result<std::unique_ptr<int>> other = std::make_unique<int>(6);
  const std::unique_ptr<int> starred = *std::move(other);
  CHECK(*starred == 6);
}

TEST_CASE("an arrow reaches into the value") {
  Result<std::string> result = std::string("abc");
  CHECK(result->size() == 3);
  result->push_back('d');
  CHECK(*result == "abcd");
  const Result<std::string> constant = std::string("x");
  CHECK(constant->size() == 1);
}

TEST_CASE("a status without an error is success") {
  CHECK(Status().has_value());
  Status bad = Error::of(Error::kLocked, "open the journal", "owned by 7");
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().code == Error::kLocked);
  const Error moved = std::move(bad).error();
  CHECK(moved.detail == "owned by 7");
}

TEST_CASE("reading the wrong half of a result aborts") {
  const Result<int> good = 7;
  const Result<int> bad = Error::of(Error::kInvalid, "x", "y");
  const Status success;
  CHECK(signal_of_child([&] { static_cast<void>(good.error()); }) == SIGABRT);
  CHECK(signal_of_child([&] { static_cast<void>(bad.value()); }) == SIGABRT);
  CHECK(signal_of_child([&] { static_cast<void>(success.error()); }) == SIGABRT);
  CHECK(signal_of_child([&] { static_cast<void>(good.value()); }) == 0);
}

TEST_CASE("an error says what was being done, and why it failed") {
  CHECK(Error::from_errno(ENOSPC, "append to segment 000017").to_string() ==
        "append to segment 000017: No space left on device");
  CHECK(Error::of(Error::kInvalid, "read the size '7x'", "expected a number").to_string() ==
        "read the size '7x': expected a number");
  CHECK(Error::of(EPERM, "use '/tmp/x'", "it belongs to somebody else").to_string() ==
        "use '/tmp/x': Operation not permitted: it belongs to somebody else");
  CHECK(Error::from_errno(99999, "try").to_string() == "try: unknown error");
}

TEST_CASE("our own codes never collide with errno") {
  for (const int code :
       {Error::kInvalid, Error::kLocked, Error::kTooLarge, Error::kClosed, Error::kTimedOut}) {
    CHECK(code < 0);
  }
}

}  // namespace
}  // namespace gasoline

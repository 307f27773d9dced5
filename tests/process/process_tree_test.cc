#include "process/process_tree.h"

#include <catch2/catch.hpp>

#include "process/fixture.h"

namespace gasoline::process {
namespace {

TEST_CASE("a process descends from itself, its parents and nobody else") {
  const auto child = spawn(test::shell("exec sleep 1000"));
  REQUIRE(child);
  CHECK(descends_from(*child, *child));
  CHECK(descends_from(*child, ::getpid()));
  CHECK(descends_from(*child, ::getppid()));
  CHECK_FALSE(descends_from(::getpid(), *child));
  ::kill(*child, SIGKILL);
  test::wait_for(*child);
  CHECK_FALSE(descends_from(*child, ::getpid()));
  CHECK_FALSE(descends_from(0, 0));
}

TEST_CASE("a stop is told once, by its signal, and only while it lasts") {
  const auto child = spawn(test::shell("exec sleep 1000"));
  REQUIRE(child);
  CHECK_FALSE(is_stopped(*child));
  CHECK_FALSE(take_stop(*child));
  ::kill(*child, SIGSTOP);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(*child), &info, WSTOPPED | WNOWAIT) == 0);
  CHECK(is_stopped(*child));
  CHECK(take_stop(*child) == SIGSTOP);
  CHECK_FALSE(take_stop(*child));
  ::kill(*child, SIGCONT);
  ::kill(*child, SIGKILL);
  const ChildEnd end = test::wait_for(*child);
  CHECK(end.code == SIGKILL);
  CHECK_FALSE(is_stopped(*child));
}

}  // namespace
}  // namespace gasoline::process

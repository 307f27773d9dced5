#include "process/child.h"

#include <catch2/catch.hpp>

#include "process/fixture.h"
#include "process/signal_source.h"
#include "support/temporary_directory.h"

namespace gasoline::process {
namespace {

using gasoline::test::TemporaryDirectory;
using test::run;
using test::shell;

TEST_CASE("a child gets its arguments and its environment, complete and exact") {
  ChildOptions options;
  options.arguments = {"/bin/sh", "-c",  "printf '%s|' \"$0\" \"$@\" \"$MARK\" \"${HOME-none}\"",
                       "zero",    "a b", "",
                       "*",       "-n"};
  options.environment = {"MARK=x y", "PATH=/usr/bin:/bin"};
  CHECK(run(options).output == "zero|a b||*|-n|x y|none|");
}

TEST_CASE("a command is looked up in PATH") {
  ChildOptions options;
  options.arguments = {"printf", "found"};
  options.environment = test::own_environment();
  CHECK(run(options).output == "found");
}

TEST_CASE("each stream is where it was put") {
  Pipe in = test::pipe_of_test();
  Pipe err = test::pipe_of_test();
  ChildOptions options = shell("cat; echo to-err >&2");
  options.stdin_fd = in.read_end.get();
  options.stderr_fd = err.write_end.get();
  REQUIRE(::write(in.write_end.get(), "to-in", 5) == 5);
  in.write_end.reset();
  const test::Outcome outcome = run(options);
  err.write_end.reset();
  CHECK(outcome.output == "to-in");
  CHECK(test::read_to_end(err.read_end) == "to-err\n");
}

TEST_CASE("one descriptor may serve two streams") {
  Pipe both = test::pipe_of_test();
  ChildOptions options = shell("echo out; echo err >&2");
  options.stdout_fd = both.write_end.get();
  options.stderr_fd = both.write_end.get();
  const Result<pid_t> pid = spawn(options);
  REQUIRE(pid);
  both.write_end.reset();
  CHECK(test::read_to_end(both.read_end) == "out\nerr\n");
  test::wait_for(*pid);
}

TEST_CASE("an inherited stream is our own") {
  // Of /proc/self/fd, because the test's stdin may be anything.
  char ours[256] = {};
  REQUIRE(::readlink("/proc/self/fd/0", ours, sizeof ours - 1) > 0);
  CHECK(run(shell("readlink /proc/$$/fd/0")).output == std::string(ours) + "\n");
}

TEST_CASE("a closed stream is closed in the child") {
  ChildOptions options =
      shell("for fd in 0 2; do test -e /proc/$$/fd/$fd && echo open || echo closed; done");
  options.stdin_fd = ChildOptions::kClosed;
  options.stderr_fd = ChildOptions::kClosed;
  CHECK(run(options).output == "closed\nclosed\n");
}

TEST_CASE("a child can open its stdout by name") {
  CHECK(run(shell("echo by-name > /dev/stdout")).output == "by-name\n");
}

TEST_CASE("our own pipe ends do not reach a child") {
  const Pipe other = test::pipe_of_test();
  const std::string script = "test -e /proc/$$/fd/" + std::to_string(other.write_end.get()) +
                             " && echo there || echo absent";
  CHECK(run(shell(script)).output == "absent\n");
}

TEST_CASE("close_others leaves a child its three streams only") {
  const FileDescriptor leaked(::open("/dev/null", O_RDONLY));  // not close-on-exec
  const std::string script =
      "test -e /proc/$$/fd/" + std::to_string(leaked.get()) + " && echo there || echo absent";
  CHECK(run(shell(script)).output == "there\n");
  ChildOptions options = shell(script);
  options.close_others = true;
  CHECK(run(options).output == "absent\n");
}

TEST_CASE("what is not found and what is not executable are told apart") {
  const TemporaryDirectory directory;
  test::write_file(directory / "plain", "echo x\n", 0644);
  struct Row {
    std::string command;
    int code;
  };
  for (const Row& row :
       {Row{"/nonexistent/command", ENOENT}, Row{"no-such-command-anywhere", ENOENT},
        Row{"", ENOENT}, Row{directory / "plain", EACCES}, Row{directory.path(), EACCES},
        Row{directory / "plain/below", ENOTDIR}}) {
    ChildOptions options;
    options.arguments = {row.command};
    options.environment = test::own_environment();
    INFO(row.command);
    const Result<pid_t> pid = spawn(options);
    REQUIRE_FALSE(pid);
    CHECK(pid.error().code == row.code);
    CHECK(pid.error().to_string().starts_with("start '" + row.command + "': "));
  }
}

TEST_CASE("a failed start leaves no child behind") {
  ChildOptions options;
  options.arguments = {"/nonexistent/command"};
  REQUIRE_FALSE(spawn(options));
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

TEST_CASE("a script without an interpreter line runs under the shell") {
  const TemporaryDirectory directory;
  test::write_file(directory / "script", "echo \"script $1 $#\"\n", 0755);
  ChildOptions options;
  options.arguments = {directory / "script", "a b", "c"};
  options.environment = test::own_environment();
  CHECK(run(options).output == "script a b 2\n");
}

TEST_CASE("a script without an interpreter line is found in PATH too") {
  const TemporaryDirectory directory;
  const std::string old_path = ::getenv("PATH");
  test::write_file(directory / "gasoline-test-script", "echo \"found $0 $1\"\n", 0755);
  REQUIRE(::setenv("PATH", ("/nonexistent:" + directory.path() + ":" + old_path).c_str(), 1) == 0);
  ChildOptions options;
  options.arguments = {"gasoline-test-script", "x"};
  options.environment = test::own_environment();
  const test::Outcome outcome = run(options);
  REQUIRE(::setenv("PATH", old_path.c_str(), 1) == 0);
  CHECK(outcome.output == "found " + (directory / "gasoline-test-script") + " x\n");
}

TEST_CASE("a child stays in our group and session unless it is given its own") {
  const auto ids = [](const ChildOptions& options) {
    Pipe pipe = test::pipe_of_test();
    ChildOptions with_pipe = options;
    with_pipe.arguments = {"/bin/cat"};
    with_pipe.stdin_fd = pipe.read_end.get();
    with_pipe.environment = test::own_environment();
    const Result<pid_t> pid = spawn(with_pipe);
    REQUIRE(pid);
    const auto found = std::make_tuple(*pid, ::getpgid(*pid), ::getsid(*pid));
    pipe.write_end.reset();
    test::wait_for(*pid);
    return found;
  };
  {
    const auto [pid, group, session] = ids({});
    CHECK(group == ::getpgrp());
    CHECK(session == ::getsid(0));
  }
  {
    ChildOptions options;
    options.new_group = true;
    const auto [pid, group, session] = ids(options);
    CHECK(group == pid);
    CHECK(session == ::getsid(0));
  }
  {
    ChildOptions options;
    options.new_session = true;
    const auto [pid, group, session] = ids(options);
    CHECK(group == pid);
    CHECK(session == pid);
  }
}

/// True if the signal is in the mask of that line of a child's /proc/self/status.
bool child_has(const std::string& line, int number, const ChildOptions& changes = {}) {
  ChildOptions options = changes;
  options.arguments = {"grep", line, "/proc/self/status"};
  options.environment = test::own_environment();
  const std::string output = run(options).output;
  const uint64_t mask = std::stoull(output.substr(output.find(':') + 1), nullptr, 16);
  return (mask >> (number - 1) & 1) != 0;
}

TEST_CASE("a signal that was ignored at our start stays ignored in the child") {
  CHECK_FALSE(child_has("SigIgn", SIGHUP));
  CHECK_FALSE(was_ignored_at_start(SIGHUP));
  const auto old = ::signal(SIGHUP, SIG_IGN);
  CHECK(was_ignored_at_start(SIGHUP));
  CHECK(child_has("SigIgn", SIGHUP));
  ::signal(SIGHUP, old);
}

TEST_CASE("a child's SIGPIPE is as we found it, although we ignore it ourselves") {
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  CHECK_FALSE(child_has("SigIgn", SIGPIPE));
  ChildOptions options;
  options.ignores_sigpipe = true;
  CHECK(child_has("SigIgn", SIGPIPE, options));
  ::signal(SIGPIPE, old);
}

TEST_CASE("a child has no signal blocked, although we take ours as data") {
  sigset_t set;
  sigset_t old;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &set, &old) == 0);
  CHECK_FALSE(child_has("SigBlk", SIGTERM));
  REQUIRE(::pthread_sigmask(SIG_SETMASK, &old, nullptr) == 0);
}

TEST_CASE("a child is reaped once, with its code or its signal") {
  Pipe pipe = test::pipe_of_test();
  ChildOptions options = shell("read line; exit 7");
  options.stdin_fd = pipe.read_end.get();
  const Result<pid_t> pid = spawn(options);
  REQUIRE(pid);
  ChildEnd end;
  end.code = 42;
  CHECK_FALSE(reap(*pid, end));
  CHECK(end.code == 42);
  pipe.write_end.reset();
  pipe.read_end.reset();
  end = test::wait_for(*pid);
  CHECK_FALSE(end.by_signal);
  CHECK(end.code == 7);
  CHECK_FALSE(reap(*pid, end));

  const test::Outcome killed = run(shell("kill -KILL $$"));
  CHECK(killed.end.by_signal);
  CHECK(killed.end.code == SIGKILL);
}

TEST_CASE("a pipe is a real one, blocking, and closed in whatever we execute") {
  const Pipe pipe = test::pipe_of_test();
  for (const int fd : {pipe.read_end.get(), pipe.write_end.get()}) {
    struct stat status {};
    REQUIRE(::fstat(fd, &status) == 0);
    CHECK(S_ISFIFO(status.st_mode));
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
  }
  REQUIRE(::write(pipe.write_end.get(), "x", 1) == 1);
  char byte = 0;
  CHECK(::read(pipe.read_end.get(), &byte, 1) == 1);
  CHECK(byte == 'x');
}

}  // namespace
}  // namespace gasoline::process

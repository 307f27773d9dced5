#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "process/child.h"

extern char** environ;

namespace gasoline::process::test {

inline std::vector<std::string> own_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
  return variables;
}

inline ChildOptions shell(const std::string& script) {
  ChildOptions options;
  options.arguments = {"/bin/sh", "-c", script};
  options.environment = own_environment();
  return options;
}

inline Pipe pipe_of_test() {
  Result<Pipe> pipe = make_pipe();
  REQUIRE(pipe);
  return std::move(pipe).value();
}

/// All that comes until the last writer is gone.
inline std::string read_to_end(const FileDescriptor& from) {
  std::string text;
  char bytes[4096];
  for (;;) {
    const ssize_t got = ::read(from.get(), bytes, sizeof bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(bytes, static_cast<size_t>(got));
  }
}

/// Waits until `pid` has ended, without taking its status, and reaps it.
inline ChildEnd wait_for(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ChildEnd end;
  REQUIRE(reap(pid, end));
  return end;
}

struct Outcome {
  std::string output;
  ChildEnd end;
};

/// Runs a command to its end and gives what it wrote to stdout.
inline Outcome run(ChildOptions options) {
  Pipe pipe = pipe_of_test();
  options.stdout_fd = pipe.write_end.get();
  const Result<pid_t> pid = spawn(options);
  pipe.write_end.reset();
  if (!pid) FAIL(pid.error().to_string());
  Outcome outcome;
  outcome.output = read_to_end(pipe.read_end);
  outcome.end = wait_for(*pid);
  return outcome;
}

/// Runs `action` in a forked child without Catch2's signal handlers; the status as of waitpid.
template <typename Action>
int status_of_fork(Action action) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const int number : {SIGINT, SIGTERM, SIGSEGV, SIGABRT, SIGILL, SIGFPE}) {
      ::signal(number, SIG_DFL);
    }
    action();
    ::_exit(99);
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

inline void write_file(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

}  // namespace gasoline::process::test

#include "capture/daemon_starter.h"

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "capture/capture_rig.h"
#include "support/temporary_directory.h"

namespace gasoline::capture {
namespace {

/// A program that writes its environment, arguments and descriptors to a file.
std::string make_witness(const test::TemporaryDirectory& directory) {
  const std::string program = directory / "witness";
  std::ofstream(program)
      << "#!/bin/sh\n{ env; echo \"arguments: $*\"; ls /proc/$$/fd | tr '\\n' ' '; } > "
      << directory / "told.new"
      << "\nmv " << directory / "told.new"
      << " " << directory / "told"
      << "\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  return program;
}

TEST_CASE(
    "the daemon is started in the background with few variables and none of our descriptors") {
  test::TemporaryDirectory directory;
  ::setenv("GASOLINE_TEST_MARK", "must not be handed on", 1);
  const test::Pipe pipe;                                     // close-on-exec, and
  const FileDescriptor leaking(::dup(pipe.read_end.get()));  // one that is not
  DaemonStarter starter(make_witness(directory));
  CHECK_FALSE(starter.was_tried());
  REQUIRE(starter.start().has_value());
  CHECK(starter.was_tried());
  REQUIRE(test::eventually([&] { return std::filesystem::exists(directory / "told"); }));
  std::ostringstream text;
  text << std::ifstream(directory / "told").rdbuf();
  const std::string told = text.str();
  CHECK(told.find("arguments: --background") != std::string::npos);
  CHECK(told.find("PATH=") != std::string::npos);
  CHECK(told.find("GASOLINE_TEST_MARK") == std::string::npos);
  CHECK((" " + told + " ").find(" " + std::to_string(leaking.get()) + " ") == std::string::npos);
  starter.reap();
  ::unsetenv("GASOLINE_TEST_MARK");
}

TEST_CASE("a daemon that is not there is an error, and was tried") {
  DaemonStarter starter("/nowhere/gasolined");
  CHECK_FALSE(starter.start().has_value());
  CHECK(starter.was_tried());
}

}  // namespace
}  // namespace gasoline::capture

#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "keeper.h"
#include "options.h"
#include "process/child.h"
#include "wrapper.h"

namespace {

constexpr int kExitBadOption = 125;
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;

void complain(const std::string& text) {
  std::fprintf(stderr, "gasoline-run: %s\n", text.c_str());
}

int exit_code_for(int errno_value) {
  return errno_value == ENOENT ? kExitNotFound : kExitNotExecutable;
}

/// Becomes the command: nothing of us remains.
int run_bare(const gasoline::run::Options& options) {
  std::vector<char*> arguments;
  for (const std::string& word : options.command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  const int code = errno;
  complain(options.command.front() + ": " + std::strerror(code));
  return exit_code_for(code);
}

}  // namespace

int main(int argc, char** argv) {
  // A heap for each thread would be ten page faults each, and nothing here allocates so often.
  ::mallopt(M_ARENA_MAX, 1);
  if (argc == 2 && std::strcmp(argv[1], "--keeper") == 0) {
    return gasoline::run::run_keeper(STDIN_FILENO);
  }
  auto options = gasoline::run::parse_options(argc, argv);
  if (!options) {
    complain(options.error().to_string());
    return kExitBadOption;
  }
  if (options->show_help) {
    std::fputs(gasoline::run::help_text().c_str(), stdout);
    return 0;
  }
  if (options->show_version) {
    std::puts("gasoline-run " GASOLINE_VERSION);
    return 0;
  }
  const gasoline::Environment environment = gasoline::process_environment();
  const bool is_disabled = environment("GASOLINE_DISABLE").value_or("") == "1";
  const bool is_inside_another = environment("GASOLINE_RUN_ID").has_value();
  if (is_disabled || (is_inside_another && !options->nested)) return run_bare(*options);

  // Before anything else opens a descriptor: it would become a stream that was closed.
  const auto closed = gasoline::process::occupy_standard_streams();
  gasoline::run::Wrapper wrapper(std::move(*options), environment, closed);
  const auto end = wrapper.run();
  if (!end) {
    complain(end.error().to_string());
    return exit_code_for(end.error().code);
  }
  gasoline::process::end_like(*end);
}

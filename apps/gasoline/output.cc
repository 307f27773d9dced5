#include "output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace gasoline::cli {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && value[0] != '\0';
}

bool is_dumb_terminal() {
  const char* term = std::getenv("TERM");
  return term != nullptr && std::strcmp(term, "dumb") == 0;
}

}  // namespace

Result<ViewOptions> stdout_options(const Arguments& arguments) {
  ViewOptions options;
  options.is_terminal = ::isatty(STDOUT_FILENO) != 0;
  options.is_whole = arguments.has("wide");
  winsize size{};
  if (options.is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    options.width = size.ws_col;
  }
  const std::string when = arguments.value("color").value_or("auto");
  if (when != "auto" && when != "always" && when != "never") {
    return Error::of(Error::kInvalid, "--color=" + when, "accepted: auto, always or never");
  }
  options.is_coloured = when == "always" || (when == "auto" && options.is_terminal &&
                                             !is_set("NO_COLOR") && !is_dumb_terminal());
  return options;
}

Printed print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return Printed::kAll;
  if (errno == EPIPE) return Printed::kNobodyReads;
  fail(kExitNotWritten, std::string("write to stdout: ") + std::strerror(errno));
  return Printed::kFailed;
}

int exit_after(Printed printed, int exit_code) {
  return printed == Printed::kFailed ? kExitNotWritten : exit_code;
}

void print_note(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

int fail(int exit_code, std::string_view text) {
  print_note("gasoline: " + std::string(text) + "\n");
  return exit_code;
}

int show(const View& view) {
  const Printed printed = print(view.text);
  if (printed == Printed::kAll) print_note(view.notes);
  return exit_after(printed, view.found ? kExitFound : kExitNothingFound);
}

}  // namespace gasoline::cli

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "command_line.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// How to show things on our stdout: a terminal or not, its width, and colour by --color, NO_COLOR
/// and TERM. Error::kInvalid for another value of --color.
Result<ViewOptions> stdout_options(const Arguments& arguments);

enum class Printed {
  kAll,
  kNobodyReads,  ///< `| head` has enough: no error, and nothing more to say
  kFailed        ///< a full disk, say; it has been said on stderr
};
/// Writes all of `text` to stdout.
Printed print(std::string_view text);

/// `exit_code`, unless printing failed.
int exit_after(Printed printed, int exit_code);

/// Writes to stderr, as it is.
void print_note(std::string_view text);

/// "gasoline: text" on stderr; returns `exit_code`.
int fail(int exit_code, std::string_view text);

/// Prints a view; the exit code by what it found.
int show(const View& view);

}  // namespace gasoline::cli

#pragma once

#include <string>

#include "base/result.h"
#include "command_line.h"

namespace gasoline::cli {

/// The verbs of `gasoline journal`, each from the file of its name. They ask no daemon.
int run_journal_verify(const Arguments& arguments, const std::string& path);
int run_journal_repair(const Arguments& arguments, const std::string& path);
int run_journal_cat(const Arguments& arguments, const std::string& path);
int run_journal_stat(const Arguments& arguments, const std::string& path);

/// Says on stderr why the journal could not be opened, read or written; returns the exit code.
int fail_journal(const Error& error);

}  // namespace gasoline::cli

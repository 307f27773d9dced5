#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline::spool {

/// What every event of a run shares: kept beside the journal in the file "run", so that whoever
/// adopts the spool can deliver it as the wrapper would have.
struct RunDescription {
  std::string run_id;  ///< a ULID
  std::string service;
  std::string host;
  std::string project;  ///< name of the git worktree's directory; empty outside one
  std::vector<std::string> tags;
  int64_t started_us = 0;
  int64_t pid = 0;
};

/// One line "name: value" of such a text, and all of them. Lines of another form are passed over.
void append_text_member(std::string& to, std::string_view name, std::string_view value);
void for_each_text_member(
    std::string_view text,
    const std::function<void(std::string_view name, const std::string& value)>& use);

/// Lines "name: value" with LF, CR and backslash of the value escaped; docs/JOURNAL.md names them.
std::string to_text(const RunDescription& run);
Result<RunDescription> parse_run_description(std::string_view text);

/// The envelope of a batch: a JSON object's members without the braces, up to and including "seq".
std::string envelope_members(const RunDescription& run, uint64_t first_seq);

}  // namespace gasoline::spool

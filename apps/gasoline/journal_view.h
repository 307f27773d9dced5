#pragma once

#include <string>

#include "journal/inspect.h"
#include "journal_content.h"
#include "spool/run_description.h"

namespace gasoline::cli {

/// What `gasoline journal` prints about the journal at `path`.
struct JournalFacts {
  std::string path;
  journal::JournalReport report;
};

/// Nothing is damaged and nothing is missing between the first record and the last.
bool is_sound(const journal::JournalReport& report);

/// "00...01.seg at offset 4096: 512 bytes hold no record; records 3 to 5 are gone (3)"
std::string damage_in_words(const journal::Corruption& damage);

/// A verdict, each damaged place, what is gone in all, and what to do.
std::string verify_text(const JournalFacts& facts);
std::string verify_json(const JournalFacts& facts);

/// What was done to each segment, and what is left.
std::string repair_text(const std::string& path, const journal::RepairReport& repair);
std::string repair_json(const std::string& path, const journal::RepairReport& repair);

/// "name value" a line. `run` is null for an event log.
std::string stat_text(const JournalFacts& facts, const ContentCounts& counts,
                      const spool::RunDescription* run);
std::string stat_json(const JournalFacts& facts, const ContentCounts& counts,
                      const spool::RunDescription* run);

}  // namespace gasoline::cli

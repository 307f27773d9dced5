#pragma once

#include "command_line.h"

namespace gasoline::cli {

/// The commands, each from the file of its name; main.cc has their table.
extern const Command kTimelineCommand;
extern const Command kSearchCommand;
extern const Command kTailCommand;
extern const Command kSourcesCommand;
extern const Command kStatusCommand;
extern const Command kStatsCommand;
extern const Command kJournalCommand;
extern const Command kExplainCommand;
extern const Command kConfigCommand;
extern const Command kRunCommand;
extern const Command kDoctorCommand;

}  // namespace gasoline::cli

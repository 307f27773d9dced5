#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "journal/segment_pool.h"
#include "spool/run_description.h"

namespace gasoline::spool {

/// Name of the description's file within a run's directory.
inline constexpr char kRunFileName[] = "run";
/// What the daemon refused of the run: one JSON object a line, without the lines' text.
inline constexpr char kRejectedFileName[] = "rejected.ndjson";

/// Of the segments that runs below `root` have left for the next ones to write over.
std::string pool_directory(const std::string& root);

/// Writes the description, durably. The caller holds the journal's lock: a directory without this
/// file belongs to a wrapper that is still being born, and nobody adopts it.
Status write_run_description(io::FileSystem& files, const std::string& directory,
                             const RunDescription& run);
Result<RunDescription> read_run_description(io::FileSystem& files, const std::string& directory);

/// Makes what is in a run's directory durable, and the directory in those above it. For a spool
/// that nobody writes to any more; needs no lock. Tries all of it and gives the first Error.
Status sync_run(io::FileSystem& files, const std::string& directory);

/// Directories of runs under `root`, oldest first; a missing root has none. Whether their wrappers
/// live shows only when the journal's lock is tried.
std::vector<std::string> list_runs(io::FileSystem& files, const std::string& root);

/// Removes a run's directory and the files that a spool has. What is there for a person (rejected
/// events, what a repair cut off) stays, and the directory with it; anything else is left alone and
/// is an Error. `pool`, unless null, gets the segments. The caller holds the journal's lock until
/// after this call.
Status remove_run(io::FileSystem& files, const std::string& directory,
                  journal::SegmentPool* pool = nullptr);

}  // namespace gasoline::spool

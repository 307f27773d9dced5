#pragma once

#include <string>

#include "base/log.h"
#include "io/file_system.h"

namespace gasoline::daemon {

/// What the pipeline has learnt of its sources (understand/bare_ids.h), kept in a file over a
/// restart: its lines, behind which a checksum tells that they are whole (source/kept_text.h).
///
/// It only saves learning again, so nothing waits for the disk: after a power cut the file may be
/// the one before or damaged, and a damaged one counts as none. Both report what fails to `diary`.

/// Empty if there is none.
std::string load_learnt(io::FileSystem& files, const std::string& path, Log& diary);
/// Replaces the file at once and whole, as other programs see it.
void save_learnt(io::FileSystem& files, const std::string& path, const std::string& learnt,
                 Log& diary);

}  // namespace gasoline::daemon

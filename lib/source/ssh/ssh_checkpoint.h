#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "source/ssh/generation.h"

namespace gasoline::source::ssh {

/// How far the files of one host were read, on our disk. Only says where to begin: what the event
/// log has counts where it has more. Holds no byte of any log.
///
///     gasoline-ssh 1
///     seen PATTERN                                a path or glob that was looked at before
///     file ORIGIN ID FP-SIZE FP-HASH OFFSET SIZE MTIME PLACE UNKNOWN
///     watched PATH                                of the file above
///     path PATH
///
/// kept_text.h has what is around these lines.
struct Checkpoint {
  std::vector<std::string> seen;
  std::vector<Generation> files;

  std::string to_text() const;
  static Result<Checkpoint> parse(std::string_view text);
};

/// An absent file is an empty checkpoint.
Result<Checkpoint> load_checkpoint(io::FileSystem& files, const std::string& path);

}  // namespace gasoline::source::ssh

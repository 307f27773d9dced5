#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/file_system.h"

namespace gasoline::source {

/// A small text that must survive a crash, such as a checkpoint: lines, behind which
/// "end CRC-32C-IN-HEX" tells that they are whole.

/// The lines, without their end; empty if there is no such file. kInvalid if it is damaged.
Result<std::string> load_kept_text(io::FileSystem& files, const std::string& path);
/// Atomic and durable on return: the old or the new text is there, whole, at every moment. Makes
/// the directory.
Status save_kept_text(io::FileSystem& files, const std::string& path, const std::string& lines);

/// `lines` with the end; and the other way.
std::string seal_text(std::string lines);
Result<std::string> unseal_text(std::string_view text);

}  // namespace gasoline::source

#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline::pattern {

/// A directory of compiled pattern sets, one file per key. A compiled set is code for the scanner's
/// machine, so a file is believed only if nobody else could have written it.
///
///   offset  size      field
///        0     8      magic "GASOPAT1"
///        8     4      crc     CRC-32C of everything behind it
///       12     4      key_size
///       16     8      compiled_size
///       24  key_size  key     compared whole: a hash in the file's name is no proof
///        +     ...    compiled
///
/// The compiled bytes for `key`, or an empty string if there are none that can be trusted.
std::string read_compiled(const std::string& directory, std::string_view key);

/// Stores `compiled`, atomically, readable by the owner only. An older file of the key is replaced.
Status write_compiled(const std::string& directory, std::string_view key,
                      std::string_view compiled);

/// The file that read_compiled() looks at.
std::string compiled_path(const std::string& directory, std::string_view key);

}  // namespace gasoline::pattern

#pragma once

#include <cstdint>

#include "source/file/content.h"

namespace gasoline::source {

/// The offset of the first line printed at `since_us` or later, by the times that the lines begin
/// with, which must rise. Reads some 64 KiB at a time, about 20 times in a file of any size. A file
/// without such times is read from its end, if it is larger than 1 MiB, else whole.
uint64_t find_recent(Content& content, uint64_t size_bytes, int64_t since_us, int64_t now_us);

}  // namespace gasoline::source

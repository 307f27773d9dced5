#pragma once

#include <cstdint>
#include <string_view>

#include "source/intake.h"
#include "source/ssh/generation.h"

namespace gasoline::source::ssh {

/// What of a file goes into the pipeline at once.
constexpr size_t kBatchLinesMax = 10'000;
constexpr size_t kBatchBytesMax = 1 << 20;

/// Puts the next whole lines that were not offered into `batch`: its text and lines. A line over 1 MiB
/// goes in pieces, alone in their batch; `is_piece` says so. With `takes_rest` an unfinished last
/// line counts as one. Returns how many pending bytes they are, 0 for none. The file's splitter
/// moves on: keep a copy where the batch may be refused.
size_t fill_batch(Generation& file, bool takes_rest, int64_t time_us, LineBatch& batch,
                  bool& is_piece);

}  // namespace gasoline::source::ssh

#pragma once

#include <cstdint>

#include "event/gap.h"
#include "source/intake.h"

namespace gasoline::source {

/// Makes a batch that tells of lines which were lost before they could be read: one gap event in
/// the timeline of its origin. `batch` has no lines yet; its origin, the number before, its labels
/// and its other metadata are the caller's, as for lines.
///
/// `seq` takes the place of the lost lines in the origin's numbers: greater than that of the last
/// line taken, not greater than that of the next one, and the same if the loss is found again after
/// a crash, so that it is told once. For a file that is the offset behind what was lost, or one
/// more than the last line's where that is not known.
void make_gap_batch(const event::Gap& gap, uint64_t seq, event::SourceKind kind, LineBatch& batch);

}  // namespace gasoline::source

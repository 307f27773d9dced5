#include "source/gap_batch.h"

#include "base/assert.h"

namespace gasoline::source {

void make_gap_batch(const event::Gap& gap, uint64_t seq, event::SourceKind kind,
                    LineBatch& batch) {
  GASOLINE_ASSERT(batch.lines.empty() && batch.after_seq < seq);
  if (!batch.metadata.empty()) batch.metadata += ',';
  batch.metadata += event::to_json_members(gap);
  batch.text = event::kGapMessage;
  batch.tells_of_gap = true;
  LineBatch::Line& line = batch.lines.emplace_back();
  line.size = static_cast<uint32_t>(batch.text.size());
  line.seq = seq;
  line.time_us = gap.from_us;
  line.kind = kind;
}

}  // namespace gasoline::source

#include <algorithm>
#include <new>

#include "daemon/pipeline.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

/// The line as valid UTF-8: itself, if it is.
std::string_view valid_text(std::string_view line, bool all_valid, std::string& scratch,
                            Arena& arena) {
  if (all_valid || event::is_valid_utf8(line)) return line;
  scratch.clear();
  event::append_valid_utf8(scratch, line);
  return arena.copy(scratch);
}

}  // namespace

/// Makes events of the lines behind the origin's mark; those up to it are in the log already.
void Pipeline::take_lines(const source::LineBatch& lines, Outcome& outcome) {
  work_->batch.clear();
  work_->accepted.clear();
  auto* const tag_views = reinterpret_cast<std::string_view*>(
      work_->arena.allocate(event::kTagsMax * sizeof(std::string_view)));
  const size_t tag_count = std::min(lines.tags.size(), event::kTagsMax);
  for (size_t i = 0; i < tag_count; ++i) new (&tag_views[i]) std::string_view(lines.tags[i]);
  const std::span<const std::string_view> tags(tag_views, tag_count);
  const uint64_t taken_seq = log_.marks().last_seq(lines.run_id);
  if (taken_seq < lines.after_seq) {
    outcome.code = Outcome::Code::kUnavailable;
    outcome.detail = "the lines before these are not in the event log";
    return;
  }
  understanding_.use_zone(lines.timezone);
  const bool all_valid = event::is_valid_utf8(lines.text);
  const auto expected = understanding_.expect(lines.text);
  std::string scratch;
  outcome.count = lines.lines.size();
  for (const source::LineBatch::Line& line : lines.lines) {
    if (line.seq <= taken_seq) {
      ++outcome.duplicates;
      continue;
    }
    const std::string_view raw = std::string_view(lines.text).substr(line.offset, line.size);
    event::Event& event = work_->accepted.emplace_back();
    event.message = valid_text(raw, all_valid, scratch, work_->arena);
    event.run_id = lines.run_id;
    event.seq = line.seq;
    event.source = line.kind;
    event.service = lines.service;
    event.metadata = lines.metadata;
    event.tags = tags;
    event.timestamp_us = line.time_us;
    event.timestamp_stated = line.time_is_stated;
    if (lines.tells_of_gap) {
      event.level = event::Level::kWarn;
      event.level_stated = true;
    }
    understand(event);
  }
}

}  // namespace gasoline::daemon

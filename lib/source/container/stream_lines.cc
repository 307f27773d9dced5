#include "source/container/stream_lines.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "framing/line_splitter.h"

namespace gasoline::source::container {

void LineQueue::offer(size_t count) {
  for (size_t i = 0; i < count; ++i) offered_bytes_ += size_of(lines_[offered_ + i]);
  offered_ += count;
}

LineQueue::Dropped LineQueue::drop_up_to(uint64_t seq) {
  Dropped dropped;
  while (!lines_.empty() && lines_.front().seq <= seq) {
    const ContainerLine& line = lines_.front();
    ++dropped.lines;
    dropped.text_bytes += line.text.size();
    bytes_ -= size_of(line);
    if (offered_ > 0) {
      --offered_;
      offered_bytes_ -= size_of(line);
    }
    lines_.pop_front();
  }
  return dropped;
}

bool StreamLines::is_repeated(int64_t time_ns, std::string_view text) {
  const uint64_t mark =
      std::hash<std::string_view>()(text) ^ (static_cast<uint64_t>(time_ns) * 0x9e3779b97f4a7c15);
  const bool may_be = time_ns < last_ns_ || (is_repeating_ && time_ns == last_ns_);
  const bool is_known =
      may_be && std::find(remembered_.begin(), remembered_.end(), mark) != remembered_.end();
  if (is_known) {
    if (!is_repeating_) ++repeats_;
    is_repeating_ = true;
    return true;
  }
  is_repeating_ = false;
  if (remembered_.size() < kRememberedMax) {
    remembered_.push_back(mark);
  } else {
    remembered_[next_remembered_] = mark;
    next_remembered_ = (next_remembered_ + 1) % kRememberedMax;
  }
  return false;
}

void StreamLines::take(int64_t time_ns, std::string_view text, LineQueue& lines) {
  // All parts of a line have one stamp: another one means that nobody will finish it.
  if (!unfinished_.empty() && time_ns != unfinished_ns_) finish(lines);
  if (unfinished_.empty() && is_repeated(time_ns, text)) return;
  last_ns_ = time_ns;
  if (!text.ends_with('\n')) {
    unfinished_ += text;
    unfinished_ns_ = time_ns;
    if (unfinished_.size() < kLineBytesMax) return;
    give(time_ns, std::exchange(unfinished_, {}), true, lines);
    was_cut_ = true;
    return;
  }
  std::string line = std::exchange(unfinished_, {});
  line += text;
  give(time_ns, line, std::exchange(was_cut_, false), lines);
}

void StreamLines::finish(LineQueue& lines) {
  if (unfinished_.empty()) return;
  give(unfinished_ns_, std::exchange(unfinished_, {}), std::exchange(was_cut_, false), lines);
}

void StreamLines::restart() {
  last_seq_ = 0;
  last_ns_ = 0;
  unfinished_.clear();
  was_cut_ = false;
  remembered_.clear();
  next_remembered_ = 0;
  is_repeating_ = false;
}

void StreamLines::give(int64_t time_ns, std::string_view text, bool is_piece, LineQueue& lines) {
  if (text.size() > kLineBytesMax) {
    is_piece = true;
    for (; text.size() > kLineBytesMax; text.remove_prefix(kLineBytesMax)) {
      give(time_ns, text.substr(0, kLineBytesMax), true, lines);
    }
  }
  last_seq_ = std::max(last_seq_ + 1, static_cast<uint64_t>(std::max<int64_t>(time_ns, 0)) * 8);
  if (last_seq_ <= given_to_) return;
  given_to_ = last_seq_;
  ContainerLine line;
  line.seq = last_seq_;
  line.time_ns = time_ns;
  line.text = framing::visible_text(text);
  line.is_piece = is_piece;
  lines.push(std::move(line));
}

}  // namespace gasoline::source::container

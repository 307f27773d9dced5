#include "daemon/run_marks.h"

#include <algorithm>
#include <vector>

#include "base/ids.h"

namespace gasoline::daemon {

uint64_t RunMarks::last_seq(std::string_view run_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = marks_.find(run_id);
  return found == marks_.end() ? 0 : found->second.seq;
}

void RunMarks::advance(std::string_view run_id, uint64_t seq, int64_t time_us) {
  const std::lock_guard lock(mutex_);
  auto found = marks_.find(run_id);
  if (found == marks_.end()) found = marks_.emplace(std::string(run_id), Mark{}).first;
  found->second.seq = std::max(found->second.seq, seq);
  found->second.time_us = std::max(found->second.time_us, time_us);
}

void RunMarks::hold(std::string_view run_id, bool is_held) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(run_id);
  if (is_held && found == held_.end()) held_.emplace(run_id);
  if (!is_held && found != held_.end()) held_.erase(found);
}

void RunMarks::expire(int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto forget_before = [this](int64_t time_us) {
    std::erase_if(marks_, [&](const auto& entry) {
      return entry.second.time_us < time_us && !held_.contains(entry.first);
    });
  };
  forget_before(now_us - kKeptUs);
  if (marks_.size() <= kRunsMax) return;
  std::vector<int64_t> times;
  times.reserve(marks_.size());
  for (const auto& [run_id, mark] : marks_) times.push_back(mark.time_us);
  const auto cut = times.begin() + static_cast<std::ptrdiff_t>(times.size() - kRunsMax);
  std::nth_element(times.begin(), cut, times.end());
  forget_before(*cut);
}

size_t RunMarks::size() const {
  const std::lock_guard lock(mutex_);
  return marks_.size();
}

void RunMarks::for_each(
    const std::function<void(std::string_view run_id, const Mark&)>& visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [run_id, mark] : marks_) visit(run_id, mark);
}

bool is_beyond_marks(std::string_view run_id, int64_t now_us) {
  const int64_t made_us = ulid_time_us(run_id);
  return made_us >= 0 && made_us < now_us - RunMarks::kKeptUs;
}

}  // namespace gasoline::daemon

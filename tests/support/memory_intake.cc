#include "support/memory_intake.h"

#include <algorithm>

namespace gasoline::test {

bool MemoryIntake::try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) {
  if (is_full()) return false;
  ++batches;
  const uint64_t mark = last_seq(batch.run_id);
  const bool fails = is_failing() || mark < batch.after_seq;
  if (!fails) {
    std::vector<Line>& of_origin = lines[batch.run_id];
    for (const source::LineBatch::Line& line : batch.lines) {
      if (line.seq <= mark) {
        ++repeated_lines;
        continue;
      }
      of_origin.push_back({batch.text.substr(line.offset, line.size), line.seq, batch.metadata});
    }
  }
  undelivered_.emplace_back(std::move(done),
                            fails ? source::Taken::kTryAgain : source::Taken::kYes);
  batch = source::LineBatch();
  return true;
}

uint64_t MemoryIntake::last_seq(std::string_view run_id) const {
  const auto found = lines.find(std::string(run_id));
  return found == lines.end() || found->second.empty() ? 0 : found->second.back().seq;
}

size_t MemoryIntake::deliver() {
  if (is_silent) return 0;
  const auto answers = std::exchange(undelivered_, {});
  for (const auto& [done, taken] : answers) done(taken);
  return answers.size();
}

std::vector<std::string> MemoryIntake::texts() const {
  std::vector<std::string> all;
  for (const auto& [origin, of_origin] : lines) {
    for (const Line& line : of_origin) all.push_back(line.text);
  }
  return all;
}

size_t MemoryIntake::count() const {
  size_t count = 0;
  for (const auto& [origin, of_origin] : lines) count += of_origin.size();
  return count;
}

size_t KeptLog::count(Severity severity) const {
  return static_cast<size_t>(std::count_if(
      entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == severity; }));
}

}  // namespace gasoline::test

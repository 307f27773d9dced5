#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "event/json_text.h"
#include "source/gap_batch.h"
#include "source/ssh/host_reader.h"
#include "source/ssh/line_batch.h"

namespace gasoline::source::ssh {
namespace {

constexpr int64_t kFullWaitUs = 20'000;
constexpr int64_t kTryAgainUs = 200'000;
constexpr int64_t kSaveAgainUs = 1'000'000;

}  // namespace

void HostReader::submit(int64_t now_us) {
  for (const auto& file : follower_.generations()) {
    while (now_us >= next_submit_us_ && submit_file(file, now_us)) {
    }
  }
}

/// False if nothing of it can be handed over now.
bool HostReader::submit_file(const std::shared_ptr<Generation>& file, int64_t now_us) {
  const bool is_full = file->batches >= kBatchesOfOneMax || file->must_offer_again;
  if (is_full) return false;
  if (file->unoffered().empty()) return file->has_untold_loss() && tell_loss(file);
  const bool takes_rest = follower_.is_last_line_due(*file, now_us);
  const framing::LineSplitter before = file->splitter;
  LineBatch batch;
  label(*file, batch);
  bool is_piece = false;
  const size_t used = fill_batch(*file, takes_rest, around_.clock.wall_us(), batch, is_piece);
  if (used == 0) return false;
  if (is_piece) batch.metadata += ",\"continued\":true";
  Answers::Answer answer;
  answer.seq = batch.lines.back().seq;
  answer.lines = batch.lines.size();
  answer.bytes = used;
  if (!hand_over(file, batch, std::move(answer))) {
    file->splitter = before;
    return false;
  }
  file->offered += used;
  return true;
}

/// In the place of what is missing, once everything before it is in the event log.
bool HostReader::tell_loss(const std::shared_ptr<Generation>& file) {
  if (file->batches > 0) return false;
  const int64_t wall_us = around_.clock.wall_us();
  event::Gap gap;
  gap.bytes = file->size_bytes - std::min(file->size_bytes, file->committed);
  gap.to_us = file->modified_s > 0 ? std::min(wall_us, (file->modified_s + 1) * 1'000'000) : wall_us;
  const bool is_known = file->last_line_us > 0 && file->last_line_us < gap.to_us;
  gap.from_us = is_known ? file->last_line_us : gap.to_us;
  gap.reason = file->missing;
  Answers::Answer answer;
  answer.seq = std::max(file->size_bytes, std::max(file->committed, file->after_seq) + 1);
  answer.tells_of_gap = true;
  LineBatch batch;
  label(*file, batch);
  make_gap_batch(gap, answer.seq, event::SourceKind::kSsh, batch);
  return hand_over(file, batch, std::move(answer));
}

/// What the lines of a file have in common.
void HostReader::label(const Generation& file, LineBatch& batch) const {
  const Watch& watch = follower_.watches()[file.watch];
  batch.run_id = file.origin;
  batch.after_seq = file.after_seq;
  batch.service = watch.service;
  batch.tags = watch.tags;
  batch.timezone = watch.timezone;
  batch.metadata = "\"host\":";
  event::append_json_string(batch.metadata, options_.host);
  batch.metadata += ",\"file\":";
  event::append_json_string(batch.metadata, file.watched);
}

/// False if it is to be tried later.
bool HostReader::hand_over(const std::shared_ptr<Generation>& file, LineBatch& batch,
                           Answers::Answer answer) {
  const int64_t now_us = around_.clock.monotonic_us();
  if (!file->is_saved && !save()) {
    next_submit_us_ = now_us + kSaveAgainUs;
    return false;
  }
  answer.file = file;
  const uint64_t seq = answer.seq;
  const bool is_taken = around_.intake.try_submit(
      batch, [answers = answers_, answer = std::move(answer)](Taken taken) mutable {
        answer.taken = taken;
        const std::lock_guard lock(answers->mutex);
        answers->waiting.push_back(std::move(answer));
        if (answers->wake) answers->wake();
      });
  if (!is_taken) {
    ++rejected_full_;
    next_submit_us_ = now_us + kFullWaitUs;
    return false;
  }
  file->after_seq = seq;
  ++file->batches;
  return true;
}

void HostReader::take_answers(int64_t now_us) {
  std::vector<Answers::Answer> answers;
  {
    const std::lock_guard lock(answers_->mutex);
    answers.swap(answers_->waiting);
  }
  for (const Answers::Answer& answer : answers) {
    Generation& file = *answer.file;
    --file.batches;
    if (answer.taken == Taken::kYes) {
      if (answer.tells_of_gap) {
        around_.diary.warn(fmt::format("{}: lines of {} are lost: {}", options_.host, file.watched,
                                       file.missing));
        file.tell_loss(answer.seq);
      } else {
        file.commit(answer.seq);
      }
      file.lines += answer.lines;
      file.last_line_us = around_.clock.wall_us();
      lines_ += answer.lines;
      bytes_ += answer.bytes;
      is_dirty_ = true;
    } else {
      file.must_offer_again = true;
    }
    if (!file.must_offer_again || file.batches > 0) continue;
    file.offer_again();
    next_submit_us_ = now_us + kTryAgainUs;
  }
}

}  // namespace gasoline::source::ssh

#include <algorithm>
#include <array>
#include <cstring>

#include "event/json_text.h"
#include "framing/line_splitter.h"
#include "source/file/follower.h"

namespace gasoline::source {
namespace {

constexpr int64_t kRetryFullUs = 2'000;
constexpr int64_t kRetryFailedUs = 200'000;
constexpr size_t kTurnsMax = 64;
constexpr size_t kBytesInTurn = 4 << 20;  // of all that are ready, so that none waits for long
constexpr int kHoleReadsMax = 64;

/// Where the next byte begins a line.
bool is_line_start(const Generation& generation) {
  return generation.tail.empty() || generation.tail.back() == '\n' ||
         generation.tail.back() == '\0';
}

/// A copy may be shorter than what was seen of the file; what it has was compared by samples.
bool begins_as_known(const Generation& generation, std::string_view first) {
  const bool is_short = first.size() < generation.head.size_bytes;
  return (is_short && generation.state == Generation::State::kCopied) ||
         generation.head.is_head_of(first);
}

}  // namespace

/// Lines to hand over, in `text`, which begins at the generation's read_offset.
struct Follower::Cut {
  std::string_view text;
  std::vector<LineBatch::Line> lines;
  std::string_view metadata;  // further members

  void add(size_t offset, std::string_view line, uint64_t end) {
    const std::string_view visible = framing::visible_text(line);
    LineBatch::Line& added = lines.emplace_back();
    // A line that nothing is left of may point anywhere.
    added.offset = static_cast<uint32_t>(
        visible.empty() ? offset : static_cast<size_t>(visible.data() - text.data()));
    added.size = static_cast<uint32_t>(visible.size());
    added.seq = end;
  }
};

void Follower::queue(Generation& generation) {
  generation.has_more = true;
  if (generation.is_queued || !generation.is_read()) return;
  generation.is_queued = true;
  ready_.push_back(generation.key);
}

size_t Follower::quantum() const {
  return std::clamp(kBytesInTurn / (ready_.size() + 1), kQuantumMin, kQuantumMax);
}

/// Reads what is ready, in turns. True if it can go on at once.
bool Follower::pump() {
  if (now_us() < retry_us_) return false;
  if (!try_submit_pending()) return false;
  for (size_t turns = 0; turns < kTurnsMax && !ready_.empty(); ++turns) {
    if (in_flight_ >= kBatchesMax) return false;
    const auto found = generations_.find(ready_.front());
    ready_.pop_front();
    if (found == generations_.end()) continue;
    Generation& generation = *found->second;
    generation.is_queued = false;
    // An answer queues it again.
    if (generation.must_rewind || generation.in_flight >= kBatchesOfOneMax) continue;
    generation.has_more = false;
    const Turn turn = read_turn(generation);
    if (turn != Turn::kEnd) queue(generation);
    if (turn == Turn::kFull) return false;
  }
  return !ready_.empty();
}

Follower::Turn Follower::read_turn(Generation& generation) {
  if (!generation.is_read() || generation.content == nullptr) return Turn::kEnd;
  if (generation.must_verify && !verify(generation)) return Turn::kEnd;
  return read_turn(generation, quantum());
}

/// One read: the bytes before the place again, to see that they are still there, and those behind.
Follower::Turn Follower::read_turn(Generation& generation, size_t quantum) {
  const size_t before = generation.tail.size();
  if (window_.size() < before + quantum) window_.resize(before + quantum);
  const int64_t begun_us = around_.clock.wall_us();
  const auto got = generation.content->read_at(generation.read_offset - before, window_.data(),
                                               before + quantum);
  if (!got) {
    generation.problem = got.error().to_string();
    if (generation.state == Generation::State::kCopied) content_changed(generation, "is damaged");
    return Turn::kEnd;
  }
  if (*got < before || std::memcmp(window_.data(), generation.tail.data(), before) != 0) {
    content_changed(generation, "was truncated");
    return Turn::kEnd;
  }
  const std::string_view first(window_.data(), std::min<size_t>(*got, Head::kSizeBytesMax));
  if (generation.read_offset == 0 && !begins_as_known(generation, first)) {
    content_changed(generation, "was truncated");
    return Turn::kEnd;
  }
  generation.problem.clear();
  if (before > 0) note_in_place(generation, begun_us);
  const std::string_view bytes(window_.data() + before, *got - before);
  generation.size_seen = std::max(generation.size_seen, generation.read_offset + bytes.size());
  generation.is_at_end = bytes.empty();
  if (bytes.empty()) return Turn::kEnd;
  // It may not be the first that it ever had.
  const bool was_empty = generation.head.size_bytes == 0;
  if (Path* path = path_of(generation); was_empty && path != nullptr) search_unseen(*path);
  if (!grow_head(generation)) {
    content_changed(generation, "was truncated");
    return Turn::kEnd;
  }
  if (bytes.front() == '\0' && is_line_start(generation)) {
    if (skip_hole(generation, bytes)) return Turn::kMore;
  }
  Cut cut;
  cut.text = bytes;
  const bool continues = !is_line_start(generation);
  for (size_t at = 0; cut.lines.size() < Intake::kLinesMax;) {
    const size_t end = bytes.find('\n', at);
    if (end == std::string_view::npos) break;
    cut.add(at, bytes.substr(at, end + 1 - at), generation.read_offset + end + 1);
    at = end + 1;
    if (continues) break;
  }
  const bool is_all = *got < before + quantum;
  if (cut.lines.empty()) {
    generation.is_at_end = is_all;  // but for an unfinished line
    if (is_all) return Turn::kEnd;
    if (quantum < kLineSizeBytesMax) return read_turn(generation, kLineSizeBytesMax);
    cut.add(0, bytes, generation.read_offset + bytes.size());
  }
  const bool ends_line = bytes[cut.lines.back().seq - generation.read_offset - 1] == '\n';
  if (continues || !ends_line) cut.metadata = ",\"continued\":true";
  return submit(generation, cut);
}

/// What was read is where it was: whatever was truncated or renamed, was so after `when_us`.
void Follower::note_in_place(Generation& generation, int64_t when_us) {
  Path* path = path_of(generation);
  if (path == nullptr || path->current != &generation) return;
  if (path->search_until_us <= now_us()) path->looked_us = when_us;
}

/// Hands over the end of a last line that nobody will finish. False if there is none, or no room.
bool Follower::flush_remainder(Generation& generation) {
  if (generation.content == nullptr || pending_.has_value()) return false;
  std::string partial(kLineSizeBytesMax, '\0');
  const auto got =
      generation.content->read_at(generation.read_offset, partial.data(), partial.size());
  if (!got || *got == 0) return false;
  partial.resize(*got);
  if (partial.find_first_not_of('\0') == std::string::npos) return false;
  Cut cut;
  cut.text = partial;
  cut.add(0, partial, generation.read_offset + partial.size());
  cut.metadata = is_line_start(generation) ? ",\"unterminated\":true"
                                           : ",\"continued\":true,\"unterminated\":true";
  submit(generation, cut);
  return true;
}

/// After a restart: is what was read still in front of the place?
bool Follower::verify(Generation& generation) {
  const auto first = read_first_bytes(*generation.content);
  if (!first) {
    generation.problem = first.error().to_string();
    return false;
  }
  bool is_long_enough = true;
  if (generation.resume_offset > 0) {
    char last = '\0';
    const auto got = generation.content->read_at(generation.resume_offset - 1, &last, 1);
    is_long_enough = got && *got == 1;
  }
  const bool is_same =
      generation.head.size_bytes == 0 || matches(generation, *generation.content, *first);
  if (!is_same || !is_long_enough) {
    content_changed(generation, "is not what it was");
    return false;
  }
  generation.must_verify = false;
  seek(generation, generation.resume_offset);
  return true;
}

/// False if the first bytes are no longer what they were.
bool Follower::grow_head(Generation& generation) {
  if (generation.head.size_bytes == Head::kSizeBytesMax) return true;
  const auto first = read_first_bytes(*generation.content);
  if (!first) return true;
  if (!begins_as_known(generation, *first)) return false;
  if (first->size() < generation.head.size_bytes) return true;
  const Head grown = Head::of(*first);
  is_dirty_ = is_dirty_ || grown != generation.head;
  generation.head = grown;
  return true;
}

void Follower::seek(Generation& generation, uint64_t offset) {
  const size_t size = std::min<uint64_t>(offset, kTailSizeBytesMax);
  generation.tail.resize(size);
  const auto got = generation.content->read_at(offset - size, generation.tail.data(), size);
  if (!got || *got < size) generation.tail.clear();
  generation.read_offset = offset;
  if (generation.content->fd() >= 0) fill_samples(generation);
}

/// Takes the samples of what was passed over, or read before a restart.
void Follower::fill_samples(Generation& generation) {
  const std::vector<uint32_t>& known = generation.samples.checksums;
  for (size_t i = 0; i < Samples::kCountMax; ++i) {
    const uint64_t end = Samples::offset_of(i);
    if (end > generation.read_offset) return;
    if (i < known.size() && known[i] != 0) continue;
    std::array<char, kTailSizeBytesMax> bytes{};
    const auto got = generation.content->read_at(end - bytes.size(), bytes.data(), bytes.size());
    if (!got || *got < bytes.size()) return;
    generation.samples.note(end - bytes.size(), {bytes.data(), bytes.size()});
  }
}

/// A writer that goes on at its old place after a truncation leaves a hole, which reads as NULs.
/// Passes over them if something follows: what a writer has only reserved is left for later.
bool Follower::skip_hole(Generation& generation, std::string_view bytes) {
  uint64_t to = generation.read_offset + bytes.size();
  const size_t found = bytes.find_first_not_of('\0');
  if (found != std::string_view::npos) {
    to = generation.read_offset + found;
  } else {
    std::vector<char> piece(kQuantumMax);
    bool is_found = false;
    for (int reads = 0; reads < kHoleReadsMax && !is_found; ++reads) {
      to = generation.content->data_at(to);
      const auto got = generation.content->read_at(to, piece.data(), piece.size());
      if (!got || *got == 0) return false;
      const size_t at = std::string_view(piece.data(), *got).find_first_not_of('\0');
      is_found = at != std::string_view::npos;
      to += is_found ? at : *got;
    }
  }
  seek(generation, to);
  if (generation.in_flight == 0) generation.taken_offset = to;
  return true;
}

/// Before the first line of a generation is handed over, the checkpoint knows it: otherwise a crash
/// would leave lines in the event log that belong to nothing.
bool Follower::make_registered(Generation& generation) {
  if (generation.is_registered) return true;
  const Status saved = save();
  problem_ = saved ? "" : "the checkpoint cannot be written: " + saved.error().to_string();
  return saved.has_value();
}

/// Keeps the end of what was read, and its samples.
void Follower::note_read(Generation& generation, std::string_view bytes) {
  // A sample may lie across the place.
  std::string across = generation.tail;
  across.append(bytes.substr(0, kTailSizeBytesMax));
  generation.samples.note(generation.read_offset - generation.tail.size(), across);
  generation.samples.note(generation.read_offset, bytes);
  std::string& tail = generation.tail;
  tail.append(bytes.substr(bytes.size() - std::min(bytes.size(), kTailSizeBytesMax)));
  if (tail.size() > kTailSizeBytesMax) tail.erase(0, tail.size() - kTailSizeBytesMax);
}

Follower::Turn Follower::submit(Generation& generation, const Cut& cut) {
  if (!make_registered(generation)) {
    retry_us_ = now_us() + kRetryFailedUs;
    return Turn::kFull;
  }
  const uint64_t end = cut.lines.back().seq;
  const size_t size = static_cast<size_t>(end - generation.read_offset);
  const int64_t wall_us = around_.clock.wall_us();
  LineBatch batch = batch_of(generation);
  batch.metadata += cut.metadata;
  const FileLabels* labels = labels_.of(generation.path);
  batch.text.assign(cut.text.substr(0, size));
  batch.lines = cut.lines;
  for (LineBatch::Line& line : batch.lines) {
    line.time_us = wall_us;
    if (labels != nullptr) line.kind = labels->kind;
  }

  note_read(generation, cut.text.substr(0, size));
  generation.read_offset = end;
  generation.after_seq = end;
  generation.last_line_us = wall_us;
  generation.active_us = now_us();
  return hand_over(generation, std::move(batch),
                   {generation.key, end, end, cut.lines.size(), size, 0, false, Taken::kYes});
}

/// A batch without lines, but all else.
LineBatch Follower::batch_of(const Generation& generation) {
  LineBatch batch;
  batch.run_id = generation.id;
  batch.after_seq = generation.after_seq;
  const Path* path = path_of(generation);
  batch.service = path != nullptr ? path->service : settings_.service;
  batch.metadata = "\"path\":";
  event::append_json_string(batch.metadata, generation.path);
  const FileLabels* labels = labels_.of(generation.path);
  if (labels != nullptr && !labels->metadata.empty()) batch.metadata += "," + labels->metadata;
  batch.tags = labels == nullptr ? settings_.tags : labels->tags;
  batch.timezone = settings_.timezone;
  return batch;
}

Follower::Turn Follower::hand_over(Generation& generation, LineBatch batch,
                                   const LineAnswers::Answer& answer) {
  ++generation.in_flight;
  ++in_flight_;
  pending_answer_ = answer;
  pending_ = std::move(batch);
  return try_submit_pending() ? Turn::kMore : Turn::kFull;
}

bool Follower::try_submit_pending() {
  if (!pending_.has_value()) return true;
  const bool is_taken = around_.intake.try_submit(
      *pending_, [answers = answers_, answer = pending_answer_](Taken taken) mutable {
        answer.taken = taken;
        answers->add(answer);
      });
  if (is_taken) {
    pending_.reset();
    return true;
  }
  ++rejected_full_;
  retry_us_ = now_us() + kRetryFullUs;
  return false;
}

void Follower::on_answers() {
  for (const LineAnswers::Answer& answer : answers_->take()) on_answer(answer);
}

void Follower::on_answer(const LineAnswers::Answer& answer) {
  --in_flight_;
  const auto found = generations_.find(answer.generation);
  if (found == generations_.end()) return;
  Generation& generation = *found->second;
  --generation.in_flight;
  if (answer.taken == Taken::kYes) {
    generation.taken_offset = std::max(generation.taken_offset, answer.end_offset);
    generation.last_taken = std::max(generation.last_taken, answer.last_seq);
    generation.lines += answer.lines;
    lines_ += answer.lines;
    bytes_ += answer.bytes;
    is_dirty_ = true;
    if (answer.tells_of_gap) count_loss(generation, answer.lost_bytes);
  } else {
    generation.must_rewind = true;
  }
  if (generation.must_rewind) {
    if (generation.in_flight == 0) rewind(generation);
  } else if (generation.has_more) {
    queue(generation);
  }
}

/// The event log could not be written: reads again what it did not take.
void Follower::rewind(Generation& generation) {
  generation.must_rewind = false;
  generation.after_seq = generation.last_taken;
  generation.is_loss_told = false;
  if (generation.content != nullptr) {
    seek(generation, generation.taken_offset);
  } else {
    // What was in front of the place is not known any more; a copy is known by its beginning.
    generation.must_verify = true;
    generation.read_offset = generation.resume_offset = generation.taken_offset;
    generation.tail.clear();
  }
  generation.is_at_end = false;
  retry_us_ = now_us() + kRetryFailedUs;
  queue(generation);
}

}  // namespace gasoline::source

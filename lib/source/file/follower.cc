#include "source/file/follower.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "source/file/glob.h"
#include "source/file/rotated_names.h"

namespace gasoline::source {
namespace {

constexpr int64_t kWaitMaxUs = 1'000'000;
constexpr int64_t kHousekeepingUs = 1'000'000;
constexpr int64_t kCopyHousekeepingUs = 20'000;
constexpr int64_t kLookGapUs = 5'000;
constexpr int64_t kLookGapMaxUs = 40'000;
constexpr int64_t kLookShare = 9;  // of the time goes to other things, up to the longest gap
constexpr int64_t kForgottenUs = 7 * 24ll * 3'600'000'000;
constexpr int64_t kIdlePollUs = 30'000'000;  // without a change, before polls become rarer
constexpr int64_t kIdlePollFactor = 5;
constexpr size_t kNamesComparedMax = 64;

}  // namespace

Follower::Follower(config::SourceSettings settings, const Surroundings& around,
                   std::unique_ptr<Watcher> watcher, std::shared_ptr<LineAnswers> answers,
                   Timing timing)
    : settings_(std::move(settings)),
      around_(around),
      timing_(timing),
      watcher_(std::move(watcher)),
      answers_(std::move(answers)),
      checkpoint_file_(around.files, around.state_directory + "/sources", settings_.name),
      machine_(machine_identity()),
      unnamed_next_(around.random.next_u64()),
      made_wall_us_(around.clock.wall_us()),
      looked_wall_us_(made_wall_us_) {}

Follower::~Follower() = default;

void Follower::load() {
  auto loaded = checkpoint_file_.load();
  if (!loaded) {
    warn(loaded.error().to_string() + "; files are read as if they were seen for the first time");
  } else if (loaded->has_value()) {
    restore(**loaded);
  }
  note_what_is_there();
  if (loaded && loaded->has_value()) return;
  // From now on what appears is new, also if we are killed before the first look.
  if (const Status saved = save(); !saved) warn(saved.error().to_string());
}

/// Before the first look a file may be rotated away already: what was there is history.
void Follower::note_what_is_there() {
  for (const std::string& pattern : settings_.paths) {
    if (is_old_pattern(pattern)) continue;
    for (std::string& path : expand_glob(pattern).paths) there_before_.insert(std::move(path));
  }
}

bool Follower::is_old_pattern(const std::string& pattern) const {
  return std::find(old_patterns_.begin(), old_patterns_.end(), pattern) != old_patterns_.end();
}

void Follower::restore(const Checkpoint& checkpoint) {
  const bool is_foreign = checkpoint.machine != machine_;
  if (is_foreign) {
    warn(checkpoint_file_.path() +
         " is of another machine; only files that are the same are "
         "read on where it says");
  } else {
    saved_wall_us_ = checkpoint.saved_us;
    old_patterns_ = checkpoint.patterns;
  }
  for (const Checkpoint::Entry& entry : checkpoint.generations) {
    // Numbers of inodes mean nothing elsewhere without the time at which they were made.
    if (is_foreign && entry.birth_us == 0) continue;
    auto made = std::make_unique<Generation>();
    made->key = next_key_++;
    made->id = entry.id;
    made->path = entry.path;
    made->state = entry.state;
    made->device = entry.device;
    made->inode = entry.inode;
    made->birth_us = entry.birth_us;
    made->head = entry.head;
    made->samples = entry.samples;
    made->tail = entry.tail;
    made->read_offset = entry.read_offset;
    made->taken_offset = entry.taken_offset;
    made->size_seen = entry.size_seen;
    made->changed_us = entry.changed_us;
    made->looked_us = entry.looked_us;
    made->is_registered = entry.head.size_bytes > 0;
    made->must_verify = entry.state != Generation::State::kDone;
    made->is_foreign = is_foreign;
    if (made->must_verify) around_.intake.hold(made->id, true);
    keep(std::move(made));
  }
}

void Follower::begin() {
  for (auto& [key, generation] : generations_) {
    // The event log is the truth; the checkpoint speaks where the log has nothing.
    const uint64_t mark = around_.intake.last_seq(generation->id);
    generation->last_taken = mark;
    generation->after_seq = mark;
    generation->resume_offset = mark > 0 ? mark : generation->taken_offset;
    generation->taken_offset = generation->resume_offset;
    generation->active_us = now_us();
    if (generation->state == Generation::State::kDone || generation->is_foreign) continue;
    Path& path = paths_[generation->path];
    path.path = generation->path;
    path.looked_us = std::max(path.looked_us, generation->looked_us);
  }
  look();
  find_restored();
  if (recovered_ > 0) {
    warn(fmt::format("{} does not know {} files whose places the event log knows: it was lost",
                     checkpoint_file_.path(), recovered_));
  }
}

/// What is not where it was may have been renamed, copied or compressed since.
void Follower::find_restored() {
  std::vector<uint64_t> foreign;
  for (auto& [key, generation] : generations_) {
    if (generation->state == Generation::State::kDone || generation->content != nullptr) continue;
    Path* path = path_of(*generation);
    if (generation->is_foreign) {
      foreign.push_back(key);
    } else if (path != nullptr) {
      set_state(*generation, Generation::State::kOrphaned);
      search_unseen(*path);
    }
  }
  for (const uint64_t key : foreign) {
    forget(key);
  }
  search_all();
}

int64_t Follower::work() {
  on_notices();
  on_answers();
  poll_files();
  if ((must_look_ && now_us() >= looked_us_ + look_gap_us()) || now_us() >= next_look_us_) look();
  const bool can_go_on = pump();
  housekeep();
  save_if_due();
  return can_go_on ? 0 : wait_us();
}

int64_t Follower::look_gap_us() const {
  return std::clamp(kLookShare * look_cost_us_, kLookGapUs, kLookGapMaxUs);
}

int64_t Follower::wait_us() const {
  const int64_t now = now_us();
  int64_t until = std::min(now + kWaitMaxUs, next_look_us_);
  if (must_look_) {
    until = std::min(until, looked_us_ + look_gap_us());
  }
  if (next_poll_us_ > 0) until = std::min(until, next_poll_us_);
  if (is_dirty_) until = std::min(until, next_save_us_);
  if (pending_.has_value() || (!ready_.empty() && in_flight_ < kBatchesMax)) {
    until = std::min(until, retry_us_);
  }
  until = std::min(until, next_housekeeping_us_);
  return std::max<int64_t>(until - now, 0);
}

void Follower::on_notices() {
  if (watcher_ == nullptr) return;
  watcher_->read([this](const Watcher::Notice& notice) {
    switch (notice.kind) {
      case Watcher::Notice::Kind::kWritten: {
        const auto [begin, end] = watched_.equal_range(notice.watch);
        for (auto entry = begin; entry != end; ++entry) queue(*entry->second);
        break;
      }
      case Watcher::Notice::Kind::kNames:
        must_look_ = must_look_ || is_relevant(notice.watch, notice.name);
        break;
      case Watcher::Notice::Kind::kEnded: {
        const auto directory = directory_of_watch_.find(notice.watch);
        if (directory != directory_of_watch_.end()) {
          directories_.erase(directory->second);
          directory_of_watch_.erase(directory);
          must_look_ = true;
        }
        const auto [begin, end] = watched_.equal_range(notice.watch);
        for (auto entry = begin; entry != end; ++entry) entry->second->watch = -1;
        watched_.erase(begin, end);
        break;
      }
      case Watcher::Notice::Kind::kOverflow:
        must_look_ = true;
        for (auto& [key, generation] : generations_) {
          if (generation->content != nullptr) queue(*generation);
        }
        break;
    }
  });
}

/// Others may make and remove names beside ours all the time.
bool Follower::is_relevant(int watch, std::string_view name) const {
  const auto found = directory_of_watch_.find(watch);
  if (found == directory_of_watch_.end() || name.empty()) return true;
  if (paths_.size() > kNamesComparedMax) return true;
  const std::string text(name);
  for (const std::string& pattern : settings_.paths) {
    const size_t slash = pattern.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : pattern.substr(0, slash);
    // A directory on the way to the files: what comes and goes in it may be the next one.
    if (directory != found->second) return true;
    if (::fnmatch(pattern.c_str() + slash + 1, text.c_str(), 0) == 0) return true;
  }
  return std::any_of(paths_.begin(), paths_.end(), [&](const auto& entry) {
    const std::string& path = entry.first;
    return entry.second.is_link ||
           is_rotated_name(name, std::string_view(path).substr(path.rfind('/') + 1));
  });
}

void Follower::poll_files() {
  const int64_t now = now_us();
  if (now < next_poll_us_) return;
  bool is_any_polled = is_polling_;
  for (auto& [key, generation] : generations_) {
    if (!generation->is_polled || generation->content == nullptr) continue;
    is_any_polled = true;
    const auto seen = look_at(generation->content->fd(), generation->path);
    if (!seen) continue;
    const bool is_changed = seen->size_bytes != generation->read_offset &&
                            (!generation->is_at_end || seen->size_bytes != generation->size_seen ||
                             seen->modified_us != generation->modified_us);
    generation->modified_us = seen->modified_us;
    if (!is_changed) continue;
    changed_us_ = now;
    queue(*generation);
  }
  must_look_ = must_look_ || is_polling_;
  const bool is_idle = now - changed_us_ > kIdlePollUs;
  const int64_t interval_us = settings_.poll_interval_us * (is_idle ? kIdlePollFactor : 1);
  next_poll_us_ = is_any_polled ? now + interval_us : 0;
}

void Follower::housekeep() {
  const int64_t now = now_us();
  if (now < next_housekeeping_us_) return;
  next_housekeeping_us_ = now + kHousekeepingUs;
  std::vector<Generation*> rotated;
  for (auto& [key, generation] : generations_) {
    switch (generation->state) {
      case Generation::State::kRotated:
        rotated.push_back(generation.get());
        keep_rotated(*generation);
        break;
      case Generation::State::kCopied:
        next_housekeeping_us_ = now + kCopyHousekeepingUs;
        finish_copied(*generation);
        break;
      case Generation::State::kOrphaned:
        if (generation->is_given_up ||
            now - generation->active_us > timing_.orphan_patience_us) {
          give_up(*generation, "no copy of it was found");
        }
        break;
      case Generation::State::kLive:
      case Generation::State::kDone:
        break;
    }
  }
  close_quiet(std::move(rotated));
  forget_done();
}

/// A rotated file is given up when it was quiet for long: its writer has opened the new one.
void Follower::keep_rotated(Generation& generation) {
  if (!generation.is_at_end || generation.in_flight > 0 || generation.content == nullptr) return;
  const int64_t idle_us = now_us() - generation.active_us;
  if (idle_us < timing_.line_patience_us) return;
  if (flush_remainder(generation)) return;
  const auto seen = look_at(generation.content->fd(), generation.path);
  const bool is_deleted = !seen || seen->links == 0;
  const int64_t patience_us =
      is_deleted ? timing_.deleted_patience_us : timing_.rotated_patience_us;
  if (idle_us > patience_us) end_generation(generation);
}

/// Keeps within the bound of descriptors.
void Follower::close_quiet(std::vector<Generation*> rotated) {
  std::erase_if(rotated, [](const Generation* each) { return each->content == nullptr; });
  if (rotated.size() <= timing_.rotated_open_max) return;
  std::sort(rotated.begin(), rotated.end(),
            [](const auto* a, const auto* b) { return a->active_us < b->active_us; });
  size_t over = rotated.size() - timing_.rotated_open_max;
  for (Generation* generation : rotated) {
    if (over == 0) break;
    const bool is_read = generation->is_at_end && generation->in_flight == 0;
    if (!is_read || flush_remainder(*generation)) continue;
    end_generation(*generation);
    --over;
  }
}

Generation& Follower::keep(std::unique_ptr<Generation> made) {
  Generation& generation = *made;
  by_inode_.emplace(generation.inode, &generation);
  generations_.emplace(generation.key, std::move(made));
  return generation;
}

void Follower::forget(uint64_t key) {
  const auto found = generations_.find(key);
  Generation& generation = *found->second;
  around_.intake.hold(generation.id, false);
  unwatch(generation);
  std::erase_if(by_inode_, [&](const auto& entry) { return entry.second == &generation; });
  generations_.erase(found);
  is_dirty_ = true;
}

std::unordered_set<const Generation*> Follower::current_generations() const {
  std::unordered_set<const Generation*> current;
  for (const auto& [name, path] : paths_) current.insert(path.current);
  return current;
}

/// Keeps the last kDoneMax of each path, for a week at most.
void Follower::forget_done() {
  std::map<std::string, std::vector<Generation*>> done;
  for (auto& [key, generation] : generations_) {
    const bool is_gone = generation->content == nullptr &&
                         around_.clock.wall_us() - generation->changed_us > kForgottenUs;
    if (generation->state == Generation::State::kDone || is_gone) {
      done[generation->path].push_back(generation.get());
    }
  }
  const auto current = current_generations();
  for (auto& [path, of_path] : done) {
    std::sort(of_path.begin(), of_path.end(),
              [](const auto* a, const auto* b) { return a->changed_us > b->changed_us; });
    for (size_t i = 0; i < of_path.size(); ++i) {
      const bool is_old = around_.clock.wall_us() - of_path[i]->changed_us > kForgottenUs;
      if ((i < kDoneMax && !is_old) || current.contains(of_path[i])) continue;
      forget(of_path[i]->key);
    }
  }
}

void Follower::save_if_due() {
  if (!is_dirty_ || now_us() < next_save_us_) return;
  if (const Status saved = save(); !saved) {
    problem_ = "the checkpoint cannot be written: " + saved.error().to_string();
  } else if (problem_.starts_with("the checkpoint")) {
    problem_.clear();
  }
}

Status Follower::save() {
  Checkpoint checkpoint;
  checkpoint.machine = machine_;
  checkpoint.saved_us = looked_wall_us_;
  checkpoint.patterns = settings_.paths;
  checkpoint.generations.reserve(generations_.size());
  for (const auto& [key, generation] : generations_) {
    const Path* path = path_of(*generation);
    checkpoint.generations.push_back(
        {generation->id, generation->path, generation->state, generation->device, generation->inode,
         generation->birth_us, generation->head, generation->samples, generation->tail,
         generation->read_offset, generation->taken_offset, generation->size_seen,
         generation->changed_us, path == nullptr ? generation->looked_us : path->looked_us});
  }
  const int64_t begun_us = now_us();
  const Status saved = checkpoint_file_.save(checkpoint);
  // A slow disk, or many files, are not written to all the time.
  next_save_us_ = now_us() + std::max(timing_.save_interval_us, 20 * (now_us() - begun_us));
  if (!saved) return saved;
  is_dirty_ = false;
  // An empty file can not be recognised: it is registered once it has a first line.
  for (auto& [key, generation] : generations_) {
    generation->is_registered = generation->head.size_bytes > 0;
  }
  return {};
}

void Follower::finish(int64_t patience_us) {
  const int64_t until_us = now_us() + patience_us;
  if (pending_.has_value()) --in_flight_;
  pending_.reset();
  while (in_flight_ > 0 && now_us() < until_us) {
    answers_->wake.wait(10'000);
    on_answers();
  }
  if (const Status saved = save(); !saved) around_.diary.error(saved.error().to_string());
}

void Follower::warn(const std::string& text) {
  around_.diary.warn("source " + settings_.name + ": " + text);
  note_ = text;
}

Snapshot Follower::snapshot() const {
  Snapshot snapshot;
  snapshot.note = note_;
  snapshot.problem = problem_;
  snapshot.lines = lines_;
  snapshot.bytes = bytes_;
  snapshot.lost_bytes = lost_bytes_;
  snapshot.losses = losses_;
  snapshot.rejected_full = rejected_full_;
  const auto add = [&](const Generation* generation, const std::string& name) -> Followed& {
    Followed& followed = snapshot.followed.emplace_back();
    followed.name = name;
    if (generation == nullptr) return followed;
    followed.run_id = generation->id;
    followed.offset_bytes = generation->taken_offset;
    followed.size_bytes =
        std::max({generation->size_looked, generation->size_seen, generation->read_offset});
    followed.lines = generation->lines;
    followed.last_line_us = generation->last_line_us;
    followed.problem = generation->problem;
    return followed;
  };
  for (const auto& [name, path] : paths_) {
    Followed& followed = add(path.current, name);
    followed.service = path.service;
    followed.state = path.state;
    if (!path.problem.empty()) followed.problem = path.problem;
  }
  const auto current = current_generations();
  for (const auto& [key, generation] : generations_) {
    if (current.contains(generation.get()) || generation->state == Generation::State::kDone)
      continue;
    Followed& followed = add(generation.get(), generation->path + " (rotated)");
    followed.state = generation->state == Generation::State::kOrphaned
                         ? Followed::State::kWaiting
                         : Followed::State::kFollowing;
    if (followed.state == Followed::State::kWaiting) {
      followed.problem = "it was truncated or is gone; looking for a copy of what was not read";
    }
  }
  return snapshot;
}

}  // namespace gasoline::source

#include "source/ssh/follower.h"

#include <fnmatch.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace gasoline::source::ssh {
namespace {

constexpr uint32_t kLooksInVainMax = 3;
constexpr int64_t kReadRetryUs = 1'000'000;
constexpr int64_t kLastLineUs = 2'000'000;
constexpr uint32_t kZeroEndsMax = 3;
constexpr const char* kMissing = "No such file or directory";
constexpr const char* kNowhere = "it was rotated away, and is nowhere on the host as it was";
constexpr const char* kCompressed = "it was compressed before it was read";

bool matches(const std::string& pattern, const std::string& path) {
  return pattern == path ||
         ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

/// A pattern without a directory is that of a name in any.
bool is_left_out(const std::string& pattern, const std::string& path) {
  const bool is_name = pattern.find('/') == std::string::npos;
  return matches(pattern, is_name ? path.substr(path.rfind('/') + 1) : path);
}

bool is_glob(const std::string& pattern) {
  return pattern.find_first_of("*?[") != std::string::npos;
}

/// All of it was read and, since it was seen on this link, it has not grown for so long.
bool is_quiet(const Generation& file, int64_t now_us, int64_t for_us) {
  return file.place == Generation::Place::kDetached && !file.has_unread() &&
         file.quiet_since_us > 0 && now_us - file.quiet_since_us >= for_us;
}

/// The far host's words without the program that said them: "No such file or directory".
std::string plain(std::string_view problem) {
  const size_t colon = problem.rfind(": ");
  return std::string(colon == std::string_view::npos ? problem : problem.substr(colon + 2));
}

}  // namespace

Follower::Follower(std::vector<Watch> watches, std::function<std::string()> make_origin)
    : watches_(std::move(watches)), make_origin_(std::move(make_origin)) {}

void Follower::restore(Checkpoint checkpoint) {
  for (Watch& watch : watches_) {
    watch.was_seen = std::find(checkpoint.seen.begin(), checkpoint.seen.end(), watch.pattern) !=
                     checkpoint.seen.end();
  }
  for (Generation& kept : checkpoint.files) {
    const std::optional<size_t> watch = watch_of(kept.watched);
    if (!watch) continue;  // no longer configured
    auto file = std::make_shared<Generation>(std::move(kept));
    file->watch = *watch;
    file->is_saved = true;
    file->drop_requests();
    const bool was_lost =
        file->place == Generation::Place::kGone && file->size_bytes > file->committed;
    if (was_lost) file->missing = kNowhere;
    if (file->place == Generation::Place::kAttached) attached_[file->watched] = file.get();
    generations_.push_back(std::move(file));
  }
  for (const auto& file : generations_) {
    if (file->has_unknown_successors) unsettled_.emplace(file->watched, file.get());
  }
}

Checkpoint Follower::checkpoint() const {
  Checkpoint checkpoint;
  for (const Watch& watch : watches_) {
    if (watch.was_seen) checkpoint.seen.push_back(watch.pattern);
  }
  for (const auto& file : generations_) {
    Generation kept;
    kept.origin = file->origin;
    kept.watched = file->watched;
    kept.path = file->path;
    kept.id = file->id;
    kept.fingerprint = file->fingerprint;
    kept.committed = file->committed;
    kept.size_bytes = file->size_bytes;
    kept.modified_s = file->modified_s;
    kept.place = file->place;
    const auto left = unsettled_.find(file->watched);
    kept.has_unknown_successors = left != unsettled_.end() && left->second == file.get();
    checkpoint.files.push_back(std::move(kept));
  }
  return checkpoint;
}

bool Follower::take_changed() {
  return std::exchange(has_changed_, false);
}

std::string Follower::introduction() const {
  std::string text;
  for (const Watch& watch : watches_) {
    text += watch_request(watch.pattern);
    for (const std::string& pattern : sibling_patterns(watch.pattern)) {
      text += sibling_request(pattern);
    }
  }
  return text;
}

std::optional<size_t> Follower::watch_of(const std::string& path) const {
  for (size_t i = 0; i < watches_.size(); ++i) {
    const Watch& watch = watches_[i];
    if (!matches(watch.pattern, path)) continue;
    const bool is_excluded =
        std::any_of(watch.exclude.begin(), watch.exclude.end(),
                    [&](const std::string& pattern) { return is_left_out(pattern, path); });
    if (!is_excluded) return i;
  }
  return std::nullopt;
}

Generation* Follower::attached_at(const std::string& path) const {
  const auto found = attached_.find(path);
  return found == attached_.end() ? nullptr : found->second;
}

Generation* Follower::with_id(const std::string& id) const {
  for (const auto& file : generations_) {
    if (file->id == id && file->place != Generation::Place::kGone) return file.get();
  }
  return nullptr;
}

Generation& Follower::add(const std::string& watched, const FarFile& file, uint64_t offset,
                          size_t watch) {
  // Whoever had that number is no more.
  if (Generation* former = with_id(file.id)) former->id.clear();
  auto made = std::make_shared<Generation>();
  made->origin = make_origin_();
  made->watched = watched;
  made->path = file.path;
  made->id = file.id;
  made->committed = made->requested_to = offset;
  made->size_bytes = file.size_bytes;
  made->modified_s = file.modified_s;
  made->watch = watch;
  has_changed_ = true;
  generations_.push_back(std::move(made));
  return *generations_.back();
}

/// Where a file that was never seen is read from.
uint64_t Follower::first_offset(const Watch& watch, const FarFile& file, int64_t wall_us) const {
  if (watch.was_seen || watch.start == config::Start::kBeginning) return 0;
  const int64_t age_us = wall_us - file.modified_s * 1'000'000;
  const bool is_recent =
      watch.start == config::Start::kRecent && file.modified_s > 0 && age_us <= watch.recent_us;
  if (!is_recent) return file.size_bytes;
  return file.size_bytes > kRecentBytesMax ? file.size_bytes - kRecentBytesMax : 0;
}

void Follower::note_problems(const ScanReply& reply) {
  for (Watch& watch : watches_) {
    watch.problem.clear();
    watch.is_found = std::any_of(reply.files.begin(), reply.files.end(), [&](const FarFile& file) {
      return matches(watch.pattern, file.path);
    });
    if (watch.is_found) continue;
    for (const std::string& problem : reply.problems) {
      if (problem.find(watch.pattern) != std::string::npos) watch.problem = plain(problem);
    }
    const bool is_missing = watch.problem.empty() || watch.problem == kMissing;
    if (is_missing) watch.problem = is_glob(watch.pattern) ? "no file matches" : kMissing;
  }
}

bool Follower::wants_siblings(int64_t now_us) const {
  if (is_first_look_) return true;
  for (const auto& [path, left] : unsettled_) {
    if (left->place == Generation::Place::kSought || attached_.count(path) > 0) return true;
  }
  const bool has_left = !unsettled_.empty() ||
                        std::any_of(generations_.begin(), generations_.end(), [](const auto& file) {
                          return file->place == Generation::Place::kSought ||
                                 file->place == Generation::Place::kDetached;
                        });
  return has_left && now_us - last_siblings_us_ >= kSiblingsIntervalUs;
}

void Follower::on_scan(const ScanReply& reply, Now now) {
  note_problems(reply);
  std::unordered_set<std::string_view> own_paths;
  for (const FarFile& file : reply.files) own_paths.insert(file.path);

  // A glob such as *.log finds app-20261121.log too: the rotated of a followed file is no new one.
  std::vector<const FarFile*> own;
  std::unordered_set<std::string_view> taken;
  Siblings siblings;
  const auto sort_in = [&](const FarFile& file, bool is_own) {
    if (!taken.insert(file.path).second) return;
    bool is_rotated = false;
    for (RotatedName& name : rotated_names(file.path)) {
      if (name.base == file.path) continue;
      if (is_own && !name.is_sure) continue;
      const bool is_of_own = own_paths.count(name.base) > 0 || attached_.count(name.base) > 0 ||
                             unsettled_.count(name.base) > 0;
      if (!is_of_own && is_own) continue;
      is_rotated = true;
      std::string base = name.base;
      siblings[base].emplace_back(std::move(name), file);
    }
    if (is_own && !is_rotated && watch_of(file.path)) own.push_back(&file);
  };
  for (const FarFile& file : reply.files) sort_in(file, true);
  for (const FarFile& file : reply.siblings) sort_in(file, false);

  take_own(own, now);
  if (reply.has_siblings) last_siblings_us_ = now.monotonic_us;
  take_siblings(siblings, reply.has_siblings, now.monotonic_us);
  if (reply.has_siblings) is_first_look_ = false;
  for (Watch& watch : watches_) {
    if (!watch.was_seen) has_changed_ = true;
    watch.was_seen = true;
  }
}

void Follower::take_own(const std::vector<const FarFile*>& own, Now now) {
  std::unordered_set<std::string_view> present;
  for (const FarFile* file : own) present.insert(file->path);
  std::vector<Generation*> missing;
  for (const auto& [path, file] : attached_) {
    if (present.count(path) == 0) missing.push_back(file);
  }
  for (Generation* file : missing) seek(*file);
  for (const FarFile* seen : own) {
    Generation* file = attached_at(seen->path);
    if (file == nullptr) {
      take_new(*seen, now);
    } else if (file->id != seen->id || seen->size_bytes < file->read_to()) {
      replace(*file, *seen);
    } else {
      update(*file, *seen, now.monotonic_us);
    }
  }
}

void Follower::take_new(const FarFile& file, Now now) {
  const size_t watch = *watch_of(file.path);
  Generation* known = with_id(file.id);
  const bool was_moved = known != nullptr && known->place != Generation::Place::kAttached &&
                         file.size_bytes >= known->read_to();
  if (was_moved) {
    unsettled_.erase(known->watched);
    known->place = Generation::Place::kAttached;
    known->watched = known->path = file.path;
    known->watch = watch;
    attached_[file.path] = known;
    has_changed_ = true;
    return update(*known, file, now.monotonic_us);
  }
  const Watch& settings = watches_[watch];
  const bool is_old = settings.max_age_us > 0 && file.modified_s > 0 &&
                      now.wall_us - file.modified_s * 1'000'000 > settings.max_age_us;
  if (is_old || generations_.size() >= kGenerationsMax) return;
  const auto left = unsettled_.find(file.path);
  const uint64_t offset = left != unsettled_.end() ? 0 : first_offset(settings, file, now.wall_us);
  attached_[file.path] = &add(file.path, file, offset, watch);
}

/// The file is not where it was.
void Follower::seek(Generation& file) {
  attached_.erase(file.watched);
  file.place = Generation::Place::kSought;
  file.looks_in_vain = 0;
  file.drop_requests();
  // Of several that left, the first tells from where on files may have been missed.
  unsettled_.emplace(file.watched, &file);
  has_changed_ = true;
}

/// Another file is where it was, or the same one was emptied.
void Follower::replace(Generation& file, const FarFile& by) {
  ++counters_.rotations;
  seek(file);
  // The number is the successor's now; only its first bytes tell the old one.
  if (file.id == by.id) file.id.clear();
  attached_[by.path] = &add(by.path, by, 0, file.watch);
}

void Follower::update(Generation& file, const FarFile& seen, int64_t now_us) {
  if (seen.size_bytes != file.size_bytes || file.quiet_since_us == 0) file.quiet_since_us = now_us;
  file.size_bytes = seen.size_bytes;
  file.modified_s = seen.modified_s;
  file.path = seen.path;
  file.looks_in_vain = 0;
}

void Follower::take_siblings(const Siblings& siblings, bool is_complete, int64_t now_us) {
  std::unordered_map<std::string_view, const FarFile*> by_id;
  for (const auto& [base, files] : siblings) {
    for (const auto& [name, file] : files) by_id.emplace(file.id, &file);
  }
  for (const auto& file : generations_) {
    if (file->place != Generation::Place::kDetached && file->place != Generation::Place::kSought) {
      continue;
    }
    const auto found = file->id.empty() ? by_id.end() : by_id.find(file->id);
    if (found != by_id.end() && found->second->size_bytes >= file->read_to()) {
      if (file->place == Generation::Place::kSought) has_changed_ = true;
      file->place = Generation::Place::kDetached;
      update(*file, *found->second, now_us);
    } else if (is_complete || file->place == Generation::Place::kSought) {
      settle(file, siblings, is_complete);
    }
  }
  if (!is_complete) return;
  std::vector<std::string> settled;
  for (const auto& [path, left] : unsettled_) {
    const bool is_open =
        std::any_of(generations_.begin(), generations_.end(), [&path = path](const auto& file) {
          return file->watched == path && file->place == Generation::Place::kSought;
        });
    if (!is_open) settled.push_back(path);
  }
  for (const std::string& path : settled) {
    add_between(path, siblings);
    // Without a successor the next one may come and be rotated away between two looks.
    if (attached_.count(path) > 0) unsettled_.erase(path);
  }
}

/// Plans to look into files that may be the one that is sought; gives it up if there are none.
void Follower::settle(const std::shared_ptr<Generation>& file, const Siblings& siblings,
                      bool is_complete) {
  file->place = Generation::Place::kSought;
  const auto of_base = siblings.find(file->watched);
  bool has_hope = std::any_of(probes_.begin(), probes_.end(),
                              [&](const Plan& plan) { return plan.generation == file; });
  if (of_base != siblings.end() && file->fingerprint.size_bytes > 0) {
    for (const auto& [name, candidate] : of_base->second) {
      const bool may_be = !name.is_compressed && candidate.size_bytes >= file->committed &&
                          with_id(candidate.id) == nullptr;
      if (!may_be || !probed_.emplace(file.get(), candidate.id).second) continue;
      Plan plan;
      plan.generation = file;
      plan.is_probe = true;
      plan.candidate = candidate;
      plan.request.path = candidate.path;
      plan.request.head_bytes = file->fingerprint.size_bytes;
      probes_.push_back(std::move(plan));
      has_hope = true;
    }
  }
  if (has_hope || !is_complete) return;
  if (++file->looks_in_vain >= kLooksInVainMax) give_up(*file);
}

void Follower::give_up(Generation& file) {
  file.place = Generation::Place::kGone;
  has_changed_ = true;
  std::erase_if(probed_, [&](const auto& probed) { return probed.first == &file; });
  if (file.size_bytes <= file.read_to()) return;
  file.missing = kNowhere;
  ++counters_.losses;
  counters_.lost_bytes += file.size_bytes - file.read_to();
}

/// Takes in the files between the one that left `watched` and the one that is there now.
void Follower::add_between(const std::string& watched, const Siblings& siblings) {
  const Generation* left = unsettled_.at(watched);
  const auto of_base = siblings.find(watched);
  if (of_base == siblings.end()) return;
  const auto is_left = [&](const auto& sibling) { return sibling.second.id == left->id; };
  const auto& files = of_base->second;
  const auto place = std::find_if(files.begin(), files.end(), is_left);
  const std::optional<size_t> watch = watch_of(watched);
  std::vector<std::pair<const RotatedName*, const FarFile*>> between;
  for (const auto& [name, file] : files) {
    const bool is_later = place != files.end()
                              ? is_newer(name, file.modified_s, place->first, left->modified_s)
                              : file.modified_s > left->modified_s;
    if (!is_later || !name.is_sure || with_id(file.id) != nullptr || !watch) continue;
    if (name.is_compressed) {
      // Before there is a successor the same one may be found again.
      if (attached_.count(watched) > 0) lose_unread(watched, file, *watch);
    } else if (generations_.size() < kGenerationsMax) {
      between.emplace_back(&name, &file);
    }
  }
  // The oldest first, so that they are read in order.
  std::sort(between.begin(), between.end(), [](const auto& a, const auto& b) {
    return is_newer(*b.first, b.second->modified_s, *a.first, a.second->modified_s);
  });
  for (const auto& [name, file] : between) {
    ++counters_.rotations;
    Generation& added = add(watched, *file, 0, *watch);
    added.place = Generation::Place::kDetached;
  }
}

/// A file that was never seen as it was: how much is lost nobody knows.
void Follower::lose_unread(const std::string& watched, const FarFile& file, size_t watch) {
  ++counters_.losses;
  if (generations_.size() >= kGenerationsMax) return;
  Generation& lost = add(watched, file, 0, watch);
  lost.place = Generation::Place::kGone;
  lost.size_bytes = 0;
  lost.missing = kCompressed;
}

std::optional<Follower::Plan> Follower::next_read(int64_t now_us) {
  if (!probes_.empty()) {
    Plan plan = std::move(probes_.front());
    probes_.erase(probes_.begin());
    return plan;
  }
  for (size_t i = 0; i < generations_.size(); ++i) {
    next_ = (next_ + 1) % generations_.size();
    Generation& file = *generations_[next_];
    const bool needs_check = !file.is_checked && file.has_arrived() && file.size_bytes > 0;
    const bool is_due = file.has_arrived() && file.size_bytes > file.requested_to &&
                        file.not_before_us <= now_us &&
                        file.requested_to - file.committed < kPendingBytesMax;
    if (!is_due && (!needs_check || file.not_before_us > now_us)) continue;
    file.is_checked = true;
    Plan plan;
    plan.generation = generations_[next_];
    plan.attempt = file.attempt;
    plan.request.path = file.path;
    plan.request.head_bytes =
        static_cast<uint32_t>(std::min<uint64_t>(file.size_bytes, Fingerprint::kBytesMax));
    plan.request.offset = file.requested_to;
    plan.request.size_bytes = static_cast<uint32_t>(
        std::min<uint64_t>(file.size_bytes - file.requested_to, kReadBytesMax));
    file.requested_to += plan.request.size_bytes;
    return plan;
  }
  return std::nullopt;
}

void Follower::on_read(const Plan& plan, ReadReply reply, Now now) {
  Generation& file = *plan.generation;
  if (plan.is_probe) return take_probe(file, plan, reply, now.monotonic_us);
  if (plan.attempt != file.attempt || !file.has_arrived()) return;
  if (!reply.after) {
    file.drop_requests();
    file.is_checked = false;
    file.problem = plain(reply.problem);
    file.not_before_us = now.monotonic_us + kReadRetryUs;
    return;
  }
  file.problem.clear();
  const uint64_t end = plan.request.offset + plan.request.size_bytes;
  if (reply.after->id != file.id || reply.after->size_bytes < end) {
    // Replaced or truncated in this moment: the next look tells which.
    return file.drop_requests();
  }
  if (!file.fingerprint.matches(reply.head)) {
    if (file.place == Generation::Place::kAttached) return replace(file, *reply.after);
    file.id.clear();
    file.drop_requests();
    file.place = Generation::Place::kSought;
    return;
  }
  // Filled up where a truncation came between; a file that truly holds zeros says so again.
  if (reply.bytes.ends_with('\0') && ++file.zero_ends < kZeroEndsMax) return file.drop_requests();
  file.zero_ends = 0;
  accept(file, plan, std::move(reply), now.monotonic_us);
}

void Follower::take_probe(Generation& file, const Plan& plan, const ReadReply& reply,
                          int64_t now_us) {
  const bool is_it = file.place == Generation::Place::kSought && reply.after &&
                     reply.after->id == plan.candidate.id &&
                     reply.after->size_bytes >= file.committed &&
                     file.fingerprint.matches(reply.head) && with_id(reply.after->id) == nullptr;
  if (!is_it) return;
  file.id = reply.after->id;
  file.place = Generation::Place::kDetached;
  std::erase_if(probed_, [&](const auto& probed) { return probed.first == &file; });
  has_changed_ = true;
  update(file, *reply.after, now_us);
}

void Follower::accept(Generation& file, const Plan& plan, ReadReply reply, int64_t now_us) {
  if (plan.request.size_bytes > 0 && plan.request.offset != file.read_to()) {
    return file.drop_requests();
  }
  if (reply.head.size() > file.fingerprint.size_bytes) {
    file.fingerprint = Fingerprint::of(reply.head);
    has_changed_ = true;
  }
  if (reply.bytes.empty()) return update(file, *reply.after, now_us);
  if (file.unsent().empty()) {
    file.pending = std::move(reply.bytes);
    file.pending_begin = 0;
  } else {
    file.pending += reply.bytes;
  }
  update(file, *reply.after, now_us);
}

void Follower::on_disconnect() {
  probes_.clear();
  probed_.clear();
  is_first_look_ = true;
  for (const auto& file : generations_) {
    file->drop_requests();
    file->is_checked = false;
    file->quiet_since_us = 0;
  }
}

bool Follower::is_last_line_due(const Generation& file, int64_t now_us) const {
  if (file.place == Generation::Place::kGone) return true;
  return is_quiet(file, now_us, kLastLineUs);
}

std::vector<std::string> Follower::forget_finished(int64_t now_us) {
  std::vector<std::string> forgotten;
  std::erase_if(generations_, [&](const std::shared_ptr<Generation>& file) {
    const bool is_over =
        file->place == Generation::Place::kGone || is_quiet(*file, now_us, kQuietUs);
    const bool is_in_use =
        file->batches > 0 || !file->unsent().empty() || file->requested_to > file->read_to() ||
        file->has_untold_loss();
    const bool is_waited_for =
        std::any_of(unsettled_.begin(), unsettled_.end(),
                    [&](const auto& left) { return left.second == file.get(); });
    if (!is_over || is_in_use || is_waited_for) return false;
    std::erase_if(probed_, [&](const auto& probed) { return probed.first == file.get(); });
    has_changed_ = true;
    forgotten.push_back(file->origin);
    return true;
  });
  return forgotten;
}

}  // namespace gasoline::source::ssh

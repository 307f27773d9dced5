#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "source/file/follower.h"
#include "source/file/glob.h"
#include "source/file/recent.h"
#include "source/file/rotated_names.h"

namespace gasoline::source {
namespace {

constexpr int64_t kTickUs = 100'000;
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kUndecidedUs = 20'000;
constexpr uint64_t kNumbersProbed = 64;

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// The file that `path` leads to in the end, or would if it were there.
std::string real_path_of(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &::free);
  if (real != nullptr) return real.get();
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return path;
  const std::string named(target.data(), static_cast<size_t>(size));
  return named.front() == '/' ? named : directory_of(path) + "/" + named;
}

bool is_link(const std::string& path) {
  std::array<char, 1> target{};
  return ::readlink(path.c_str(), target.data(), target.size()) > 0;
}

std::string hex_of(uint64_t value) {
  return fmt::format("{:016x}", value);
}

/// Behind the last whole line: a line that is being written is read from its beginning.
uint64_t end_of_lines(Content& content, uint64_t size) {
  constexpr size_t kPieceBytes = 64 * 1024;
  const uint64_t from = size > kPieceBytes ? size - kPieceBytes : 0;
  std::string piece(static_cast<size_t>(size - from), '\0');
  const auto got = content.read_at(from, piece.data(), piece.size());
  if (!got) return size;
  const size_t last = std::string_view(piece.data(), *got).rfind('\n');
  if (last == std::string_view::npos) return from == 0 ? 0 : size;
  return from + last + 1;
}

}  // namespace

/// Looks at everything that the patterns match, and at what a rotation may have left behind.
void Follower::look() {
  const int64_t begun_us = now_us();
  looked_wall_us_ = around_.clock.wall_us();
  must_look_ = false;
  next_look_us_ = begun_us + timing_.look_interval_us;
  std::set<std::string> directories;
  for (auto& [name, path] : paths_) path.is_matched = false;
  for (const std::string& pattern : settings_.paths) {
    GlobMatches matches = expand_glob(pattern);
    const bool is_old = is_old_pattern(pattern);
    // A file that is named and not there is shown, and waited for.
    const bool is_plain = pattern.find_first_of("*?[") == std::string::npos;
    if (matches.paths.empty() && is_plain) matches.paths.push_back(pattern);
    directories.insert(matches.directories.begin(), matches.directories.end());
    if (matches.is_cut) note_ = "more files match than are followed";
    for (std::string& found : matches.paths) {
      const bool is_left_out =
          std::any_of(settings_.exclude.begin(), settings_.exclude.end(),
                      [&](const std::string& excluded) { return is_excluded(found, excluded); });
      const FileLabels* labels = labels_.of(found);
      if (is_left_out || (labels != nullptr && !labels->is_wanted)) continue;
      Path& path = paths_[found];
      path.path = std::move(found);
      path.is_matched = true;
      path.is_expected = path.is_expected || is_old;
      path.was_there = path.was_there || there_before_.contains(path.path);
      if (path.looked_us == 0) path.looked_us = path.is_expected ? saved_wall_us_ : made_wall_us_;
    }
  }
  for (auto& [name, path] : paths_) {
    if (path.service.empty()) {
      const FileLabels* labels = labels_.of(name);
      path.service = labels != nullptr           ? labels->service
                     : settings_.service.empty() ? std::string(service_of_path(name))
                                                 : settings_.service;
    }
    look_at_path(path);
    if (path.directory != directory_of(name)) directories.insert(path.directory);
  }
  watch_directories(std::move(directories));
  search_all();
  std::erase_if(paths_, [this](const auto& entry) {
    const Path& path = entry.second;
    const bool is_plain = std::find(settings_.paths.begin(), settings_.paths.end(), entry.first) !=
                          settings_.paths.end();
    // What was followed before a restart is looked for only after the first look.
    return !is_first_look_ && !path.is_matched && path.current == nullptr && !is_plain &&
           path.search_until_us <= now_us();
  });
  is_first_look_ = false;
  there_before_.clear();
  looked_us_ = now_us();
  look_cost_us_ = looked_us_ - begun_us;
}

void Follower::look_at_path(Path& path) {
  path.is_link = is_link(path.path);
  if (path.is_link || path.directory.empty()) {
    const std::string real = real_path_of(path.path);
    path.directory = directory_of(real);
    path.target = name_of(real);
  }
  const auto seen = look_at(path.path);
  if (!seen) return fail(path, seen.error());
  path.problem.clear();
  if (!seen->is_regular) {
    leave_current(path);
    path.state = Followed::State::kFailing;
    path.problem = seen->is_directory ? "it is a directory" : "it is not a regular file";
    return;
  }
  if (packing_of(path.path) != Packing::kNone) {
    // Compressed by a rotation: search() reads what of it is new.
    path.state = Followed::State::kEnded;
    return;
  }
  Generation* current = path.current;
  if (current != nullptr && current->is_same_file(*seen) && current->content != nullptr) {
    path.state = Followed::State::kFollowing;
    current->size_looked = seen->size_bytes;
    if (current->head.size_bytes == 0) search_unseen(path);
    if (seen->size_bytes != current->read_offset) queue(*current);
    return;
  }
  const bool is_done = current != nullptr && current->state == Generation::State::kDone &&
                       current->is_same_file(*seen) && seen->size_bytes == current->taken_offset;
  if (is_done) {
    path.state = Followed::State::kEnded;
    return;
  }
  if (path.is_copy && path.copies.contains(key_of(*seen))) return;
  path.is_copy = false;
  follow(path, *seen);
}

void Follower::fail(Path& path, const Error& error) {
  if (error.code == ENOENT || error.code == ENOTDIR) {
    leave_current(path);
    path.state = Followed::State::kWaiting;
    path.problem = "it is not there";
    if (path.is_matched) search_unseen(path);
    return;
  }
  path.state = Followed::State::kFailing;
  const bool is_denied = error.code == EACCES || error.code == EPERM;
  path.problem = is_denied ? "permission denied: gasolined may not read it" : error.to_string();
}

/// The path names another file now, or none. What it named is read to its end.
void Follower::leave_current(Path& path) {
  path.is_copy = false;
  if (path.current == nullptr) return;
  Generation& old = *path.current;
  path.current = nullptr;
  search_unseen(path);
  if (old.state == Generation::State::kLive) set_state(old, Generation::State::kRotated);
  queue(old);
}

void Follower::follow(Path& path, const FileLook& seen) {
  auto fd = open_for_reading(path.path);
  if (!fd) return fail(path, fd.error());
  // What was opened counts: the name may mean another file by now.
  const auto opened = look_at(fd->get(), path.path);
  if (!opened || opened->inode != seen.inode) {
    must_look_ = true;
    return;
  }
  auto content = std::make_unique<PlainContent>(std::move(*fd), path.path);
  Generation* known = find_same_file(*opened);
  if (known == nullptr) known = find_copied_up(path, *opened, *content);
  if (known != path.current) leave_current(path);
  if (known != nullptr) {
    path.current = known;
    path.state = Followed::State::kFollowing;
    if (known->content == nullptr) {
      around_.intake.hold(known->id, true);
      set_state(*known,
                known->path == path.path ? Generation::State::kLive : Generation::State::kRotated);
      attach(*known, std::move(content));
    }
    return;
  }
  if (may_be_copy(path, *opened, *content)) return;
  begin_generation(path, *opened, std::move(content), nullptr);
}

/// `truncated`: the generation that was in the same inode before.
void Follower::begin_generation(Path& path, const FileLook& seen, std::unique_ptr<Content> content,
                                const Generation* truncated) {
  Generation& generation = add_generation(path, seen);
  path.current = &generation;
  path.state = Followed::State::kFollowing;
  uint64_t offset = 0;
  if (truncated == nullptr) {
    offset = first_offset(path, seen, *content, generation);
    if (is_new_file(path, seen)) search_unseen(path);
  } else if (truncated->head.size_bytes == Head::kSizeBytesMax &&
             seen.size_bytes < std::max(truncated->read_offset, truncated->resume_offset)) {
    // The end was cut off, and what is left was read.
    const auto first = read_first_bytes(*content);
    if (first && truncated->head.is_head_of(*first))
      offset = end_of_lines(*content, seen.size_bytes);
  }
  attach(generation, std::move(content));
  generation.taken_offset = offset;
  seek(generation, offset);
  grow_head(generation);
  generation.size_seen = std::max(offset, seen.size_bytes);
  is_dirty_ = true;
  queue(generation);
}

/// Where a file that has no place yet is read from.
uint64_t Follower::first_offset(const Path& path, const FileLook& seen, Content& content,
                                Generation& generation) {
  const uint64_t size = seen.size_bytes;
  if (generation.last_taken > 0) return generation.last_taken;  // only the event log knew it
  if (is_new_file(path, seen)) return 0;
  const int64_t now_us = around_.clock.wall_us();
  if (settings_.max_age_us > 0 && seen.modified_us < now_us - settings_.max_age_us) {
    return end_of_lines(content, size);
  }
  switch (settings_.start) {
    case config::Start::kBeginning:
      return 0;
    case config::Start::kRecent:
      return find_recent(content, size, now_us - settings_.recent_us, now_us);
    case config::Start::kEnd:
      break;
  }
  return end_of_lines(content, size);
}

/// True if all that is in it was written since we began to follow its pattern.
bool Follower::is_new_file(const Path& path, const FileLook& seen) const {
  const bool is_restart = is_first_look_ && saved_wall_us_ > 0 && path.is_expected;
  const int64_t since_us = is_restart ? saved_wall_us_ : made_wall_us_;
  if (seen.birth_us != 0) return seen.birth_us >= since_us - kTickUs;
  // Some network file systems know whole seconds only.
  const int64_t tick_us = seen.modified_us % kSecondUs == 0 ? kSecondUs : kTickUs;
  return (is_restart || !is_first_look_) && seen.modified_us >= since_us - tick_us;
}

Generation& Follower::add_generation(const Path& path, const FileLook& seen) {
  auto made = std::make_unique<Generation>();
  made->key = next_key_++;
  made->path = path.path;
  made->inode = seen.inode;
  Generation& generation = keep(std::move(made));
  generation.device = seen.device;
  generation.birth_us = seen.birth_us;
  generation.active_us = now_us();
  generation.changed_us = around_.clock.wall_us();
  name_generation(generation, seen.size_bytes);
  around_.intake.hold(generation.id, true);
  return generation;
}

/// "file-" BASE "-" NUMBER: the base says which inode, made when, so that the event log is enough
/// to recognise it; the number counts its truncations.
///
/// Where the checkpoint knows nothing of the inode and the event log does, it is the last one that
/// the log knows, unless it has less than was taken of that: then it was truncated since.
void Follower::name_generation(Generation& generation, uint64_t size) {
  uint64_t base = unnamed_next_++;
  if (generation.birth_us != 0) {
    const std::string identity = fmt::format("{} {}", generation.inode, generation.birth_us);
    base = Head::of(identity).hash;
  }
  const std::string prefix = "file-" + hex_of(base) + "-";
  std::optional<uint64_t> last;
  for (const auto& [key, other] : generations_) {
    if (!other->id.starts_with(prefix)) continue;
    const uint64_t number = std::strtoull(other->id.c_str() + prefix.size(), nullptr, 10);
    last = std::max(last.value_or(0), number);
  }
  uint64_t number = last.has_value() ? *last + 1 : 0;
  uint64_t taken = 0;
  for (uint64_t probed = 0; probed < kNumbersProbed; ++probed, ++number) {
    const uint64_t mark = around_.intake.last_seq(prefix + std::to_string(number));
    if (mark == 0) break;
    taken = mark;
  }
  if (!last.has_value() && taken > 0 && taken <= size) {
    --number;
    generation.last_taken = taken;
    ++recovered_;
  }
  generation.id = prefix + std::to_string(number);
  generation.after_seq = generation.last_taken;
}

Generation* Follower::find_same_file(const FileLook& seen) {
  Generation* found = nullptr;
  const auto [begin, end] = by_inode_.equal_range(seen.inode);
  for (auto entry = begin; entry != end; ++entry) {
    Generation* generation = entry->second;
    const bool is_there = generation->state == Generation::State::kLive ||
                          generation->state == Generation::State::kRotated ||
                          generation->state == Generation::State::kDone ||
                          (generation->must_verify && generation->content == nullptr);
    if (!is_there || !generation->is_same_file(seen)) continue;
    const bool is_better = found == nullptr ||
                           (found->state == Generation::State::kDone &&
                            generation->state != Generation::State::kDone) ||
                           (found->state == generation->state && found->key < generation->key);
    if (is_better) found = generation;
  }
  return found;
}

/// The generation of this path that an overlay has copied to its upper layer since, when it was
/// first written to: the same file with the same bytes, and a time of birth or an inode of its own.
Generation* Follower::find_copied_up(const Path& path, const FileLook& seen, Content& content) {
  if (notices_of(content.fd()) != Notices::kSome) return nullptr;
  const auto first = read_first_bytes(content);
  if (!first) return nullptr;
  for (const auto& [key, generation] : generations_) {
    const bool is_one = generation->path == path.path &&
                        generation->state == Generation::State::kLive &&
                        matches(*generation, content, *first);
    if (!is_one) continue;
    unwatch(*generation);
    generation->content.reset();
    // By a name of its own: clang 14 does not let a lambda see the parts of a pair.
    std::erase_if(by_inode_, [it = generation.get()](const auto& entry) {
      return entry.second == it;
    });
    generation->device = seen.device;
    generation->inode = seen.inode;
    generation->birth_us = seen.birth_us;
    by_inode_.emplace(seen.inode, generation.get());
    return generation.get();
  }
  return nullptr;
}

Follower::Path* Follower::path_of(const Generation& generation) {
  const auto found = paths_.find(generation.path);
  return found == paths_.end() ? nullptr : &found->second;
}

/// True if the path is a name that a rotation gives another one, and holds a copy of that one's
/// bytes: of a generation that is known, or perhaps one that is just being made.
bool Follower::may_be_copy(Path& path, const FileLook& seen, Content& content) {
  if (is_first_look_ && saved_wall_us_ == 0) return false;
  const std::string name = name_of(path.path);
  const auto first = read_first_bytes(content);
  for (const auto& [other_name, other] : paths_) {
    const bool is_sibling = directory_of(other_name) == directory_of(path.path) &&
                            is_rotated_name(name, name_of(other_name));
    if (!is_sibling || !first) continue;
    const bool is_copy = !first->empty() && (has_known_beginning(other, seen, content, *first) ||
                                             is_prefix_of_live(other, seen, content, *first));
    const int64_t age_us = around_.clock.wall_us() - seen.modified_us;
    const bool is_undecided = first->empty() && age_us < timing_.line_patience_us;
    if (is_undecided) next_look_us_ = std::min(next_look_us_, now_us() + kUndecidedUs);
    if (!is_copy && !is_undecided) continue;
    path.state = is_copy ? Followed::State::kEnded : Followed::State::kWaiting;
    path.is_copy = is_copy;
    if (is_copy) path.copies.add(key_of(seen));
    return true;
  }
  return false;
}

void Follower::set_state(Generation& generation, Generation::State state) {
  generation.state = state;
  generation.active_us = now_us();
  generation.changed_us = around_.clock.wall_us();
  is_dirty_ = true;
}

void Follower::attach(Generation& generation, std::unique_ptr<Content> content) {
  generation.content = std::move(content);
  generation.problem.clear();
  generation.missing.clear();
  generation.is_given_up = generation.is_loss_told = false;
  watch(generation);
  queue(generation);
}

void Follower::detach(Generation& generation) {
  unwatch(generation);
  generation.is_polled = false;
}

void Follower::watch(Generation& generation) {
  unwatch(generation);
  const int fd = generation.content->fd();
  if (fd < 0) return;
  const Notices notices = watcher_ == nullptr ? Notices::kNone : notices_of(fd);
  generation.is_polled = notices != Notices::kAll;
  if (notices == Notices::kNone) {
    if (watcher_ != nullptr) {
      note_ = "polling: the file system of " + generation.path + " tells of no changes";
    }
    return;
  }
  const auto watch = watcher_->watch_file(fd);
  if (!watch) {
    generation.is_polled = true;
    note_ = watch.error().code == ENOSPC
                ? "polling: the limit of inotify watches is reached (fs.inotify.max_user_watches)"
                : "polling: " + watch.error().to_string();
    return;
  }
  generation.watch = *watch;
  watched_.emplace(*watch, &generation);
}

/// Gives the watch back once no generation needs it: two may be in one inode.
void Follower::unwatch(Generation& generation) {
  if (generation.watch < 0) return;
  const auto [begin, end] = watched_.equal_range(generation.watch);
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->second != &generation) continue;
    watched_.erase(entry);
    break;
  }
  if (!watched_.contains(generation.watch)) watcher_->remove(generation.watch);
  generation.watch = -1;
}

void Follower::watch_directories(std::set<std::string> wanted) {
  is_polling_ = watcher_ == nullptr;
  for (auto entry = directories_.begin(); entry != directories_.end();) {
    if (wanted.contains(entry->first)) {
      ++entry;
      continue;
    }
    if (entry->second >= 0) {
      directory_of_watch_.erase(entry->second);
      watcher_->remove(entry->second);
    }
    entry = directories_.erase(entry);
  }
  if (watcher_ == nullptr) return;
  for (const std::string& directory : wanted) {
    // Asked for again each time: it is the same watch, unless the directory is another one now.
    const auto watch = watcher_->watch_directory(directory);
    const bool is_noticed = watch && notices_of_path(directory) == Notices::kAll;
    is_polling_ = is_polling_ || !is_noticed;
    int& known = directories_[directory];
    if (watch) {
      if (known > 0 && known != *watch) directory_of_watch_.erase(known);
      directory_of_watch_[*watch] = directory;
    }
    known = watch ? *watch : -1;
  }
}

}  // namespace gasoline::source

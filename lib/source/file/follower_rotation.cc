#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "source/file/follower.h"
#include "source/file/glob.h"
#include "source/file/rotated_names.h"

namespace gasoline::source {
namespace {

/// A clock of the file system may be behind ours by a tick.
constexpr int64_t kTickUs = 100'000;
constexpr size_t kSiblingsMax = 1'000;  // of one file

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool has_bytes_at(Content& content, uint64_t offset, std::string_view wanted) {
  std::array<char, Head::kSizeBytesMax> there{};
  const auto got = content.read_at(offset, there.data(), wanted.size());
  return got && *got == wanted.size() && std::memcmp(there.data(), wanted.data(), *got) == 0;
}

/// A copy is not older than what it was made of; of a compressed one nobody knows.
bool may_be_copy_of(const Generation& generation, const FileLook& seen, Content& content) {
  const bool is_known = content.fd() >= 0 && seen.birth_us != 0 && generation.birth_us != 0;
  return !is_known || seen.birth_us >= generation.birth_us;
}

}  // namespace

/// The bytes that were read are no longer in front of the place: the file was truncated, and what
/// it has now is another generation. What was not read may be in a copy.
void Follower::content_changed(Generation& generation, std::string_view how) {
  Path* path = path_of(generation);
  const bool was_live = path != nullptr && path->current == &generation;
  const bool was_copied = generation.state == Generation::State::kCopied;
  std::unique_ptr<Content> content = std::move(generation.content);
  detach(generation);
  set_state(generation, Generation::State::kOrphaned);
  if (was_copied && !generation.problem.empty()) generation.missing = generation.problem;
  generation.inode = 0;  // it is another generation's now
  if (!generation.must_verify) generation.resume_offset = generation.read_offset;
  around_.diary.info(
      fmt::format("{} {} behind byte {}", generation.path, how, generation.read_offset));
  if (path == nullptr) return;
  if (was_copied) path->damaged.add(generation.copy);
  give_up_oldest(*path);
  search_unseen(*path);
  must_look_ = true;
  if (!was_live) return;
  path->current = nullptr;
  if (was_copied) return;
  // A user-space file system may give a new file the inode of the one before it, which is the one
  // that our descriptor reads.
  if (notices_of(content->fd()) == Notices::kNone) {
    auto fd = open_for_reading(path->path);
    if (!fd) return;
    content = std::make_unique<PlainContent>(std::move(*fd), path->path);
  }
  const auto seen = look_at(content->fd(), path->path);
  if (seen) begin_generation(*path, *seen, std::move(content), &generation);
}

/// Lines may have come and been rotated away since the path was looked at: where the file is gone,
/// is another one, or has had no line yet. Looks for them for a while.
void Follower::search_unseen(Path& path) {
  if (path.search_until_us <= now_us()) {
    path.unseen_since_us = path.looked_us;
    path.damaged.clear();
    if (!path.is_copy) path.copies.clear();
    must_look_ = true;
  }
  path.search_until_us = now_us() + timing_.orphan_patience_us;
}

void Follower::search_all() {
  std::set<std::string> orphaned;
  for (const auto& [key, generation] : generations_) {
    if (generation->state == Generation::State::kOrphaned) orphaned.insert(generation->path);
  }
  const int64_t now = now_us();
  for (auto& [name, path] : paths_) {
    if (path.search_until_us > now) search(path, orphaned.contains(name));
  }
  listed_.clear();
}

/// Each directory is read once for all of its files.
const std::vector<std::string>& Follower::names_in(const std::string& directory) {
  const auto [entry, is_new] = listed_.try_emplace(directory);
  std::vector<std::string>& names = entry->second;
  if (!is_new) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
  while (open != nullptr && names.size() < kGlobPathsMax) {
    const dirent* found = ::readdir(open.get());
    if (found == nullptr) break;
    names.emplace_back(found->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Looks for what is not read yet among the names that a rotation gives the file.
void Follower::search(Path& path, bool has_orphan) {
  const std::string followed = name_of(path.path);
  const auto look_through = [&](const std::string& directory, const std::string& stem,
                                const auto& is_sibling) {
    const std::vector<std::string>& names = names_in(directory);
    size_t siblings = 0;
    for (auto name = std::lower_bound(names.begin(), names.end(), stem);
         name != names.end() && name->starts_with(stem) && siblings < kSiblingsMax; ++name) {
      if (*name == followed || !is_sibling(*name)) continue;
      ++siblings;
      look_at_sibling(path, directory + "/" + *name, has_orphan);
    }
  };
  const auto is_rotated = [](const std::string& of) {
    return [&of](const std::string& name) { return is_rotated_name(name, of); };
  };
  const size_t slash = path.path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.path.substr(0, slash);
  look_through(directory, followed.substr(0, followed.rfind('.')), is_rotated(followed));
  if (!path.is_link) return;
  look_through(path.directory, path.target.substr(0, path.target.rfind('.')),
               is_rotated(path.target));
  look_through(path.directory, path.target.substr(0, path.target.find_first_of("0123456789")),
               [&](const std::string& name) { return has_same_form(name, path.target); });
}

void Follower::look_at_sibling(Path& path, const std::string& sibling, bool has_orphan) {
  const auto seen = look_at(sibling);
  if (!seen || !seen->is_regular || seen->size_bytes == 0) return;
  const Packing packing = packing_of(sibling);
  if (Generation* known = packing == Packing::kNone ? find_same_file(*seen) : nullptr) {
    const bool is_longer = seen->size_bytes > known->taken_offset;
    const bool is_open = known->content != nullptr;
    if (is_open || !(is_longer || known->must_verify)) return;
    auto content = open_content(sibling);
    if (!content) return;
    set_state(*known, Generation::State::kRotated);
    return attach(*known, std::move(*content));
  }
  const bool is_known_copy = path.copies.contains(key_of(*seen));
  if (is_known_copy && !has_orphan) return;
  // Where the plain file is still there, it is being compressed.
  if (packing != Packing::kNone && look_at(std::string(without_packing(sibling)))) return;
  auto content = open_content(sibling);
  if (!content) {
    path.copies.add(key_of(*seen));
    note_unreadable(path, *seen, content.error());
    return;
  }
  const auto first = read_first_bytes(**content);
  if (!first) return;
  for (const auto& [key, generation] : generations_) {
    if (generation->path != path.path || generation->state != Generation::State::kOrphaned ||
        generation->is_given_up || path.damaged.contains({seen->inode, seen->modified_us}))
      continue;
    if (matches(*generation, **content, *first)) {
      path.copies.add(key_of(*seen));
      generation->copy = {seen->inode, seen->modified_us};
      return take_copy(*generation, std::move(*content), sibling);
    }
  }
  if (is_known_copy) return;
  if (is_prefix_of_live(path, *seen, **content, *first)) return;  // being copied
  if (has_known_beginning(path, *seen, **content, *first) || !is_unseen(path, *seen, sibling)) {
    path.copies.add(key_of(*seen));
    return;
  }
  around_.diary.info(
      fmt::format("{} was rotated before it was seen; reading {}", path.path, sibling));
  path.copies.add(key_of(*seen));
  Generation& generation = add_generation(path, *seen);
  generation.copy = {seen->inode, seen->modified_us};
  set_state(generation,
            packing == Packing::kNone ? Generation::State::kRotated : Generation::State::kCopied);
  attach(generation, std::move(*content));
}

/// What is looked for may be in a file of this path that cannot be read.
void Follower::note_unreadable(const Path& path, const FileLook& seen, const Error& why) {
  if (seen.modified_us < path.unseen_since_us - kTickUs) return;
  for (const auto& [key, generation] : generations_) {
    if (generation->path != path.path || generation->state != Generation::State::kOrphaned)
      continue;
    if (generation->missing.empty()) generation->missing = why.to_string();
  }
}

/// Lines of a generation that began and ended between two looks: made since the last of them.
bool Follower::is_unseen(const Path& path, const FileLook& seen, const std::string& name) const {
  if (path.unseen_since_us == 0) return false;
  const int64_t since_us = path.unseen_since_us - kTickUs;
  if (seen.modified_us < since_us) return false;
  const bool is_packed = packing_of(name) != Packing::kNone;
  if (!is_packed && seen.birth_us != 0) return seen.birth_us >= since_us;
  // Nothing tells when it began, so what it was before we followed it must not be in it.
  return path.is_expected || !path.was_there;
}

/// A copy, plain or compressed, of what is known and either read or going to be.
bool Follower::has_known_beginning(const Path& path, const FileLook& seen, Content& content,
                                   std::string_view first) const {
  return std::any_of(generations_.begin(), generations_.end(), [&](const auto& entry) {
    const Generation& generation = *entry.second;
    return generation.path == path.path && may_be_copy_of(generation, seen, content) &&
           (matches(generation, content, first) || is_short_copy(generation, content, first));
  });
}

/// True of a copy of the live file that is being made.
bool Follower::is_prefix_of_live(const Path& path, const FileLook& seen, Content& content,
                                 std::string_view first) const {
  if (path.current == nullptr || path.current->content == nullptr) return false;
  if (!may_be_copy_of(*path.current, seen, content)) return false;
  Content& live = *path.current->content;
  if (!has_bytes_at(live, 0, first)) return false;
  if (first.size() < Head::kSizeBytesMax) return true;
  if (content.fd() < 0 || seen.size_bytes < kTailSizeBytesMax) return true;
  std::array<char, kTailSizeBytesMax> last{};
  const uint64_t at = seen.size_bytes - last.size();
  const auto got = content.read_at(at, last.data(), last.size());
  return got && has_bytes_at(live, at, {last.data(), *got});
}

/// Whether `content`, which begins with `first`, is or continues what was read of the generation.
bool Follower::matches(const Generation& generation, Content& content,
                       std::string_view first) const {
  const Head& head = generation.head;
  if (head.size_bytes == 0) return false;
  // The head may have bytes behind the place, which a copy need not have.
  const bool begins_alike = first.size() < head.size_bytes ? has_same_samples(generation, content)
                                                           : head.is_head_of(first);
  return begins_alike &&
         has_bytes_at(content, generation.read_offset - generation.tail.size(), generation.tail);
}

/// Whether what `content` has is the same wherever it is known of the generation, if only once.
bool Follower::has_same_samples(const Generation& generation, Content& content) {
  const std::vector<uint32_t>& checksums = generation.samples.checksums;
  bool has_equal = false;
  for (size_t i = 0; i < checksums.size(); ++i) {
    std::array<char, kTailSizeBytesMax> there{};
    const auto got =
        content.read_at(Samples::offset_of(i) - there.size(), there.data(), there.size());
    if (!got) return false;
    if (*got < there.size()) break;
    if (checksums[i] == 0) continue;
    if (checksums[i] != Samples::checksum_of({there.data(), there.size()})) return false;
    has_equal = true;
  }
  return has_equal;
}

/// Whether `content` is a beginning of the generation, and ends before the place that was read.
bool Follower::is_short_copy(const Generation& generation, Content& content,
                             std::string_view first) {
  const Head& head = generation.head;
  if (head.size_bytes == 0 || (first.size() >= head.size_bytes && !head.is_head_of(first))) {
    return false;
  }
  if (!has_same_samples(generation, content)) return false;
  char last = '\0';
  const auto got = content.read_at(generation.read_offset - 1, &last, 1);
  return got && *got == 0;
}

void Follower::take_copy(Generation& generation, std::unique_ptr<Content> content,
                         const std::string& from) {
  set_state(generation, Generation::State::kCopied);
  generation.content = std::move(content);
  generation.must_verify = false;
  generation.missing.clear();
  seek(generation, generation.resume_offset);
  around_.diary.info(fmt::format("{}: reading on in {}", generation.path, from));
  queue(generation);
}

/// Everything there was of it is in the event log.
void Follower::end_generation(Generation& generation) {
  if (Path* path = path_of(generation); path != nullptr && path->current == &generation) {
    path->current = nullptr;
  }
  generation.content.reset();
  detach(generation);
  set_state(generation, Generation::State::kDone);
  around_.intake.hold(generation.id, false);
  is_dirty_ = true;
}

}  // namespace gasoline::source

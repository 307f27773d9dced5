#include "journal/segment_directory.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace gasoline::journal {
namespace {

constexpr std::string_view kLockName = "lock";
constexpr std::string_view kUnfinishedName = "next.tmp";
constexpr std::string_view kSparePrefix = "spare-";

std::optional<uint32_t> spare_number(std::string_view name) {
  if (!name.starts_with(kSparePrefix)) return std::nullopt;
  name.remove_prefix(kSparePrefix.size());
  uint32_t number = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data(), end, number);
  if (error != std::errc{} || stopped != end || number == 0) return std::nullopt;
  return number;
}

/// "process 4711", as far as the lock file tells.
std::string owner_of(io::File& lock_file) {
  std::array<char, 16> bytes;
  Result<size_t> got = lock_file.read_at(bytes.data(), bytes.size(), 0);
  if (!got) return "another process";
  std::string_view pid(bytes.data(), *got);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? "another process" : "process " + std::string(pid);
}

}  // namespace

SegmentDirectory::SegmentDirectory(io::FileSystem& files, std::string path)
    : files_(files), path_(std::move(path)) {}

Result<SegmentDirectory::Names> SegmentDirectory::list() const {
  Result<std::vector<std::string>> found = files_.list(path_);
  if (!found) return std::move(found).error();
  Names names;
  for (const std::string& name : *found) {
    if (const auto first = first_sequence_of(name)) {
      names.segments.push_back(*first);
    } else if (const auto number = spare_number(name)) {
      names.spares.push_back(*number);
    } else if (name == kUnfinishedName) {
      names.has_unfinished = true;
    }
  }
  std::sort(names.segments.begin(), names.segments.end());
  std::sort(names.spares.begin(), names.spares.end());
  return names;
}

std::string SegmentDirectory::segment_path(uint64_t first_sequence) const {
  return path_ + "/" + segment_file_name(first_sequence);
}

std::string SegmentDirectory::spare_path(uint32_t number) const {
  return path_ + "/" + std::string(kSparePrefix) + std::to_string(number);
}

std::string SegmentDirectory::unfinished_path() const {
  return path_ + "/" + std::string(kUnfinishedName);
}

Status SegmentDirectory::lock() {
  if (Status made = io::make_directories(files_, path_); !made) return made;
  const std::string lock_path = path_ + "/" + std::string(kLockName);
  Result<std::unique_ptr<io::File>> file = files_.open(lock_path, io::OpenMode::kCreateIfMissing);
  if (!file) return std::move(file).error();
  if (Status locked = (*file)->try_lock(); !locked) {
    if (locked.error().code != Error::kLocked) return locked;
    return Error::of(Error::kLocked, "open journal " + path_,
                     "it is being written by " + owner_of(**file));
  }
  // Who locked a file that was removed meanwhile owns nothing.
  Result<io::FileStatus> held = (*file)->status();
  Result<io::FileStatus> named = files_.status(lock_path);
  if (!held) return std::move(held).error();
  if (!named) return std::move(named).error();
  if (held->inode != named->inode || held->device != named->device) {
    return Error::of(Error::kLocked, "open journal " + path_, "its lock file was replaced");
  }
  // The pid is there for people. A full disk must not keep a writer from its journal.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if ((*file)->truncate(0)) static_cast<void>((*file)->write_at(pid, 0).has_value());
  lock_file_ = std::move(*file);
  return {};
}

Result<SegmentDirectory::Draft> SegmentDirectory::draft(const SegmentHeader& header,
                                                        const std::string& spare, bool durable) {
  Draft draft;
  if (!spare.empty()) {
    Result<std::unique_ptr<io::File>> file = files_.open(spare, io::OpenMode::kReadWrite);
    if (file) {
      Result<io::FileStatus> status = (*file)->status();
      if (!status) return std::move(status).error();
      draft = Draft{std::move(*file), spare, status->size_bytes};
    }
  }
  if (draft.file == nullptr) {
    draft.path = unfinished_path();
    Result<std::unique_ptr<io::File>> made =
        files_.open(draft.path, io::OpenMode::kCreateExclusive);
    if (!made && made.error().code == EEXIST) {
      if (Status removed = files_.unlink(draft.path); !removed) return std::move(removed).error();
      made = files_.open(draft.path, io::OpenMode::kCreateExclusive);
    }
    if (!made) return std::move(made).error();
    draft.file = std::move(*made);
  }
  const SegmentHeaderBytes bytes = encode(header);
  const std::string_view text(bytes.data(), bytes.size());
  // Not sync_data(): a spare may have much of its former life still to be written, to no use.
  Status done = durable ? draft.file->write_durably_at(text, 0) : draft.file->write_at(text, 0);
  if (!done) {
    discard(draft);
    return std::move(done).error();
  }
  return draft;
}

Status SegmentDirectory::publish(const Draft& draft, uint64_t first_sequence) {
  return files_.rename(draft.path, segment_path(first_sequence));
}

void SegmentDirectory::discard(const Draft& draft) {
  // What stays behind is removed when the next writer opens the journal.
  static_cast<void>(files_.unlink(draft.path).has_value());
}

Result<std::optional<uint32_t>> SegmentDirectory::remove(uint64_t first_sequence,
                                                         const Recycling& recycling) {
  const std::string path = segment_path(first_sequence);
  if (recycling.spares_max > 0) {
    Result<Names> names = list();
    Result<io::FileStatus> status = files_.status(path);
    if (names && status && names->spares.size() < recycling.spares_max &&
        status->size_bytes >= recycling.size_min && status->size_bytes <= recycling.size_max) {
      uint32_t number = 1;
      while (std::binary_search(names->spares.begin(), names->spares.end(), number)) ++number;
      if (Status renamed = files_.rename(path, spare_path(number)); !renamed) {
        return std::move(renamed).error();
      }
      return std::optional<uint32_t>(number);
    }
  }
  Status removed = recycling.pool != nullptr ? recycling.pool->give(path) : files_.unlink(path);
  if (!removed && removed.error().code != ENOENT) return std::move(removed).error();
  return std::optional<uint32_t>{};
}

Status SegmentDirectory::sync() {
  return files_.sync_directory(path_);
}

}  // namespace gasoline::journal

#include "journal/segment_pool.h"

#include <algorithm>
#include <cerrno>

namespace gasoline::journal {
namespace {

/// "RUN-ID-00000000000000000042.seg"
std::string pooled_name(const std::string& path) {
  const size_t file = path.rfind('/');
  const size_t directory = path.rfind('/', file - 1) + 1;
  std::string name = path.substr(directory);
  name[file - directory] = '-';
  return name;
}

}  // namespace

Status SegmentPool::make() {
  const Status made = files_.make_directory(directory_);
  return made || made.error().code == EEXIST ? Status() : made;
}

Status SegmentPool::give(const std::string& path) {
  const Result<io::FileStatus> status = files_.status(path);
  const bool has_size = status && status->kind == io::FileKind::kRegular &&
                        status->size_bytes >= kSizeBytesMin &&
                        status->size_bytes <= kSizeBytesMax;
  if (has_size) {
    const Result<std::vector<std::string>> names = files_.list(directory_);
    const bool has_room = names && names->size() < kSegmentsMax;
    if (has_room && files_.rename(path, directory_ + "/" + pooled_name(path))) return {};
  }
  return files_.unlink(path);
}

Result<bool> SegmentPool::take(const std::string& path, bool is_durable) {
  for (bool is_listed = false;;) {
    while (!names_.empty()) {
      const std::string name = std::move(names_.back());
      names_.pop_back();
      const Status taken = files_.rename(directory_ + "/" + name, path);
      if (taken) return true;
      if (taken.error().code != ENOENT) return taken.error();
    }
    if (is_listed) return false;
    Result<std::vector<std::string>> names = files_.list(directory_);
    if (!names && names.error().code == ENOENT) return false;
    if (!names) return std::move(names).error();
    if (names->empty()) return false;
    if (is_durable) {
      if (Status synced = files_.sync_directory(directory_); !synced) return synced.error();
    }
    // Names begin with the ids of runs, and those with their times.
    std::sort(names->begin(), names->end());
    names_ = std::move(*names);
    is_listed = true;
  }
}

void SegmentPool::expire(int64_t now_us) {
  const Result<std::vector<std::string>> names = files_.list(directory_);
  if (!names) return;
  for (const std::string& name : *names) {
    const std::string path = directory_ + "/" + name;
    const Result<io::FileStatus> status = files_.status(path);
    if (status && now_us - status->modified_us >= kTtlUs) {
      static_cast<void>(files_.unlink(path).has_value());
    }
  }
}

}  // namespace gasoline::journal

#include "io/sync_later.h"

#include <cerrno>
#include <utility>

namespace gasoline::io {

class SyncLaterFileSystem::NotingFile final : public File {
 public:
  NotingFile(SyncLaterFileSystem& owner, std::unique_ptr<File> file)
      : owner_(owner), file_(std::move(file)) {}

  Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
    return file_->read_some_at(to, size, offset);
  }
  Result<size_t> write_some_at(std::span<const std::string_view> parts, uint64_t offset) override {
    return file_->write_some_at(parts, offset);
  }
  Status sync_data() override {
    auto is_noted = owner_.note_or_do({file_, {}});
    if (!is_noted) return is_noted.error();
    return *is_noted ? Status() : file_->sync_data();
  }
  Result<size_t> write_some_durably_at(std::string_view bytes, uint64_t offset) override {
    auto is_noted = owner_.note_or_do({file_, {}});
    if (!is_noted) return is_noted.error();
    return *is_noted ? file_->write_some_at(std::span<const std::string_view>(&bytes, 1), offset)
                     : file_->write_some_durably_at(bytes, offset);
  }
  Status allocate(uint64_t offset, uint64_t size) override { return file_->allocate(offset, size); }
  Status truncate(uint64_t size) override { return file_->truncate(size); }
  Result<FileStatus> status() override { return file_->status(); }
  Status try_lock() override { return file_->try_lock(); }

 private:
  SyncLaterFileSystem& owner_;
  const std::shared_ptr<File> file_;
};

void SyncLaterFileSystem::set_noting(bool is_noting) {
  const std::scoped_lock lock(mutex_);
  is_noting_ = is_noting;
}

Result<bool> SyncLaterFileSystem::note_or_do(Noted noted) {
  // Held while syncing: nobody may be told that something is durable before what it builds on is.
  const std::scoped_lock lock(mutex_);
  if (is_noting_ && noted_.size() < kNotedMax) {
    noted_.push_back(std::move(noted));
    return true;
  }
  while (!noted_.empty()) {
    // Off the list even if it fails: a second sync of the same descriptor could not be trusted.
    const Noted first = std::move(noted_.front());
    noted_.erase(noted_.begin());
    const Status synced =
        first.file ? first.file->sync_data() : files_.sync_directory(first.directory);
    // A directory that is gone needs no sync.
    const bool is_gone = !synced && !first.file && synced.error().code == ENOENT;
    if (!synced && !is_gone) return synced.error();
  }
  return false;
}

Result<std::unique_ptr<File>> SyncLaterFileSystem::open(const std::string& path, OpenMode mode) {
  auto file = files_.open(path, mode);
  if (!file) return file;
  return std::unique_ptr<File>(std::make_unique<NotingFile>(*this, std::move(*file)));
}

Status SyncLaterFileSystem::sync_directory(const std::string& path) {
  auto is_noted = note_or_do({nullptr, path});
  if (!is_noted) return is_noted.error();
  return *is_noted ? Status() : files_.sync_directory(path);
}

Status SyncLaterFileSystem::rename(const std::string& from, const std::string& to) {
  return files_.rename(from, to);
}
Status SyncLaterFileSystem::unlink(const std::string& path) {
  return files_.unlink(path);
}
Status SyncLaterFileSystem::make_directory(const std::string& path) {
  return files_.make_directory(path);
}
Status SyncLaterFileSystem::remove_directory(const std::string& path) {
  return files_.remove_directory(path);
}
Result<std::vector<std::string>> SyncLaterFileSystem::list(const std::string& path) {
  return files_.list(path);
}
Result<FileStatus> SyncLaterFileSystem::status(const std::string& path) {
  return files_.status(path);
}

}  // namespace gasoline::io

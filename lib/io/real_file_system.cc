#include "io/real_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "io/real_file.h"

namespace gasoline::io {
namespace {

Error failed(const char* verb, const std::string& path) {
  const int code = errno;
  return Error::from_errno(code, std::string(verb) + " " + path);
}

int flags_of(OpenMode mode) {
  // O_NONBLOCK: opening a fifo that somebody put in the place of a file must not hang.
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  switch (mode) {
    case OpenMode::kRead:
      return kAlways | O_RDONLY;
    case OpenMode::kReadWrite:
      return kAlways | O_RDWR;
    case OpenMode::kCreateExclusive:
      return kAlways | O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kCreateIfMissing:
      return kAlways | O_RDWR | O_CREAT;
  }
  return kAlways | O_RDONLY;
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<std::unique_ptr<File>> RealFileSystem::open(const std::string& path, OpenMode mode) {
  FileDescriptor fd(::open(path.c_str(), flags_of(mode), 0600));
  if (!fd.is_open()) return failed("open", path);
  struct stat found;
  if (::fstat(fd.get(), &found) != 0) return failed("stat", path);
  if (!S_ISREG(found.st_mode)) {
    Error error = Error::from_errno(EINVAL, "open " + path);
    error.detail = "not a regular file";
    return error;
  }
  return std::unique_ptr<File>(std::make_unique<RealFile>(std::move(fd), path));
}

Status RealFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from + " to " + to);
  return {};
}

Status RealFileSystem::unlink(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return failed("remove", path);
  return {};
}

Status RealFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return failed("make directory", path);
  return {};
}

Status RealFileSystem::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) != 0) return failed("remove directory", path);
  return {};
}

Result<std::vector<std::string>> RealFileSystem::list(const std::string& path) {
  const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir(path.c_str()));
  if (directory == nullptr) return failed("list", path);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  if (errno != 0) return failed("list", path);
  return names;
}

Status RealFileSystem::sync_directory(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return failed("open directory", path);
  while (::fsync(fd.get()) != 0) {
    // Some file systems have no way to sync a directory and say so with EINVAL.
    if (errno == EINVAL) break;
    if (errno != EINTR) return failed("fsync directory", path);
  }
  return {};
}

Result<FileStatus> RealFileSystem::status(const std::string& path) {
  struct stat found;
  if (::lstat(path.c_str(), &found) != 0) return failed("stat", path);
  return file_status_from(found);
}

}  // namespace gasoline::io

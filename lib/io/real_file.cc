#include "io/real_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace gasoline::io {
namespace {

constexpr size_t kPartsPerCallMax = 1024;  // IOV_MAX of Linux

/// Up to here it is cheaper to copy the parts together than to have the kernel read a list of them.
constexpr size_t kGatheredSizeMax = 1024;

/// The parts as one piece: in `room` if there are several. Empty if they do not fit.
std::string_view gather(std::span<const std::string_view> parts,
                        std::array<char, kGatheredSizeMax>& room) {
  if (parts.size() == 1) return parts[0];
  size_t size = 0;
  for (const std::string_view part : parts) {
    if (part.size() > room.size() - size) return {};
    if (!part.empty()) std::memcpy(room.data() + size, part.data(), part.size());
    size += part.size();
  }
  return {room.data(), size};
}

}  // namespace

FileStatus file_status_from(const struct stat& from) {
  FileStatus to;
  if (S_ISREG(from.st_mode)) {
    to.kind = FileKind::kRegular;
  } else if (S_ISDIR(from.st_mode)) {
    to.kind = FileKind::kDirectory;
  } else if (S_ISLNK(from.st_mode)) {
    to.kind = FileKind::kSymbolicLink;
  }
  to.size_bytes = static_cast<uint64_t>(from.st_size);
  to.allocated_bytes = static_cast<uint64_t>(from.st_blocks) * 512;
  to.device = from.st_dev;
  to.inode = from.st_ino;
  to.modified_us = static_cast<int64_t>(from.st_mtim.tv_sec) * 1'000'000 +
                   static_cast<int64_t>(from.st_mtim.tv_nsec) / 1000;
  return to;
}

Error RealFile::failed(const char* verb) const {
  const int code = errno;
  return Error::from_errno(code, std::string(verb) + " " + path_);
}

Result<size_t> RealFile::read_some_at(void* to, size_t size, uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(fd_.get(), to, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return failed("read");
  }
}

Result<size_t> RealFile::write_some_at(std::span<const std::string_view> parts, uint64_t offset) {
  std::array<char, kGatheredSizeMax> room;
  if (const std::string_view whole = gather(parts, room); !whole.empty()) {
    for (;;) {
      const ssize_t wrote =
          ::pwrite(fd_.get(), whole.data(), whole.size(), static_cast<off_t>(offset));
      if (wrote >= 0) return static_cast<size_t>(wrote);
      if (errno != EINTR) return failed("write");
    }
  }
  return write_vector_at(parts, offset);
}

Result<size_t> RealFile::write_vector_at(std::span<const std::string_view> parts,
                                         uint64_t offset) {
  std::array<iovec, kPartsPerCallMax> vectors;
  const size_t count = std::min(parts.size(), vectors.size());
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<char*>(parts[i].data()), parts[i].size()};
  }
  for (;;) {
    const ssize_t wrote =
        ::pwritev(fd_.get(), vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (wrote >= 0) return static_cast<size_t>(wrote);
    if (errno != EINTR) return failed("write");
  }
}

Status RealFile::sync_data() {
  while (::fdatasync(fd_.get()) != 0) {
    if (errno != EINTR) return failed("fdatasync");
  }
  return {};
}

Result<size_t> RealFile::write_some_durably_at(std::string_view bytes, uint64_t offset) {
  const iovec vector{const_cast<char*>(bytes.data()), bytes.size()};
  for (;;) {
    const ssize_t wrote =
        ::pwritev2(fd_.get(), &vector, 1, static_cast<off_t>(offset), RWF_DSYNC);
    if (wrote >= 0) return static_cast<size_t>(wrote);
    if (errno == EOPNOTSUPP || errno == ENOSYS) break;
    if (errno != EINTR) return failed("write durably");
  }
  return File::write_some_durably_at(bytes, offset);  // an old kernel, or a sandbox
}

Status RealFile::allocate(uint64_t offset, uint64_t size) {
  while (::fallocate(fd_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return failed("fallocate");
  }
  return {};
}

Status RealFile::truncate(uint64_t size) {
  while (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
    if (errno != EINTR) return failed("truncate");
  }
  return {};
}

Result<FileStatus> RealFile::status() {
  struct stat found;
  if (::fstat(fd_.get(), &found) != 0) return failed("stat");
  return file_status_from(found);
}

Status RealFile::try_lock() {
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error::of(Error::kLocked, "lock " + path_, "in use");
    if (errno != EINTR) return failed("lock");
  }
  return {};
}

}  // namespace gasoline::io

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>

#include "base/crc32c.h"
#include "source/file/file_identity.h"

namespace gasoline::source {
namespace {

constexpr unsigned kWanted = STATX_BASIC_STATS | STATX_BTIME;

int64_t us_of(const struct statx_timestamp& time) {
  return time.tv_sec * 1'000'000 + static_cast<int64_t>(time.tv_nsec / 1000);
}

FileLook look_from(const struct statx& from) {
  FileLook look;
  look.device = makedev(from.stx_dev_major, from.stx_dev_minor);
  look.inode = from.stx_ino;
  if ((from.stx_mask & STATX_BTIME) != 0) look.birth_us = us_of(from.stx_btime);
  look.modified_us = us_of(from.stx_mtime);
  look.size_bytes = from.stx_size;
  look.links = from.stx_nlink;
  look.is_regular = S_ISREG(from.stx_mode);
  look.is_directory = S_ISDIR(from.stx_mode);
  return look;
}

uint64_t hash_of(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

// From linux/magic.h and the sources of the kernel's file systems that are not in it.
constexpr long kNoNotices[] = {NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC,       0xff534d42 /* cifs */,
                               0xfe534d42 /* smb2 */, 0x65735546 /* fuse */, V9FS_MAGIC,
                               CEPH_SUPER_MAGIC,      AFS_SUPER_MAGIC,       CODA_SUPER_MAGIC};

Notices notices_from(const struct statfs& status) {
  const auto is_kind = [&](long magic) { return status.f_type == magic; };
  if (std::any_of(std::begin(kNoNotices), std::end(kNoNotices), is_kind)) return Notices::kNone;
  return is_kind(OVERLAYFS_SUPER_MAGIC) ? Notices::kSome : Notices::kAll;
}

}  // namespace

Result<FileLook> look_at(const std::string& path) {
  struct statx status {};
  if (::statx(AT_FDCWD, path.c_str(), AT_STATX_SYNC_AS_STAT, kWanted, &status) != 0) {
    return Error::from_errno(errno, path);
  }
  return look_from(status);
}

Result<FileLook> look_at(int fd, const std::string& path) {
  struct statx status {};
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_SYNC_AS_STAT, kWanted, &status) != 0) {
    return Error::from_errno(errno, path);
  }
  return look_from(status);
}

Head Head::of(std::string_view first_bytes) {
  first_bytes = first_bytes.substr(0, kSizeBytesMax);
  return {static_cast<uint32_t>(first_bytes.size()), hash_of(first_bytes)};
}

bool Head::is_head_of(std::string_view first_bytes) const {
  if (size_bytes == 0) return true;
  return first_bytes.size() >= size_bytes && hash_of(first_bytes.substr(0, size_bytes)) == hash;
}

uint32_t Samples::checksum_of(std::string_view bytes) {
  const uint32_t checksum = crc32c(bytes.data(), bytes.size());
  return checksum == 0 ? 1 : checksum;
}

void Samples::note(uint64_t offset, std::string_view bytes) {
  const uint64_t end = offset + bytes.size();
  for (size_t i = 0; i < kCountMax && offset_of(i) <= end; ++i) {
    if (offset_of(i) - kTailSizeBytesMax < offset) continue;
    if (checksums.size() <= i) checksums.resize(i + 1);
    const uint64_t at = offset_of(i) - kTailSizeBytesMax - offset;
    checksums[i] = checksum_of(bytes.substr(at, kTailSizeBytesMax));
  }
}

Notices notices_of(int fd) {
  struct statfs status {};
  return ::fstatfs(fd, &status) == 0 ? notices_from(status) : Notices::kNone;
}

Notices notices_of_path(const std::string& path) {
  struct statfs status {};
  return ::statfs(path.c_str(), &status) == 0 ? notices_from(status) : Notices::kNone;
}

}  // namespace gasoline::source

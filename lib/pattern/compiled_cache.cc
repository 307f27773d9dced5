#include "pattern/compiled_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/file_descriptor.h"

namespace gasoline::pattern {

namespace {

constexpr std::string_view kMagic = "GASOPAT1";
constexpr size_t kHeaderSize = 24;
constexpr off_t kFileSizeMax = 256LL * 1024 * 1024;

/// FNV-1a, 64 bits: spreads keys over file names; equality is checked on the key itself.
uint64_t name_hash(std::string_view key) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : key) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

bool read_all(int fd, char* to, size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return true;
}

/// Ours alone: a regular file of this user that no one else can write.
bool is_ours_alone(int fd, struct stat& status) {
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::string framed(std::string_view key, std::string_view compiled) {
  std::string file(kHeaderSize, '\0');
  file.reserve(kHeaderSize + key.size() + compiled.size());
  kMagic.copy(file.data(), kMagic.size());
  store_le<uint32_t>(file.data() + 12, static_cast<uint32_t>(key.size()));
  store_le<uint64_t>(file.data() + 16, compiled.size());
  file.append(key).append(compiled);
  store_le<uint32_t>(file.data() + 8, crc32c(file.data() + 12, file.size() - 12));
  return file;
}

}  // namespace

std::string compiled_path(const std::string& directory, std::string_view key) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "/patterns-%016llx.bin",
                static_cast<unsigned long long>(name_hash(key)));
  return directory + name.data();
}

std::string read_compiled(const std::string& directory, std::string_view key) {
  const FileDescriptor file(::open(compiled_path(directory, key).c_str(),
                                   O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || !is_ours_alone(file.get(), status)) return {};
  if (status.st_size < static_cast<off_t>(kHeaderSize) || status.st_size > kFileSizeMax) return {};
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  if (!read_all(file.get(), bytes.data(), bytes.size())) return {};
  if (std::string_view(bytes).substr(0, kMagic.size()) != kMagic) return {};
  if (crc32c(bytes.data() + 12, bytes.size() - 12) != load_le<uint32_t>(bytes.data() + 8))
    return {};
  const size_t key_size = load_le<uint32_t>(bytes.data() + 12);
  const uint64_t compiled_size = load_le<uint64_t>(bytes.data() + 16);
  const size_t rest = bytes.size() - kHeaderSize;
  if (key_size > rest || compiled_size != rest - key_size) return {};
  if (std::string_view(bytes).substr(kHeaderSize, key_size) != key) return {};
  return bytes.substr(kHeaderSize + key_size);
}

Status write_compiled(const std::string& directory, std::string_view key,
                      std::string_view compiled) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error::from_errno(errno, "make directory " + directory);
  }
  const std::string path = compiled_path(directory, key);
  std::string temporary = path + ".XXXXXX";
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file.is_open()) return Error::from_errno(errno, "create " + temporary);
  const bool stored = write_all(file.get(), framed(key, compiled)) &&
                      ::fdatasync(file.get()) == 0 &&
                      ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!stored) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    return Error::from_errno(reason, "write " + path);
  }
  return {};
}

}  // namespace gasoline::pattern

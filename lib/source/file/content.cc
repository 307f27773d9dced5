#include "source/file/content.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace gasoline::source {
namespace {

constexpr size_t kPackedReadSizeBytes = 64 * 1024;
/// More than is ever read at once and looked at again.
constexpr size_t kStepBackBytes = Head::kSizeBytesMax + kTailSizeBytesMax;

class PackedContent final : public Content {
 public:
  PackedContent(FileDescriptor fd, std::string path, Packing packing)
      : file_(std::move(fd), path), path_(std::move(path)), packing_(packing) {
    rewind();
  }

  Result<size_t> read_at(uint64_t offset, char* to, size_t size) override {
    if (offset < begin_) rewind();
    if (Status moved = move_to(offset); !moved) return moved.error();
    size_t filled = 0;
    while (filled < size) {
      const uint64_t at = offset + filled;
      if (at >= begin_ + unpacked_.size()) {
        auto more = unpack_more(at);
        if (!more) return more.error();
        if (!*more) break;
        continue;
      }
      const std::string_view rest = std::string_view(unpacked_).substr(at - begin_);
      const size_t taken = std::min(rest.size(), size - filled);
      std::memcpy(to + filled, rest.data(), taken);
      filled += taken;
    }
    return filled;
  }

 private:
  void rewind() {
    unpacking_ = make_unpacking(packing_);
    unpacked_.clear();
    begin_ = 0;
    packed_offset_ = 0;
  }

  Status move_to(uint64_t offset) {
    while (offset > begin_ + unpacked_.size()) {
      auto more = unpack_more(begin_ + unpacked_.size());
      if (!more) return more.error();
      if (!*more) break;
    }
    return {};
  }

  /// Unpacks a piece, and forgets what lies too far before `needed`. False at the end.
  Result<bool> unpack_more(uint64_t needed) {
    const uint64_t keep_from = needed > kStepBackBytes ? needed - kStepBackBytes : 0;
    if (keep_from > begin_) {
      const size_t dropped = std::min<uint64_t>(keep_from - begin_, unpacked_.size());
      unpacked_.erase(0, dropped);
      begin_ += dropped;
    }
    const auto got = file_.read_at(packed_offset_, packed_.data(), packed_.size());
    if (!got) return got.error();
    if (*got == 0) {
      if (unpacking_->is_at_end()) return false;
      return Error::of(Error::kInvalid, path_, "the compressed file is not complete");
    }
    packed_offset_ += *got;
    if (!unpacking_->append({packed_.data(), *got}, unpacked_)) {
      return Error::of(Error::kInvalid, path_, "it cannot be unpacked");
    }
    return true;
  }

  PlainContent file_;
  const std::string path_;
  const Packing packing_;
  std::unique_ptr<Unpacking> unpacking_;
  std::string unpacked_;  // from begin_ on
  uint64_t begin_ = 0;
  uint64_t packed_offset_ = 0;
  std::array<char, kPackedReadSizeBytes> packed_;
};

}  // namespace

Result<size_t> PlainContent::read_at(uint64_t offset, char* to, size_t size) {
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        ::pread(fd_.get(), to + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno(errno, "read " + path_);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  return filled;
}

uint64_t PlainContent::data_at(uint64_t offset) {
  const off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
  return data < 0 ? offset : static_cast<uint64_t>(data);
}

Result<FileDescriptor> open_for_reading(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) return Error::from_errno(errno, path);
  return fd;
}

std::unique_ptr<Content> open_packed(FileDescriptor fd, std::string path, Packing packing) {
  return std::make_unique<PackedContent>(std::move(fd), std::move(path), packing);
}

Result<std::unique_ptr<Content>> open_content(const std::string& path) {
  const Packing packing = packing_of(path);
  if (packing == Packing::kOther) {
    return Error::of(Error::kInvalid, path, "only gzip, zstd, xz and bzip2 are unpacked");
  }
  auto fd = open_for_reading(path);
  if (!fd) return fd.error();
  if (packing != Packing::kNone) return open_packed(std::move(*fd), path, packing);
  return std::unique_ptr<Content>(std::make_unique<PlainContent>(std::move(*fd), path));
}

Result<std::string> read_first_bytes(Content& content) {
  std::string bytes(Head::kSizeBytesMax, '\0');
  const auto got = content.read_at(0, bytes.data(), bytes.size());
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

}  // namespace gasoline::source

#include "source/kept_text.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "base/crc32c.h"

namespace gasoline::source {
namespace {

constexpr size_t kSizeBytesMax = 64 << 20;
constexpr std::string_view kEnd = "end ";
constexpr size_t kCrcDigits = 8;

Error damaged(std::string_view what) {
  return Error::of(Error::kInvalid, "read a checkpoint", what);
}

}  // namespace

std::string seal_text(std::string lines) {
  const uint32_t crc = crc32c(lines.data(), lines.size());
  lines += fmt::format("{}{:08x}\n", kEnd, crc);
  return lines;
}

Result<std::string> unseal_text(std::string_view text) {
  const size_t end_size = kEnd.size() + kCrcDigits + 1;
  if (text.size() < end_size || text.back() != '\n') return damaged("it is cut off");
  const std::string_view lines = text.substr(0, text.size() - end_size);
  const std::string_view end = text.substr(lines.size(), end_size - 1);
  uint32_t crc = 0;
  const auto [rest, error] =
      std::from_chars(end.data() + kEnd.size(), end.data() + end.size(), crc, 16);
  const bool is_whole = end.starts_with(kEnd) && error == std::errc() &&
                        rest == end.data() + end.size() &&
                        crc == crc32c(lines.data(), lines.size());
  if (!is_whole) return damaged("its checksum is wrong");
  return std::string(lines);
}

Result<std::string> load_kept_text(io::FileSystem& files, const std::string& path) {
  auto file = files.open(path, io::OpenMode::kRead);
  if (!file) {
    if (file.error().code == ENOENT) return std::string();
    return file.error();
  }
  const auto status = (*file)->status();
  if (!status) return status.error();
  if (status->size_bytes > kSizeBytesMax) return damaged("it is too large");
  std::string text(status->size_bytes, '\0');
  const auto size = (*file)->read_at(text.data(), text.size(), 0);
  if (!size) return size.error();
  text.resize(*size);
  return unseal_text(text);
}

Status save_kept_text(io::FileSystem& files, const std::string& path, const std::string& lines) {
  const std::string directory = path.substr(0, path.rfind('/'));
  if (Status made = io::make_directories(files, directory); !made) return made;
  const std::string beside = path + ".new";
  {
    auto file = files.open(beside, io::OpenMode::kCreateIfMissing);
    if (!file) return file.error();
    if (Status cut = (*file)->truncate(0); !cut) return cut;
    if (Status written = (*file)->write_at(seal_text(lines), 0); !written) return written;
    if (Status synced = (*file)->sync_data(); !synced) return synced;
  }
  if (Status renamed = files.rename(beside, path); !renamed) return renamed;
  return files.sync_directory(directory);
}

}  // namespace gasoline::source

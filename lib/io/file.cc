#include "io/file.h"

#include <cerrno>

namespace gasoline::io {
namespace {

size_t total_size(std::span<const std::string_view> parts) {
  size_t sum = 0;
  for (const std::string_view part : parts) sum += part.size();
  return sum;
}

Error no_progress() {
  return Error::from_errno(EIO, "write: the file takes no more bytes");
}

}  // namespace

Result<size_t> File::read_at(void* to, size_t size, uint64_t offset) {
  size_t done = 0;
  while (done < size) {
    Result<size_t> got = read_some_at(static_cast<char*>(to) + done, size - done, offset + done);
    if (!got) return got;
    if (*got == 0) break;
    done += *got;
  }
  return done;
}

Status File::write_at(std::span<const std::string_view> parts, uint64_t offset) {
  const size_t size = total_size(parts);
  if (size == 0) return {};
  Result<size_t> wrote = write_some_at(parts, offset);
  if (!wrote) return std::move(wrote).error();
  size_t done = *wrote;
  if (done == size) return {};
  if (done == 0) return no_progress();

  // A short write: finish the part that it stopped in alone, then go on with the whole ones.
  size_t part_end = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    part_end += parts[i].size();
    while (done < part_end) {
      const std::string_view rest = parts[i].substr(parts[i].size() - (part_end - done));
      wrote = write_some_at(std::span<const std::string_view>(&rest, 1), offset + done);
      if (!wrote) return std::move(wrote).error();
      if (*wrote == 0) return no_progress();
      done += *wrote;
    }
  }
  return {};
}

Result<size_t> File::write_some_durably_at(std::string_view bytes, uint64_t offset) {
  Result<size_t> wrote = write_some_at(std::span<const std::string_view>(&bytes, 1), offset);
  if (!wrote) return wrote;
  if (Status synced = sync_data(); !synced) return std::move(synced).error();
  return wrote;
}

Status File::write_durably_at(std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    Result<size_t> wrote = write_some_durably_at(bytes, offset);
    if (!wrote) return std::move(wrote).error();
    if (*wrote == 0) return no_progress();
    bytes.remove_prefix(*wrote);
    offset += *wrote;
  }
  return {};
}

}  // namespace gasoline::io

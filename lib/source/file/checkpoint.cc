#include "source/file/checkpoint.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace gasoline::source {
namespace {

constexpr std::string_view kMagic = "GSFC\x01";
constexpr size_t kCrcSizeBytes = 4;
constexpr size_t kFileSizeBytesMax = 256 << 20;

void append_entry(std::string& to, const Checkpoint::Entry& entry) {
  append_sized(to, entry.id);
  append_sized(to, entry.path);
  append_varint(to, static_cast<uint64_t>(entry.state));
  append_varint(to, entry.device);
  append_varint(to, entry.inode);
  append_varint(to, static_cast<uint64_t>(entry.birth_us));
  append_varint(to, entry.head.size_bytes);
  append_varint(to, entry.head.hash);
  append_varint(to, entry.samples.checksums.size());
  for (const uint32_t checksum : entry.samples.checksums) append_varint(to, checksum);
  append_sized(to, entry.tail);
  append_varint(to, entry.read_offset);
  append_varint(to, entry.taken_offset);
  append_varint(to, entry.size_seen);
  append_varint(to, static_cast<uint64_t>(entry.changed_us));
  append_varint(to, static_cast<uint64_t>(entry.looked_us));
}

bool take_text(std::string_view& from, std::string& to) {
  std::string_view view;
  if (!take_sized(from, view)) return false;
  to = view;
  return true;
}

bool take_time(std::string_view& from, int64_t& to) {
  uint64_t value = 0;
  if (!take_varint(from, value)) return false;
  to = static_cast<int64_t>(value);
  return true;
}

bool take_samples(std::string_view& from, Samples& samples) {
  uint64_t count = 0;
  if (!take_varint(from, count) || count > Samples::kCountMax) return false;
  for (; count > 0; --count) {
    uint64_t checksum = 0;
    if (!take_varint(from, checksum) || checksum > UINT32_MAX) return false;
    samples.checksums.push_back(static_cast<uint32_t>(checksum));
  }
  return true;
}

bool take_entry(std::string_view& from, Checkpoint::Entry& entry) {
  uint64_t state = 0;
  uint64_t head_size = 0;
  const bool is_whole =
      take_text(from, entry.id) && take_text(from, entry.path) && take_varint(from, state) &&
      take_varint(from, entry.device) && take_varint(from, entry.inode) &&
      take_time(from, entry.birth_us) && take_varint(from, head_size) &&
      take_varint(from, entry.head.hash) && take_samples(from, entry.samples) &&
      take_text(from, entry.tail) && take_varint(from, entry.read_offset) &&
      take_varint(from, entry.taken_offset) && take_varint(from, entry.size_seen) &&
      take_time(from, entry.changed_us) && take_time(from, entry.looked_us);
  if (!is_whole || state < 1 || state > static_cast<uint64_t>(Generation::State::kDone) ||
      head_size > Head::kSizeBytesMax || entry.tail.size() > kTailSizeBytesMax ||
      entry.tail.size() > entry.read_offset) {
    return false;
  }
  entry.state = static_cast<Generation::State>(state);
  entry.head.size_bytes = static_cast<uint32_t>(head_size);
  return true;
}

std::string file_name_of(const std::string& source_name) {
  uint64_t hash = Head::of(source_name).hash;
  std::string name = "file-";
  for (int i = 0; i < 16; ++i, hash >>= 4) name += "0123456789abcdef"[hash & 15];
  return name + ".checkpoint";
}

}  // namespace

std::string encode(const Checkpoint& checkpoint) {
  std::string bytes(kMagic);
  append_sized(bytes, checkpoint.machine);
  append_varint(bytes, static_cast<uint64_t>(checkpoint.saved_us));
  append_varint(bytes, checkpoint.patterns.size());
  for (const std::string& pattern : checkpoint.patterns) append_sized(bytes, pattern);
  append_varint(bytes, checkpoint.generations.size());
  for (const Checkpoint::Entry& entry : checkpoint.generations) append_entry(bytes, entry);
  std::array<char, kCrcSizeBytes> crc{};
  store_le(crc.data(), crc32c(bytes.data(), bytes.size()));
  bytes.append(crc.data(), crc.size());
  return bytes;
}

Result<Checkpoint> decode_checkpoint(std::string_view bytes) {
  const Error damaged = Error::of(Error::kInvalid, "read a checkpoint", "it is damaged");
  if (bytes.size() < kMagic.size() + kCrcSizeBytes || !bytes.starts_with(kMagic)) return damaged;
  const std::string_view covered = bytes.substr(0, bytes.size() - kCrcSizeBytes);
  if (load_le<uint32_t>(bytes.data() + covered.size()) != crc32c(covered.data(), covered.size())) {
    return damaged;
  }
  std::string_view rest = covered.substr(kMagic.size());
  Checkpoint checkpoint;
  uint64_t count = 0;
  if (!take_text(rest, checkpoint.machine) || !take_time(rest, checkpoint.saved_us) ||
      !take_varint(rest, count)) {
    return damaged;
  }
  for (; count > 0; --count) {
    if (!take_text(rest, checkpoint.patterns.emplace_back())) return damaged;
  }
  if (!take_varint(rest, count)) return damaged;
  for (; count > 0; --count) {
    if (!take_entry(rest, checkpoint.generations.emplace_back())) return damaged;
  }
  return checkpoint;
}

CheckpointFile::CheckpointFile(io::FileSystem& files, std::string directory,
                               const std::string& source_name)
    : files_(files),
      directory_(std::move(directory)),
      path_(directory_ + "/" + file_name_of(source_name)) {}

Result<std::optional<Checkpoint>> CheckpointFile::load() {
  auto file = files_.open(path_, io::OpenMode::kRead);
  if (!file && file.error().code == ENOENT) return std::optional<Checkpoint>();
  if (!file) return file.error();
  const auto status = file.value()->status();
  if (!status) return status.error();
  if (status->size_bytes > kFileSizeBytesMax) {
    return Error::of(Error::kTooLarge, path_, "no checkpoint is as large");
  }
  std::string bytes(status->size_bytes, '\0');
  const auto got = file.value()->read_at(bytes.data(), bytes.size(), 0);
  if (!got) return got.error();
  auto checkpoint = decode_checkpoint(std::string_view(bytes).substr(0, *got));
  if (!checkpoint) return Error::of(checkpoint.error().code, path_, checkpoint.error().detail);
  return std::optional<Checkpoint>(std::move(*checkpoint));
}

Status CheckpointFile::save(const Checkpoint& checkpoint) {
  if (Status made = io::make_directories(files_, directory_); !made) return made;
  const std::string written = path_ + ".new";
  const std::string bytes = encode(checkpoint);
  {
    auto file = files_.open(written, io::OpenMode::kCreateIfMissing);
    if (!file) return file.error();
    if (Status cut = file.value()->truncate(0); !cut) return cut;
    if (Status put = file.value()->write_at(bytes, 0); !put) return put;
    if (Status synced = file.value()->sync_data(); !synced) return synced;
  }
  if (Status renamed = files_.rename(written, path_); !renamed) return renamed;
  return files_.sync_directory(directory_);
}

std::string machine_identity() {
  if (auto fd = open_for_reading("/etc/machine-id")) {
    std::array<char, 64> text{};
    PlainContent content(std::move(*fd), "/etc/machine-id");
    const auto got = content.read_at(0, text.data(), text.size());
    if (got && *got >= 32) return std::string(text.data(), 32);
  }
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return std::string("host ") + name.data();
}

}  // namespace gasoline::source

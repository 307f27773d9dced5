#include "source/ssh/ssh_checkpoint.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "base/crc32c.h"

namespace gasoline::source::ssh {
namespace {

constexpr std::string_view kHead = "gasoline-ssh 1\n";
constexpr size_t kSizeBytesMax = 64 << 20;

Error damaged(std::string_view what) {
  return Error::of(Error::kInvalid, "read a checkpoint of ssh", what);
}

/// What is before the next `end`, taken off the front of `text`.
std::string_view take_until(std::string_view& text, char end) {
  const size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_generation(std::string_view fields, Generation& file) {
  file.origin = take_until(fields, ' ');
  file.id = take_until(fields, ' ');
  if (file.id == "-") file.id.clear();
  int place = 0;
  int unknown = 0;
  const bool is_good = parse_number(take_until(fields, ' '), file.fingerprint.size_bytes) &&
                       parse_number(take_until(fields, ' '), file.fingerprint.hash, 16) &&
                       parse_number(take_until(fields, ' '), file.committed) &&
                       parse_number(take_until(fields, ' '), file.size_bytes) &&
                       parse_number(take_until(fields, ' '), file.modified_s) &&
                       parse_number(take_until(fields, ' '), place) &&
                       parse_number(fields, unknown);
  file.has_unknown_successors = unknown != 0;
  file.place = static_cast<Generation::Place>(place);
  return is_good && !file.origin.empty() && place >= 0 &&
         place <= static_cast<int>(Generation::Place::kGone);
}

}  // namespace

std::string Checkpoint::to_text() const {
  std::string text(kHead);
  for (const std::string& pattern : seen) text += fmt::format("seen {}\n", pattern);
  for (const Generation& file : files) {
    text += fmt::format("file {} {} {} {:x} {} {} {} {} {}\nwatched {}\npath {}\n", file.origin,
                        file.id.empty() ? "-" : file.id, file.fingerprint.size_bytes,
                        file.fingerprint.hash, file.committed, file.size_bytes, file.modified_s,
                        static_cast<int>(file.place), file.has_unknown_successors ? 1 : 0,
                        file.watched, file.path);
  }
  text += fmt::format("end {:08x}\n", crc32c(text.data(), text.size()));
  return text;
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  const size_t end = text.rfind("end ");
  uint32_t crc = 0;
  if (!text.starts_with(kHead) || end == std::string_view::npos || !text.ends_with('\n') ||
      !parse_number(text.substr(end + 4, text.size() - end - 5), crc, 16) ||
      crc != crc32c(text.data(), end)) {
    return damaged("it is damaged or of another version");
  }
  text = text.substr(kHead.size(), end - kHead.size());
  Checkpoint checkpoint;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view key = take_until(line, ' ');
    if (key == "seen") {
      checkpoint.seen.emplace_back(line);
    } else if (key == "file") {
      if (!parse_generation(line, checkpoint.files.emplace_back())) return damaged("a file's line");
    } else if (key == "watched" && !checkpoint.files.empty()) {
      checkpoint.files.back().watched = line;
    } else if (key == "path" && !checkpoint.files.empty()) {
      checkpoint.files.back().path = line;
    } else {
      return damaged("an unknown line");
    }
  }
  return checkpoint;
}

Result<Checkpoint> load_checkpoint(io::FileSystem& files, const std::string& path) {
  auto file = files.open(path, io::OpenMode::kRead);
  if (!file) {
    if (file.error().code == ENOENT) return Checkpoint();
    return file.error();
  }
  const auto status = (*file)->status();
  if (!status) return status.error();
  if (status->size_bytes > kSizeBytesMax) return damaged("it is too large");
  std::string text(status->size_bytes, '\0');
  const auto size = (*file)->read_at(text.data(), text.size(), 0);
  if (!size) return size.error();
  text.resize(*size);
  return Checkpoint::parse(text);
}

Status save_checkpoint(io::FileSystem& files, const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  {
    auto file = files.open(beside, io::OpenMode::kCreateIfMissing);
    if (!file) return file.error();
    if (Status cut = (*file)->truncate(0); !cut) return cut;
    if (Status written = (*file)->write_at(text, 0); !written) return written;
    if (Status synced = (*file)->sync_data(); !synced) return synced;
  }
  if (Status renamed = files.rename(beside, path); !renamed) return renamed;
  return files.sync_directory(path.substr(0, path.rfind('/')));
}

}  // namespace gasoline::source::ssh

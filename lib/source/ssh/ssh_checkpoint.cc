#include "source/ssh/ssh_checkpoint.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "source/kept_text.h"

namespace gasoline::source::ssh {
namespace {

constexpr std::string_view kHead = "gasoline-ssh 1\n";

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
  return text;
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
  if (!text.starts_with(kHead)) return damaged("it is of another version");
  text.remove_prefix(kHead.size());
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
  const auto text = load_kept_text(files, path);
  if (!text) return text.error();
  return text->empty() ? Checkpoint() : Checkpoint::parse(*text);
}

}  // namespace gasoline::source::ssh

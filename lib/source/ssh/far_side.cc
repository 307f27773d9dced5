#include "source/ssh/far_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace gasoline::source::ssh {
namespace {

constexpr std::string_view kReading = "read what the far host answers";
constexpr std::string_view kGreeting = "gasoline 1 ";
constexpr size_t kProblemsMax = 1'000;

constexpr std::string_view kProgram = R"(LC_ALL=C
export LC_ALL
IFS='
'
n=$IFS p= q=
if stat -L -c %s / >/dev/null 2>&1; then
  look() { stat -L -c 'f %d:%i %s %Y %n' -- "$@" 2>&1; }
elif stat -L -f %z / >/dev/null 2>&1; then
  look() { stat -L -f 'f %d:%i %z %m %N' -- "$@" 2>&1; }
else
  look() {
    ls -ldinL -- "$@" 2>&1 | while IFS=' ' read -r i m l u g s a b c f; do
      case $i in
        [0-9]*) printf 'f 0:%s %s 0 %s\n' "$i" "$s" "$f" ;;
        *) printf '%s\n' "$i $m $l $u $g $s $a $b $c $f" ;;
      esac
    done
  }
fi
(
  trap a=1 USR1
  while :; do
    a=
    sleep 20
    [ "$a" ] || { kill $$; exit; }
  done
) </dev/null >/dev/null 2>&1 &
w=$!
trap 'kill $w 2>/dev/null' EXIT
t() { printf '\ngasoline 1 %s\n' "$1"; }
s() {
  while read -r c; do
    kill -USR1 $w 2>/dev/null
    case $c in
      P*) p=$p$n${c#P} ;;
      Q*) q=$q$n${c#Q} ;;
      S) look $p; echo . ;;
      T) look $p; echo ,; [ -z "$q" ] || look $q; echo . ;;
      R*)
        read -r f
        IFS=' '; set -- $c; IFS=$n
        {
          [ -f "$f" ] && {
            [ $2 = 0 ] || dd bs=$2 count=1
            [ $5 = 0 ] || dd bs=$3 skip=$4 count=$5
          } <"$f"
          cat /dev/zero
        } 2>/dev/null | head -c $6
        if [ ! -e "$f" ]; then echo 'No such file or directory'
        elif [ ! -f "$f" ]; then echo 'Is not a regular file'
        elif [ ! -r "$f" ]; then echo 'Permission denied'
        else look "$f"
        fi
        echo . ;;
    esac
  done
}
)";

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  return true;
}

std::optional<FarFile> parse_file(std::string_view fields) {
  FarFile file;
  const size_t id_end = fields.find(' ');
  if (id_end == std::string_view::npos) return std::nullopt;
  file.id = fields.substr(0, id_end);
  fields.remove_prefix(id_end + 1);
  if (!take_number(fields, file.size_bytes) || !take_number(fields, file.modified_s)) {
    return std::nullopt;
  }
  file.path = fields;
  return file;
}

}  // namespace

std::string far_program(std::string_view token) {
  // The last line both greets and reads on, so that a shell which reads its script in blocks has
  // read all of it before we send anything more.
  return fmt::format("{}t {}; s; exit\n", kProgram, token);
}

std::string watch_request(std::string_view path) {
  return fmt::format("P{}\n", path);
}

std::string sibling_request(std::string_view pattern) {
  return fmt::format("Q{}\n", pattern);
}

FarDialogue::FarDialogue(std::string_view token)
    : greeting_(std::string(kGreeting) + std::string(token)) {}

std::string FarDialogue::ask_scan(bool with_siblings) {
  Expected expected;
  ScanReply reply;
  reply.has_siblings = with_siblings;
  expected.reply = std::move(reply);
  expected_.push_back(std::move(expected));
  return with_siblings ? "T\n" : "S\n";
}

std::string FarDialogue::ask_read(const ReadRequest& request) {
  constexpr uint32_t kSmallBlock = 512;
  constexpr uint32_t kLargeBlock = 64 * 1024;
  constexpr uint32_t kLargeRead = 256 * 1024;
  const uint64_t head = request.head_bytes;
  const uint64_t end = request.offset + request.size_bytes;
  const uint64_t start = std::max(request.offset, head);
  Expected expected;
  expected.is_read = true;
  expected.read = request;
  expected.reply = ReadReply();
  uint64_t skip = 0;
  uint64_t count = 0;
  uint64_t behind_head = 0;
  const uint32_t block = request.size_bytes >= kLargeRead ? kLargeBlock : kSmallBlock;
  if (request.size_bytes > 0 && end > start) {
    skip = (start - head) / block;
    expected.lead_bytes = (start - head) % block;
    behind_head = expected.lead_bytes + (end - start);
    count = (behind_head + block - 1) / block;
  }
  expected.raw_bytes = head + behind_head;
  std::string text = fmt::format("R {} {} {} {} {}\n{}\n", head, block, skip, count,
                                 expected.raw_bytes, request.path);
  expected_.push_back(std::move(expected));
  return text;
}

Status FarDialogue::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    Expected* next = expected_.empty() ? nullptr : &expected_.front();
    if (has_greeted_ && next != nullptr && next->raw.size() < next->raw_bytes) {
      if (next->raw.empty()) next->raw.reserve(next->raw_bytes);
      const size_t size = std::min(bytes.size(), next->raw_bytes - next->raw.size());
      next->raw.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      continue;
    }
    const size_t end = bytes.find('\n');
    const bool is_whole = end != std::string_view::npos;
    line_.append(bytes.substr(0, end));
    const size_t used = is_whole ? end + 1 : bytes.size();
    bytes.remove_prefix(used);
    if (!has_greeted_ && (noise_bytes_ += used) > kNoiseBytesMax) {
      return Error::of(Error::kTooLarge, kReading, "its login says too much before our program");
    }
    if (line_.size() > kLineBytesMax) {
      if (has_greeted_) return Error::of(Error::kTooLarge, kReading, "a line is too long");
      line_.clear();
    }
    if (!is_whole) break;
    const std::string line = std::exchange(line_, {});
    if (Status taken = take_line(line); !taken) return taken;
  }
  return {};
}

Status FarDialogue::take_line(std::string_view line) {
  if (!has_greeted_) {
    has_greeted_ = line == greeting_;
    return {};
  }
  if (expected_.empty()) return Error::of(Error::kInvalid, kReading, "it answers unasked");
  Expected& expected = expected_.front();
  auto* scan = std::get_if<ScanReply>(&expected.reply);
  if (line == ".") {
    if (expected.is_read) finish_read(expected);
    replies_.push_back(std::move(expected.reply));
    expected_.pop_front();
    return {};
  }
  if (line == "," && scan != nullptr && scan->has_siblings) {
    expected.in_siblings = true;
    return {};
  }
  if (line.starts_with("f ")) return take_file(line.substr(2), expected);
  if (scan == nullptr) {
    std::get<ReadReply>(expected.reply).problem = line;
  } else if (!expected.in_siblings && scan->problems.size() < kProblemsMax) {
    scan->problems.emplace_back(line);
  }
  return {};
}

Status FarDialogue::take_file(std::string_view fields, Expected& expected) {
  std::optional<FarFile> file = parse_file(fields);
  if (!file) return Error::of(Error::kInvalid, kReading, "a file's line is malformed");
  if (expected.is_read) {
    std::get<ReadReply>(expected.reply).after = std::move(*file);
    return {};
  }
  ScanReply& scan = std::get<ScanReply>(expected.reply);
  std::vector<FarFile>& files = expected.in_siblings ? scan.siblings : scan.files;
  if (files.size() >= kFilesMax) {
    return Error::of(Error::kTooLarge, kReading, "the paths stand for more than 20,000 files");
  }
  files.push_back(std::move(*file));
  return {};
}

/// Cuts what came into the head and the wanted bytes, some of which may be in the head.
void FarDialogue::finish_read(Expected& expected) {
  ReadReply& reply = std::get<ReadReply>(expected.reply);
  const ReadRequest& read = expected.read;
  std::string& raw = expected.raw;
  reply.head = raw.substr(0, read.head_bytes);
  if (read.size_bytes == 0) return;
  const size_t of_head =
      read.offset >= read.head_bytes
          ? 0
          : std::min<size_t>(read.head_bytes - static_cast<size_t>(read.offset), read.size_bytes);
  std::string bytes = of_head == 0 ? "" : reply.head.substr(read.offset, of_head);
  raw.erase(0, read.head_bytes + expected.lead_bytes);
  reply.bytes = of_head == 0 ? std::move(raw) : std::move(bytes) + raw;
}

std::optional<FarDialogue::Reply> FarDialogue::take() {
  if (replies_.empty()) return std::nullopt;
  Reply reply = std::move(replies_.front());
  replies_.pop_front();
  return reply;
}

}  // namespace gasoline::source::ssh

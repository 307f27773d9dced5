#include "understand/wrapping.h"

#include <algorithm>

#include "understand/chars.h"
#include "understand/json_walk.h"

namespace gasoline::understand {

namespace {

/// The members of a json-file record: log, stream, time, and attrs where labels are logged.
class DockerRecord final : public JsonWalk::Visitor {
 public:
  void scalar(const JsonPlace& place, JsonType type, std::string_view value) override {
    if (place.depth != 1 || place.in_array || type != JsonType::kString) return;
    const std::string_view key = place.key;
    if (key == "log") {
      log_ = value;
      has_log_ = true;
    } else if (key == "stream") {
      stream_ = value;
    } else if (key == "time") {
      time_ = value;
    }
  }
  void member(std::string_view key, JsonType, std::string_view, bool) override {
    if (key != "log" && key != "stream" && key != "time" && key != "attrs") has_others_ = true;
  }

  bool is_record() const { return has_log_ && !has_others_ && !stream_.empty() && !time_.empty(); }
  std::string_view log() const { return log_; }
  std::string_view stream() const { return stream_; }
  std::string_view time() const { return time_; }

 private:
  std::string_view log_;
  std::string_view stream_;
  std::string_view time_;
  bool has_log_ = false;
  bool has_others_ = false;
};

bool unwrap_docker(std::string_view text, const TimeContext& context, Arena& arena,
                   Wrapping& wrapping) {
  if (!text.starts_with("{\"log\":\"")) return false;
  DockerRecord record;
  if (JsonWalk::walk(text, record) == 0 || !record.is_record()) return false;
  wrapping = {};
  std::string_view line = unescape_json(record.log(), arena);
  wrapping.goes_on = !line.ends_with('\n');
  if (!wrapping.goes_on) line.remove_suffix(1);
  wrapping.line = line;
  wrapping.time_text = record.time();
  wrapping.stream = record.stream();
  wrapping.has_time = read_printed_time(record.time(), context, wrapping.time);
  return true;
}

/// 2026-11-21T04:17:47.759000000Z stdout F line
bool unwrap_cri(std::string_view text, const TimeContext& context, Wrapping& wrapping) {
  if (text.size() < 22 || !is(text[0], kDigit) || text[10] != 'T') return false;
  const size_t blank = text.substr(0, 48).find(' ');
  if (blank == std::string_view::npos) return false;
  const std::string_view rest = text.substr(blank + 1);
  if (!rest.starts_with("stdout ") && !rest.starts_with("stderr ")) return false;
  if (rest.size() < 8 || (rest[7] != 'F' && rest[7] != 'P')) return false;
  if (rest.size() > 8 && rest[8] != ' ') return false;
  PrintedTime time;
  if (!read_printed_time(text, context, time) || time.size != blank) return false;
  wrapping = {};
  wrapping.line = rest.substr(std::min<size_t>(9, rest.size()));
  wrapping.stream = rest.substr(0, 6);
  wrapping.time_text = text.substr(0, blank);
  wrapping.goes_on = rest[7] == 'P';
  wrapping.time = time;
  wrapping.has_time = true;
  return true;
}

/// "api  | line", "[0] line" and "[web] {object}"
bool unwrap_prefix(std::string_view text, Wrapping& wrapping) {
  if (text.empty()) return false;
  if (text[0] == '[') {
    const size_t size = run_of(text.substr(1), kKeyChar, 48);
    if (size == 0 || !text.substr(1 + size).starts_with("] ")) return false;
    const std::string_view line = text.substr(size + 3);
    const std::string_view name = text.substr(1, size);
    // A word in brackets may as well be a level or a module; before an object it is who printed it.
    if (!line.starts_with("{\"") && (size > 3 || !all_of(name, kDigit))) return false;
    wrapping = {};
    wrapping.name = name;
    wrapping.line = line;
    return true;
  }
  if (!is_alpha(text[0])) return false;
  const size_t name = run_of(text, kKeyChar, 64);
  const size_t blanks = run_of(text.substr(name), kBlank, 40);
  const std::string_view rest = text.substr(name + blanks);
  if (blanks == 0 || !rest.starts_with('|')) return false;
  if (rest.size() > 1 && rest[1] != ' ') return false;
  wrapping = {};
  wrapping.name = text.substr(0, name);
  wrapping.line = rest.substr(std::min<size_t>(2, rest.size()));
  return true;
}

/// "10:20:30 web.1  | line"
bool unwrap_foreman(std::string_view text, const TimeContext& context, Wrapping& wrapping) {
  constexpr size_t kTimeSize = 8;
  if (text.size() < kTimeSize + 4 || text[2] != ':' || text[5] != ':') return false;
  if (text[kTimeSize] != ' ' || !is_alpha(text[kTimeSize + 1])) return false;
  Wrapping inner;
  PrintedTime time;
  if (!unwrap_prefix(text.substr(kTimeSize + 1), inner)) return false;
  if (!read_printed_time(text.substr(0, kTimeSize), context, time)) return false;
  wrapping = inner;
  wrapping.time = time;
  wrapping.has_time = true;
  return true;
}

}  // namespace

bool unwrap(std::string_view text, const TimeContext& context, Arena& arena, Wrapping& wrapping) {
  if (text.empty()) return false;
  if (text[0] == '{') return unwrap_docker(text, context, arena, wrapping);
  if (is(text[0], kDigit)) {
    return unwrap_cri(text, context, wrapping) || unwrap_foreman(text, context, wrapping);
  }
  return unwrap_prefix(text, wrapping);
}

}  // namespace gasoline::understand

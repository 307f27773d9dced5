#include "daemon/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "event/json_text.h"
#include "event/time_text.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kFrameBytes = 430;      // everything but the lists, with the longest numbers
constexpr size_t kCountedBytes = 40;     // what counts and times may add to a line
constexpr size_t kLineBytesMin = 60;
constexpr size_t kLineBytesMax = 600;
constexpr size_t kListsMax = 16;         // ids and candidates that are worth naming

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_error(const event::Event& event) {
  return event.level >= event::Level::kError;
}

/// Without control characters and escape sequences of colours.
std::string one_line(std::string_view text) {
  std::string line;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0x1b && i + 1 < text.size() && text[i + 1] == '[') {
      while (i + 1 < text.size() && !(text[i + 1] >= '@' && text[i + 1] <= '~' && text[i + 1] != '[')) {
        ++i;
      }
      ++i;
      continue;
    }
    line += byte < 0x20 || byte == 0x7f ? ' ' : text[i];
  }
  return line;
}

std::string quoted(std::string_view text) {
  std::string json;
  event::append_json_string(json, text);
  return json;
}

/// `text` cut at a character of UTF-8 so that its JSON has at most `bytes_max` bytes.
std::string cut_to_json_size(std::string_view text, size_t bytes_max) {
  if (quoted(text).size() <= bytes_max) return std::string(text);
  constexpr std::string_view kCut = "...";
  size_t low = 0;
  size_t high = std::min(text.size(), bytes_max);
  while (low < high) {
    const size_t middle = (low + high + 1) / 2;
    if (quoted(text.substr(0, middle)).size() + kCut.size() <= bytes_max) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  while (low > 0 && low < text.size() && (static_cast<unsigned char>(text[low]) & 0xc0) == 0x80) {
    --low;
  }
  return std::string(text.substr(0, low)).append(kCut);
}

/// Lines of one kind: told once, with their number.
struct Fold {
  const event::Event* first;
  int64_t last_us;
  size_t count;
  double confidence;  // of an inferred member
};

/// Folds in the order of their first event.
class Folds {
 public:
  /// The number of the event's fold, which may be new.
  size_t add(const event::Event& event, double confidence) {
    const auto [at, is_new] = by_key_.try_emplace(key_of(event), folds_.size());
    if (is_new) {
      folds_.push_back({&event, event.timestamp_us, 1, confidence});
    } else {
      Fold& fold = folds_[at->second];
      ++fold.count;
      fold.last_us = event.timestamp_us;
    }
    return at->second;
  }
  bool knows(const event::Event& event) const { return by_key_.contains(key_of(event)); }
  const std::vector<Fold>& all() const { return folds_; }

 private:
  static std::string key_of(const event::Event& event) {
    return fmt::format("{}\n{}\n{}\n{}", to_string(event.source), to_string(event.level),
                       event.service, template_of(event.message));
  }

  std::vector<Fold> folds_;
  std::unordered_map<std::string, size_t> by_key_;
};

std::string seconds(int64_t us) {
  return fmt::format("{:+.3f}", static_cast<double>(us) / 1e6);
}

std::string text_of(const Fold& fold, int64_t start_us, size_t bytes_max) {
  const event::Event& event = *fold.first;
  std::string text = seconds(event.timestamp_us - start_us);
  if (fold.count > 1) {
    text += ".." + seconds(fold.last_us - start_us) + fmt::format(" x{}", fold.count);
  }
  text += ' ';
  text += to_string(event.level);
  text += ' ';
  text += event.service.empty() ? to_string(event.source) : event.service;
  if (fold.confidence > 0) text += fmt::format(" (inferred {:.2f})", fold.confidence);
  text += ": ";
  text += fold.count > 1 ? template_of(event.message) : one_line(event.message);
  return cut_to_json_size(text, bytes_max);
}

void append_list(std::string& to, std::string_view name, const std::vector<std::string>& list) {
  to += fmt::format(",\"{}\":[", name);
  for (size_t i = 0; i < list.size(); ++i) to += (i > 0 ? "," : "") + quoted(list[i]);
  to += ']';
}

/// As many of `list`, each with a comma, as have room; takes their bytes off `room`.
std::vector<std::string> fitting(const std::vector<std::string>& list, size_t& room) {
  std::vector<std::string> some;
  for (const std::string& each : list) {
    const size_t size = quoted(each).size() + 1;
    if (size > room || some.size() == kListsMax) break;
    room -= size;
    some.push_back(each);
  }
  return some;
}

}  // namespace

struct Digest::Parts {
  Parts(const store::Answer& answer_in, uint32_t tokens_max_in)
      : answer(answer_in),
        tokens_max(std::clamp(tokens_max_in, kTokensMin, kTokensMax)),
        line_bytes_max(
            std::clamp(tokens_max * kBytesPerToken / 8, kLineBytesMin, kLineBytesMax)) {}

  double confidence_of(size_t i) const {
    return answer.extras.empty() ? 0 : answer.extras[i].confidence;
  }
  int64_t start_us() const {
    return answer.events.empty() ? 0 : answer.events.front().timestamp_us;
  }
  /// At most so many bytes of JSON, whatever its count will be.
  size_t cost_of(const event::Event& event, double confidence) const {
    const Fold alone{&event, event.timestamp_us, 1, confidence};
    return std::min(quoted(text_of(alone, start_us(), line_bytes_max)).size() + kCountedBytes,
                    line_bytes_max) +
           1;
  }
  void choose_errors(size_t& room);
  void choose_lines(size_t& room);

  const store::Answer& answer;
  const size_t tokens_max;
  const size_t line_bytes_max;
  std::vector<std::string> ids;
  std::vector<std::string> candidates;
  std::vector<std::string> errors;
  std::vector<std::string> lines;
  Folds error_folds;
  size_t errors_cut = 0;
  size_t covered = 0;
};

void Digest::Parts::choose_errors(size_t& room) {
  size_t left = std::max(room * 2 / 5, line_bytes_max + 1);
  for (size_t i = 0; i < answer.events.size(); ++i) {
    const event::Event& event = answer.events[i];
    if (!is_error(event)) continue;
    if (!error_folds.knows(event)) {
      const size_t cost = cost_of(event, confidence_of(i));
      if (cost > left) {
        ++errors_cut;
        continue;
      }
      left -= cost;
      room -= cost;
    }
    error_folds.add(event, confidence_of(i));
  }
  for (const Fold& fold : error_folds.all()) {
    errors.push_back(text_of(fold, start_us(), line_bytes_max));
  }
}

void Digest::Parts::choose_lines(size_t& room) {
  Folds folds;
  for (; covered < answer.events.size(); ++covered) {
    const event::Event& event = answer.events[covered];
    if (is_error(event) && error_folds.knows(event)) continue;
    if (!folds.knows(event)) {
      const size_t cost = cost_of(event, confidence_of(covered));
      if (cost > room && covered > 0) break;
      room -= std::min(room, cost);
    }
    folds.add(event, confidence_of(covered));
  }
  for (const Fold& fold : folds.all()) lines.push_back(text_of(fold, start_us(), line_bytes_max));
}

Digest::Digest(const store::Answer& answer, uint32_t tokens_max)
    : parts_(std::make_unique<Parts>(answer, tokens_max)) {
  size_t room = parts_->tokens_max * kBytesPerToken - kFrameBytes;
  // One error and one line always have room.
  size_t for_ids = (room - std::min(room, 2 * (parts_->line_bytes_max + 1))) / 6;
  const size_t before = for_ids;
  parts_->candidates = fitting(answer.candidates, for_ids);
  parts_->ids = fitting(answer.ids, for_ids);
  room -= before - for_ids;
  parts_->choose_errors(room);
  parts_->choose_lines(room);
}

Digest::~Digest() = default;

size_t Digest::covered() const {
  return parts_->covered;
}

std::string Digest::json(std::string_view next_cursor) const {
  const Parts& parts = *parts_;
  const store::Answer& answer = parts.answer;
  std::string text = fmt::format(
      "{{\"digest\":1,\"start\":\"{}\"",
      answer.events.empty() ? std::string() : event::format_rfc3339(parts.start_us()));
  append_list(text, "errors", parts.errors);
  append_list(text, "lines", parts.lines);
  append_list(text, "ids", parts.ids);
  append_list(text, "candidates", parts.candidates);
  text += fmt::format(
      ",\"cut\":{{\"events\":{},\"errors\":{},\"candidates\":{},\"has_more\":{}}},"
      "\"missing\":{{\"truncated_sources\":{},\"gaps\":{}}},\"how_to_go_on\":\"{}\",\"next_cursor\":",
      answer.events.size() - parts.covered, parts.errors_cut,
      answer.candidates.size() - parts.candidates.size(), !next_cursor.empty(),
      answer.truncated.size(), answer.gaps.size(),
      next_cursor.empty() ? "nothing follows" : "ask again with cursor, or with level=error");
  text += next_cursor.empty() ? std::string("null") : quoted(next_cursor);
  text += fmt::format(",\"tokens\":{{\"max\":{},\"bytes_per_token\":{}}}}}", parts.tokens_max,
                      kBytesPerToken);
  return text;
}

std::string template_of(std::string_view message) {
  std::string text;
  for (size_t at = 0; at < message.size();) {
    size_t end = at;
    bool has_digit = false;
    while (end < message.size() && is_word(message[end])) {
      has_digit = has_digit || (message[end] >= '0' && message[end] <= '9');
      ++end;
    }
    if (has_digit) {
      text += '#';
    } else {
      text.append(message.substr(at, end - at));
    }
    if (end == at) text += message[end++];
    at = end;
  }
  return one_line(text);
}

}  // namespace gasoline::daemon

#include "understand/line_reader.h"

#include <algorithm>
#include <array>

#include "event/event.h"
#include "understand/browser_line.h"
#include "understand/chars.h"
#include "understand/field_name.h"
#include "understand/header.h"
#include "understand/id_finder.h"
#include "understand/json_fields.h"
#include "understand/json_walk.h"
#include "understand/logfmt.h"
#include "understand/own_forms.h"
#include "understand/wrapping.h"

namespace gasoline::understand {

namespace {

constexpr int kWrappingsMax = 3;
constexpr char kRecordSeparator = '\x1e';  // begins each record of a JSON text sequence (RFC 7464)
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool has_alnum(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_alnum);
}

/// "api-1", "api_1" and "web.1" are the first processes of api and web.
std::string_view service_of_process(std::string_view name) {
  size_t size = name.size();
  while (size > 0 && is(name[size - 1], kDigit)) --size;
  const bool has_number = size > 1 && size < name.size();
  const bool is_numbered =
      has_number && std::string_view("-_.").find(name[size - 1]) != std::string_view::npos;
  return is_numbered ? name.substr(0, size - 1) : name;
}

/// One line's way through the parsers.
class OneLine {
 public:
  OneLine(const TimeContext& context, Arena& arena, Reading& reading, MetadataText& metadata,
          OwnForms* own)
      : context_(context), arena_(arena), reading_(reading), metadata_(metadata), own_(own) {}

  LineForm read(std::string_view text) {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (text.starts_with(kRecordSeparator)) text.remove_prefix(1);
    text = unwrapped(text);
    const LineForm form = read_form(text);
    if (!reading_.has_message) {
      reading_.message = text;
      reading_.has_message = true;
    }
    if (outer_.has_time) reading_.offer_time(outer_.time);
    return form;
  }

 private:
  std::string_view unwrapped(std::string_view text) {
    Wrapping wrapping;
    for (int layer = 0; layer < kWrappingsMax && unwrap(text, context_, arena_, wrapping);
         ++layer) {
      text = wrapping.line;
      if (wrapping.has_time && !outer_.has_time) outer_ = wrapping;
      if (!wrapping.stream.empty()) metadata_.add_string("stream", wrapping.stream);
      if (wrapping.name.empty()) continue;
      reading_.process = wrapping.name;
      // A number is a place in a list of commands, not a service.
      if (wrapping.name == "browser") {
        reading_.is_browser = true;
      } else if (all_of(wrapping.name, kDigit)) {
        metadata_.add_string("process", wrapping.name);
      } else if (reading_.service.empty()) {
        reading_.service = service_of_process(wrapping.name);
        metadata_.add_string("process", wrapping.name);
      }
    }
    return text;
  }

  LineForm read_form(std::string_view text) {
    if (text.starts_with('{') && read_json(text)) return LineForm::kJson;
    if (own_ != nullptr && own_->read(text, context_, reading_, metadata_)) return LineForm::kOwn;
    if (read_logfmt(text)) return LineForm::kLogfmt;
    return read_text(text);
  }

  /// A line that is one object and nothing else.
  bool read_json(std::string_view text) {
    const size_t metadata_size = metadata_.size();
    const Reading before = reading_;
    const size_t size = read_json_object(text, context_, arena_, reading_, metadata_);
    if (size == 0) return false;
    if (!trim_right(text.substr(size)).empty()) {
      metadata_.cut(metadata_size);
      reading_ = before;
      return false;
    }
    if (!reading_.ids.empty()) return true;
    if (reading_.has_message) find_ids(reading_.message, 0, reading_.ids);
    if (reading_.ids.empty()) find_id_literals(text, reading_.ids);
    return true;
  }

  /// A line that is pairs and nothing else.
  bool read_logfmt(std::string_view text) {
    if (!LogfmtReader::begins_logfmt(text)) return false;
    const size_t metadata_size = metadata_.size();
    const Reading before = reading_;
    LogfmtReader reader(text);
    LogfmtPair pair;
    while (reader.next(pair)) read_pair(pair);
    if (!reader.is_whole()) {
      metadata_.cut(metadata_size);
      reading_ = before;
      return false;
    }
    if (reading_.ids.empty()) find_ids(text, 0, reading_.ids);
    return true;
  }

  void read_pair(const LogfmtPair& pair) {
    const std::string_view value = pair.quoted ? unescape_json(pair.value, arena_) : pair.value;
    if (take_pair(pair.key, value)) return;
    take_id(classify_id_key(pair.key), value, IdPlace::kStructured, reading_.ids);
    metadata_.add_string(field_name_in_metadata(pair.key), value);
  }

  bool take_pair(std::string_view key, std::string_view value) {
    switch (field_name(key).use) {
      case FieldUse::kTime: {
        PrintedTime time;
        if (reading_.has_time || !read_time_value(value, context_, time)) return false;
        reading_.offer_time(time);
        return true;
      }
      case FieldUse::kLevel: {
        event::Level level;
        if (reading_.has_level || !read_level_field(value, level)) return false;
        reading_.offer_level(level, value);
        return true;
      }
      case FieldUse::kMessage:
        if (reading_.has_message) return false;
        reading_.message = value;
        reading_.has_message = true;
        return true;
      case FieldUse::kService:
        if (!reading_.service.empty() || value.size() > event::kServiceSizeMax) return false;
        reading_.service = value;
        return true;
      case FieldUse::kOther:
        break;
    }
    return false;
  }

  LineForm read_text(std::string_view text) {
    Header header = HeaderReader::read(text, context_);
    take_browser_line(text, header);
    // Without a header the indentation belongs to the message: stack traces are read by it.
    const std::string_view body = header.size > 0 ? trim_left(text.substr(header.size)) : text;
    const auto body_at = static_cast<size_t>(body.data() - text.data());
    reading_.has_header = header.has_time || header.has_level;
    LineForm form = LineForm::kText;
    if (header.size > 0 && body.starts_with('{') && read_json(body)) {
      form = LineForm::kJson;
      if (!reading_.has_message) set_message(body);
    } else if (header.size > 0 && read_logfmt(body)) {
      form = LineForm::kLogfmt;
      if (!reading_.has_message) set_message(body);
    } else {
      const std::string_view message = without_json_tail(body);
      const bool is_whole_line = message.size() == text.size();
      set_message(is_whole_line ? message : trim_right(message));
    }
    if (header.has_time) reading_.offer_time(header.time);
    if (header.has_level) reading_.offer_level(header.level, header.level_word);
    find_ids(text, body_at, reading_.ids);
    if (reading_.ids.trace.value.empty()) {
      find_header_tuple(text.substr(0, header.size), reading_.ids);
    }
    keep_prefix(text.substr(0, header.size), header);
    return form;
  }

  /// What a browser said stands behind prefixes of its own.
  void take_browser_line(std::string_view text, Header& header) {
    BrowserLine browser;
    if (!read_browser_line(text, browser)) return;
    reading_.is_browser = true;
    header.size = browser.message_at;
    if (!browser.has_level) return;
    header.has_level = true;
    header.level = browser.level;
    header.level_word = browser.level_word;
  }

  void set_message(std::string_view message) {
    reading_.message = message;
    reading_.has_message = true;
  }

  /// Loggers for terminals print the fields behind the message as one object. They go to metadata.
  std::string_view without_json_tail(std::string_view body) {
    const std::string_view trimmed = trim_right(body);
    if (!trimmed.ends_with('}')) return body;
    const size_t open = trimmed.find("{\"");
    if (open == 0 || open == std::string_view::npos || !is(trimmed[open - 1], kBlank)) return body;
    const std::string_view tail = trimmed.substr(open);
    const size_t metadata_size = metadata_.size();
    Reading fields;
    const size_t size = read_json_object(tail, context_, arena_, fields, metadata_);
    if (size != tail.size()) {
      metadata_.cut(metadata_size);
      return body;
    }
    reading_.ids = fields.ids;
    return trimmed.substr(0, open);
  }

  /// What the header held besides time and level: logger, thread, caller. Nothing is thrown away.
  void keep_prefix(std::string_view header_text, const Header& header) {
    if (header_text.empty()) return;
    const size_t time_end = header.has_time ? header.time_at + header.time.size : 0;
    std::string_view before = header.has_time ? header_text.substr(0, header.time_at) : "";
    std::string_view behind = header_text.substr(std::min(time_end, header_text.size()));
    std::array<std::string_view, 4> pieces = {before, {}, behind, {}};
    cut_word(header.level_word, pieces[0], pieces[1]);
    cut_word(header.level_word, pieces[2], pieces[3]);
    char* const joined = arena_.allocate(header_text.size() + pieces.size());
    size_t size = 0;
    for (const std::string_view piece : pieces) {
      const std::string_view words = trim_marks(piece);
      if (!has_alnum(words)) continue;
      if (size > 0) joined[size++] = ' ';
      size += words.copy(joined + size, words.size());
    }
    if (size > 0) metadata_.add_string("prefix", {joined, size});
  }

  /// Splits `piece` around `word` if the word lies in it.
  static void cut_word(std::string_view word, std::string_view& piece, std::string_view& rest) {
    if (word.empty() || word.data() < piece.data() ||
        word.data() + word.size() > piece.data() + piece.size()) {
      return;
    }
    const auto at = static_cast<size_t>(word.data() - piece.data());
    rest = piece.substr(at + word.size());
    piece = piece.substr(0, at);
  }

  /// Without separators, and without the halves of brackets around what was cut out.
  static std::string_view trim_marks(std::string_view text) {
    static constexpr CharSet kLeft(" \t|:->,])");
    static constexpr CharSet kRight(" \t|:->,[(<");
    return kRight.trim_right(kLeft.trim_left(text));
  }

  const TimeContext& context_;
  Arena& arena_;
  Reading& reading_;
  MetadataText& metadata_;
  OwnForms* own_;
  Wrapping outer_;
};

}  // namespace

LineForm LineReader::read(std::string_view text, const TimeContext& context, Arena& arena,
                          Reading& reading, MetadataText& metadata) {
  return OneLine(context, arena, reading, metadata, own_).read(text);
}

}  // namespace gasoline::understand

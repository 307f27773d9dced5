#include "understand/header.h"

#include <algorithm>

#include "understand/blocks.h"
#include "understand/chars.h"
#include "understand/field_name.h"
#include "understand/header_words.h"
#include "understand/id_shape.h"
#include "understand/letter_header.h"
#include "understand/level_word.h"

namespace gasoline::understand {

namespace {

using event::Level;

constexpr std::string_view kMask = "[redacted:";  // a masked secret is part of the message
constexpr CharSet kLevelLetters("TVDIWEFC");
constexpr size_t kItemsMax = 24;
constexpr size_t kGroupSizeMax = 160;
constexpr size_t kNamesBeforeAnchorMax = 4;
constexpr size_t kPairsMax = 3;  // that count as names
constexpr size_t kNamesBeforeTimeMax = 6;

class Reader {
 public:
  Reader(std::string_view line, const TimeContext& context)
      : line_(line.substr(0, HeaderReader::kSizeMax)), context_(context) {}

  Header run() {
    if (read_letter_header(line_, context_, header_)) return header_;
    skip_ruby_letter();
    if (peek() == '=' && is(peek(1), kUpper)) ++at_;  // =INFO REPORT==== of Erlang
    read_priority();
    for (size_t items = 0; items < kItemsMax && names_ <= kNamesBeforeTimeMax; ++items) {
      skip_separators();
      if (at_ >= line_.size()) break;
      if (!read_item()) break;
    }
    if (anchor_ == 0) return header_;
    at_ = anchor_;
    skip_tail();
    header_.size = std::min(at_, line_.size());
    return header_;
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < line_.size() ? line_[at_ + ahead] : '\0';
  }
  std::string_view rest() const { return line_.substr(at_); }
  bool has_anchor() const { return header_.has_time || header_.has_level; }

  void anchor_here() {
    anchor_ = at_;
    names_ = 0;
  }

  /// Blanks, and bars, dashes and the like that stand alone.
  void skip_separators() {
    static constexpr CharSet kSeparators("|->:,");
    for (; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      if (is(c, kBlank)) continue;
      if (!kSeparators.holds(c)) return;
      const char next = peek(1);
      const bool alone = next == '\0' || is(next, kBlank) || next == '[' ||
                         (c == '|' && header_.has_time) || (c == '-' && next == '-');
      if (!alone) return;
    }
  }

  /// I, [2026-11-21T02:46:57.123456 #42]  INFO -- prog: message
  void skip_ruby_letter() {
    if (is(peek(), kUpper) && rest().substr(1).starts_with(", [")) at_ = 3;
  }

  /// <134> or <134>1, with the time behind it
  void read_priority() {
    if (peek() != '<') return;
    const size_t digits = run_of(rest().substr(1), kDigit, 4);
    if (digits < 1 || digits > 3 || peek(1 + digits) != '>') return;
    unsigned priority = 0;
    for (size_t i = 1; i <= digits; ++i)
      priority = priority * 10 + static_cast<unsigned>(peek(i) - '0');
    at_ = digits + 2;
    const bool version_one = peek() == '1' && peek(1) == ' ';
    if (version_one) at_ += 2;
    header_.has_level = true;
    header_.level = level_of_priority(priority);
    is_syslog_ = true;
    anchor_here();
    if (version_one) read_syslog_5424();
  }

  /// time host app pid msgid [structured data] message
  void read_syslog_5424() {
    if (!try_time()) return;
    for (int field = 0; field < 4; ++field) {
      skip_blanks();
      at_ += token().size();
    }
    skip_blanks();
    if (peek() == '[') {
      while (peek() == '[') {
        const size_t close = rest().find(']');
        if (close == std::string_view::npos) break;
        at_ += close + 1;
      }
    } else if (peek() == '-') {
      ++at_;
    }
    anchor_here();
  }

  void skip_blanks() { at_ += run_of(rest(), kBlank); }

  std::string_view token() const { return word_at(at_); }

  /// What stands up to the next blank.
  std::string_view word_at(size_t at) const {
    return line_.substr(at, find_blank(line_, at) - at);
  }

  /// One item of the header. False when the message has begun.
  bool read_item() {
    if (!header_.has_time && try_time()) return true;
    if (open_bracket_) {
      if (!header_.has_level && try_level()) return true;
      return close_bracket();
    }
    if (!header_.has_level && (try_level() || try_letter())) return true;
    if (closing_of(peek()) != '\0') return read_group();
    if (peek() == '{') return header_.has_time && read_fields();
    if (header_.has_time && names_ == 0 && (is_syslog_ || !header_.has_level) && try_syslog_tag()) {
      return true;
    }
    if (header_.has_time && header_.has_level) return false;
    if (skip_symbol()) return true;
    return skip_name();
  }

  /// A sign such as an arrow or a tick, which loggers for terminals put before the level.
  bool skip_symbol() {
    const std::string_view sign = token();
    if (static_cast<uint8_t>(sign.front()) < 0x80 || sign.size() > 8) return false;
    at_ += sign.size();
    has_symbol_ = true;
    return true;
  }

  /// A name between anchors, such as a logger's. It belongs to the header only if an anchor
  /// follows.
  bool skip_name() {
    if (names_ > 2 && !has_anchor()) return skip_to_bracket();
    const std::string_view name = token();
    // Of many pairs, "pid=1 tid=2 class=Job ...", three count. "12.345678 WARN message" begins with
    // the seconds since the start.
    const bool is_pair = names_ >= kPairsMax && header_.has_time && is_field(name);
    const bool is_uptime = at_ == 0 && is(name.front(), kDigit) && is_decimal(name);
    if (!is_pair && !is_uptime) ++names_;
    at_ += name.size();
    if (name.size() > 80 || name.front() == '"' || name.front() == '{') return false;
    const size_t names_max = header_.has_time ? kNamesBeforeAnchorMax : kNamesBeforeTimeMax;
    return names_ <= names_max;
  }

  static bool is_decimal(std::string_view name) {
    const size_t whole = run_of(name, kDigit);
    return whole > 0 && whole + 1 < name.size() && name[whole] == '.' &&
           all_of(name.substr(whole + 1), kDigit);
  }

  static bool is_field(std::string_view name) {
    const size_t key = run_of(name, kKeyChar);
    return key > 0 && key < name.size() && name[key] == '=' && name.find('"') == name.npos;
  }

  /// So far into a line without a header, only a time in brackets can still come.
  bool skip_to_bracket() {
    const size_t bracket = line_.substr(0, at_ + kGroupSizeMax).find('[', at_);
    ++names_;
    if (bracket == std::string_view::npos) return false;
    at_ = bracket;
    return true;
  }

  bool try_time() {
    const bool bracket = peek() == '[' || peek() == '(';
    const size_t start = at_ + (bracket ? 1 : 0);
    if (!bracket && names_ > 2) return false;
    PrintedTime time;
    if (!read_printed_time(line_.substr(start), context_, time)) return false;
    header_.has_time = true;
    header_.time = time;
    header_.time_at = start;
    at_ = start + time.size;
    if (peek() == ':') ++at_;
    if (bracket) {
      if (peek() == ']' || peek() == ')') {
        ++at_;
      } else {
        open_bracket_ = true;
      }
    }
    // Behind addresses and names, as in an access log, the time is a part of the message.
    if (names_ >= 2 || (names_ == 1 && is_access_log_time(line_.substr(start)))) {
      names_ = kNamesBeforeTimeMax + 1;
      return true;
    }
    anchor_here();
    return true;
  }

  /// A level as a token of its own: INFO, INFO:, WARN>, error:, debug1:, DEBU[...
  bool try_level() {
    const std::string_view here = rest();
    const size_t letters = run_of(here, kLower | kUpper, 14);
    if (letters < here.size() && is(here[letters], kRunChar)) {
      const size_t channel = run_of(here, kRunChar, 64);
      if (here.substr(channel).starts_with('.') && try_dotted_level(channel)) return true;
    }
    if (letters < 3 || letters > 13) return false;
    const std::string_view word = here.substr(0, letters);
    size_t size = letters;
    // sshd counts its debug levels.
    if (size < here.size() && is(here[size], kDigit) && size + 1 < here.size() &&
        here[size + 1] == ':') {
      ++size;
    }
    const char next = size < here.size() ? here[size] : '\0';
    if (next == '.' && try_dotted_level(size)) return true;
    if (next == '(' && try_scoped_level(word)) return true;
    if (next == '=' && try_level_field(size)) return true;
    if (next == ' ' && word == "PHP" && header_.has_time) return try_php_level();
    const bool marked = next == ':' || next == '>' || next == '[' || next == ']' || next == '|' ||
                        (next == '/' && open_bracket_);
    if (!marked && next != '\0' && !is(next, kBlank) && next != ',' && next != ')') return false;
    Level level;
    if (!read_level_word(word, level)) return false;
    if (!may_be_level(word, marked && next != '[', next)) return false;
    header_.level = level;
    header_.level_word = word;
    header_.has_level = true;
    at_ += size;
    if (peek() == ':' || peek() == '>' || peek() == '|') ++at_;
    if (open_bracket_ && peek() == ']') {
      open_bracket_ = false;
      ++at_;
    }
    anchor_here();
    read_glued_name();
    return true;
  }

  /// A letter alone behind the time, "W [12:main]", "E NETWORK", where no sentence can begin: "I"
  /// is a word too.
  bool try_letter() {
    if (!header_.has_time || names_ > 0 || !kLevelLetters.holds(peek())) return false;
    const bool is_marked = peek(1) == '!' && peek(2) == ' ';  // "E! [inputs.cpu]"
    if (peek(1) != ' ' && !is_marked) return false;
    const std::string_view next = word_behind(1);
    if (next.empty()) return false;
    const bool is_name = is_marked || next.front() == '[' || next.front() == '{' || next == "-" ||
                         (next.size() > 1 && all_of(next, kUpper)) ||
                         next.find('/') != std::string_view::npos ||
                         is_qualified_name(next.substr(0, next.size() - (next.back() == ':')));
    if (!is_name || !event::parse_level(line_.substr(at_, 1), header_.level)) return false;
    header_.has_level = true;
    at_ += is_marked ? 2 : 1;
    anchor_here();
    return true;
  }

  /// level=info, as the first of fields behind the time
  bool try_level_field(size_t key_size) {
    if (!header_.has_time || names_ > 0) return false;
    if (field_name(rest().substr(0, key_size)).use != FieldUse::kLevel) return false;
    const std::string_view word = token().substr(key_size + 1);
    if (!read_level_word(word, header_.level)) return false;
    header_.level_word = word;
    header_.has_level = true;
    at_ += key_size + 1 + word.size();
    anchor_here();
    return true;
  }

  /// warning(scope): message
  bool try_scoped_level(std::string_view word) {
    if (header_.has_time || names_ > 0 || !all_of(word, kLower)) return false;
    const std::string_view behind = rest().substr(word.size() + 1);
    const size_t scope = run_of(behind, kKeyChar, 48);
    if (scope == 0 || !behind.substr(scope).starts_with("): ")) return false;
    if (!read_level_word(word, header_.level)) return false;
    header_.level_word = word;
    header_.has_level = true;
    at_ += word.size() + 1 + scope + 2;
    anchor_here();
    return true;
  }

  /// "PHP Fatal error:  message", "PHP Warning:  message"
  bool try_php_level() {
    const std::string_view kind = rest().substr(4);
    const size_t letters = run_of(kind, kUpper | kLower);
    const std::string_view word = kind.substr(0, letters);
    const bool ends = kind.substr(letters).starts_with(":  ");
    if (kind.substr(letters).starts_with(" error:  ") && (word == "Fatal" || word == "Parse")) {
      header_.level = Level::kCritical;
    } else if (ends && word == "Deprecated") {
      header_.level = Level::kWarn;
    } else if (!ends || !read_level_word(word, header_.level)) {
      return false;
    }
    header_.level_word = word;
    header_.has_level = true;
    at_ += 4;
    at_ += rest().find(':') + 1;
    anchor_here();
    return true;
  }

  /// app.ERROR: message
  bool try_dotted_level(size_t dot) {
    const std::string_view behind = rest().substr(dot + 1);
    const size_t letters = run_of(behind, kUpper, 14);
    if (!header_.has_time || names_ > 0 || letters >= behind.size() || behind[letters] != ':') {
      return false;
    }
    const std::string_view word = behind.substr(0, letters);
    if (!read_level_word(word, header_.level)) return false;
    header_.level_word = word;
    header_.has_level = true;
    at_ += dot + 1 + letters + 1;
    anchor_here();
    return true;
  }

  /// Precision: words such as "error" begin many messages.
  bool may_be_level(std::string_view word, bool marked, char next) const {
    const bool upper = all_of(word, kUpper);
    if (word == "panic") return false;
    if (word == "LOG" || word == "SYSTEM" || word == "NOTE") {
      const bool before_group = next == ' ' && word_behind(word.size()).starts_with('[');
      if (!marked && !(header_.has_time && before_group)) return false;
    } else if (equals_ignoring_case(word, "log") || equals_ignoring_case(word, "system") ||
               equals_ignoring_case(word, "note")) {
      return false;
    }
    if (open_bracket_) return true;
    if (names_ == 0) {
      if (upper) return true;
      if (header_.has_time) return marked || all_of(word, kLower) || is_padded(word.size());
      return (marked || has_symbol_) && all_of(word, kLower);
    }
    return header_.has_time && upper && (marked || names_ <= 2);
  }

  /// True before a tab or more than one blank: a column, not the beginning of a sentence.
  bool is_padded(size_t size) const {
    return peek(size) == '\t' || (peek(size) == ' ' && peek(size + 1) == ' ');
  }

  /// ERROR:shop:message
  void read_glued_name() {
    if (line_[at_ - 1] != ':') return;
    const size_t size = run_of(rest(), kKeyChar, 80);
    if (size == 0 || peek(size) != ':') return;
    at_ += size + 1;
    anchor_here();
  }

  /// "[...]", "(...)" or "<...>": may hold the level or the time; next to an anchor it belongs to
  /// the header.
  bool read_group() {
    if (rest().starts_with(kMask)) return false;
    const char close = closing_of(peek());
    const size_t end = rest().substr(0, kGroupSizeMax).find(close, 1);
    if (end == std::string_view::npos) return skip_name();
    const std::string_view inside = rest().substr(1, end - 1);
    const bool touches_anchor = names_ == 0;
    if (!header_.has_level && read_level_group(inside)) {
      at_ += end + 1;
      if (peek() == ':') ++at_;
      anchor_here();
      return true;
    }
    at_ += end + 1;
    if (peek() == ':' && touches_anchor) ++at_;
    if (touches_anchor && has_anchor()) anchor_here();
    if (!touches_anchor) ++names_;
    return true;
  }

  /// "{main.py:12}", "{request_id: x}": fields between the time and the level. Not an object of
  /// JSON, which is what the line has to say.
  bool read_fields() {
    const std::string_view near = rest().substr(0, kGroupSizeMax);
    const size_t end = near.find('}');
    if (end == std::string_view::npos || peek(1) == '"' || header_.has_level) return false;
    at_ += end + 1;
    names_ = std::max<size_t>(names_, 1);
    return true;
  }

  /// [info     ], [shop#debug], [api:warn], [Server thread/INFO]
  bool read_level_group(std::string_view inside) {
    std::string_view word = trim_right(trim_left(inside));
    static constexpr CharSet kMarks("#:./");
    const size_t mark = kMarks.last_in(word);
    if (mark != std::string_view::npos && word.size() - mark <= 9) {
      const bool is_path = word[mark] == '/';
      word.remove_prefix(mark + 1);
      if (is_path && !all_of(word, kUpper)) return false;
    }
    Level level;
    if (equals_ignoring_case(word, "log") || equals_ignoring_case(word, "config")) return false;
    const bool is_letter = word.size() == 1 && header_.has_time && names_ == 0 &&
                           kLevelLetters.holds(word.front());
    if (is_letter ? !event::parse_level(word, level) : !read_level_word(word, level)) return false;
    // "shop.exe: [WARNING] message"
    const bool is_named = names_ == 1 && at_ > 2 && line_[at_ - 2] == ':';
    if (names_ > 0 && !header_.has_time && !is_named) return false;
    header_.level = level;
    header_.level_word = word;
    header_.has_level = true;
    return true;
  }

  /// The rest of "[time LEVEL name]".
  bool close_bracket() {
    const std::string_view here = rest().substr(0, kGroupSizeMax);
    static constexpr CharSet kClosing("])");
    const size_t close = kClosing.first_in(here);
    open_bracket_ = false;
    if (close == std::string_view::npos) return false;
    at_ += close + 1;
    anchor_here();
    return true;
  }

  /// host tag[pid]: or tag[pid]: behind a syslog time
  bool try_syslog_tag() {
    const size_t start = at_;
    std::string_view word = token();
    if (!is_syslog_tag(word, true)) {
      at_ += word.size();
      skip_blanks();
      word = token();
      const bool old_time = is(line_[header_.time_at], kUpper);
      if (!is_syslog_tag(word, !(is_syslog_ || old_time))) {
        at_ = start;
        return false;
      }
    }
    at_ += word.size();
    anchor_here();
    return true;
  }

  /// Behind the last anchor: brackets, callers (main.go:274), worker numbers (10#10:), and a
  /// logger's name with what stands around it if a lone " - " or " : " ends it.
  void skip_tail() {
    for (size_t items = 0; items < 8; ++items) {
      skip_separators();
      if (at_ >= line_.size()) return;
      if (skip_named_part()) continue;
      const size_t size = tail_item_size();
      if (size == 0) return;
      at_ += size;
    }
  }

  size_t tail_item_size() const {
    const std::string_view word = token();
    if (word.starts_with(kMask)) return 0;
    const IdShape shape = id_shape(word);
    if (shape == IdShape::kUuid || shape == IdShape::kHex128) return word.size();
    if (closing_of(word.front()) != '\0') {
      const size_t end = rest().substr(0, kGroupSizeMax).find(closing_of(word.front()), 1);
      if (end == std::string_view::npos || word.front() == '<') return 0;
      const size_t size = end + 1;
      if (word.front() == '(' && is(peek(1), kBlank)) return 0;
      return peek(size) == ':' ? size + 1 : size;
    }
    std::string_view bare = word;
    const bool colon = bare.back() == ':';
    if (colon) bare.remove_suffix(1);
    if (bare.empty()) return 0;
    const std::string_view next = word_behind(word.size());
    const bool group_next = next.starts_with('[') || next.starts_with('(');
    // "shop: (id) message", "Shop.Orders app.pl:9 [id] message"
    if (colon && group_next && all_of(bare, kKeyChar)) return word.size();
    if (is_qualified_name(bare) && (next.starts_with('[') || is_caller(next))) return word.size();
    const bool worker = colon && is(bare[0], kDigit) && bare.find('#') != std::string_view::npos;
    return is_caller(bare) || worker ? word.size() : 0;
  }

  /// Skips to behind a lone dash or colon, if only names, groups and fields stand before it.
  bool skip_named_part() {
    size_t at = at_;
    for (size_t words = 0; words < 8 && at < line_.size(); ++words) {
      std::string_view word;
      if (closing_of(line_[at]) != '\0') {
        const size_t end = line_.substr(at, kGroupSizeMax).find(closing_of(line_[at]), 1);
        if (end == std::string_view::npos) return false;
        word = line_.substr(at, end + 1);
      } else {
        word = word_at(at);
      }
      if (words > 0 && (word == "-" || word == ":" || word == "--")) {
        at_ = at + word.size();
        return true;
      }
      if (!is_name_part(word, words == 0)) return false;
      at += word.size();
      at += run_of(line_.substr(at), kBlank);
    }
    return false;
  }

  /// The word behind the one at the current place that has `size` bytes.
  std::string_view word_behind(size_t size) const {
    const size_t at = at_ + size;
    return word_at(at + run_of(line_.substr(at), kBlank));
  }

  std::string_view line_;
  const TimeContext& context_;
  Header header_;
  size_t at_ = 0;
  size_t anchor_ = 0;  // behind the last time, level or tag
  size_t names_ = 0;   // other words since then
  bool open_bracket_ = false;
  bool is_syslog_ = false;
  bool has_symbol_ = false;
};

}  // namespace

Header HeaderReader::read(std::string_view line, const TimeContext& context) {
  Header header = Reader(line, context).run();
  // Only where the line was cut for reading can this be inside a character.
  header.size = character_boundary(line, header.size);
  return header;
}

}  // namespace gasoline::understand

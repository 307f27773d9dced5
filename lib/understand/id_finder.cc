#include "understand/id_finder.h"

#include <algorithm>
#include <bit>

#include "event/event.h"
#include "understand/blocks.h"
#include "understand/chars.h"
#include "understand/id_shape.h"
#include "understand/id_value.h"
#include "understand/level_word.h"

namespace gasoline::understand {

namespace {

constexpr size_t kKeySizeMax = 64;
constexpr size_t kRunSizeMax = 80;
constexpr size_t kProseIdSizeMin = 6;
constexpr size_t kRequestAtMax = 256;  // where an access log line quotes its request at the latest

/// Where the name ends that stands before `end`, without the quotes and the spaces that may follow.
size_t key_end_before(std::string_view text, size_t end) {
  constexpr size_t kPaddingMax = 16;  // of names in a column
  size_t back = end;
  while (back > 0 && end - back < kPaddingMax && text[back - 1] == ' ') --back;
  end = back;
  while (back > 0 && end - back < 4 &&
         (text[back - 1] == '"' || text[back - 1] == '\'' || text[back - 1] == '\\')) {
    --back;
  }
  return back;
}

/// The name that ends just before `end`, skipping the quotes and spaces that may follow it.
std::string_view key_before(std::string_view text, size_t end) {
  const size_t back = key_end_before(text, end);
  size_t start = back;
  while (start > 0 && back - start < kKeySizeMax && is(text[start - 1], kKeyChar)) --start;
  return text.substr(start, back - start);
}

/// "request id: x": the word before a lone `id`.
IdRole role_of_two_words(std::string_view text, std::string_view id_word) {
  const auto start = static_cast<size_t>(id_word.data() - text.data());
  if (start == 0 || (text[start - 1] != ' ')) return IdRole::kNone;
  const std::string_view word = key_before(text, start);
  if (word.empty() || !all_of(word, kLower | kUpper)) return IdRole::kNone;
  const auto word_start = static_cast<size_t>(word.data() - text.data());
  if (word_start > 0 && is_word_of_others(key_before(text, word_start))) return IdRole::kNone;
  return classify_id_key(word, "id");
}

/// The unquoted or quoted value that begins at `at`, which is behind a separator.
std::string_view value_at(std::string_view text, size_t at) {
  size_t skipped = 0;
  while (at < text.size() && skipped < 6 &&
         (text[at] == ' ' || text[at] == '"' || text[at] == '\'' || text[at] == '\\' ||
          text[at] == '>' || text[at] == '[' || text[at] == '{' || text[at] == '(')) {
    if (text[at] == '(' && text.substr(at, 6) == "(null)") return {};
    ++at;
    ++skipped;
  }
  std::string_view value = text.substr(at, run_of(text.substr(at), kValueChar, 160));
  while (!value.empty() && (value.back() == '.' || value.back() == ':' || value.back() == '/' ||
                            value.back() == '-')) {
    value.remove_suffix(1);
  }
  return value;
}

class Finder {
 public:
  Finder(std::string_view text, size_t header_size, Ids& ids)
      : text_(text), header_size_(header_size), ids_(ids) {}

  void run(bool only_literals) {
    size_t at = 0;
    for (; at + Block::kSize <= text_.size(); at += Block::kSize) {
      const Block block(text_.data() + at);
      if (!only_literals) look_at_separators(at, block);
      if (block.run_chars() == 0xffff && at >= run_end_) look_at_run(at, only_literals);
    }
    if (only_literals) return;
    if (at < text_.size()) look_at_separators(at, PaddedBlock(text_, at).block());
    if (!ids_.empty() || brackets_ == 0) return;
    look_for_named_group();
    if (ids_.empty()) look_for_numbered_group();
  }

 private:
  void look_at_separators(size_t base, const Block& block) {
    // What a name may end with, or stand before its separator; most separators are of times.
    static constexpr CharSet kBefore("dDeEqQtTnNrRpP3\"' {");
    brackets_ |= block.equal_to('[');
    uint32_t mask = block.equal_to('=') | block.equal_to(':');
    for (; mask != 0; mask &= mask - 1) {
      const size_t at = base + static_cast<size_t>(std::countr_zero(mask));
      if (at > 0 && kBefore.holds(text_[at - 1])) look_at_separator(at);
    }
  }

  void look_at_separator(size_t at) {
    if (at + 1 >= text_.size()) return;
    static constexpr CharSet kBehindKeys("\"' ");
    const char before = text_[at - 1];
    if (before == '{') return look_at_keyword(at);
    if (before == ' ' && text_[at] == ':' && is_alpha(text_[at + 1])) return look_at_keyword(at);
    const size_t key_end = kBehindKeys.holds(before) ? key_end_before(text_, at) : at;
    // Most names are told by their last letters.
    if (!may_end_id_key(text_.substr(0, key_end))) return;
    const std::string_view key = key_before(text_, at);
    IdRole role = classify_id_key(key);
    if (role == IdRole::kNone && equals_ignoring_case(key, "id")) {
      // In prose, "request id: 5" is as likely to number something.
      if (value_at(text_, at + 1).size() < kProseIdSizeMin) return;
      role = role_of_two_words(text_, key);
    }
    if (role == IdRole::kNone) return;
    if (role == IdRole::kXray || role == IdRole::kXrayRoot) {
      const size_t from = role == IdRole::kXray ? at + 1 : at - 4;
      take_id(IdRole::kXray, trim_left(text_.substr(from, 160)), IdPlace::kText, ids_);
      return;
    }
    take_id(role, value_at(text_, at + 1), IdPlace::kText, ids_);
  }

  /// "{:request-id \"x\"}": a keyword, whose value stands behind a blank.
  void look_at_keyword(size_t at) {
    const std::string_view rest = text_.substr(at + 1);
    const size_t size = run_of(rest, kKeyChar, kKeySizeMax);
    if (size >= rest.size() || rest[size] != ' ') return;
    size_t value = size + 1;
    if (rest.substr(value).starts_with("#uuid ")) value += 6;
    take_id(classify_id_key(rest.substr(0, size)), value_at(rest, value), IdPlace::kText, ids_);
  }

  /// A run of letters, digits and dashes that covers the block at `at`, but not the one before.
  void look_at_run(size_t at, bool only_literals) {
    size_t start = at;
    if (at > 0) {
      const uint32_t before = Block(text_.data() + at - Block::kSize).run_chars();
      start -= static_cast<size_t>(std::countl_one(before << Block::kSize));
    }
    run_end_ = end_of_run_chars(text_, at + Block::kSize);
    const size_t size = run_end_ - start;
    if (size > kRunSizeMax || size < 32) return;
    const std::string_view run = text_.substr(start, size);
    // A longer name around it, such as file_<uuid>.pdf, names something else.
    if (start > 0 && (text_[start - 1] == '_' || text_[start - 1] == '@')) return;
    if (run.starts_with("req-") && id_shape(run.substr(4)) != IdShape::kNone) {
      ids_.request.offer(run, IdRank::kWeakField);
      return;
    }
    const IdShape shape = id_shape(run);
    switch (shape) {
      case IdShape::kNone:
        return;
      case IdShape::kTraceparent:
        take_traceparent(run, IdRank::kHeader, ids_);
        return;
      case IdShape::kB3:
        take_b3(run, IdRank::kHeader, ids_);
        return;
      case IdShape::kXray:
        ids_.trace.offer(run, IdRank::kHeader);
        if (!only_literals) take_tuple(start, size);
        return;
      case IdShape::kTraceAndSpan:
        if (!only_literals && is_bracketed(start, size)) take_b3(run, IdRank::kPlace, ids_);
        return;
      case IdShape::kUuid:
      case IdShape::kHex128:
        if (!only_literals) look_at_place(start, size);
        return;
    }
  }

  /// "[req-6b071b227696]", "[req_01JD...]": too short for a shape of its own, but named in itself.
  void look_for_named_group() {
    constexpr size_t kNearBeginning = 160;
    const std::string_view near = text_.substr(0, kNearBeginning);
    const size_t open = near.find("[req");
    if (open == std::string_view::npos) return;
    const std::string_view inside = text_.substr(open + 1, 64);
    const size_t word = run_of(inside, kLower);
    const size_t size = run_of(inside, kKeyChar);
    if (size >= inside.size() || inside[size] != ']' || size < word + 7) return;
    if (inside.substr(0, word) != "req" && inside.substr(0, word) != "request") return;
    const std::string_view id = inside.substr(word + 1, size - word - 1);
    const bool is_separated = inside[word] == '-' || inside[word] == '_';
    const bool has_digit = std::any_of(id.begin(), id.end(), [](char c) { return is(c, kDigit); });
    if (is_separated && has_digit) ids_.request.offer(inside.substr(0, size), IdRank::kWeakField);
  }

  /// "[web-01/2GpWNT5pZk-000042]": a process' own name for itself, and its number of the request.
  void look_for_numbered_group() {
    constexpr size_t kNearBeginning = 64;
    constexpr size_t kNumberSize = 6;
    const size_t open = text_.substr(0, kNearBeginning).find('[');
    if (open == std::string_view::npos) return;
    const std::string_view inside = text_.substr(open + 1, event::kCorrelationIdSizeMax);
    const size_t size = run_of(inside, kKeyChar);
    if (size <= kNumberSize + 1 || size >= inside.size() || inside[size] != ']') return;
    const std::string_view id = inside.substr(0, size);
    const size_t dash = size - kNumberSize - 1;
    const size_t slash = id.find('/');
    const bool is_numbered = id[dash] == '-' && all_of(id.substr(dash + 1), kDigit);
    const bool has_name = slash != std::string_view::npos && slash > 0 && dash - slash > 8;
    if (is_numbered && has_name) ids_.request.offer(id, IdRank::kWeakField);
  }

  char before(size_t start) const { return start > 0 ? text_[start - 1] : '\0'; }
  char after(size_t end) const { return end < text_.size() ? text_[end] : '\0'; }

  bool is_bracketed(size_t start, size_t size) const {
    const char open = before(start);
    const char close = after(start + size);
    return (open == '[' && close == ']') || (open == '(' && close == ')') ||
           (open == '{' && close == '}') || (open == '<' && close == '>');
  }

  void look_at_place(size_t start, size_t size) {
    const std::string_view id = text_.substr(start, size);
    if (is_bracketed(start, size)) {
      if (is_whole_message(start - 1, size + 2)) return;
      if (!names_an_object(start - 1)) ids_.unnamed.offer(id, IdRank::kPlace);
      else if (before(start - 1) == ' ') take_behind_word(start - 1, id);
      return;
    }
    if (take_tuple(start, size) || take_behind_word(start, id) || take_behind_comma(start, id)) {
      return;
    }
    if (is_column(start, size)) ids_.unnamed.offer(id, IdRank::kPlace);
  }

  /// "request <uuid>": the word before it says what it is.
  bool take_behind_word(size_t start, std::string_view id) {
    if (start < 4 || text_[start - 1] != ' ' || !is_alpha(text_[start - 2])) return false;
    const IdRole role = classify_id_key(key_before(text_, start - 1));
    return role != IdRole::kNone && role != IdRole::kWeakAny &&
           take_id(role, id, IdPlace::kText, ids_);
  }

  /// ('x-request-id', 'UUID'): headers as a list of pairs.
  bool take_behind_comma(size_t start, std::string_view id) {
    const char quote = before(start);
    if (start < 8 || (quote != '"' && quote != '\'')) return false;
    const size_t prefix = before(start - 1) == 'b' ? 2 : 1;  // of bytes, in Python
    const std::string_view head = trim_right(text_.substr(0, start - prefix));
    if (head.size() < 4 || head.back() != ',' || head[head.size() - 2] != quote) return false;
    const IdRole role = classify_id_key(key_before(text_, head.size() - 1));
    return role != IdRole::kNone && take_id(role, id, IdPlace::kText, ids_);
  }

  /// [app,trace,span,exported]
  bool take_tuple(size_t start, size_t size) {
    if (before(start) != ',') return false;
    size_t open = start - 1;
    while (open > 0 && start - open < 64 && is(text_[open - 1], kKeyChar)) --open;
    if (open == 0 || text_[open - 1] != '[') return false;
    const std::string_view rest = text_.substr(start + size);
    if (!rest.starts_with(',')) return rest.starts_with(']');
    ids_.trace.offer(text_.substr(start, size), IdRank::kPlace);
    const std::string_view span = rest.substr(1, 16);
    if (is_hex_id(span)) ids_.span.offer(span, IdRank::kPlace);
    return true;
  }

  /// What is all that the line says is not the id under which it says so.
  bool is_whole_message(size_t start, size_t size) const {
    return header_size_ > 0 && start == header_size_ &&
           trim_right(text_.substr(start + size)).empty();
  }

  /// "HEX  path", "HEX *path": what md5sum prints.
  static bool is_checksum(std::string_view id, std::string_view behind) {
    if (id_shape(id) != IdShape::kHex128) return false;
    const std::string_view name = behind.substr(std::min<size_t>(behind.size(), 2));
    const std::string_view word = name.substr(0, run_of(name, kKeyChar));
    return behind.starts_with(" *") ||
           (behind.starts_with("  ") && word.find_first_of("./") != std::string_view::npos);
  }

  /// True if the word before the bracket at `open` says what the id is of: "user [..]", "order
  /// (..)".
  bool names_an_object(size_t open) const {
    if (open <= header_size_ || open < 2) return false;
    const char left = text_[open - 1];
    if (is_alnum(left)) return true;  // orders[...]
    // The values of a list, under a name: X-Client-Id:[...]
    if (left == ':' || left == '=') return is(text_[open - 2], kKeyChar);
    if (left != ' ') return false;
    // In round brackets stands what explains the words before them, however they are written.
    const char last = text_[open - 2];
    if (text_[open] == '(' && (is_alnum(last) || last == ')' || last == '"' || last == '\'')) {
      event::Level level;
      const std::string_view word = key_before(text_, open - 1);
      return word.empty() || !read_level_word(word, level);
    }
    size_t start = open - 1;
    while (start > 0 && open - start < 32 && is(text_[start - 1], kKeyChar)) --start;
    const std::string_view word = text_.substr(start, open - 1 - start);
    if (word.empty() || !all_of(word, kLower)) return false;
    event::Level level;
    return !read_level_word(word, level);
  }

  /// An id alone between blanks counts in the header or as the first word behind it, as a column
  /// between bars, and as a column behind the request of an access log line.
  bool is_column(size_t start, size_t size) const {
    if (is_in_access_log(start, size)) return true;
    const char left = before(start);
    const char right = after(start + size);
    const bool blank_right = right == ' ' || right == '\t' || right == '\0';
    if ((left != ' ' && left != '\t') || !blank_right) return false;
    if (header_size_ > 0 && start <= header_size_ + 1 && right != '\0') {
      return !is_in_group(start) &&
             !is_checksum(text_.substr(start, size), text_.substr(start + size));
    }
    const std::string_view head = trim_right(text_.substr(0, start));
    const std::string_view tail = trim_left(text_.substr(start + size));
    return head.ends_with('|') && (tail.starts_with('|') || tail.starts_with("- "));
  }

  /// True inside of brackets that hold more than the id: what it stands for there is not known.
  bool is_in_group(size_t start) const {
    const std::string_view head = text_.substr(0, start);
    const size_t open = head.find_last_of("[(");
    return open != std::string_view::npos &&
           head.find_first_of("])", open) == std::string_view::npos;
  }

  /// True for a column of its own, quoted or not, behind the quoted request of an access log line.
  bool is_in_access_log(size_t start, size_t size) const {
    size_t end = start + size;
    const bool quoted = before(start) == '"' && after(end) == '"';
    if (quoted) {
      --start;
      ++end;
    }
    if (before(start) != ' ' || (end < text_.size() && !is(text_[end], kBlank))) return false;
    const size_t quote = text_.substr(0, std::min(start, kRequestAtMax)).find("] \"");
    if (quote == std::string_view::npos) return false;
    const size_t method = run_of(text_.substr(quote + 3), kUpper, 8);
    return method >= 3 && text_.substr(quote + 3 + method).starts_with(' ');
  }

  std::string_view text_;
  size_t header_size_;
  Ids& ids_;
  size_t run_end_ = 0;
  uint32_t brackets_ = 0;  // not 0: there is a "[" in the text
};

}  // namespace

void find_ids(std::string_view text, size_t header_size, Ids& ids) {
  Finder(text, header_size, ids).run(false);
}

void find_header_tuple(std::string_view header, Ids& ids) {
  for (size_t open = header.find('['); open != std::string_view::npos;
       open = header.find('[', open + 1)) {
    std::string_view rest = header.substr(open + 1);
    rest.remove_prefix(run_of(rest, kKeyChar));
    if (!rest.starts_with(',')) continue;
    rest.remove_prefix(1);
    const std::string_view trace = rest.substr(0, run_of(rest, kHexDigit));
    rest.remove_prefix(trace.size());
    if (!is_hex_id(trace) || !rest.starts_with(',')) continue;
    const std::string_view span = rest.substr(1, run_of(rest.substr(1), kHexDigit));
    if (!is_hex_id(span)) continue;
    ids.trace.offer(trace, IdRank::kPlace);
    ids.span.offer(span, IdRank::kPlace);
    return;
  }
}

void find_id_literals(std::string_view text, Ids& ids) {
  Finder(text, 0, ids).run(true);
}

}  // namespace gasoline::understand

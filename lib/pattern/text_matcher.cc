#include "pattern/text_matcher.h"

#include <hs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace gasoline::pattern {
namespace {

constexpr std::string_view kCompiling = "read the expression";
constexpr size_t kNestingMax = 64;

Error refusal(std::string_view why) {
  return Error::of(Error::kInvalid, kCompiling, why);
}

/// The number behind "{" or ",", as large as `limit`.
size_t repeat_count(std::string_view digits, size_t limit) {
  size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return error == std::errc() && end == digits.data() + digits.size() ? std::min(count, limit)
                                                                      : limit;
}

/// How often "{2}", "{2,}" or "{2,5}" at the front of `rest` repeats, and its size; none if `rest`
/// begins with no repeat.
std::optional<std::pair<size_t, size_t>> take_repeat(std::string_view rest, size_t limit) {
  const size_t end = rest.find('}');
  if (!rest.starts_with('{') || end == std::string_view::npos || end < 2) return std::nullopt;
  const std::string_view inside = rest.substr(1, end - 1);
  if (inside.find_first_not_of("0123456789,") != std::string_view::npos) return std::nullopt;
  const size_t comma = inside.find(',');
  const bool is_open = comma != std::string_view::npos && comma + 1 == inside.size();
  const std::string_view digits = comma == std::string_view::npos || is_open
                                      ? inside.substr(0, comma)
                                      : inside.substr(comma + 1);
  return std::pair{std::max<size_t>(repeat_count(digits, limit), 1), end + 1};
}

/// The size of the atom at the front of `rest`: a character, an escape or a class.
size_t atom_size(std::string_view rest) {
  if (rest.front() == '\\') return std::min<size_t>(2, rest.size());
  if (rest.front() != '[') return 1;
  for (size_t i = 2; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == ']') {
      return i + 1;
    }
  }
  return rest.size();
}

/// Counts from 1 in characters, where Hyperscan counts from 0 in bytes.
std::string with_position(std::string_view regex, std::string_view message) {
  constexpr std::string_view kMark = "index ";
  std::string text(message);
  while (text.ends_with('.')) text.pop_back();
  const size_t mark = message.rfind(kMark);
  size_t index = 0;
  if (mark == std::string_view::npos) return text;
  const char* digits = message.data() + mark + kMark.size();
  if (std::from_chars(digits, message.data() + message.size(), index).ec != std::errc()) return text;
  const std::string_view before = regex.substr(0, std::min(index, regex.size()));
  const auto characters = std::count_if(before.begin(), before.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
  return "at character " + std::to_string(characters + 1) + ": " + text;
}

struct Database {
  hs_database_t* database = nullptr;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { hs_free_database(database); }
};

Status compile_one(std::string_view regex, unsigned flags, Database& to) {
  hs_compile_error_t* error = nullptr;
  const std::string terminated(regex);
  if (hs_compile(terminated.c_str(), flags, HS_MODE_BLOCK, nullptr, &to.database, &error) ==
      HS_SUCCESS) {
    return {};
  }
  GASOLINE_ASSERT(error != nullptr);
  const std::string why =
      with_position(regex, error->message != nullptr ? error->message : "unknown reason");
  hs_free_compile_error(error);
  return refusal(why);
}

/// True if a match can depend on where the text, not a line of it, begins or ends.
bool speaks_of_ends(std::string_view regex) {
  for (size_t at = regex.find('\\'); at != std::string_view::npos && at + 1 < regex.size();
       at = regex.find('\\', at + 2)) {
    if (std::string_view("AzZG").find(regex[at + 1]) != std::string_view::npos) return true;
  }
  // Modes other than "ignore case" may switch the lines off.
  for (size_t at = regex.find("(?"); at != std::string_view::npos; at = regex.find("(?", at + 2)) {
    const std::string_view mode = regex.substr(at + 2);
    if (!mode.starts_with(':') && !mode.starts_with("i)") && !mode.starts_with("i:")) return true;
  }
  return false;
}

bool can_match_nothing(const std::string& regex, unsigned flags) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  const bool is_known =
      hs_expression_info(regex.c_str(), flags, &info, &error) == HS_SUCCESS && info != nullptr;
  const bool can = !is_known || info->min_width == 0;
  std::free(info);
  hs_free_compile_error(error);
  return can;
}

int on_match(unsigned, unsigned long long, unsigned long long, unsigned, void* found) noexcept {
  *static_cast<bool*>(found) = true;
  return 1;
}

int on_line_match(unsigned, unsigned long long, unsigned long long to, unsigned,
                  void* end) noexcept {
  *static_cast<size_t*>(end) = static_cast<size_t>(to);
  return 1;
}

/// True if a match may hold a LF. Says so of whatever it does not know, such as a class that is
/// told by what is not in it.
bool may_match_line_feed(std::string_view regex) {
  constexpr std::string_view kOfOneLine = "bBdwSt";
  for (size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    const char next = i + 1 < regex.size() ? regex[i + 1] : '\0';
    if (static_cast<unsigned char>(c) < ' ') return true;
    if (c == '[' && (next == '^' || next == ':')) return true;
    if (c != '\\') continue;
    const bool is_word = (next >= '0' && next <= '9') || (next >= 'A' && next <= 'Z') ||
                         (next >= 'a' && next <= 'z');
    if (is_word && kOfOneLine.find(next) == std::string_view::npos) return true;
    if (static_cast<unsigned char>(next) < ' ') return true;
    ++i;
  }
  return false;
}

}  // namespace

struct TextMatcher::Compiled {
  Database one;
  Database lines;  // none where it would not help
};

struct TextMatcher::Scratch {
  hs_scratch_t* scratch = nullptr;
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { hs_free_scratch(scratch); }
};

TextMatcher::TextMatcher(std::shared_ptr<const Compiled> compiled,
                         std::unique_ptr<Scratch> scratch, bool is_sure_in_lines)
    : compiled_(std::move(compiled)),
      scratch_(std::move(scratch)),
      is_sure_in_lines_(is_sure_in_lines) {}
TextMatcher::TextMatcher(TextMatcher&&) noexcept = default;
TextMatcher& TextMatcher::operator=(TextMatcher&&) noexcept = default;
TextMatcher::~TextMatcher() = default;

Result<TextMatcher> TextMatcher::compile(std::string_view regex, bool ignores_case) {
  if (hs_valid_platform() != HS_SUCCESS) return refusal("Hyperscan needs a processor with SSSE3");
  if (regex.empty()) return refusal("it is empty");
  if (regex.size() > kRegexSizeMax) {
    return refusal("it has more than " + std::to_string(kRegexSizeMax) + " bytes");
  }
  if (const size_t nul = regex.find('\0'); nul != std::string_view::npos) {
    return refusal(with_position(regex, "a NUL byte, write \\x00, at index " + std::to_string(nul)));
  }
  if (unrolled_size(regex, kUnrolledSizeMax + 1) > kUnrolledSizeMax) {
    return refusal("its repeats amount to more than " + std::to_string(kUnrolledSizeMax) +
                   " characters; ask for fewer, or use + or *");
  }
  const unsigned flags = HS_FLAG_UTF8 | HS_FLAG_MULTILINE | (ignores_case ? HS_FLAG_CASELESS : 0u);
  auto compiled = std::make_shared<Compiled>();
  auto scratch = std::make_unique<Scratch>();
  if (Status one = compile_one(regex, flags | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY,
                               compiled->one);
      !one) {
    return one.error();
  }
  if (!speaks_of_ends(regex) && !can_match_nothing(std::string(regex), flags)) {
    if (Status lines = compile_one(regex, flags, compiled->lines); !lines) return lines.error();
  }
  for (const Database* each : {&compiled->one, &compiled->lines}) {
    if (each->database == nullptr) continue;
    if (hs_alloc_scratch(each->database, &scratch->scratch) != HS_SUCCESS) {
      return Error::from_errno(ENOMEM, kCompiling);
    }
  }
  return TextMatcher(std::move(compiled), std::move(scratch), !may_match_line_feed(regex));
}

std::optional<TextMatcher> TextMatcher::make_twin() const {
  auto scratch = std::make_unique<Scratch>();
  if (hs_clone_scratch(scratch_->scratch, &scratch->scratch) != HS_SUCCESS) return std::nullopt;
  return TextMatcher(compiled_, std::move(scratch), is_sure_in_lines_);
}

bool TextMatcher::matches(std::string_view text) const {
  GASOLINE_ASSERT(text.size() <= std::numeric_limits<unsigned>::max());
  // Hyperscan sees the text's end only if there is a text.
  const char* bytes = text.empty() ? "" : text.data();
  bool found = false;
  const hs_error_t status = hs_scan(compiled_->one.database, bytes,
                                    static_cast<unsigned>(text.size()), 0, scratch_->scratch,
                                    on_match, &found);
  GASOLINE_ASSERT(status == HS_SUCCESS || status == HS_SCAN_TERMINATED);
  return found;
}

bool TextMatcher::can_find_in_lines() const {
  return compiled_->lines.database != nullptr;
}

size_t TextMatcher::find_in_lines(std::string_view joined) const {
  GASOLINE_ASSERT(can_find_in_lines() && joined.size() <= std::numeric_limits<unsigned>::max());
  size_t end = kNone;
  const hs_error_t status =
      hs_scan(compiled_->lines.database, joined.data(), static_cast<unsigned>(joined.size()), 0,
              scratch_->scratch, on_line_match, &end);
  GASOLINE_ASSERT(status == HS_SUCCESS || status == HS_SCAN_TERMINATED);
  return end;
}

size_t unrolled_size(std::string_view regex, size_t limit) noexcept {
  std::array<size_t, kNestingMax> sizes{};  // of the groups that are open, outermost first
  size_t depth = 0;
  while (!regex.empty()) {
    size_t atom = 1;
    size_t used = 1;
    if (regex.front() == '(' && depth + 1 < kNestingMax) {
      sizes[++depth] = 0;
      regex.remove_prefix(1);
      continue;
    }
    if (regex.front() == ')' && depth > 0) {
      atom = sizes[depth--];
    } else {
      used = atom_size(regex);
    }
    regex.remove_prefix(used);
    while (const auto repeat = take_repeat(regex, limit)) {
      atom *= repeat->first;
      atom = std::min(atom, limit);
      regex.remove_prefix(repeat->second);
    }
    sizes[depth] = std::min(sizes[depth] + atom, limit);
  }
  size_t all = 0;
  for (size_t i = 0; i <= depth; ++i) all += sizes[i];
  return std::min(all, limit);
}

}  // namespace gasoline::pattern

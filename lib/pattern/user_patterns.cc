#include "pattern/user_patterns.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace gasoline::pattern {
namespace {

RE2::Options re2_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  return options;
}

/// RE2 knows (?P<name>...) only; others write (?<name>...). Not within classes and escapes.
std::string with_python_names(std::string_view regex) {
  std::string text;
  bool in_class = false;
  for (size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    text += c;
    if (c == '\\' && i + 1 < regex.size()) {
      text += regex[++i];
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
      // A bracket that comes first is one of the class.
      if (regex.substr(i + 1).starts_with("^]")) text += regex[++i];
      if (regex.substr(i + 1).starts_with("]")) text += regex[++i];
    } else if (c == '(' && regex.substr(i + 1).starts_with("?<")) {
      const std::string_view behind = regex.substr(i + 3);
      const bool looks_back = behind.starts_with("=") || behind.starts_with("!");
      text += looks_back ? "?<" : "?P<";
      i += 2;
    }
  }
  return text;
}

/// Hyperscan only tells whether the expression occurs, in the sense in which RE2 reads it.
Pattern occurrence_of(uint32_t id, std::string regex) {
  Pattern pattern;
  pattern.id = id;
  pattern.regex = std::move(regex);
  pattern.is_utf8 = true;
  pattern.may_be_empty = true;
  pattern.matches_once = true;
  return pattern;
}

/// Where RE2's complaint is about, if the fragment that it shows stands there once.
size_t place_of(std::string_view regex, const RE2& compiled) {
  const std::string& fragment = compiled.error_arg();
  if (fragment.empty()) return 0;
  const size_t at = regex.find(fragment);
  if (at == std::string_view::npos || regex.find(fragment, at + 1) != std::string_view::npos) {
    return 0;
  }
  return at + 1;
}

std::vector<std::string> names_of(const RE2& compiled) {
  std::vector<std::string> names(static_cast<size_t>(compiled.NumberOfCapturingGroups()));
  for (const auto& [number, name] : compiled.CapturingGroupNames()) {
    names[static_cast<size_t>(number) - 1] = name;
  }
  return names;
}

}  // namespace

RegexVerdict check_regex(std::string_view regex) {
  RegexVerdict verdict;
  if (regex.size() > kUserRegexSizeMax) {
    verdict.what = "is longer than 4096 bytes";
    return verdict;
  }
  if (regex.find('\0') != std::string_view::npos) {
    verdict.what = "holds a NUL byte: write \\x00";
    return verdict;
  }
  const std::string rewritten = with_python_names(regex);
  const RE2 compiled(rewritten, re2_options());
  if (!compiled.ok()) {
    verdict.what = compiled.error();
    verdict.character = place_of(regex, compiled);
    if (verdict.what.find("invalid perl operator") != std::string::npos) {
      verdict.what += " (look-around is not accepted: it cannot be matched in linear time)";
    } else if (compiled.error_code() == RE2::ErrorBadEscape) {
      verdict.what += " (back references and \\Z are not accepted)";
    }
    return verdict;
  }
  if (static_cast<size_t>(compiled.NumberOfCapturingGroups()) > kUserGroupsMax) {
    verdict.what = "has more than 32 groups: write (?:...) for those that are not read";
    return verdict;
  }
  for (std::string& name : names_of(compiled)) {
    if (name.empty()) continue;
    if (std::find(verdict.groups.begin(), verdict.groups.end(), name) != verdict.groups.end()) {
      verdict.what = "has two groups named " + name;
      return verdict;
    }
    verdict.groups.push_back(std::move(name));
  }
  verdict.is_good = true;
  const Pattern alone = occurrence_of(0, rewritten);
  if (const auto fast = PatternSet::compile({&alone, 1}); !fast) {
    verdict.what = "is good, but Hyperscan cannot take it: it is looked for by RE2 in every line, "
                   "which costs more";
  }
  return verdict;
}

struct UserPatterns::Compiled {
  std::vector<std::unique_ptr<RE2>> regexes;
  std::vector<std::vector<std::string>> names;
  std::vector<uint8_t> is_slow;  // Hyperscan does not know it
  std::unique_ptr<PatternSet> fast;
  bool has_slow = false;
};

UserPatterns::UserPatterns(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
UserPatterns::UserPatterns(UserPatterns&&) noexcept = default;
UserPatterns& UserPatterns::operator=(UserPatterns&&) noexcept = default;
UserPatterns::~UserPatterns() = default;

Result<UserPatterns> UserPatterns::compile(std::span<const std::string> regexes,
                                           const std::string& cache_directory, Log& log) {
  auto compiled = std::make_unique<Compiled>();
  std::vector<Pattern> fast;
  for (const std::string& regex : regexes) {
    const auto id = static_cast<uint32_t>(compiled->regexes.size());
    const std::string rewritten = with_python_names(regex);
    compiled->regexes.push_back(std::make_unique<RE2>(rewritten, re2_options()));
    const RE2& last = *compiled->regexes.back();
    if (!last.ok()) return Error::of(Error::kInvalid, "compile /" + regex + "/", last.error());
    compiled->names.push_back(names_of(last));
    Pattern pattern = occurrence_of(id, rewritten);
    compiled->is_slow.push_back(PatternSet::compile({&pattern, 1}).has_value() ? 0 : 1);
    if (compiled->is_slow.back() == 0) fast.push_back(std::move(pattern));
  }
  compiled->has_slow = fast.size() < regexes.size();
  if (!fast.empty()) {
    auto set = cache_directory.empty() ? PatternSet::compile(fast)
                                       : PatternSet::compile_cached(fast, cache_directory, log);
    if (!set) return std::move(set).error();
    compiled->fast = std::make_unique<PatternSet>(std::move(*set));
  }
  return UserPatterns(std::move(compiled));
}

size_t UserPatterns::size() const {
  return compiled_->regexes.size();
}

const std::vector<std::string>& UserPatterns::group_names(size_t pattern) const {
  return compiled_->names[pattern];
}

UserPatterns::Memory::Memory(const UserPatterns& patterns) : occurs_(patterns.size(), 0) {
  if (patterns.compiled_->fast == nullptr) return;
  Result<Scratch> scratch = patterns.compiled_->fast->make_scratch();
  GASOLINE_ASSERT(scratch.has_value());
  scratch_.push_back(std::move(*scratch));
}

bool UserPatterns::scan(std::string_view text, Memory& memory) const {
  std::copy(compiled_->is_slow.begin(), compiled_->is_slow.end(), memory.occurs_.begin());
  bool any = compiled_->has_slow;
  if (compiled_->fast == nullptr) return any;
  compiled_->fast->scan(text, memory.scratch_.front(), [&](uint32_t id, size_t) noexcept {
    memory.occurs_[id] = 1;
    any = true;
    return true;
  });
  return any;
}

bool UserPatterns::may_occur(size_t pattern, const Memory& memory) const {
  return memory.occurs_[pattern] != 0;
}

bool UserPatterns::find(size_t pattern, std::string_view text, size_t from, size_t until,
                        Memory& memory) const {
  const RE2& regex = *compiled_->regexes[pattern];
  constexpr size_t kPartsMax = kUserGroupsMax + 1;
  re2::StringPiece parts[kPartsMax];
  const int count = regex.NumberOfCapturingGroups() + 1;
  if (!regex.Match({text.data(), text.size()}, from, until, RE2::UNANCHORED, parts, count)) {
    return false;
  }
  memory.groups.clear();
  for (int i = 0; i < count; ++i) memory.groups.emplace_back(parts[i].data(), parts[i].size());
  return true;
}

}  // namespace gasoline::pattern

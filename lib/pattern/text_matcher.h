#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline::pattern {

/// One expression that somebody searches for, in the part of PCRE's syntax that Hyperscan takes: no
/// back references, no look-around. It may match anywhere in a text; ^ and $ also match at lines
/// within it, and a dot is a whole character of UTF-8. A text is read once, whatever the expression.
///
/// Holds the working memory of its scans: one thread at a time; another one uses a twin.
class TextMatcher {
 public:
  static constexpr size_t kRegexSizeMax = 1024;
  /// Repeats written out, so many characters: compiling takes seconds beyond it.
  static constexpr size_t kUnrolledSizeMax = 500;

  /// Error::kInvalid; its detail says what is wrong and, where that is known, "at character N" of
  /// the expression, counted from 1.
  static Result<TextMatcher> compile(std::string_view regex, bool ignores_case);
  TextMatcher(TextMatcher&& other) noexcept;
  TextMatcher& operator=(TextMatcher&& other) noexcept;
  ~TextMatcher();

  /// The same expression for another thread, without compiling it again; none if the system has no
  /// memory.
  std::optional<TextMatcher> make_twin() const;

  /// `text` is valid UTF-8 of less than 4 GiB. Allocates nothing.
  bool matches(std::string_view text) const;

  /// Whether find_in_lines() is worth while: not for what can match the empty text, and not for what
  /// speaks of the text's very beginning or end.
  bool can_find_in_lines() const;
  /// Looks through many texts at once, which stand in `joined` with a LF behind each: much faster
  /// than one by one where few match. The offset behind a match, kNone for none: it points into the
  /// first text that matches, or into one before it that does not, if a match can reach over a LF.
  /// `joined` is valid UTF-8 of less than 4 GiB. Allocates nothing.
  static constexpr size_t kNone = SIZE_MAX;
  size_t find_in_lines(std::string_view joined) const;
  /// True if no match reaches over a LF: then what find_in_lines() points into does match.
  bool is_sure_in_lines() const { return is_sure_in_lines_; }

 private:
  struct Compiled;
  struct Scratch;
  TextMatcher(std::shared_ptr<const Compiled> compiled, std::unique_ptr<Scratch> scratch,
              bool is_sure_in_lines);

  std::shared_ptr<const Compiled> compiled_;
  std::unique_ptr<Scratch> scratch_;
  bool is_sure_in_lines_;
};

/// About how many characters `regex` would have with its counted repeats written out; at most
/// `limit`. Never fails: what is no expression has some size too.
size_t unrolled_size(std::string_view regex, size_t limit) noexcept;

}  // namespace gasoline::pattern

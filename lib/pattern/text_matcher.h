#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace gasoline::pattern {

/// One expression that somebody searches for, in the part of PCRE's syntax that Hyperscan takes: no
/// back references, no look-around. It may match anywhere in a text; ^ and $ also match at lines
/// within it, and a dot is a whole character of UTF-8. A text is read once, whatever the expression.
///
/// Holds the working memory of its scans: one thread at a time.
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

  /// `text` is valid UTF-8 of less than 4 GiB. Allocates nothing.
  bool matches(std::string_view text) const;

  /// Whether find_in_lines() is worth while: not for what can match the empty text, and not for what
  /// speaks of the text's very beginning or end.
  bool can_find_in_lines() const;
  /// Looks through many texts at once, which stand in `joined` with a LF behind each: much faster
  /// than one by one where few match. Calls `on_end` with the offset behind each match, so that a
  /// text that matches is pointed into at least once; one that is pointed into need not match.
  /// `on_end` returns false to stop, then so does this.
  using OnEnd = bool (*)(void* context, size_t end_offset) noexcept;
  bool find_in_lines(std::string_view joined, OnEnd on_end, void* context) const;

  template <typename Callable>
  bool find_in_lines(std::string_view joined, Callable&& on_end) const {
    using Bare = std::remove_reference_t<Callable>;
    return find_in_lines(
        joined,
        [](void* context, size_t end) noexcept -> bool {
          return (*static_cast<Bare*>(context))(end);
        },
        const_cast<void*>(static_cast<const void*>(std::addressof(on_end))));
  }

 private:
  struct Compiled;
  explicit TextMatcher(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

/// About how many characters `regex` would have with its counted repeats written out; at most
/// `limit`. Never fails: what is no expression has some size too.
size_t unrolled_size(std::string_view regex, size_t limit) noexcept;

}  // namespace gasoline::pattern

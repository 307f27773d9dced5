#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pattern/text_matcher.h"

namespace gasoline::pattern {

/// The expressions that were searched for last, compiled: compiling one can take as long as looking
/// through a million lines, and whoever pages or polls asks for the same again. Thread-safe.
class MatcherCache {
 public:
  static constexpr size_t kKeptMax = 16;

  /// As TextMatcher::compile(). The caller's alone.
  Result<TextMatcher> get(std::string_view regex, bool ignores_case);
  size_t size() const;

 private:
  struct Kept {
    std::string regex;
    bool ignores_case;
    TextMatcher matcher;
  };
  std::optional<TextMatcher> find(std::string_view regex, bool ignores_case);

  mutable std::mutex mutex_;
  std::vector<Kept> kept_;  // asked for last behind
};

}  // namespace gasoline::pattern

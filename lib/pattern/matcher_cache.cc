#include "pattern/matcher_cache.h"

#include <algorithm>
#include <utility>

namespace gasoline::pattern {

Result<TextMatcher> MatcherCache::get(std::string_view regex, bool ignores_case) {
  if (std::optional<TextMatcher> known = find(regex, ignores_case)) return std::move(*known);
  Result<TextMatcher> compiled = TextMatcher::compile(regex, ignores_case);
  if (!compiled) return compiled;
  if (std::optional<TextMatcher> twin = compiled->make_twin()) {
    const std::lock_guard lock(mutex_);
    if (kept_.size() == kKeptMax) kept_.erase(kept_.begin());
    kept_.push_back({std::string(regex), ignores_case, std::move(*twin)});
  }
  return compiled;
}

size_t MatcherCache::size() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::optional<TextMatcher> MatcherCache::find(std::string_view regex, bool ignores_case) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& each) {
    return each.regex == regex && each.ignores_case == ignores_case;
  });
  if (found == kept_.end()) return std::nullopt;
  std::rotate(found, found + 1, kept_.end());
  return kept_.back().matcher.make_twin();
}

}  // namespace gasoline::pattern

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "pattern/user_patterns.h"
#include "understand/mask_key.h"

namespace gasoline::understand {

/// Redaction rules of the user's own, compiled. Immutable; thread-safe.
struct OwnRedactionRules {
  std::vector<std::string> names;
  std::vector<std::string> regexes;
  pattern::UserPatterns patterns;
  std::vector<size_t> secret_groups;  ///< number of the group named "secret"; 0: the whole match

  static Result<OwnRedactionRules> compile(std::vector<std::string> names,
                                           std::vector<std::string> regexes,
                                           const std::string& cache_directory, Log& log);
};

/// Masks what the user's rules match: "[redacted:name#3f2a]". One per thread.
///
/// In JSON a rule is looked for in every value by itself, and then in the text as a whole, where
/// only values are masked: what was JSON stays it. Values are seen as they are written, with their
/// escapes. A long text is looked at in windows of kWindowSize that overlap by kOverlapSize, so a
/// longer match may be cut. A rule that matches more than kMatchesMax times in a window masks the
/// rest of the window: time stays linear in the text, whatever the expression.
class OwnRedaction {
 public:
  static constexpr size_t kWindowSize = 64 << 10;
  static constexpr size_t kOverlapSize = 4 << 10;
  static constexpr size_t kMatchesMax = 1024;

  enum class Form { kText, kJson };
  struct Found {
    size_t start;
    size_t end;
    uint32_t rule;
  };

  /// `rules` must outlive it.
  OwnRedaction(const OwnRedactionRules& rules, const MaskKey& key);

  /// `text` (valid UTF-8) with masks, in `arena`; `text` itself if there is nothing to mask. Adds
  /// to `masked` how many there were.
  std::string_view mask(std::string_view text, Form form, Arena& arena, uint64_t& masked);
  /// What the last call masked.
  const std::vector<Found>& found() const { return found_; }

 private:
  void find_in(std::string_view text, size_t offset, uint32_t rule, Form form);
  void add_found(size_t start, size_t end, uint32_t rule, Form form);
  void merge_overlaps();
  std::string_view with_masks(std::string_view text, Form form, Arena& arena) const;

  const OwnRedactionRules& rules_;
  const MaskKey key_;
  pattern::UserPatterns::Memory memory_;
  std::vector<Found> found_;
  size_t found_alone_ = 0;  // of those, in values by themselves: sorted, and they do not overlap
  struct Value {
    size_t start;
    size_t end;
    bool is_string;
  };
  std::vector<Value> values_;
};

}  // namespace gasoline::understand

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/time_zone.h"
#include "pattern/pattern_set.h"
#include "understand/mask_key.h"
#include "understand/own_forms.h"
#include "understand/own_redaction.h"

namespace gasoline::understand {

/// A pattern or a redaction rule of the user's own, of the configuration.
struct OwnPattern {
  std::string name;
  std::string regex;
};

struct Options {
  bool mask_secrets = true;
  /// Where compiled patterns are kept between starts; empty: compiled at every start (0.3 s).
  std::string pattern_cache_directory;
  /// Of the masks; without one a new one is made, and masks are only comparable while it lives.
  std::optional<MaskKey> mask_key;
  /// The zone of printed times that name none, in minutes east of UTC; nothing: this machine's.
  std::optional<int32_t> zone_offset_minutes = 0;
  std::optional<TimeZone> zone;  ///< wins over zone_offset_minutes
  std::vector<OwnPattern> redactions;
  std::vector<OwnPattern> forms;  ///< of lines, in the order in which they are tried
  std::vector<std::string> disabled_secrets;  ///< kinds of secret_kinds() that are not masked
};

/// Everything about understanding that is shared and immutable: the options and the compiled secret
/// patterns. Thread-safe; must outlive every Understanding made from it.
class Rules {
 public:
  /// Fails if the built-in patterns do not compile on this processor, or the user's own are wrong.
  static Result<std::unique_ptr<Rules>> create(const Options& options, Log& log);

  const Options& options() const { return options_; }
  const MaskKey& mask_key() const { return mask_key_; }
  /// Null when masking is off.
  const pattern::PatternSet* secret_patterns() const { return secrets_.get(); }
  /// Null without rules of the user's own, and when masking is off.
  const OwnRedactionRules* own_redactions() const { return redactions_.get(); }
  /// Null without forms of the user's own.
  const OwnFormRules* own_forms() const { return forms_.get(); }

 private:
  Rules(Options options, const MaskKey& key) : options_(std::move(options)), mask_key_(key) {}
  Status compile_secrets(Log& log);
  Status compile_own(Log& log);

  const Options options_;
  const MaskKey mask_key_;
  std::unique_ptr<pattern::PatternSet> secrets_;
  std::unique_ptr<OwnRedactionRules> redactions_;
  std::unique_ptr<OwnFormRules> forms_;
};

}  // namespace gasoline::understand

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "pattern/pattern_set.h"
#include "understand/mask_key.h"

namespace gasoline::understand {

struct Options {
  bool mask_secrets = true;
  /// Where compiled patterns are kept between starts; empty: compiled at every start (0.3 s).
  std::string pattern_cache_directory;
  /// Of the masks; without one a new one is made, and masks are only comparable while it lives.
  std::optional<MaskKey> mask_key;
  /// The zone of printed times that name none, in minutes east of UTC; nothing: this machine's.
  std::optional<int32_t> zone_offset_minutes = 0;
};

/// Everything about understanding that is shared and immutable: the options and the compiled secret
/// patterns. Thread-safe; must outlive every Understanding made from it.
class Rules {
 public:
  /// Fails only if the built-in patterns do not compile on this processor.
  static Result<std::unique_ptr<Rules>> create(const Options& options, Log& log);

  const Options& options() const { return options_; }
  const MaskKey& mask_key() const { return mask_key_; }
  /// Null when masking is off.
  const pattern::PatternSet* secret_patterns() const { return secrets_.get(); }

 private:
  Rules(Options options, const MaskKey& key, std::unique_ptr<pattern::PatternSet> secrets)
      : options_(std::move(options)), mask_key_(key), secrets_(std::move(secrets)) {}

  const Options options_;
  const MaskKey mask_key_;
  const std::unique_ptr<pattern::PatternSet> secrets_;
};

}  // namespace gasoline::understand

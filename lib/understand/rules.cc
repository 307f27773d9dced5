#include "understand/rules.h"

#include <utility>

#include "understand/secret_table.h"

namespace gasoline::understand {

Result<std::unique_ptr<Rules>> Rules::create(const Options& options, Log& log) {
  std::unique_ptr<pattern::PatternSet> secrets;
  if (options.mask_secrets) {
    const std::vector<pattern::Pattern> patterns = understand::secret_patterns();
    Result<pattern::PatternSet> set =
        options.pattern_cache_directory.empty()
            ? pattern::PatternSet::compile(patterns)
            : pattern::PatternSet::compile_cached(patterns, options.pattern_cache_directory, log);
    if (!set) return std::move(set).error();
    secrets = std::make_unique<pattern::PatternSet>(std::move(*set));
  }
  SystemRandom random;
  const MaskKey key = options.mask_key ? *options.mask_key : MaskKey::make(random);
  return std::unique_ptr<Rules>(new Rules(options, key, std::move(secrets)));
}

}  // namespace gasoline::understand

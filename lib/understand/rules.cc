#include "understand/rules.h"

#include <algorithm>
#include <utility>

#include "understand/secret_table.h"

namespace gasoline::understand {
namespace {

/// The parts of the user's patterns, each in a list of its own.
std::pair<std::vector<std::string>, std::vector<std::string>> parts_of(
    const std::vector<OwnPattern>& patterns) {
  std::pair<std::vector<std::string>, std::vector<std::string>> parts;
  for (const OwnPattern& each : patterns) {
    parts.first.push_back(each.name);
    parts.second.push_back(each.regex);
  }
  return parts;
}

}  // namespace

Result<std::unique_ptr<Rules>> Rules::create(const Options& options, Log& log) {
  SystemRandom random;
  const MaskKey key = options.mask_key ? *options.mask_key : MaskKey::make(random);
  std::unique_ptr<Rules> rules(new Rules(options, key));
  if (Status compiled = rules->compile_secrets(log); !compiled) return compiled.error();
  if (Status compiled = rules->compile_own(log); !compiled) return compiled.error();
  return rules;
}

Status Rules::compile_secrets(Log& log) {
  if (!options_.mask_secrets) return {};
  std::vector<pattern::Pattern> patterns = understand::secret_patterns();
  std::erase_if(patterns, [this](const pattern::Pattern& pattern) {
    const std::string_view kind = secret_kinds()[pattern.id].kind;
    const std::vector<std::string>& off = options_.disabled_secrets;
    return std::find(off.begin(), off.end(), kind) != off.end();
  });
  if (patterns.empty()) return {};
  Result<pattern::PatternSet> set =
      options_.pattern_cache_directory.empty()
          ? pattern::PatternSet::compile(patterns)
          : pattern::PatternSet::compile_cached(patterns, options_.pattern_cache_directory, log);
  if (!set) return std::move(set).error();
  secrets_ = std::make_unique<pattern::PatternSet>(std::move(*set));
  return {};
}

Status Rules::compile_own(Log& log) {
  if (options_.mask_secrets && !options_.redactions.empty()) {
    auto [names, regexes] = parts_of(options_.redactions);
    auto compiled = OwnRedactionRules::compile(std::move(names), std::move(regexes),
                                               options_.pattern_cache_directory, log);
    if (!compiled) return compiled.error();
    redactions_ = std::make_unique<OwnRedactionRules>(std::move(*compiled));
  }
  if (options_.forms.empty()) return {};
  auto [names, regexes] = parts_of(options_.forms);
  auto compiled = OwnFormRules::compile(std::move(names), regexes,
                                        options_.pattern_cache_directory, log);
  if (!compiled) return compiled.error();
  forms_ = std::make_unique<OwnFormRules>(std::move(*compiled));
  return {};
}

}  // namespace gasoline::understand

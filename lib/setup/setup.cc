#include "setup/setup.h"

#include "config/config_file.h"
#include "understand/secret_table.h"

namespace gasoline::setup {

config::Reading read_configuration(const ConfigChoice& choice, const Environment& environment,
                                   const Places& places) {
  std::string path = choice.path;
  if (path.empty() && choice.reads_any) {
    const config::ConfigPlace place = config::find_config_file(environment, places);
    if (place.exists) path = place.path;
  }
  const config::Known known{places.home, understand::secret_kind_names()};
  return config::read_config_file(path, known, choice.overrides);
}

understand::Options understanding_options(const config::Settings& settings) {
  understand::Options options;
  options.mask_secrets = settings.redaction_enabled;
  options.disabled_secrets = settings.redaction_disabled;
  options.zone_offset_minutes = std::nullopt;
  if (!settings.timezone.empty()) {
    // A zone that is none has been refused when the settings were read.
    if (const auto zone = TimeZone::named(settings.timezone)) options.zone = *zone;
  }
  for (const config::RedactionRule& rule : settings.redaction_rules) {
    options.redactions.push_back({rule.name, rule.regex});
  }
  for (const config::PatternSettings& pattern : settings.patterns) {
    options.forms.push_back({pattern.name, pattern.regex});
  }
  return options;
}

}  // namespace gasoline::setup

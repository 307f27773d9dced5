#include "filter_options.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "digest_view.h"

namespace gasoline::cli {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 8> kParameters{{
    {"source", "source"},
    {"service", "service"},
    {"level", "level"},
    {"start-time", "start_time"},
    {"end-time", "end_time"},
    {"run", "run"},
    {"project", "project"},
    {"limit", "limit"},
}};

/// A duration back from now in the form of the API; any other text as it is.
std::string moment(const std::string& when) {
  const Result<int64_t> ago_us = parse_duration_us(when);
  if (!ago_us) return when;
  const int64_t us = SystemClock().wall_us() - *ago_us;
  return fmt::format("{}.{:03}", us / 1000, us % 1000);
}

}  // namespace

Parameters filter_parameters(const Arguments& arguments) {
  Parameters parameters;
  for (const auto& [option, parameter] : kParameters) {
    for (const std::string& value : arguments.values(option)) {
      parameters.emplace_back(parameter, value);
    }
  }
  if (const auto since = arguments.value("since")) {
    parameters.emplace_back("start_time", moment(*since));
  }
  if (const auto until = arguments.value("until")) {
    parameters.emplace_back("end_time", moment(*until));
  }
  return parameters;
}

int ask_for_digest(const Arguments& arguments, std::string_view path, Parameters parameters) {
  parameters.emplace_back("max_tokens", arguments.value("max-tokens").value_or(""));
  return ask_and_show(
      arguments, path,
      [](std::string_view json, const ViewOptions&) { return render_digest(json); }, parameters);
}

Parameters from_cursor(Parameters parameters, const std::string& cursor) {
  std::erase_if(parameters, [](const auto& each) { return each.first == "cursor"; });
  parameters.emplace_back("cursor", cursor);
  return parameters;
}

}  // namespace gasoline::cli

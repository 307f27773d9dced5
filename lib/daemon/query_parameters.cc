#include "daemon/query_parameters.h"

#include <fmt/format.h>

#include <charconv>

#include "daemon/digest.h"
#include "event/time_text.h"

namespace gasoline::daemon {
namespace {

Error invalid(std::string_view name, std::string_view value, std::string_view accepted) {
  return Error::of(Error::kInvalid, fmt::format("'{}={}'", name, value),
                   fmt::format("accepted: {}", accepted));
}

Status read_time(std::string_view name, std::string_view value, std::optional<int64_t>& to) {
  int64_t us = 0;
  double number = 0;
  const char* end = value.data() + value.size();
  const auto [at, code] = std::from_chars(value.data(), end, number);
  const bool is_number = code == std::errc() && at == end;
  if (is_number ? event::epoch_us_by_magnitude(number, us) : event::parse_iso8601(value, us)) {
    to = us;
    return {};
  }
  return invalid(name, value, "milliseconds since 1970, or a time as in RFC 3339");
}

Status read_limit(std::string_view value, uint32_t& to) {
  uint32_t limit = 0;
  const char* end = value.data() + value.size();
  const auto [at, code] = std::from_chars(value.data(), end, limit);
  if (code != std::errc() || at != end || limit < 1 || limit > store::Query::kLimitMax) {
    return invalid("limit", value, fmt::format("1 to {}", store::Query::kLimitMax));
  }
  to = limit;
  return {};
}

Status read_flag(std::string_view name, std::string_view value, bool& to) {
  if (value != "true" && value != "false") return invalid(name, value, "true or false");
  to = value == "true";
  return {};
}

Status read_level(std::string_view value, std::optional<event::Level>& to) {
  event::Level level = event::Level::kInfo;
  if (!event::parse_level(value, level)) {
    return invalid("level", value, "debug, info, warn, error or critical (and all above it)");
  }
  to = level;
  return {};
}

Status read_one(const http::Header& parameter, store::Query& query) {
  const std::string_view name = parameter.name;
  const std::string& value = parameter.value;
  if (name == "correlation_id") query.correlation_id = value;
  if (name == "source") query.sources.push_back(value);
  if (name == "service") query.services.push_back(value);
  if (name == "run") query.run_id = value;
  if (name == "project") query.project = value;
  if (name == "q") query.text = value;
  if (name == "cursor") query.cursor = value;
  if (name == "include_inferred") return read_flag(name, value, query.include_inferred);
  if (name == "level") return read_level(value, query.level_min);
  if (name == "start_time") return read_time(name, value, query.start_us);
  if (name == "end_time") return read_time(name, value, query.end_us);
  if (name == "limit") return read_limit(value, query.limit);
  return {};
}

/// What narrows every question, with `text_meaning` for q.
std::vector<Parameter> filter_parameters(std::string_view text_meaning) {
  return {
      {"correlation_id", "string", "the id, or any id linked to it; without it, a time range"},
      {"source", "string", "a source's name or kind, such as stdout; may be repeated"},
      {"service", "string", "a service; may be repeated"},
      {"level", "string", "the least level: debug, info, warn, error or critical"},
      {"start_time", "string", "first time, in ms since 1970 or RFC 3339"},
      {"end_time", "string", "end of the range, exclusive"},
      {"q", "string", text_meaning},
      {"run", "string", "the run_id of a gasoline-run"},
      {"project", "string", "the name of the git working tree of a run"},
      {"limit", "integer", "events in one answer, 1 to 10000 (default 1000)"},
      {"cursor", "string", "next_cursor of the answer before, with the same filters"},
      {"max_tokens", "integer", "a digest of at most so many tokens, 200 to 1000000"},
  };
}

}  // namespace

std::vector<Parameter> timeline_parameters() {
  std::vector<Parameter> parameters =
      filter_parameters("text that the message must contain, in any case");
  parameters.push_back({"include_inferred", "boolean",
                        "true: also events without an id that probably belong to the request"});
  parameters.push_back({"correct_skew", "boolean",
                        "true: order by times corrected for the clocks' skew, and show both"});
  return parameters;
}

std::vector<Parameter> search_parameters() {
  std::vector<Parameter> parameters = filter_parameters(
      "a regular expression (PCRE without look-around and back references) that the message "
      "must match");
  for (Parameter& parameter : parameters) parameter.is_required = parameter.name == "q";
  parameters.push_back({"ignore_case", "boolean", "true: letters match in either case"});
  parameters.push_back({"count", "boolean", "true: also how many match in all"});
  return parameters;
}

std::vector<Parameter> tail_parameters() {
  std::vector<Parameter> parameters =
      filter_parameters("text that the message must contain, in any case");
  std::erase_if(parameters, [](const Parameter& parameter) {
    return parameter.name == "limit" || parameter.name == "cursor" ||
           parameter.name == "max_tokens";
  });
  return parameters;
}

Result<store::Query> read_timeline_query(const http::Request& request) {
  store::Query query;
  for (const http::Header& parameter : request.query) {
    if (Status read = read_one(parameter, query); !read) return read.error();
  }
  return query;
}

Result<store::Search> read_search(const http::Request& request) {
  Result<store::Query> query = read_timeline_query(request);
  if (!query) return query.error();
  store::Search search;
  search.query = std::move(*query);
  if (const auto value = request.query_value("ignore_case")) {
    Status read = read_flag("ignore_case", *value, search.ignores_case);
    if (!read) return read.error();
  }
  if (const auto value = request.query_value("count")) {
    if (Status read = read_flag("count", *value, search.counts_all); !read) return read.error();
  }
  return search;
}

Result<uint32_t> read_max_tokens(const http::Request& request) {
  uint32_t tokens = 0;
  const auto value = request.query_value("max_tokens");
  if (!value) return tokens;
  const char* end = value->data() + value->size();
  const auto [at, code] = std::from_chars(value->data(), end, tokens);
  if (code != std::errc() || at != end || tokens < kTokensMin || tokens > kTokensMax) {
    return invalid("max_tokens", *value, fmt::format("{} to {}", kTokensMin, kTokensMax));
  }
  return tokens;
}

Result<bool> read_correct_skew(const http::Request& request) {
  bool corrects = false;
  if (const auto value = request.query_value("correct_skew")) {
    Status read = read_flag("correct_skew", *value, corrects);
    if (!read) return read.error();
  }
  return corrects;
}

}  // namespace gasoline::daemon

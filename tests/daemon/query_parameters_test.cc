#include "daemon/query_parameters.h"

#include <catch2/catch.hpp>

namespace gasoline::daemon {
namespace {

http::Request asking(const std::vector<http::Header>& query) {
  http::Request request;
  request.query = query;
  return request;
}

TEST_CASE("every parameter reaches the query, repeated ones in their order") {
  const auto query = read_timeline_query(asking({{"correlation_id", "abc"},
                                                 {"source", "stdout"},
                                                 {"source", "stderr:auth"},
                                                 {"service", "auth"},
                                                 {"service", "shop"},
                                                 {"run", "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
                                                 {"project", "gasoline"},
                                                 {"q", "timed out"},
                                                 {"level", "warning"},
                                                 {"start_time", "1763700000123.456"},
                                                 {"end_time", "2026-11-21T04:48:00.5Z"},
                                                 {"limit", "10000"},
                                                 {"cursor", "xyz"}}));
  REQUIRE(query);
  CHECK(query->correlation_id == "abc");
  CHECK(query->sources == std::vector<std::string>{"stdout", "stderr:auth"});
  CHECK(query->services == std::vector<std::string>{"auth", "shop"});
  CHECK(query->run_id == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  CHECK(query->project == "gasoline");
  CHECK(query->text == "timed out");
  CHECK(query->level_min == event::Level::kWarn);
  CHECK(query->start_us == 1'763'700'000'123'456);
  CHECK(query->end_us == 1'795'236'480'500'000);
  CHECK(query->limit == 10'000);
  CHECK(query->cursor == "xyz");
}

TEST_CASE("without parameters the whole time range is asked for, a thousand events at a time") {
  const auto query = read_timeline_query(asking({}));
  REQUIRE(query);
  CHECK(query->correlation_id.empty());
  CHECK(query->limit == 1000);
  CHECK_FALSE(query->level_min);
  CHECK_FALSE(query->start_us);
  CHECK_FALSE(query->end_us);
}

struct BadValue {
  const char* name;
  const char* value;
  const char* error;
};

TEST_CASE("a value that cannot be read is named, with what is accepted") {
  constexpr const char* kTime = "accepted: milliseconds since 1970, or a time as in RFC 3339";
  const BadValue bad = GENERATE_COPY(values<BadValue>({
      {"limit", "0", "'limit=0': accepted: 1 to 10000"},
      {"limit", "10001", "'limit=10001': accepted: 1 to 10000"},
      {"limit", "-1", "'limit=-1': accepted: 1 to 10000"},
      {"limit", "+5", "'limit=+5': accepted: 1 to 10000"},
      {"limit", "5x", "'limit=5x': accepted: 1 to 10000"},
      {"limit", "1e3", "'limit=1e3': accepted: 1 to 10000"},
      {"limit", " 5", "'limit= 5': accepted: 1 to 10000"},
      {"limit", "", "'limit=': accepted: 1 to 10000"},
      {"limit", "99999999999999999999", "accepted: 1 to 10000"},
      {"level", "loud", "'level=loud': accepted: debug, info, warn, error or critical"},
      {"level", "", "'level=': accepted: debug, info, warn, error or critical"},
      {"start_time", "yesterday", kTime},
      {"start_time", "", kTime},
      {"start_time", "-5", kTime},
      {"start_time", "nan", kTime},
      {"end_time", "inf", kTime},
      {"end_time", "1763700000123x", kTime},
      {"end_time", "2026-13-01T00:00:00Z", kTime},
  }));
  CAPTURE(bad.name, bad.value);
  const auto query = read_timeline_query(asking({{bad.name, bad.value}}));
  REQUIRE_FALSE(query);
  CHECK(query.error().to_string().find(bad.error) != std::string::npos);
  CHECK(query.error().to_string().find(std::string("'") + bad.name + "=") != std::string::npos);
}

TEST_CASE("everything that is documented is read") {
  for (const Parameter& parameter : timeline_parameters()) {
    CAPTURE(parameter.name);
    const std::string value = parameter.name == "level"     ? "info"
                              : parameter.type == "boolean" ? "true"
                                                            : "5";
    CHECK(read_timeline_query(asking({{std::string(parameter.name), value}})));
    CHECK_FALSE(parameter.description.empty());
  }
}

}  // namespace
}  // namespace gasoline::daemon

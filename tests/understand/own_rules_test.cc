#include <catch2/catch.hpp>
#include <string>

#include "fixture.h"
#include "understand/explanation.h"
#include "understand/understanding.h"

namespace gasoline::understand {
namespace {

constexpr int64_t kReadUs = 1'795'228'626'000'000;  // 2026-11-21T02:37:06Z

struct HandClock final : Clock {
  int64_t wall_us() const override { return kReadUs; }
  int64_t monotonic_us() const override { return 0; }
};

std::unique_ptr<Rules> make_rules(const Options& options) {
  SilentLog log;
  auto rules = Rules::create(options, log);
  REQUIRE(rules);
  return std::move(*rules);
}

struct Reader {
  explicit Reader(const Options& options) : rules(make_rules(options)) {}

  event::Event read(std::string_view line, std::string_view metadata = {}) {
    event::Event event;
    event.source = event::SourceKind::kFile;
    event.timestamp_us = kReadUs;
    event.message = line;
    event.metadata = metadata;
    understanding.understand(event, arena);
    return event;
  }

  std::unique_ptr<Rules> rules;
  HandClock clock;
  Understanding understanding{*rules, clock};
  Arena arena;
};

Options with_form(const std::string& regex) {
  Options options;
  options.mask_secrets = false;
  options.forms.push_back({"mine", regex});
  return options;
}

TEST_CASE("a form of the user's own fills in an event's fields; other groups become metadata") {
  Reader reader(with_form(
      R"(^(?P<timestamp>\S+ \S+) (?P<level>[A-Z]+) <(?P<correlation_id>\w+)> (?P<service>\w+) )"
      R"((?P<shop>\w+): (?P<message>.*)$)"));
  const event::Event event =
      reader.read("2026-11-21 02:37:05.250 WARN <r7f3f> billing north: paid twice");
  CHECK(event.message == "paid twice");
  CHECK(event.level == event::Level::kWarn);
  CHECK(event.timestamp_us == kReadUs - 750'000);
  CHECK(event.correlation_id == "r7f3f");
  CHECK(event.service == "billing");
  CHECK(event.metadata == R"("shop":"north")");
}

TEST_CASE("what cannot be read as its group is named stays in metadata; lines of other forms go on") {
  Reader reader(with_form(R"(^T=(?P<timestamp>\w+) L=(?P<level>\w+) (?P<message>.*)$)"));
  const event::Event odd = reader.read("T=soon L=purple done");
  CHECK(odd.message == "done");
  CHECK(odd.metadata == R"("timestamp":"soon","level":"purple")");
  CHECK(odd.timestamp_us == kReadUs);
  const event::Event plain = reader.read("2026-11-21 02:37:04 ERROR boom");
  CHECK(plain.message == "boom");
  CHECK(plain.level == event::Level::kError);
  const event::Event json = reader.read(R"({"msg":"T=1 L=info x","level":"error"})");
  CHECK(json.level == event::Level::kError);
}

TEST_CASE("redaction rules mask message, metadata and tags, and are named by the explanation") {
  Options options;
  options.redactions.push_back({"customer", R"(customer=(?P<secret>\d+))"});
  Reader reader(options);
  const std::string_view tags[] = {"q:customer=777"};
  event::Event event;
  event.source = event::SourceKind::kApi;
  event.timestamp_us = kReadUs;
  event.message = "order of customer=123 done";
  event.metadata = R"("query":"customer=456&x=1","n":2)";
  event.tags = tags;
  reader.understanding.understand(event, reader.arena);
  CHECK(event.message.starts_with("order of customer=[redacted:customer#"));
  CHECK(event.metadata.find("456") == std::string_view::npos);
  CHECK(event.metadata.find("\"n\":2") != std::string_view::npos);
  CHECK(event.tags[0].find("777") == std::string_view::npos);
  CHECK(reader.understanding.counters().secrets_masked == 3);
  bool is_named = false;
  for (const Finding& finding : explain(reader.understanding, *reader.rules, event)) {
    is_named = is_named || finding.rule.find("your rule 'customer'") != std::string::npos;
  }
  CHECK(is_named);
}

TEST_CASE("kinds of secrets can be switched off, and all masking can") {
  constexpr std::string_view kLetters = "aZ3kQ9mB7xR2wT5yU8vC1nD4eF6gH";
  std::string secret = "gh" + std::string("p_");
  for (size_t i = 0; i < 36; ++i) secret += kLetters[i * 11 % kLetters.size()];
  Options options;
  Reader masks(options);
  CHECK(masks.read("used " + secret).message.find("[redacted:github-token") != std::string::npos);
  options.disabled_secrets = {"github-token"};
  Reader leaves(options);
  CHECK(leaves.read("used " + secret).message.find(secret) != std::string::npos);
  options = {};
  options.mask_secrets = false;
  options.redactions.push_back({"all", ".*"});
  Reader none(options);
  CHECK(none.read("used " + secret).message.find(secret) != std::string::npos);
}

TEST_CASE("other rules can be taken over while sources go on") {
  Reader reader(with_form("^(?P<message>x.*)$"));
  CHECK(reader.read("x 1").message == "x 1");
  Options options;
  options.redactions.push_back({"digit", R"(\d)"});
  const auto rules = make_rules(options);
  reader.understanding.use(*rules);
  CHECK(reader.read("x 1").message.starts_with("x [redacted:digit#"));
}

TEST_CASE("times without a zone are of the source's zone, where it names one") {
  Options options;
  options.zone = *TimeZone::named("+02:00");
  Reader reader(options);
  const std::string line = "2026-11-21 02:37:06.000 INFO x";
  CHECK(reader.read(line).timestamp_us == kReadUs - 7'200'000'000);
  reader.understanding.use_zone("-01:00");
  CHECK(reader.read(line).timestamp_us == kReadUs + 3'600'000'000);
  reader.understanding.use_zone("nowhere");
  CHECK(reader.read(line).timestamp_us == kReadUs - 7'200'000'000);
  for (size_t i = 0; i < Understanding::kZonesMax + 10; ++i) {
    reader.understanding.use_zone("+00:" + std::string(i % 60 < 10 ? "0" : "") +
                                  std::to_string(i % 60));
    reader.understanding.use_zone("-01:" + std::string(i % 60 < 10 ? "0" : "") +
                                  std::to_string(i % 60));
  }
  CHECK(reader.read(line).timestamp_us != 0);
  reader.understanding.use_zone("");
  CHECK(reader.read(line).timestamp_us == kReadUs - 7'200'000'000);
}

}  // namespace
}  // namespace gasoline::understand

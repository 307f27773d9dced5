#include "understand/explanation.h"

#include <catch2/catch.hpp>

#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

/// The finding of that name; one that says nothing if there is none.
Finding finding(const std::vector<Finding>& findings, std::string_view what) {
  for (const Finding& each : findings) {
    if (each.what == what) return each;
  }
  return {};
}

std::vector<Finding> explained(const std::string& line) {
  static FixedClock clock;
  static Understanding understanding(shared_rules(), clock);
  static Arena arena;
  arena.reset();
  event::Event event;
  event.source = event::SourceKind::kFile;
  event.timestamp_us = kReadTimeUs;
  event.message = line;
  event.event_id = "id";
  understanding.understand(event, arena);
  understanding.join(event, arena);
  return explain(understanding, shared_rules(), event);
}

TEST_CASE("an explanation names what was recognised, by which rule, and from where") {
  const auto findings = explained(
      "2026-11-21T02:37:06.115Z ERROR failed trace_id=4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(finding(findings, "form").value == "text");
  CHECK(finding(findings, "time").value == "1795228626115.000 ms");
  CHECK(finding(findings, "level").value == "error");
  CHECK(finding(findings, "level").rule == "the word 'ERROR'");
  const Finding id = finding(findings, "correlation id");
  CHECK(id.value == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(id.rule.starts_with("a field that names it"));
  CHECK(id.rule.find("trace_id=") != std::string::npos);
  CHECK(finding(findings, "masked").what.empty());
}

TEST_CASE("an explanation names the pattern behind a mask, never the secret") {
  const std::string secret = "Aa7" + std::string(9, 'x') + "9z";
  const auto findings = explained("login password=" + secret);
  CHECK(finding(findings, "masked").value == "password");
  CHECK(finding(findings, "masked").rule.find("password") != std::string::npos);
  for (const Finding& each : findings) {
    CHECK(each.value.find(secret) == std::string::npos);
    CHECK(each.rule.find(secret) == std::string::npos);
  }
}

TEST_CASE("an explanation says what is not there, and what a line goes on with") {
  auto findings = explained("hello");
  CHECK(finding(findings, "time").value == "none printed");
  CHECK(finding(findings, "correlation id").value == "none");
  CHECK(finding(findings, "continues").what.empty());
  explained("Error: boom");
  findings = explained("    at a (/srv/a.js:1:1)");
  CHECK(finding(findings, "continues").what == "continues");
}

}  // namespace
}  // namespace gasoline::understand

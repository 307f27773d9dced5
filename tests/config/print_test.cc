#include "config/print.h"

#include <catch2/catch.hpp>

namespace gasoline::config {
namespace {

constexpr const char* kText =
    "server: {listen: ['[::1]:1'], idle_exit: 90s}\n"
    "events: {ack: synced, log_max: 3GiB}\n"
    "understand: {patterns: [{name: 'it''s', regex: '^(?P<message>.*)$'}]}\n"
    "redaction: {rules: [{name: card, regex: '\\d{16}'}]}\n"
    "backend:\n  logs:\n"
    "    - {type: file, path: [/a/*.log, '/b, c'], start: recent, recent: 2h, tags: ['a: b', '']}\n"
    "    - {type: container, mode: files}\n"
    "    - {type: file, path: /c}\n";

TEST_CASE("what is printed is a configuration that gives the same settings") {
  std::string text = kText;
  text.replace(text.find(", ''"), 4, {"", {}});
  const Reading first = read_configuration(text, "a.yaml", {"/home/me", {}});
  REQUIRE(first.errors.empty());
  const std::string printed = print_settings(first.configuration);
  INFO(printed);
  const Reading second = read_configuration(printed, "b.yaml", {"/home/me", {}});
  for (const Complaint& error : second.errors) UNSCOPED_INFO(error.to_string());
  REQUIRE(second.errors.empty());
  CHECK(second.configuration.settings == first.configuration.settings);
  const Reading none = read_configuration(print_settings({}), "c.yaml", {"/home/me", {}});
  REQUIRE(none.errors.empty());
  CHECK(none.configuration.settings == Settings{});
}

TEST_CASE("each line tells where its value comes from") {
  Reading reading = read_configuration("events:\n  ttl: 1h\n", "a.yaml", {"", {}});
  reading.configuration.origins["events.ack"] = {{}, "--ack", false};
  const std::string printed = print_settings(reading.configuration);
  const auto line_of = [&](const std::string& start) {
    const size_t at = printed.find("\n" + start) + 1;
    return printed.substr(at, printed.find('\n', at) - at);
  };
  CHECK(line_of("  ttl:").ends_with("# line 2"));
  CHECK(line_of("  ack:").ends_with("# --ack"));
  CHECK(line_of("  log_max: 2GiB").ends_with("# default"));
  CHECK(line_of("# socket:").ends_with("gasolined.sock"));
  CHECK(line_of("  logs: []").ends_with("# default"));
  CHECK(printed.starts_with("# a.yaml\n"));
}

}  // namespace
}  // namespace gasoline::config

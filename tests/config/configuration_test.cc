#include "config/configuration.h"

#include <catch2/catch.hpp>

#include "config/listen_address.h"
#include "config/memory_shares.h"

namespace gasoline::config {
namespace {

Reading read(std::string_view text) {
  return read_configuration(text, "c.yaml", {"/home/me", {}});
}

Settings settings_of(std::string_view text) {
  const Reading reading = read(text);
  for (const Complaint& error : reading.errors) UNSCOPED_INFO(error.to_string());
  REQUIRE(reading.errors.empty());
  return reading.configuration.settings;
}

/// The complaints of a text, one a line.
std::string errors_of(std::string_view text) {
  std::string all;
  for (const Complaint& error : read(text).errors) all += error.to_string() + "\n";
  return all;
}

TEST_CASE("an empty file changes nothing") {
  CHECK(settings_of({"", {}}) == Settings{});
  CHECK(settings_of("server:\nbackend:\n  logs:\n") == Settings{});
}

TEST_CASE("every kind of value is read into its unit") {
  const Settings settings = settings_of(
      "server: {listen: ['[::1]:1', '127.0.0.1:2'], socket: ~/s, idle_exit: 5m, log_level: debug}\n"
      "events: {ack: synced, log_max: 3GiB, ttl: 90s}\n"
      "memory: {max: 1GiB}\n"
      "store: {max_events: 5000, max_bytes: 100MiB}\n"
      "security: {allowed_hosts: dev.example, token_file: /t}\n"
      "redaction: {enabled: no, disable: [jwt]}\n");
  CHECK(settings.listen == std::vector<std::string>{"[::1]:1", "127.0.0.1:2"});
  CHECK(settings.socket_path == "/home/me/s");
  CHECK(settings.idle_exit_us == 300'000'000);
  CHECK(settings.log_level == LogLevel::kDebug);
  CHECK(settings.ack == Ack::kSynced);
  CHECK(settings.log_size_bytes_max == 3LL << 30);
  CHECK(settings.ttl_us == 90'000'000);
  CHECK(settings.memory_bytes_max == 1LL << 30);
  CHECK(settings.store_events_max == 5000);
  CHECK(settings.store_bytes_max == 100LL << 20);
  CHECK(settings.allowed_hosts == std::vector<std::string>{"dev.example"});
  CHECK_FALSE(settings.redaction_enabled);
  CHECK(settings.redaction_disabled == std::vector<std::string>{"jwt"});
}

TEST_CASE("sources of each type are read with their settings") {
  const Settings settings = settings_of(
      "backend:\n"
      "  logs:\n"
      "    - type: file\n"
      "      path: ~/app/*.log\n"
      "      exclude: [/x/*.gz, debug-*]\n"
      "      start: recent\n"
      "      recent: 2h\n"
      "      poll_interval_ms: 250\n"
      "      tags: [env:dev]\n"
      "    - {type: ssh, host: me@web1, path: [/var/log/a, ~/b], enabled: false, timezone: UTC}\n"
      "    - {type: container, labels: [app=shop], mode: files, service: shop}\n");
  REQUIRE(settings.sources.size() == 3);
  const SourceSettings& file = settings.sources[0];
  CHECK(file.type == SourceSettings::Type::kFile);
  CHECK(file.paths == std::vector<std::string>{"/home/me/app/*.log"});
  CHECK(file.exclude == std::vector<std::string>{"/x/*.gz", "debug-*"});
  CHECK(file.start == Start::kRecent);
  CHECK(file.recent_us == 7'200'000'000);
  CHECK(file.poll_interval_us == 250'000);
  CHECK(file.name == "file:/home/me/app/*.log");
  CHECK(file.tags == std::vector<std::string>{"env:dev"});
  const SourceSettings& ssh = settings.sources[1];
  CHECK(ssh.host == "me@web1");
  CHECK(ssh.paths == std::vector<std::string>{"/var/log/a", "~/b"});
  CHECK_FALSE(ssh.enabled);
  CHECK(ssh.timezone == "UTC");
  CHECK(ssh.name == "ssh:me@web1:/var/log/a");
  const SourceSettings& container = settings.sources[2];
  CHECK(container.labels == std::vector<std::string>{"app=shop"});
  CHECK(container.read_files);
  CHECK(container.name == "container:app=shop");
}

TEST_CASE("sources without a name get different ones; given names must be different") {
  const Settings settings = settings_of(
      "backend: {logs: [{type: file, path: /a}, {type: file, path: /a}, {type: container}]}");
  CHECK(settings.sources[0].name == "file:/a");
  CHECK(settings.sources[1].name == "file:/a#2");
  CHECK(settings.sources[2].name == "container");
  CHECK(errors_of("backend: {logs: [{type: file, path: /a, name: x}, {type: container, name: x}]}") ==
        "c.yaml:1:75: backend.logs[1].name: has the name of another source\n");
}

TEST_CASE("an unknown key is an error with a suggestion, also for what stands elsewhere") {
  CHECK(errors_of("servr: {}") ==
        "c.yaml:1:1: servr: there is no such key; did you mean 'server'?\n");
  CHECK(errors_of("server:\n  lisen: x\n") ==
        "c.yaml:2:3: server.lisen: there is no such key; did you mean 'listen'?\n");
  CHECK(errors_of("server:\n  allowed_hosts: x\n") ==
        "c.yaml:2:3: server.allowed_hosts: there is no such key here; did you mean "
        "'security.allowed_hosts'?\n");
  CHECK(errors_of("memory:\n  frobnicate: x\n") ==
        "c.yaml:2:3: memory.frobnicate: there is no such key; accepted here: max\n");
  CHECK(errors_of("backend:\n  logs:\n    - type: file\n      path: /a\n      pathh: /b\n") ==
        "c.yaml:5:7: backend.logs[0].pathh: there is no such key; did you mean 'path'?\n");
  // As the documents name what an element of a list has: here it is of no element.
  using Catch::Matchers::Contains;
  CHECK_THAT(errors_of("backend.logs[].path: /a\n"), Contains("c.yaml:1:1: "));
  CHECK_THAT(errors_of("backend.logs[].path: /a\n"), Contains("there is no such key"));
  CHECK_THAT(errors_of("backend.logs[]: {path: /a}\n"), Contains("there is no such key"));
}

TEST_CASE("a wrong value is told with its place, itself and what is accepted") {
  CHECK(errors_of("events:\n  ttl: 24\n") ==
        "c.yaml:2:8: events.ttl: '24' is not accepted; accepted: a time such as 200ms, 5m or 24h, "
        "at least 1s, at most 87600h\n");
  CHECK(errors_of("events:\n  ack: writen\n") ==
        "c.yaml:2:8: events.ack: 'writen' is not accepted; accepted: memory, written or synced; "
        "did you mean 'written'?\n");
  CHECK(errors_of("store: {max_events: 999}").find("at least 1000") != std::string::npos);
  CHECK(errors_of("store: {max_events: -1}").find("'-1' is not accepted") != std::string::npos);
  CHECK(errors_of("store: {max_events: 99999999999999999999}").find("accepted") !=
        std::string::npos);
  CHECK(errors_of("memory: {max: 768MB}").find("a size such as 64MiB") != std::string::npos);
  CHECK(errors_of("server: {socket: gasoline.sock}").find("begins with / or ~/") !=
        std::string::npos);
  CHECK(errors_of("server: {socket: [/a]}").find("a list is not accepted") != std::string::npos);
  CHECK(errors_of("server:\n  socket:\n").find("c.yaml:2:3: server.socket: has no value") == 0);
  CHECK(errors_of("redaction: {enabled: maybe}").find("true or false") != std::string::npos);
  CHECK(errors_of("server: {listen: [localhost:80]}").find("numeric address") !=
        std::string::npos);
  CHECK(errors_of("server: {listen: [[x]]}").find("server.listen[0]") != std::string::npos);
}

TEST_CASE("what is no mapping where one belongs is told") {
  CHECK(errors_of("- a\n").find("'key: value' lines") != std::string::npos);
  CHECK(errors_of("server: x\n").find("is a section; accepted in it: listen") != std::string::npos);
  CHECK(errors_of("backend: {logs: x}").find("is a list") != std::string::npos);
  CHECK(errors_of("backend: {logs: [x]}").find("accepted: type") != std::string::npos);
  CHECK(errors_of("events: {ttl: 1h, ttl: 2h}").find("a second time") != std::string::npos);
}

TEST_CASE("all errors of a file are told at once, in their order") {
  const std::string errors = errors_of(
      "server:\n  lisen: x\nevents:\n  ttl: 24\nbackend:\n  logs:\n    - type: fil\n"
      "    - type: file\n");
  CHECK(errors.find("c.yaml:2:3") < errors.find("c.yaml:4:8"));
  CHECK(errors.find("c.yaml:4:8") < errors.find("c.yaml:7:13"));
  CHECK(errors.find("c.yaml:8:7: backend.logs[1]: 'path' is missing") != std::string::npos);
  CHECK(std::count(errors.begin(), errors.end(), '\n') == 4);
}

TEST_CASE("a source without a type, or with keys of another type, is refused") {
  CHECK(errors_of("backend: {logs: [{path: /a}]}").find("'type' is missing: file, ssh or container") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: file, path: /a, host: x}]}").find("it is of: ssh") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: ssh, path: /a}]}").find("'host' is missing") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: ssh, host: -oProxyCommand=x, path: /a}]}")
            .find("accepted: an alias") != std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: file, path: /a, exclude: b/c}]}").find("exclude[0]: 'b/c'") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: ssh, host: a, path: b}]}").find("begins with / or ~/") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: file, path: a.log}]}").find("no directory of its own") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: file, path: /a, recent: 1h}]}").find("start: recent") !=
        std::string::npos);
  CHECK(errors_of("backend: {logs: [{type: file, path: /a, timezone: Mars/Base}]}")
            .find("Europe/Berlin") != std::string::npos);
}

TEST_CASE("expressions are compiled, and what is wrong with one is told with its place") {
  CHECK(errors_of("redaction:\n  rules:\n    - name: a\n      regex: 'x(y'\n").find(
            "c.yaml:4:14: redaction.rules[0].regex: missing )") == 0);
  CHECK(errors_of("redaction: {rules: [{name: a, regex: 'ab\\Z'}]}")
            .find("(at character 3 of the expression)") != std::string::npos);
  CHECK(errors_of("understand: {patterns: [{name: a, regex: 'x'}]}").find("no named group") !=
        std::string::npos);
  CHECK(errors_of("understand: {patterns: [{name: a, regex: '(?P<x>y)'}, {name: a, regex: "
                  "'(?P<x>y)'}]}")
            .find("another pattern") != std::string::npos);
  const Reading slow = read("redaction: {rules: [{name: a, regex: '(?U)a\\C+b'}]}");
  CHECK(slow.errors.empty());
  REQUIRE(slow.notes.size() == 1);
  CHECK(slow.notes[0].to_string().find("c.yaml:1:38: redaction.rules[0].regex: is good, but") == 0);
  std::string many = "redaction:\n  rules:\n";
  for (int i = 0; i < 257; ++i) many += "    - {name: a" + std::to_string(i) + ", regex: x}\n";
  CHECK(errors_of(many).find("at most 256") != std::string::npos);
}

TEST_CASE("kinds of secrets that do not exist cannot be switched off") {
  const Reading reading = read_configuration("redaction: {disable: [jwt, aws-acces-key]}", "c.yaml",
                                             {"", {"aws-access-key", "jwt"}});
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].to_string() ==
        "c.yaml:1:28: redaction.disable[1]: there is no kind of secrets named 'aws-acces-key'; did "
        "you mean 'aws-access-key'?");
}

TEST_CASE("values that contradict each other are refused") {
  CHECK(errors_of("store: {max_bytes: 1GiB}").find("at most 696MiB") != std::string::npos);
  CHECK(errors_of("redaction: {rules: [{name: a b, regex: x}]}").find("letters, digits") !=
        std::string::npos);
  CHECK(errors_of("redaction: {rules: [{name: a, regex: x}, {name: a, regex: y}]}")
            .find("another rule") != std::string::npos);
  CHECK(errors_of("security: {allowed_origins: ['https://a/']}").find("without a path") !=
        std::string::npos);
  CHECK(errors_of("security: {allowed_hosts: ['*.a']}").find("without patterns") !=
        std::string::npos);
}

TEST_CASE("the command line wins over the file, and is what complaints of its values name") {
  const std::vector<Override> overrides = {{"events.ttl", "--ttl", int64_t{5'000'000}},
                                           {"server.listen", "--listen",
                                            std::vector<std::string>{"localhost:1"}}};
  const Reading reading = read_configuration("events: {ttl: 1h, ack: synced}", "c", {"", {}}, overrides);
  CHECK(reading.configuration.settings.ttl_us == 5'000'000);
  CHECK(reading.configuration.settings.ack == Ack::kSynced);
  CHECK(reading.configuration.origins.at("events.ttl").option == "--ttl");
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].to_string().starts_with("--listen: 'localhost:1' is not accepted"));
}

TEST_CASE("memory.max is divided so that the parts stay under it") {
  Settings settings;
  CHECK(memory_shares(settings).store == 512ull << 20);
  CHECK(memory_shares(settings).bodies == 192ull << 20);
  CHECK(memory_shares(settings).queue == 64ull << 20);
  for (int64_t mib = 96; mib < 100'000; mib += 61) {
    settings.memory_bytes_max = mib << 20;
    for (const int64_t store_mib : {int64_t{0}, int64_t{16}, store_bytes_limit(settings) >> 20}) {
      settings.store_bytes_max = store_mib << 20;
      const MemoryShares shares = memory_shares(settings);
      REQUIRE(shares.store + shares.bodies + kFixedBytes <= static_cast<uint64_t>(mib) << 20);
      REQUIRE(shares.bodies >= static_cast<uint64_t>(kBodiesBytesMin));
      REQUIRE(shares.queue > 0);
    }
  }
}

TEST_CASE("it is known where each value comes from") {
  const Reading reading = read("events:\n  ttl: 1h\nbackend:\n  logs:\n    - type: container\n");
  CHECK(reading.configuration.origins.at("events.ttl").place.line == 2);
  CHECK(reading.configuration.origins.at("backend.logs[0].type").place.column == 13);
  CHECK_FALSE(reading.configuration.origins.contains("events.ack"));
  const Complaint complaint = reading.configuration.complaint("backend.logs[0].path", "is away");
  CHECK(complaint.to_string() == "c.yaml:5:7: backend.logs[0].path: is away");
}

TEST_CASE("addresses to listen on are numeric, with a port") {
  CHECK(parse_listen_address("127.0.0.1:0") == ListenAddress{"127.0.0.1", 0});
  CHECK(parse_listen_address("[::1]:7890") == ListenAddress{"::1", 7890});
  CHECK(to_string(ListenAddress{"::1", 7890}) == "[::1]:7890");
  for (const char* text : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "a:1", "1:2x"}) {
    INFO(text);
    CHECK_FALSE(parse_listen_address(text).has_value());
  }
}

}  // namespace
}  // namespace gasoline::config

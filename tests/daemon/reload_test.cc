#include "daemon/reload.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "base/random.h"
#include "loop/loop.h"
#include "loop/timer.h"

namespace gasoline::daemon {
namespace {

config::Reading reading_of(const std::string& text) {
  return config::read_configuration(text, "c.yaml", {});
}

/// A daemon's loop and threads around a Reload, with a text in place of a file.
struct Rig {
  explicit Rig(const std::string& first) : text(first) {
    Reload::Parts parts;
    parts.read = [this] { return reading_of(text); };
    parts.make_rules = [this](const config::Settings& settings)
        -> Result<std::shared_ptr<const understand::Rules>> {
      understand::Options options;
      options.mask_secrets = false;
      for (const auto& pattern : settings.patterns) options.forms.push_back({"p", pattern.regex});
      auto rules = understand::Rules::create(options, log);
      if (!rules) return rules.error();
      return std::shared_ptr<const understand::Rules>(std::move(*rules));
    };
    parts.make_access = [this](const config::Settings& settings) -> Result<AccessPolicy::Options> {
      if (!has_token) return Error::of(Error::kInvalid, "read the token", "there is none");
      AccessPolicy::Options options;
      options.allowed_hosts = settings.allowed_hosts;
      return options;
    };
    parts.put_in_force = [this](Reload::Prepared prepared) {
      in_force.push_back(prepared.configuration.settings);
    };
    reload.emplace(loop, *threads, clock, log, reading_of(first).configuration, parts);
  }
  ~Rig() {
    threads.reset();
    reload.reset();
    loop.run();
  }

  ReloadResult run() {
    std::optional<ReloadResult> result;
    REQUIRE(reload->request([&](const ReloadResult& got) { result = got; }));
    loop::Timer alive(loop, [] {});
    alive.start(60'000'000);
    while (!result && loop.run_once()) {
    }
    REQUIRE(result);
    return *result;
  }

  std::string text;
  bool has_token = true;
  std::vector<config::Settings> in_force;
  SystemClock clock;
  SilentLog log;
  loop::Loop loop;
  std::optional<QueryThreads> threads{std::in_place, 1, 4};
  std::optional<Reload> reload;
};

TEST_CASE("a good configuration is put in force; what needs a restart stays and is named") {
  Rig rig("events: {ttl: 1h, ack: written}");
  rig.text = "events: {ttl: 2h, ack: synced}\nsecurity: {allowed_hosts: [a.example]}\n";
  const ReloadResult result = rig.run();
  CHECK(result.is_in_force);
  CHECK(result.changed == std::vector<std::string>{"events.ttl", "security.allowed_hosts"});
  CHECK(result.needs_restart == std::vector<std::string>{"events.ack"});
  REQUIRE(rig.in_force.size() == 1);
  CHECK(rig.in_force[0].ttl_us == 7'200'000'000);
  CHECK(rig.in_force[0].ack == config::Ack::kWritten);
  CHECK(rig.reload->running().settings == rig.in_force[0]);
  CHECK(rig.reload->state().needs_restart == result.needs_restart);
  const ReloadResult again = rig.run();
  CHECK(again.changed.empty());
  CHECK(again.needs_restart == result.needs_restart);
}

TEST_CASE("a bad configuration, pattern or token changes nothing at all") {
  Rig rig("events: {ttl: 1h}");
  rig.text = "events: {ttl: soon}\nsecurity: {allowed_hosts: [a.example]}\n";
  ReloadResult result = rig.run();
  CHECK_FALSE(result.is_in_force);
  REQUIRE(result.errors.size() == 1);
  CHECK(result.errors[0].starts_with("c.yaml:1:15: events.ttl"));
  CHECK(rig.reload->state().errors == result.errors);
  rig.text = "events: {ttl: 2h}";
  rig.has_token = false;
  result = rig.run();
  CHECK_FALSE(result.is_in_force);
  CHECK(result.changed.empty());
  CHECK(rig.in_force.empty());
  CHECK(rig.reload->running().settings.ttl_us == 3'600'000'000);
  CHECK(rig.reload->state().refused == 2);
  rig.has_token = true;
  CHECK(rig.run().is_in_force);
  CHECK(rig.reload->state().errors.empty());
  CHECK(rig.reload->state().reloads == 1);
}

TEST_CASE("who asks during a reload gets the result of one behind it, up to a bound") {
  Rig rig("");
  size_t answered = 0;
  size_t accepted = 0;
  for (size_t i = 0; i < Reload::kWaitingMax + 10; ++i) {
    if (rig.reload->request([&](const ReloadResult& result) { answered += result.is_in_force; })) {
      ++accepted;
    }
  }
  CHECK(accepted == Reload::kWaitingMax + 1);  // one is under way
  loop::Timer alive(rig.loop, [] {});
  alive.start(60'000'000);
  while (answered < accepted && rig.loop.run_once()) {
  }
  CHECK(answered == accepted);
  CHECK(rig.in_force.size() == 2);
}

}  // namespace
}  // namespace gasoline::daemon

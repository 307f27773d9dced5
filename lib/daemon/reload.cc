#include "daemon/reload.h"

#include <fmt/format.h>

#include <utility>

#include "config/difference.h"

namespace gasoline::daemon {
namespace {

std::vector<std::string> texts_of(const std::vector<config::Complaint>& complaints) {
  std::vector<std::string> texts;
  texts.reserve(complaints.size());
  for (const config::Complaint& each : complaints) texts.push_back(each.to_string());
  return texts;
}

}  // namespace

Reload::Reload(loop::Loop& loop, QueryThreads& threads, const Clock& clock, Log& diary,
               config::Configuration running, Parts parts)
    : threads_(threads),
      clock_(clock),
      diary_(diary),
      running_(std::move(running)),
      parts_(std::move(parts)),
      mailbox_(loop, 4) {
  mailbox_.set_keeps_loop_alive(false);
  state_.file = running_.file;
  state_.read_us = clock_.wall_us();
}

bool Reload::request(Done done) {
  if (waiting_.size() >= kWaitingMax) return false;
  waiting_.push_back(std::move(done));
  if (is_busy_ || begin()) return true;
  waiting_.pop_back();
  return false;
}

bool Reload::begin() {
  const bool is_begun = threads_.try_run([this, running = running_.settings] {
    auto outcome = std::make_shared<Outcome>(prepare(running));
    // One reload at a time: there is room.
    static_cast<void>(mailbox_.try_post([this, outcome] { finish(outcome); }));
  });
  if (!is_begun) return false;
  is_busy_ = true;
  current_ = std::move(waiting_);
  waiting_.clear();
  return true;
}

Reload::Outcome Reload::prepare(const config::Settings& running) const {
  Outcome outcome;
  config::Reading reading = parts_.read();
  outcome.result.errors = texts_of(reading.errors);
  outcome.result.notes = texts_of(reading.notes);
  if (!outcome.result.errors.empty()) return outcome;
  const config::Difference difference =
      config::difference(running, reading.configuration.settings);
  outcome.result.changed = difference.at_once;
  outcome.result.needs_restart = difference.restart;
  auto prepared = std::make_unique<Prepared>();
  prepared->configuration = std::move(reading.configuration);
  config::Settings& settings = prepared->configuration.settings;
  settings = config::without_restarts(running, std::move(settings));
  auto rules = parts_.make_rules(settings);
  auto access = parts_.make_access(settings);
  if (!rules) outcome.result.errors.push_back(rules.error().to_string());
  if (!access) outcome.result.errors.push_back(access.error().to_string());
  if (!outcome.result.errors.empty()) return outcome;
  prepared->rules = std::move(*rules);
  prepared->access = std::move(*access);
  outcome.prepared = std::move(prepared);
  return outcome;
}

void Reload::finish(const std::shared_ptr<Outcome>& outcome) {
  ReloadResult& result = outcome->result;
  if (outcome->prepared != nullptr) {
    result.is_in_force = true;
    running_ = outcome->prepared->configuration;
    state_.file = running_.file;
    state_.read_us = clock_.wall_us();
    state_.needs_restart = result.needs_restart;
    state_.errors.clear();
    ++state_.reloads;
    parts_.put_in_force(std::move(*outcome->prepared));
  } else {
    result.changed.clear();
    result.needs_restart.clear();
    state_.errors = result.errors;
    ++state_.refused;
  }
  say(result);
  is_busy_ = false;
  const std::vector<Done> done = std::exchange(current_, {});
  for (const Done& each : done) each(result);
  if (waiting_.empty() || is_busy_ || begin()) return;
  ReloadResult busy;
  busy.errors.emplace_back("too many queries wait; ask for a reload again");
  for (const Done& each : std::exchange(waiting_, {})) each(busy);
}

void Reload::say(const ReloadResult& result) {
  for (const std::string& note : result.notes) diary_.warn("configuration: " + note);
  if (!result.is_in_force) {
    for (const std::string& error : result.errors) diary_.error("configuration: " + error);
    return diary_.error("configuration: the one from before stays in force, as a whole");
  }
  diary_.info(result.changed.empty()
                  ? "configuration: read again, nothing has changed"
                  : fmt::format("configuration: read again; in force now: {}",
                                fmt::join(result.changed, ", ")));
  if (!result.needs_restart.empty()) {
    diary_.warn(fmt::format("configuration: these wait for a restart: {}",
                            fmt::join(result.needs_restart, ", ")));
  }
}

}  // namespace gasoline::daemon

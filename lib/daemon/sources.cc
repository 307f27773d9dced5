#include "daemon/sources.h"

#include <algorithm>
#include <utility>

#include "source/container/container_source.h"
#include "source/container/log_files.h"
#include "source/file/file_source.h"
#include "source/ssh/ssh_source.h"

namespace gasoline::daemon {

Sources::Sources(const source::Surroundings& around, Supervisor& supervisor, Post post)
    : around_(around), supervisor_(supervisor), post_(std::move(post)) {}

Sources::~Sources() {
  stop();
}

std::vector<Sources::Unit> Sources::units_of(const std::vector<config::SourceSettings>& wanted) {
  std::vector<Unit> units;
  for (const config::SourceSettings& settings : wanted) {
    if (!settings.enabled) continue;
    const auto shared = std::find_if(units.begin(), units.end(), [&](const Unit& unit) {
      return settings.type == config::SourceSettings::Type::kSsh &&
             unit.front().type == settings.type &&
             source::ssh::is_same_host(unit.front(), settings);
    });
    shared == units.end() ? units.push_back({settings}) : shared->push_back(settings);
  }
  return units;
}

std::unique_ptr<source::Source> Sources::make(const Unit& unit) const {
  switch (unit.front().type) {
    case config::SourceSettings::Type::kFile:
      return std::make_unique<source::FileSource>(unit.front(), around_);
    case config::SourceSettings::Type::kSsh: {
      auto made = source::ssh::make_ssh_source(unit, around_);
      if (made) return std::move(*made);
      around_.diary.error(made.error().to_string());
      return nullptr;
    }
    case config::SourceSettings::Type::kContainer: {
      if (unit.front().read_files) {
        return source::container::make_log_file_source(unit.front(), around_);
      }
      auto made = source::container::make_container_source(unit.front(), around_, {});
      if (made) return std::move(*made);
      around_.diary.error(made.error().to_string());
      return nullptr;
    }
  }
  return nullptr;
}

void Sources::apply(const std::vector<config::SourceSettings>& wanted) {
  const std::vector<Unit> units = units_of(wanted);
  const auto is_wanted = [&](const Running& running) {
    return std::find(units.begin(), units.end(), running.settings) != units.end();
  };
  std::vector<Running> ending;
  for (Running& running : running_) {
    if (!is_wanted(running)) ending.push_back(std::move(running));
  }
  std::erase_if(running_, [](const Running& running) { return running.source == nullptr; });
  // A changed one reads the checkpoint that it wrote before.
  stop(ending);
  for (const Unit& unit : units) {
    const bool is_running = std::any_of(running_.begin(), running_.end(),
                                        [&](const Running& each) { return each.settings == unit; });
    if (!is_running) begin(unit);
  }
}

void Sources::begin(const Unit& unit) {
  auto made = make(unit);
  if (made == nullptr) return;
  TaskSettings task;
  task.name = unit.front().name;
  const source::Source* const source = made.get();
  task.heard_us = [source] { return source->heartbeat_us(); };
  // Should the loop have no room for it, the supervisor asks again.
  task.restart = [this, source] { static_cast<void>(post_([this, source] { restart(source); })); };
  made->start();
  around_.diary.info("source " + task.name + " started");
  Supervisor::Watch watch = supervisor_.watch(std::move(task));
  running_.push_back({unit, std::move(made), std::move(watch)});
}

void Sources::restart(const source::Source* hanging) {
  const auto at = std::find_if(running_.begin(), running_.end(),
                               [&](const Running& each) { return each.source.get() == hanging; });
  if (at == running_.end()) return;
  at->source->request_stop();
  if (!at->source->has_stopped()) return;
  const Unit unit = at->settings;
  std::vector<Running> ending;
  ending.push_back(std::move(*at));
  running_.erase(at);
  stop(ending);
  begin(unit);
}

void Sources::stop() {
  stop(running_);
}

void Sources::stop(std::vector<Running>& ending) {
  for (Running& running : ending) {
    running.watch.drop();
    running.source->request_stop();
  }
  for (Running& running : ending) running.source->stop();
  ending.clear();
}

std::vector<Sources::Status> Sources::status() const {
  std::vector<Status> all;
  all.reserve(running_.size());
  for (const Running& running : running_) {
    all.push_back({*running.source, running.source->snapshot()});
  }
  return all;
}

}  // namespace gasoline::daemon

#include "daemon/sources.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "source/container/container_source.h"
#include "source/container/log_files.h"
#include "source/file/file_source.h"
#include "source/ssh/ssh_source.h"

namespace gasoline::daemon {
namespace {

constexpr int64_t kReloadPatienceUs = 100'000;
/// More than a source takes that waits for the last answers of the pipeline.
constexpr int64_t kStopPatienceUs = 2'500'000;
constexpr int64_t kLookUs = 1'000;

}  // namespace

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
  wanted_ = units_of(wanted);
  const auto is_wanted = [&](const Running& running) {
    return std::find(wanted_.begin(), wanted_.end(), running.settings) != wanted_.end();
  };
  for (Running& running : running_) {
    if (!is_wanted(running)) end(std::move(running));
  }
  std::erase_if(running_, [](const Running& running) { return running.source == nullptr; });
  await_ends(kReloadPatienceUs);
  settle();
}

/// Asks it to end; what then waits for it is settle()'s to begin.
void Sources::end(Running running) {
  running.source->request_stop();
  ending_.push_back(std::move(running));
}

/// Waits until all have ended, but not for one that hangs.
void Sources::await_ends(int64_t patience_us) {
  const int64_t until_us = around_.clock.monotonic_us() + patience_us;
  const auto has_ended = [](const Running& each) { return each.source->has_stopped(); };
  while (!std::all_of(ending_.begin(), ending_.end(), has_ended) &&
         around_.clock.monotonic_us() < until_us) {
    std::this_thread::sleep_for(std::chrono::microseconds(kLookUs));
  }
}

void Sources::settle() {
  std::erase_if(ending_, [](const Running& each) { return each.source->has_stopped(); });
  for (const Unit& unit : wanted_) {
    const bool is_running = std::any_of(running_.begin(), running_.end(),
                                        [&](const Running& each) { return each.settings == unit; });
    // Two of one name would meet in its checkpoint: a changed one reads what the old one wrote.
    const bool is_awaited = std::any_of(ending_.begin(), ending_.end(), [&](const Running& each) {
      return each.settings.front().name == unit.front().name;
    });
    if (!is_running && !is_awaited) begin(unit);
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
  end(std::move(*at));
  running_.erase(at);
  settle();
}

bool Sources::stop() {
  wanted_.clear();
  for (Running& running : running_) end(std::move(running));
  running_.clear();
  for (Running& running : ending_) running.watch.drop();
  await_ends(kStopPatienceUs);
  settle();
  for (Running& running : ending_) {
    around_.diary.error("source " + running.settings.front().name + " hangs and is left behind");
    // Its thread may wake up yet: what it uses must stay.
    static_cast<void>(running.source.release());
    has_left_one_ = true;
  }
  ending_.clear();
  return !has_left_one_;
}

std::vector<Sources::Status> Sources::status() const {
  std::vector<Status> all;
  all.reserve(running_.size() + ending_.size());
  for (const std::vector<Running>* each : {&running_, &ending_}) {
    for (const Running& running : *each) {
      all.push_back({*running.source, running.source->snapshot()});
    }
  }
  return all;
}

}  // namespace gasoline::daemon

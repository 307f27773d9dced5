#include "daemon/sources.h"

#include <algorithm>

#include "source/file/file_source.h"

namespace gasoline::daemon {

Sources::Sources(const source::Surroundings& around, Supervisor& supervisor)
    : around_(around), supervisor_(supervisor) {}

Sources::~Sources() {
  stop();
}

std::unique_ptr<source::Source> Sources::make(const config::SourceSettings& settings) const {
  switch (settings.type) {
    case config::SourceSettings::Type::kFile:
      return std::make_unique<source::FileSource>(settings, around_);
    case config::SourceSettings::Type::kSsh:
    case config::SourceSettings::Type::kContainer:
      break;
  }
  return nullptr;
}

void Sources::apply(const std::vector<config::SourceSettings>& wanted) {
  const auto is_wanted = [&](const Running& running) {
    return std::find(wanted.begin(), wanted.end(), running.settings) != wanted.end();
  };
  std::vector<Running> ending;
  for (Running& running : running_) {
    if (!is_wanted(running)) ending.push_back(std::move(running));
  }
  std::erase_if(running_, [](const Running& running) { return running.source == nullptr; });
  // A changed one reads the checkpoint that it wrote before.
  stop(ending);
  for (const config::SourceSettings& settings : wanted) {
    const bool is_running = std::any_of(running_.begin(), running_.end(), [&](const Running& each) {
      return each.settings == settings;
    });
    if (is_running || !settings.enabled) continue;
    auto made = make(settings);
    if (made == nullptr) continue;
    TaskSettings task;
    task.name = settings.name;
    task.heard_us = [source = made.get()] { return source->heartbeat_us(); };
    made->start();
    around_.diary.info("source " + settings.name + " started");
    Supervisor::Watch watch = supervisor_.watch(std::move(task));
    running_.push_back({settings, std::move(made), std::move(watch)});
  }
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

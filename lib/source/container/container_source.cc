#include "source/container/container_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "source/kept_text.h"

namespace gasoline::source::container {
namespace {

constexpr size_t kWakeUpsMax = 4;
constexpr int64_t kSnapshotIntervalUs = 200'000;
constexpr int64_t kSocketLookUs = 2'000'000;

}  // namespace

Result<std::unique_ptr<Source>> ContainerSource::create(const config::SourceSettings& settings,
                                                        Surroundings surroundings,
                                                        EngineWatch::Options options) {
  if (Status checked = options.limits.check(); !checked) return checked.error();
  return std::unique_ptr<Source>(
      new ContainerSource(settings, std::move(surroundings), std::move(options)));
}

ContainerSource::ContainerSource(const config::SourceSettings& settings, Surroundings surroundings,
                                 EngineWatch::Options options)
    : settings_(settings),
      around_(std::move(surroundings)),
      options_(std::move(options)),
      name_(settings_.name.empty() ? "container" : settings_.name) {
  options_.checkpoint_path = fmt::format("{}/sources/container-{:08x}", around_.state_directory,
                                         crc32c(name_.data(), name_.size()));
  options_.wake = [this] { wake(); };
}

ContainerSource::~ContainerSource() {
  stop();
}

void ContainerSource::start() {
  has_stopped_ = false;
  heartbeat_us_ = around_.clock.monotonic_us();
  thread_ = std::thread([this] {
    run();
    has_stopped_ = true;
  });
}

void ContainerSource::request_stop() {
  is_stopping_ = true;
  wake();
}

void ContainerSource::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

Snapshot ContainerSource::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void ContainerSource::wake() {
  const std::lock_guard lock(mailbox_mutex_);
  if (mailbox_ == nullptr || is_woken_) return;
  is_woken_ = mailbox_->try_post([] {});
}

void ContainerSource::run() {
  auto opened = loop::Loop::open();
  if (!opened) {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.problem = opened.error().to_string();
    return;
  }
  loop::Mailbox mailbox(**opened, kWakeUpsMax);
  {
    const std::lock_guard lock(mailbox_mutex_);
    mailbox_ = &mailbox;
  }
  while (!is_stopping_) watch(**opened, find_socket(settings_));
  const std::lock_guard lock(mailbox_mutex_);
  mailbox_ = nullptr;
}

/// Until the end, or until another engine's socket is the one to use.
void ContainerSource::watch(loop::Loop& loop, const std::string& socket) {
  EngineWatch engine(loop, socket, settings_, around_, options_);
  loop::Timer timer(loop, [] {});
  int64_t next_snapshot_us = 0;
  int64_t next_socket_us = around_.clock.monotonic_us() + kSocketLookUs;
  while (!is_stopping_) {
    const int64_t next_us = engine.tick();
    const int64_t now_us = around_.clock.monotonic_us();
    heartbeat_us_ = now_us;
    if (now_us >= next_snapshot_us) {
      next_snapshot_us = now_us + kSnapshotIntervalUs;
      Snapshot taken = engine.snapshot();
      const std::lock_guard lock(snapshot_mutex_);
      snapshot_ = std::move(taken);
    }
    if (!engine.problem().empty() && now_us >= next_socket_us) {
      next_socket_us = now_us + kSocketLookUs;
      if (find_socket(settings_) != socket) return;
    }
    timer.start(std::max<int64_t>(0, next_us - now_us));
    loop.run_once();
    const std::lock_guard lock(mailbox_mutex_);
    is_woken_ = false;
  }
}

}  // namespace gasoline::source::container

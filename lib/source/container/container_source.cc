#include "source/container/container_source.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/crc32c.h"
#include "source/loop_source.h"

namespace gasoline::source::container {
namespace {

constexpr int64_t kSocketLookUs = 2'000'000;

/// Watches the engine behind the socket that is the one to use.
class EngineTask final : public LoopSource::Task {
 public:
  EngineTask(loop::Loop& loop, const config::SourceSettings& settings, const Surroundings& around,
             EngineWatch::Options options)
      : loop_(loop), settings_(settings), around_(around), options_(std::move(options)) {
    use(find_socket(settings_));
  }

  int64_t tick() override {
    const int64_t now_us = around_.clock.monotonic_us();
    if (!engine_->problem().empty() && now_us >= next_look_us_) {
      next_look_us_ = now_us + kSocketLookUs;
      std::string found = find_socket(settings_);
      if (found != socket_) use(std::move(found));
    }
    return engine_->tick();
  }
  Snapshot snapshot() const override { return engine_->snapshot(); }

 private:
  void use(std::string socket) {
    // One engine's checkpoint is written before the next one's is read.
    engine_.reset();
    socket_ = std::move(socket);
    engine_.emplace(loop_, socket_, settings_, around_, options_);
  }

  loop::Loop& loop_;
  const config::SourceSettings& settings_;
  const Surroundings& around_;
  const EngineWatch::Options options_;
  std::string socket_;
  std::optional<EngineWatch> engine_;
  int64_t next_look_us_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> make_container_source(const config::SourceSettings& settings,
                                                      const Surroundings& surroundings,
                                                      EngineWatch::Options options) {
  if (Status checked = options.limits.check(); !checked) return checked.error();
  std::string name = settings.name.empty() ? "container" : settings.name;
  options.checkpoint_path = fmt::format("{}/sources/container-{:08x}", surroundings.state_directory,
                                        crc32c(name.data(), name.size()));
  return std::unique_ptr<Source>(std::make_unique<LoopSource>(
      std::move(name), "container", surroundings.clock,
      [settings, surroundings, options = std::move(options)](loop::Loop& loop,
                                                             std::function<void()> wake) {
        EngineWatch::Options with_wake = options;
        with_wake.wake = std::move(wake);
        return std::make_unique<EngineTask>(loop, settings, surroundings, std::move(with_wake));
      }));
}

}  // namespace gasoline::source::container

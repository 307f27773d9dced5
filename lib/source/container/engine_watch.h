#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "config/settings.h"
#include "http/client.h"
#include "source/container/container_stream.h"
#include "source/retry.h"
#include "source/source.h"

namespace gasoline::source::container {

/// Knows the containers of one engine and keeps a ContainerStream for each that is wanted: by the
/// engine's events, and by its whole list every ten seconds, so that a lost event costs no more.
/// Loop thread only, driven by tick().
///
/// Connections: one for lists and details, one for events, one a followed container up to
/// `streams_max`; further containers wait for one to end.
class EngineWatch {
 public:
  struct Options {
    StreamLimits limits;
    int64_t list_interval_us = 10'000'000;
    int64_t details_ttl_us = 600'000'000;
    size_t streams_max = 512;
    std::string checkpoint_path;
    std::function<void()> wake;  ///< asks for a tick() soon; any thread
  };
  static constexpr int64_t kAnswerUs = 5'000'000;
  static constexpr int64_t kTickUs = 250'000;

  EngineWatch(loop::Loop& loop, std::string socket, const config::SourceSettings& settings,
              const Surroundings& around, Options options);
  /// Keeps what is known in the checkpoint.
  ~EngineWatch();
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  /// Returns when to call again at the latest, on the monotonic clock.
  int64_t tick();
  const std::string& problem() const { return problem_; }
  Snapshot snapshot() const;

 private:
  struct Known {
    int64_t from_ns = 0;
    int64_t safe_ns = 0;
  };
  struct Entry {
    std::unique_ptr<ContainerStream> stream;
    int64_t details_due_us = 0;
  };
  void load();
  void save();
  void ask(int64_t now_us);
  void ask_list();
  void ask_details(const std::string& id);
  void listen(int64_t now_us);
  void take_list(const std::vector<ContainerInfo>& list);
  void add(const ContainerInfo& info);
  void fail(const Error& error);
  void take_answers(int64_t now_us);
  bool tick_streams(int64_t now_us);

  loop::Loop& loop_;
  const std::string socket_;
  const config::SourceSettings& settings_;
  const Surroundings& around_;
  const Options options_;
  std::shared_ptr<BatchAnswers> answers_ = std::make_shared<BatchAnswers>();
  http::Client control_;
  http::Client events_;
  Retry retry_;
  Retry events_retry_;
  std::string problem_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Known> known_;  // of the checkpoint; of containers that are not listed too
  int64_t first_look_ns_ = 0;
  bool is_loaded_ = false;
  bool is_first_look_ = false;
  bool is_waiting_for_streams_ = false;
  int64_t list_due_us_ = 0;
  int64_t events_due_us_ = 0;
  int64_t next_save_us_ = 0;
  std::string saved_;
};

/// Where the engine's socket is: the settings', DOCKER_HOST's, or the first of the usual places
/// that exists; Docker's if none does.
std::string find_socket(const config::SourceSettings& settings);

}  // namespace gasoline::source::container

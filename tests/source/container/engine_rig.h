#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "http/server.h"
#include "io/real_file_system.h"
#include "loop/loop.h"
#include "source/container/engine_watch.h"
#include "support/memory_intake.h"
#include "support/temporary_directory.h"

namespace gasoline::test {

/// An engine and a watch of it, on one loop. The watch has had its first look, at no containers.
class EngineRig {
 public:
  struct Container {
    std::string id;
    std::string log;  ///< as framed records
    bool is_running = true;
  };
  struct Following {
    std::string id;
    http::ResponseStream stream;
    size_t sent = 0;
  };

  explicit EngineRig(source::container::EngineWatch::Options options);
  ~EngineRig();

  void add_container(const std::string& name);
  /// A line in the log of the `index`-th container, one nanosecond after the line before.
  void write(size_t index, const std::string& text);
  /// Runs everything until the claim holds, for at most sixty seconds.
  bool eventually(const std::function<bool()>& claim);
  void run_for(int64_t us);
  /// Connections on which logs are followed now.
  size_t open_streams();

  TemporaryDirectory directory;
  SystemClock clock;
  SeededRandom random{3};
  io::RealFileSystem files;
  KeptLog log;
  MemoryIntake intake;
  config::SourceSettings settings;
  std::vector<Container> containers;
  std::vector<Following> following;
  size_t details_asked = 0;
  size_t streams_begun = 0;
  size_t streams_most = 0;  ///< at once
  std::unique_ptr<source::container::EngineWatch> watch;

 private:
  void answer(const http::Request& request, const http::Responder& responder);
  std::string list() const;
  void serve_logs();
  void turn();

  int64_t last_ns_;
  size_t lists_ = 0;
  loop::Loop loop_;
  source::Surroundings around_{intake, files, clock, random, log, directory.path()};
  http::Server server_;
};

}  // namespace gasoline::test

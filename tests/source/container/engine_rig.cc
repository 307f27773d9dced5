#include "source/container/engine_rig.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/assert.h"
#include "loop/timer.h"

namespace gasoline::test {
namespace {

constexpr size_t kWaitingBytesMax = 64 * 1024;

std::string stamp(int64_t ns) {
  const time_t seconds = static_cast<time_t>(ns / 1'000'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  return fmt::format("{}.{:09}Z", text.data(), ns % 1'000'000'000);
}

std::string frame(const std::string& payload) {
  std::string framed{1, 0, 0, 0};
  for (const int shift : {24, 16, 8, 0}) {
    framed += static_cast<char>((payload.size() >> shift) & 0xff);
  }
  return framed + payload;
}

}  // namespace

EngineRig::EngineRig(source::container::EngineWatch::Options options)
    : last_ns_(clock.wall_us() * 1000),
      server_(loop_, clock, {}, {}, [this](http::Request&& request, http::Responder responder) {
        answer(request, responder);
      }) {
  ::signal(SIGPIPE, SIG_IGN);
  settings.socket = directory.path() + "/engine.sock";
  GASOLINE_ASSERT(server_.listen_unix(settings.socket, 0600));
  options.checkpoint_path = directory.path() + "/sources/container";
  options.wake = [] {};
  options.list_interval_us = 50'000;
  watch = std::make_unique<source::container::EngineWatch>(loop_, settings.socket, settings,
                                                           around_, std::move(options));
  // The second list is asked for once the first, which found nothing, was taken.
  GASOLINE_ASSERT(eventually([this] { return lists_ >= 2; }));
}

EngineRig::~EngineRig() {
  watch.reset();
  following.clear();
  server_.close();
  run_for(1'000);
}

void EngineRig::add_container(const std::string& name) {
  containers.push_back({name, {}, true});
}

void EngineRig::write(size_t index, const std::string& text) {
  containers[index].log += frame(stamp(++last_ns_) + " " + text + "\n");
}

std::string EngineRig::list() const {
  std::string all;
  for (const Container& container : containers) {
    all += fmt::format(
        R"({}{{"Id":"{}","Names":["/{}"],"Image":"x","State":"{}","Created":{},"Labels":{{}}}})",
        all.empty() ? "" : ",", container.id, container.id,
        container.is_running ? "running" : "exited", clock.wall_us() / 1'000'000);
  }
  return "[" + all + "]";
}

void EngineRig::answer(const http::Request& request, const http::Responder& responder) {
  http::Response response;
  response.status = 200;
  if (request.path == "/containers/json") {
    ++lists_;
    response.body = list();
  } else if (request.path.ends_with("/json")) {
    ++details_asked;
    response.body = R"({"Config":{"Tty":false},"HostConfig":{"LogConfig":{"Type":"json-file"}}})";
  } else if (request.path.ends_with("/logs")) {
    constexpr size_t kPrefix = std::string_view("/containers/").size();
    const std::string id = request.path.substr(kPrefix, request.path.rfind('/') - kPrefix);
    ++streams_begun;
    following.push_back({id, responder.stream(response, kWaitingBytesMax, {})});
    streams_most = std::max(streams_most, open_streams());
    return;
  } else {
    response.status = 404;  // no events: its list tells everything
  }
  responder.respond(std::move(response));
}

void EngineRig::serve_logs() {
  constexpr size_t kPieceBytes = 16 * 1024;
  for (Following& one : following) {
    const auto container = std::find_if(containers.begin(), containers.end(),
                                        [&](const Container& each) { return each.id == one.id; });
    while (one.sent < container->log.size()) {
      const std::string piece = container->log.substr(one.sent, kPieceBytes);
      if (!one.stream.try_write(piece)) break;
      one.sent += piece.size();
    }
    if (!container->is_running && one.sent == container->log.size()) one.stream.end();
  }
  std::erase_if(following, [](const Following& one) { return !one.stream.is_open(); });
}

size_t EngineRig::open_streams() {
  serve_logs();
  return following.size();
}

void EngineRig::turn() {
  serve_logs();
  int64_t next_us = clock.monotonic_us() + 2'000;
  if (watch != nullptr) next_us = std::min(next_us, watch->tick());
  intake.deliver();
  loop::Timer timer(loop_, [] {});
  timer.start(std::clamp<int64_t>(next_us - clock.monotonic_us(), 0, 2'000));
  loop_.run_once();
}

bool EngineRig::eventually(const std::function<bool()>& claim) {
  constexpr int64_t kPatienceUs = 60'000'000;
  const int64_t give_up_us = clock.monotonic_us() + kPatienceUs;
  while (!claim()) {
    if (clock.monotonic_us() > give_up_us) return false;
    turn();
  }
  return true;
}

void EngineRig::run_for(int64_t us) {
  const int64_t until_us = clock.monotonic_us() + us;
  while (clock.monotonic_us() < until_us) turn();
}

}  // namespace gasoline::test

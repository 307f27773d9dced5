#include "daemon/held_runs.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "process/child.h"
#include "process/keeper.h"

namespace gasoline::daemon {

/// One connection, and what came over it.
struct HeldRuns::Run {
  Run(HeldRuns& owner, FileDescriptor connection_given)
      : connection(std::move(connection_given)),
        poll(owner.loop_, [this, &owner](int, const Error*) { owner.on_readable(*this); }) {}

  FileDescriptor connection;
  spool::HoldRequest request;
  spool::HeldParts parts;  // empty: nothing was asked yet
  loop::Poll poll;
  bool has_ended = false;
};

HeldRuns::HeldRuns(loop::Loop& loop, Log& log, std::string keeper_program, size_t runs_max,
                   std::function<void(spool::HandOver)> on_hand_over)
    : loop_(loop),
      log_(log),
      keeper_program_(std::move(keeper_program)),
      runs_max_(runs_max),
      on_hand_over_(std::move(on_hand_over)),
      cleaner_(loop, [this] { remove_ended(); }),
      breath_(loop, [this] { watch(); }) {}

size_t HeldRuns::affordable_runs() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kRunsMax;
  return std::min<size_t>(kRunsMax, limit.rlim_cur / (2 * kDescriptorsARun));
}

HeldRuns::~HeldRuns() = default;

Status HeldRuns::listen(const std::string& socket_path) {
  // The state directory's lock makes us the only daemon here: a file in the way is a dead one's.
  auto listening = spool::listen_at_socket(socket_path);
  if (!listening) return listening.error();
  listening_ = std::move(*listening);
  poll_ = std::make_unique<loop::Poll>(loop_, [this](int, const Error*) { on_connection(); });
  return poll_->start(listening_.get(), UV_READABLE);
}

void HeldRuns::watch() {
  if (Status watching = poll_->start(listening_.get(), UV_READABLE); !watching) {
    log_.warn(watching.error().to_string());
  }
}

void HeldRuns::on_connection() {
  auto connection = spool::accept_connection(listening_.get());
  if (!connection && connection.error().code == EAGAIN) return;
  if (!connection || runs_.size() >= runs_max_) {
    ++counters_.refused;
    if (connection || connection.error().code == EPERM) return;
    // It stays in the queue, and would be told of again and again.
    log_.warn(connection.error().to_string());
    poll_->stop();
    return breath_.start(kBreathUs);
  }
  auto run = std::make_unique<Run>(*this, std::move(*connection));
  if (Status watching = run->poll.start(run->connection.get(), UV_READABLE); !watching) {
    return log_.warn(watching.error().to_string());
  }
  runs_.push_back(std::move(run));
}

void HeldRuns::on_readable(Run& run) {
  auto message = spool::receive_message(run.connection.get());
  if (message && message->has_value()) return on_message(run, std::move(**message));
  if (!message) on_gone(run);
}

void HeldRuns::on_message(Run& run, spool::DescriptorMessage message) {
  Status understood;
  if (spool::is_hand_over(message.text)) {
    auto hand_over = spool::take_hand_over(run.connection.get(), std::move(message));
    if (hand_over) on_hand_over_(std::move(*hand_over));
    understood = hand_over ? Status() : Status(hand_over.error());
  } else {
    auto request = spool::parse_hold_request(message);
    understood = request ? Status() : Status(request.error());
    if (request) run.request = std::move(*request);
    if (request) run.parts = std::move(message.descriptors);
  }
  if (understood) return;
  ++counters_.refused;
  log_.warn(understood.error().to_string());
  // Not to be taken for its death.
  run.parts.clear();
  on_gone(run);
}

/// Nothing of the wrapper runs any more: its last thread has closed the connection.
void HeldRuns::on_gone(Run& run) {
  run.poll.stop();
  run.has_ended = true;
  cleaner_.start(0);
  const bool is_left = spool::is_left(run.parts);
  run.connection.reset();
  if (!is_left) return;
  const std::string name = "run " + run.request.run_id + " (" + run.request.service + ")";
  if (run.request.takeovers >= kTakeoversMax) {
    ++counters_.failures;
    return log_.warn(name + " was taken over too often and is left alone");
  }
  auto ends = spool::make_socket_pair();
  auto pid = ends ? process::start_keeper(keeper_program_, ends->second.get())
                  : Result<pid_t>(ends.error());
  Status sent = pid ? Status() : Status(pid.error());
  if (pid) {
    keepers_.push_back(*pid);
    std::vector<int> parts;
    for (const FileDescriptor& part : run.parts) parts.push_back(part.get());
    sent = spool::send_hold_request(ends->first.get(), run.request, parts);
  }
  if (!sent) {
    ++counters_.failures;
    return log_.warn(name + " cannot be gone on with: " + sent.error().to_string());
  }
  ++counters_.taken_over;
  log_.info("the wrapper of " + name + " was killed; going on with it");
}

std::vector<HeldRuns::Shown> HeldRuns::shown() const {
  std::vector<Shown> shown;
  for (const auto& run : runs_) {
    if (run->has_ended || run->parts.empty()) continue;
    shown.push_back({run->request.run_id, run->request.service, run->request.since_us});
  }
  return shown;
}

HeldRuns::Ending HeldRuns::end_run(std::string_view run_id) {
  for (const auto& run : runs_) {
    if (run->has_ended || run->request.run_id != run_id) continue;
    if (run->request.since_us == 0) return Ending::kHasWrapper;
    static_cast<void>(spool::send_message(run->connection.get(), spool::kEndRunWord, {}));
    return Ending::kAsked;
  }
  return Ending::kUnknown;
}

void HeldRuns::remove_ended() {
  std::erase_if(runs_, [](const auto& run) { return run->has_ended; });
}

void HeldRuns::keep_house() {
  std::erase_if(keepers_, [](pid_t pid) {
    process::ChildEnd end;
    return process::reap(pid, end);
  });
}

}  // namespace gasoline::daemon

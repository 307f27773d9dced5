#include "daemon/taken_streams.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "framing/line_splitter.h"
#include "spool/event_text.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kReadSizeBytes = 64 * 1024;
constexpr size_t kLineSizeBytesMax = 1 << 20;
constexpr int64_t kRetryDelayUs = 50'000;

}  // namespace

/// One run's pipes and numbering.
class TakenStreams::Run : public std::enable_shared_from_this<TakenStreams::Run> {
 public:
  Run(TakenStreams& owner, spool::HandOver hand_over)
      : owner_(owner),
        run_(std::move(hand_over.run)),
        next_seq_(hand_over.next_seq),
        retry_(owner.loop_, [this] { submit(); }) {
    for (spool::HandOver::TakenStream& taken : hand_over.streams) {
      streams_.push_back(std::make_unique<Lane>(*this, std::move(taken)));
    }
  }

  const spool::RunDescription& description() const { return run_; }
  void start() { watch(); }
  bool has_ended() const { return streams_.empty() && body_.empty(); }

 private:
  struct Lane {
    Lane(Run& run, spool::HandOver::TakenStream taken)
        : stream(taken.stream),
          next_line(taken.next_line),
          pipe(std::move(taken.read_end)),
          splitter(kLineSizeBytesMax),
          poll(run.owner_.loop_, [&run, this](int, const Error*) { run.on_readable(*this); }) {}

    const spool::Stream stream;
    uint64_t next_line;
    FileDescriptor pipe;
    framing::LineSplitter splitter;
    std::string bytes;  // read, and not yet a whole line
    bool has_ended = false;
    loop::Poll poll;
  };

  void watch();
  void on_readable(Lane& lane);
  void cut(Lane& lane);
  void add(Lane& lane, std::string_view bytes, std::string_view metadata);
  void finish_lane(Lane& lane);
  void submit();
  void on_outcome(const Outcome& outcome);

  TakenStreams& owner_;
  const spool::RunDescription run_;
  uint64_t next_seq_;
  std::vector<std::unique_ptr<Lane>> streams_;
  std::string body_;  // on its way, or being built
  uint64_t events_ = 0;
  loop::Timer retry_;
};

void TakenStreams::Run::watch() {
  std::erase_if(streams_, [](const auto& lane) { return lane->has_ended; });
  for (const auto& lane : streams_) {
    if (Status watching = lane->poll.start(lane->pipe.get(), UV_READABLE); !watching) {
      owner_.log_.warn(watching.error().to_string());
      lane->has_ended = true;
    }
  }
  if (streams_.empty()) owner_.cleaner_.start(0);
}

void TakenStreams::Run::on_readable(Lane& lane) {
  const size_t before = lane.bytes.size();
  lane.bytes.resize(before + kReadSizeBytes);
  const ssize_t got = ::read(lane.pipe.get(), lane.bytes.data() + before, kReadSizeBytes);
  const int code = errno;
  lane.bytes.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0 && (code == EAGAIN || code == EINTR)) return;
  cut(lane);
  if (got <= 0) finish_lane(lane);
  if (events_ == 0) {
    if (lane.has_ended) watch();
    return;
  }
  for (const auto& other : streams_) other->poll.stop();
  body_ += "]}";
  submit();
}

/// Makes events of the lines that are whole.
void TakenStreams::Run::cut(Lane& lane) {
  std::string_view rest = lane.bytes;
  framing::Piece piece;
  while (lane.splitter.take(rest, piece)) {
    const bool is_cut = piece.continues || !piece.ends_line;
    add(lane, piece.bytes, is_cut ? "\"continued\":true" : "");
    if (piece.ends_line) ++lane.next_line;
  }
  lane.bytes.erase(0, lane.bytes.size() - rest.size());
}

void TakenStreams::Run::finish_lane(Lane& lane) {
  if (!lane.bytes.empty()) add(lane, lane.bytes, "\"unterminated\":true");
  lane.bytes.clear();
  lane.poll.stop();
  lane.has_ended = true;
}

void TakenStreams::Run::add(Lane& lane, std::string_view bytes, std::string_view metadata) {
  body_ += events_ == 0 ? "{" + spool::envelope_members(run_, next_seq_) + ",\"events\":[" : ",";
  spool::CapturedEvent event;
  event.stream = lane.stream;
  event.time_us = owner_.clock_.wall_us();
  event.line = lane.next_line;
  event.message = framing::visible_text(bytes);
  event.metadata = metadata;
  spool::append_event_text(body_, event);
  ++events_;
}

/// Until the pipeline takes it: the pipes are not read meanwhile, so the writers wait, as they
/// would for a slow terminal.
void TakenStreams::Run::submit() {
  Pipeline::Job job;
  job.body = body_;
  job.done = [&mailbox = owner_.mailbox_, self = shared_from_this()](const Outcome& outcome) {
    // There is room: the mailbox has a place for each run, and a run has one batch on its way.
    static_cast<void>(mailbox.try_post([self, outcome] { self->on_outcome(outcome); }));
  };
  if (!owner_.pipeline_.submit(job)) retry_.start(kRetryDelayUs);
}

void TakenStreams::Run::on_outcome(const Outcome& outcome) {
  if (outcome.code == Outcome::Code::kUnavailable) return retry_.start(kRetryDelayUs);
  if (outcome.code != Outcome::Code::kTaken) {
    owner_.log_.warn("lines of a taken stream were refused: " + outcome.detail);
  }
  next_seq_ += events_;
  events_ = 0;
  body_.clear();
  watch();
}

TakenStreams::TakenStreams(loop::Loop& loop, Pipeline& pipeline, const Clock& clock, Log& log)
    : loop_(loop),
      pipeline_(pipeline),
      clock_(clock),
      log_(log),
      mailbox_(loop, kRunsMax),
      cleaner_(loop, [this] { remove_ended(); }) {
  mailbox_.set_keeps_loop_alive(false);
}

TakenStreams::~TakenStreams() = default;

void TakenStreams::take(spool::HandOver hand_over) {
  if (runs_.size() >= kRunsMax) {
    ++refused_total_;
    return log_.warn("too many runs have left processes behind; one more is not captured");
  }
  ++runs_total_;
  log_.info(fmt::format("run {} ({}) left processes behind that still write; going on with it",
                        hand_over.run.run_id, hand_over.run.service));
  runs_.push_back(std::make_shared<Run>(*this, std::move(hand_over)));
  runs_.back()->start();
}

void TakenStreams::remove_ended() {
  std::erase_if(runs_, [this](const std::shared_ptr<Run>& run) {
    if (run->has_ended()) log_.info("run " + run->description().run_id + " has ended");
    return run->has_ended();
  });
}

}  // namespace gasoline::daemon

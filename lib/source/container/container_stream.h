#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "http/client.h"
#include "source/container/container_info.h"
#include "source/container/record_reader.h"
#include "source/container/stream_lines.h"
#include "source/retry.h"
#include "source/source.h"

namespace gasoline::source::container {

/// Bounds of time for one connection that follows a log.
struct StreamLimits {
  /// Without a byte for so long it is read anew: a connection that died in silence, or a stuck
  /// engine, costs no more. Less than `whole_us`, or it would never count.
  int64_t read_deadline_us = 60'000'000;
  /// Longest life of one connection.
  int64_t whole_us = 600'000'000;

  Status check() const;
};

/// What the pipeline says of batches, on its way to the source's thread.
struct BatchAnswers {
  struct Answer {
    std::string origin;
    uint64_t seq = 0;  ///< of the batch's last line
    Taken taken = Taken::kYes;
  };
  std::mutex mutex;
  std::vector<Answer> waiting;
  std::function<void()> wake;
};

/// Follows the log of one container over a connection of its own, so that one that is stuck holds
/// up nobody. Loop thread only.
///
/// The two streams are origins of their own, `container-ID-1` and `-2`. The log is read from the
/// beginning of the second in which the oldest line lies that is not in the event log; what was
/// taken before is recognised by its number.
///
/// Lines are offered as they come. While a batch of a stream is in the pipeline the next one waits
/// to become a large one, and there are never more than kBatchesOfOneMax; each names the line
/// before it, so that none overtakes one that must be offered again.
class ContainerStream {
 public:
  static constexpr size_t kWaitingBytesMax = 2 << 20;  ///< of lines; then reading pauses
  static constexpr uint32_t kBatchesOfOneMax = 4;

  enum class State {
    kIdle,       ///< to be connected when its time comes
    kFollowing,  ///< connected
    kEnded,      ///< the container stopped and all was read
    kRefused     ///< the engine cannot give its log
  };

  ContainerStream(loop::Loop& loop, std::string socket, ContainerInfo info,
                  const config::SourceSettings& settings, const Surroundings& around,
                  StreamLimits limits, std::shared_ptr<BatchAnswers> answers);

  /// Records before `from_ns` are not wanted; everything before `safe_ns` is in the event log.
  /// `has_more`: false for one that ended before it concerned us.
  void begin(int64_t from_ns, int64_t safe_ns, bool has_more);
  /// The engine answers again.
  void retry_now();
  /// What the engine's list says now; nullptr once it is gone.
  void update(const ContainerInfo* info);
  void set_details(const ContainerDetails& details);
  bool needs_details() const { return !details_.has_value(); }
  /// Connects if that is due and `may_connect`; offers lines. True if it has a connection.
  bool tick(int64_t now_us, bool may_connect);
  void take_answer(const BatchAnswers::Answer& answer, int64_t now_us);
  /// Nothing is left to do and the engine has forgotten it.
  bool is_over() const;

  const ContainerInfo& info() const { return info_; }
  std::array<std::string, 2> origins() const { return {streams_[0].origin, streams_[1].origin}; }
  int64_t from_ns() const { return from_ns_; }
  /// Up to here every line of both streams is in the event log.
  int64_t safe_ns() const;
  void add_to(Snapshot& snapshot) const;

 private:
  struct Stream {
    std::string origin;
    std::optional<StreamLines> lines;
    LineQueue waiting;
    uint32_t batches = 0;  ///< in the pipeline now
    bool must_offer_again = false;
    uint64_t last_taken = 0;  ///< number of the last line in the event log, 0 for none
    uint64_t after_seq = 0;   ///< number of the last line handed over
  };
  void connect(int64_t now_us);
  void received(const std::string& bytes);
  void ended(Result<http::Response> outcome);
  void fail(std::string problem);
  void submit(int64_t now_us);
  bool submit_batch(Stream& stream, bool is_stderr, int64_t now_us);
  LineBatch make_batch(const Stream& stream, bool is_stderr) const;
  size_t waiting_bytes() const;

  const std::string socket_;
  ContainerInfo info_;
  const config::SourceSettings& settings_;
  const Surroundings& around_;
  const StreamLimits limits_;
  std::shared_ptr<BatchAnswers> answers_;
  http::Client client_;
  std::optional<ContainerDetails> details_;
  std::optional<RecordReader> records_;
  std::array<Stream, 2> streams_;
  State state_ = State::kIdle;
  Retry retry_;
  std::string problem_;
  int64_t from_ns_ = 0;
  int64_t safe_ns_ = 0;
  int64_t read_ns_ = 0;  // stamp of the last record of this connection
  int64_t not_before_us_ = 0;
  int64_t connected_us_ = 0;
  int64_t submit_not_before_us_ = 0;
  bool is_paused_ = false;
  bool is_gone_ = false;
  bool runs_again_ = false;
  uint64_t lines_ = 0;
  uint64_t bytes_ = 0;
  uint64_t rejected_full_ = 0;
  int64_t last_line_us_ = 0;
};

}  // namespace gasoline::source::container

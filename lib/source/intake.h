#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"

namespace gasoline::source {

/// Lines of one origin (a generation of a file, a stream of a container) on their way to the event
/// log.
///
/// The origin numbers its lines itself, with a number that grows and that a second reading gives
/// again, such as the offset behind the line. The event log keeps the last number taken of each
/// origin (`run_id`), as it does for runs: a line that is offered again after a crash is recognised
/// and taken once. This is the whole of "exactly once" for sources; a checkpoint only says where to
/// begin reading.
struct LineBatch {
  struct Line {
    uint32_t offset = 0;  ///< in `text`
    uint32_t size = 0;    ///< without the line's end
    uint64_t seq = 0;     ///< of this origin; greater than that of the line before
    int64_t time_us = 0;  ///< read, or as the origin's own clock stamped it
    event::SourceKind kind = event::SourceKind::kFile;
    bool time_is_stated = false;  ///< `time_us` is the origin's, not ours
  };

  /// What the origin's mark must have reached for the lines to be taken: the number of the line
  /// before, 0 for none. So that several batches can be on their way and none overtakes one that
  /// could not be written: then all behind it are answered kTryAgain too.
  uint64_t after_seq = 0;
  std::string run_id;  ///< of the origin: at most 128 bytes, the same after a restart
  std::string service;
  std::string timezone;  ///< of printed times that name none, as the source's settings have it
  std::string metadata;  ///< members of a JSON object, without braces; the same for all lines
  std::vector<std::string> tags;
  std::string text;  ///< the bytes of all lines
  std::vector<Line> lines;
  bool tells_of_gap = false;  ///< its one line is about lines that were lost: see gap_batch.h
};

/// What became of a batch.
enum class Taken {
  kYes,       ///< it is in the event log, now or from before
  kTryAgain,  ///< the event log cannot be written now; offer the same lines again
};

/// The way from a source into the daemon: implemented by the daemon above its pipeline.
/// Thread-safe.
class Intake {
 public:
  /// Bounds of one batch: more than this is a programmer's mistake.
  static constexpr size_t kLinesMax = 10'000;
  static constexpr size_t kTextSizeBytesMax = 4 << 20;

  virtual ~Intake() = default;
  /// Takes the batch and calls `done` once, on any thread but never within this call; `done` must
  /// not block. False, with `batch` untouched, if the queue is full: wait and offer it again.
  [[nodiscard]] virtual bool try_submit(LineBatch& batch, std::function<void(Taken)> done) = 0;
  /// The number of the last line of the origin that is in the event log, 0 for none. Only known
  /// once the log has been replayed: is_ready().
  virtual uint64_t last_seq(std::string_view run_id) const = 0;
  virtual bool is_ready() const = 0;
  /// While an origin is held, its mark stays however long no line comes; otherwise it is forgotten
  /// after 7 days, as that of a run. Hold what a checkpoint names before the log is replayed.
  virtual void hold(std::string_view run_id, bool is_held) = 0;
};

}  // namespace gasoline::source

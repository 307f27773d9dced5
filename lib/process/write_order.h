#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::process {

/// Keeps the order in which a child wrote to two pseudo-terminals that lead to one terminal: a
/// traceback on stderr must not come out after the prompt on stdout that followed it.
///
/// Two pseudo-terminals share no queue, but the kernel notes each write in one (inotify(7),
/// IN_MODIFY, of the slaves), and so tells which was written first. Whoever reads one takes its
/// turn first, and keeps it until what was read has been passed on:
///
///     begin(stream) -> read -> portion() -> pass that on -> end(stream)
///
/// How much each write brought is not told. If the child wrote to one, to the other and to the
/// first again before the first was read, what is read of it is cut between lines, one or more for
/// each turn: right for programs that write whole lines, a guess for others. A reader that does not
/// come (its ring is full) is waited for no longer than one's patience; given_up() counts that.
class WriteOrder {
 public:
  static constexpr int64_t kPatienceUs = 20'000;

  /// `masters` are borrowed for the lifetime; `slaves` only for the call.
  static Result<std::unique_ptr<WriteOrder>> create(std::array<int, 2> masters,
                                                    std::array<int, 2> slaves,
                                                    int64_t patience_us = kPatienceUs);

  /// Waits until nothing that was written before is left on the other pseudo-terminal, and until
  /// nobody is at it. False, and no turn, if `abandoned` was set meanwhile (seen within 100 ms).
  bool begin(size_t stream, const std::atomic<bool>& abandoned);
  /// How many of `bytes`, at least one, are to be passed on in this turn; the rest in a later one.
  /// Between begin() and end(), with all that was read and not passed on.
  size_t portion(size_t stream, std::string_view bytes);
  /// `holds_more`: read, and not passed on yet.
  void end(size_t stream, bool holds_more);
  /// The later of `time_us` and the time given last, of either stream. Between begin() and end().
  int64_t not_before_last_us(int64_t time_us);
  /// The stream is at its end: nobody waits for it again.
  void leave(size_t stream);
  uint64_t given_up() const { return given_up_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kNone = 2;
  static constexpr size_t kTurnsMax = 4096;

  WriteOrder(FileDescriptor notices, std::array<int, 2> watches, std::array<int, 2> masters,
             int64_t patience_us)
      : notices_(std::move(notices)),
        watches_(watches),
        masters_(masters),
        patience_(patience_us) {}
  void take_notices();
  bool has_input(size_t stream) const;
  size_t next_turn() const { return turns_.empty() ? kNone : turns_.front(); }
  void forget_turns(size_t stream);

  const FileDescriptor notices_;
  const std::array<int, 2> watches_;
  const std::array<int, 2> masters_;
  const std::chrono::microseconds patience_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<size_t> turns_;  // in the order of the writes; never twice the same in a row
  std::array<bool, 2> holds_more_{};
  std::array<bool, 2> has_left_{};
  size_t at_it_ = kNone;
  bool is_flood_ = false;  // who is at it has much, and more to come: its turn goes on in any case
  int64_t last_time_us_ = 0;
  std::atomic<uint64_t> given_up_{0};
};

}  // namespace gasoline::process

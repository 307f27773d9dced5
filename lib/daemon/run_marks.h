#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace gasoline::daemon {

/// How far each run has been taken: the number of the last event that is in the event log. What
/// makes a retry recognisable, and so "exactly once". Thread-safe.
///
/// The marks are part of the event log itself (every event carries its run and number) and are
/// rebuilt from it; they are written down again before a segment that made them is released.
class RunMarks {
 public:
  static constexpr int64_t kKeptUs = 7 * 24ll * 3'600'000'000;
  static constexpr size_t kRunsMax = 100'000;

  struct Mark {
    uint64_t seq = 0;
    int64_t time_us = 0;  ///< of the last change
  };

  /// 0 for a run that is not known.
  uint64_t last_seq(std::string_view run_id) const;
  /// Events up to `seq` are taken. Never goes back.
  void advance(std::string_view run_id, uint64_t seq, int64_t time_us);
  /// Keeps the mark of `run_id`, which need not exist yet, from being forgotten for its age or for
  /// the number of the others; or no longer.
  void hold(std::string_view run_id, bool is_held);
  /// Forgets marks that did not move for kKeptUs, and the oldest beyond kRunsMax. Held ones stay.
  void expire(int64_t now_us);

  size_t size() const;
  /// `visit` must not call back.
  void for_each(const std::function<void(std::string_view run_id, const Mark&)>& visit) const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Mark, Hash, std::equal_to<>> marks_;
  std::unordered_set<std::string, Hash, std::equal_to<>> held_;
};

/// True if `run_id` is a ULID made more than kKeptUs before `now_us`: its mark, if there ever was
/// one, may be forgotten, so its events cannot be told from repeats.
bool is_beyond_marks(std::string_view run_id, int64_t now_us);

}  // namespace gasoline::daemon

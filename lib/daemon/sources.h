#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/supervisor.h"
#include "config/settings.h"
#include "source/source.h"

namespace gasoline::daemon {

/// The sources that the configuration names, each a task of its own that the supervisor watches.
/// Loop thread only, but for what the supervisor asks of a source.
///
/// Sources that the daemon starts with are made, and with them the marks of their origins held,
/// before the event log is replayed.
class Sources {
 public:
  /// Runs a function on the loop's thread, later; any thread. False if it will not.
  using Post = std::function<bool(std::function<void()>)>;

  /// What it borrows must outlive it; `post` is called as long as the supervisor runs.
  Sources(const source::Surroundings& around, Supervisor& supervisor, Post post);
  /// Stops all of them, if that was not done: each writes its checkpoint.
  ~Sources();
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;

  /// Makes it so that the enabled ones of `wanted` run: those whose settings are the same go on
  /// untouched, others are stopped or begun. Waits a tenth of a second at most: what takes the
  /// place of one that ends later is begun by settle().
  void apply(const std::vector<config::SourceSettings>& wanted);
  /// Begins what waited for another to end. To be called every second or so.
  void settle();
  /// Stops all of them, side by side, within seconds. False if one hangs, for instance in a file
  /// system that does not answer: it is left behind with its thread, and the process must end by
  /// _exit() without destroying what a source uses.
  bool stop();
  bool has_left_one() const { return has_left_one_; }

  size_t size() const { return running_.size(); }
  struct Status {
    const source::Source& source;
    source::Snapshot snapshot;
  };
  std::vector<Status> status() const;

 private:
  /// What one source follows: one entry of the configuration, or all of one remote host, which
  /// share a connection.
  using Unit = std::vector<config::SourceSettings>;
  struct Running {
    Unit settings;
    std::unique_ptr<source::Source> source;
    Supervisor::Watch watch;  // before the source is gone
  };
  static std::vector<Unit> units_of(const std::vector<config::SourceSettings>& wanted);
  std::unique_ptr<source::Source> make(const Unit& unit) const;
  void begin(const Unit& unit);
  /// Asks a source that hangs to end; it is begun anew once it has: two of one would meet in its
  /// files and checkpoint, and would hang in the same place.
  void restart(const source::Source* hanging);
  void end(Running running);
  void await_ends(int64_t patience_us);

  const source::Surroundings around_;
  Supervisor& supervisor_;
  const Post post_;
  std::vector<Unit> wanted_;
  std::vector<Running> running_;
  std::vector<Running> ending_;  // asked to, watched over until then
  bool has_left_one_ = false;
};

}  // namespace gasoline::daemon

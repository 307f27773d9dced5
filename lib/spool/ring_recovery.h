#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "io/file_system.h"

namespace gasoline::spool {

/// Brings what dead wrappers had read but not spooled from their rings into their spools, so that
/// whoever adopts those finds everything. For daemons and wrappers alike: before an adoption, and
/// again for rings that could not be recovered earlier (a full disk).
///
/// A run is recovered under the locks of its rings and of its journal, by one process at a time. If
/// that one dies as well, the next one goes on: records that are in the journal already are
/// recognised by their numbers. Rings are removed once all of them is in the journal.
class RingRecovery {
 public:
  struct Counters {
    uint64_t runs = 0;
    uint64_t events = 0;
    uint64_t failures = 0;
  };

  /// `root`: see Places::ring_directory. `on_problem` gets words for a person, once per run.
  RingRecovery(io::FileSystem& files, const Clock& clock, Random& random, std::string root,
               std::function<void(const std::string&)> on_problem);

  /// Recovers every dead run there is.
  void look_around();
  /// True if the run's rings are there: its spool is not complete yet, or its wrapper lives.
  bool has_rings(const std::string& run_id) const;
  const Counters& counters() const { return counters_; }

 private:
  void recover(const std::string& directory);
  Result<std::optional<uint64_t>> recover_run(const std::string& directory);

  io::FileSystem& files_;
  const Clock& clock_;
  Random& random_;
  const std::string root_;
  const std::function<void(const std::string&)> on_problem_;
  std::string last_problem_;
  Counters counters_;
};

}  // namespace gasoline::spool

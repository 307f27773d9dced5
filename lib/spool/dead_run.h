#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "io/file_system.h"
#include "journal/writer.h"
#include "spool/ring_recovery.h"
#include "spool/run_description.h"
#include "spool/spool_reader.h"

namespace gasoline::spool {

/// The spool of a run whose wrapper is gone, in the hands of whoever delivers it: the journal's
/// lock keeps everybody else away until this is destroyed.
struct DeadRun {
  std::string directory;
  RunDescription run;
  std::unique_ptr<journal::Writer> lock;
  std::unique_ptr<SpoolReader> reader;

  /// Everything up to the reader's position was acknowledged.
  Status release() { return lock->release_before(reader->position().record); }
};

/// A directory without a description is that of a wrapper being born, unless it is older than this.
inline constexpr int64_t kBirthUsMax = 30'000'000;

/// Takes the spool in `directory` if it is complete and nobody else has it; nothing otherwise.
/// Removes what a wrapper left that died before it had described its run, or an adopter that died
/// while it removed the spool. All references must outlive the result.
Result<std::optional<DeadRun>> take_dead_run(io::FileSystem& files, const Clock& clock,
                                             Random& random, const RingRecovery& rings,
                                             const std::string& directory);

}  // namespace gasoline::spool

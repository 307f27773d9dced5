#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "io/file_system.h"
#include "journal/writer.h"
#include "spool/ring_directory.h"
#include "spool/spool_record.h"
#include "spool/stream_ring.h"

namespace gasoline::spool {

/// A ring of a dead run; borrowed.
struct RingLane {
  Stream stream;
  StreamRing* ring;
};

/// The journal of a dead run, and where its numbering stands.
struct RunJournal {
  std::string directory;
  std::unique_ptr<journal::Writer> writer;
  uint64_t next_seq = 1;
};

/// Opens the journal that the run began, or one where it would have begun it, and brings the
/// progress of its rings in step with it: between a record's append and the ring's word of it the
/// wrapper may have died, and what the journal has must not be appended again. Error::kLocked while
/// somebody else has it.
Result<RunJournal> open_run_journal(io::FileSystem& files, const RingRun& run,
                                    std::span<const RingLane> lanes, const Clock& clock,
                                    Random& random);

}  // namespace gasoline::spool

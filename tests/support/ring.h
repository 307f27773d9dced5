#pragma once

#include <cstdint>

#include "spool/stream_ring.h"

namespace gasoline::test {

/// The consumer is done with `size` bytes.
inline void consume(spool::StreamRing& ring, uint64_t size) {
  spool::StreamRing::Progress progress = ring.progress();
  progress.tail += size;
  ring.advance(progress);
}

}  // namespace gasoline::test

#pragma once

#include <string>

#include "base/arena.h"
#include "event/event.h"
#include "store/block.h"

namespace gasoline::store {

/// Appends the form in which a block keeps an event: that of event/event_codec.h, without what the
/// entry or the source's identity has already (timestamp, service, run, tags). Returns the entry's
/// flags that tell how to read it.
uint8_t append_stored(std::string& to, const event::Event& event, const SourceIdentity& identity);

/// Reads an event of a pinned block. Views point into the block, its identity and `arena`.
event::Event read_stored(const Block& block, const Entry& entry, Arena& arena);

/// The same with a copy of the event's bytes in `arena`, so that only the identity must outlive it.
event::Event copy_stored(const Block& block, const Entry& entry, Arena& arena);

}  // namespace gasoline::store

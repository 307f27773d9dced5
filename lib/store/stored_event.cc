#include "store/stored_event.h"

#include "base/assert.h"
#include "event/event_codec.h"

namespace gasoline::store {
namespace {

/// Takes the event off `bytes` and restores what was left out.
event::Event take_stored(std::string_view& bytes, const Block& block, const Entry& entry,
                         Arena& arena) {
  event::Event event;
  const bool whole = event::take_encoded(bytes, event, arena);
  GASOLINE_ASSERT(whole);
  event.timestamp_us = entry.timestamp_us;
  event.receive_time_us = static_cast<int64_t>(static_cast<uint64_t>(event.receive_time_us) +
                                               static_cast<uint64_t>(entry.timestamp_us));
  event.service = block.identity->service;
  event.run_id = block.identity->run_id;
  if ((entry.flags & Entry::kTagsOfSource) != 0) event.tags = block.identity->tag_views;
  return event;
}

}  // namespace

uint8_t append_stored(std::string& to, const event::Event& event, const SourceIdentity& identity) {
  uint8_t flags = 0;
  event::Event lean = event;
  lean.timestamp_us = 0;
  // Unsigned, because a producer may state any time: wrapping is undone when it is read.
  lean.receive_time_us = static_cast<int64_t>(static_cast<uint64_t>(event.receive_time_us) -
                                              static_cast<uint64_t>(event.timestamp_us));
  lean.service = {};
  lean.run_id = {};
  if (identity.has_tags(event)) {
    lean.tags = {};
    flags |= Entry::kTagsOfSource;
  }
  event::append_encoded(to, lean);
  return flags;
}

event::Event read_stored(const Block& block, const Entry& entry, Arena& arena) {
  std::string_view bytes = block.bytes_from(entry);
  return take_stored(bytes, block, entry, arena);
}

event::Event copy_stored(const Block& block, const Entry& entry, Arena& arena) {
  const std::string_view bytes = block.bytes_from(entry);
  std::string_view rest = bytes;
  take_stored(rest, block, entry, arena);
  std::string_view copy = arena.copy(bytes.substr(0, bytes.size() - rest.size()));
  return take_stored(copy, block, entry, arena);
}

}  // namespace gasoline::store

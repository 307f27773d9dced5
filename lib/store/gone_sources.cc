#include "store/gone_sources.h"

#include <algorithm>

namespace gasoline::store {

void GoneSources::add(const Ring& ring) {
  if (ring.evicted == 0) return;
  const SourceIdentity& identity = *ring.identity;
  auto found = std::find_if(notes_.begin(), notes_.end(), [&](const Note& note) {
    return note.ring.identity->name == identity.name && note.ring.identity->tags == identity.tags;
  });
  if (found == notes_.end()) {
    if (notes_.size() == kNotesMax) {
      notes_.erase(std::min_element(
          notes_.begin(), notes_.end(),
          [](const Note& a, const Note& b) { return a.last_receive_us < b.last_receive_us; }));
    }
    found = notes_.emplace(notes_.end());
    found->ring.is_of_gone = true;
  }
  RingNote& note = found->ring;
  note.identity = ring.identity;
  note.evicted += ring.evicted;
  note.evicted_until_us = std::max(note.evicted_until_us, ring.evicted_until_us);
  found->last_receive_us = std::max(found->last_receive_us, ring.last_receive_us);
}

void GoneSources::expire(int64_t cutoff_us) {
  std::erase_if(notes_, [&](const Note& note) { return note.last_receive_us < cutoff_us; });
}

}  // namespace gasoline::store

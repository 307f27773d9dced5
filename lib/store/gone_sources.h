#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/ring.h"

namespace gasoline::store {

/// What is still known of sources whose events were all evicted, and which cost nothing else any
/// more: one note for all of a name and tags. Only the Shelf uses it, under its lock.
class GoneSources {
 public:
  static constexpr size_t kNotesMax = 256;  ///< the one that got no event for longest gives way

  struct Note {
    RingNote ring;  ///< its identity is that of the source that went last
    int64_t last_receive_us = 0;
  };

  /// `ring` is dropped now.
  void add(const Ring& ring);
  /// Forgets those that got no event since.
  void expire(int64_t cutoff_us);
  const std::vector<Note>& notes() const { return notes_; }

 private:
  std::vector<Note> notes_;
};

}  // namespace gasoline::store

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "understand/source_table.h"

namespace gasoline::understand {

/// Puts together the lines that a container runtime had cut: Docker's json-file and Kubernetes' CRI
/// write a long line as several records, all but the last marked as partial.
///
/// Nothing waits: each record is an event at once, of all that has come of its line. The next one
/// replaces it. One thread.
class RecordPieces {
 public:
  /// Of a longer line the rest begins anew: what has come is written again with every record.
  static constexpr size_t kLineSizeMax = 256 << 10;
  static constexpr size_t kSourcesMax = 1024;

  struct Piece {
    std::string_view text;      ///< one record with the whole line so far, in CRI's form
    bool goes_on = false;       ///< more of the line will come
    bool is_cut = false;        ///< the line was longer than kLineSizeMax
    std::string_view replaces;  ///< id of the event that showed less of the line; may be empty
    uint64_t source = 0;        ///< for took_id()
  };

  /// False, with `piece` unchanged, for every text that is no record of a line in pieces. The
  /// views are good until the arena's end, `replaces` until the next call.
  bool take(uint64_t source, std::string_view text, Arena& arena, Piece& piece);
  /// The id of the event that became of a piece that goes on.
  void took_id(const Piece& piece, std::string_view event_id);
  void forget() {
    open_.clear();
    lines_open_ = 0;
  }

 private:
  struct Open {
    std::string line;
    std::string event_id;
    std::string replaced;
  };
  SourceTable<Open> open_{kSourcesMax};
  size_t lines_open_ = 0;  // at least as many as there are; 0: nothing to look for
};

}  // namespace gasoline::understand

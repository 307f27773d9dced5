#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "understand/source_table.h"

namespace gasoline::understand {

/// Finds 128-bit ids that nothing in their line tells from other UUIDs: alone between blanks, or
/// under a name that says nothing. Two things can tell:
///
/// - The same id was shown in a form that leaves no doubt, by any source, not long ago.
/// - Its column is one of ids: it holds a different value on most lines of its source, and more
///   than half of these values are shown as ids elsewhere, before or within kPendingMax lines.
///
/// A column is a place counted in blanks from the line's beginning or from its end, or the bytes
/// before a value, numbers aside; two of the three must agree. One thread. Bounded memory;
/// allocates for new sources only.
class BareIds {
 public:
  static constexpr size_t kKnownMax = 1 << 16;  ///< ids; a newer one takes the place of an older
  static constexpr size_t kSourcesMax = 1024;
  static constexpr size_t kColumnsMax = 12;  ///< of a source; the least used gives way
  static constexpr size_t kPendingMax = 16;  ///< values of a source that wait for judgement
  static constexpr size_t kCandidatesMax = 4;  ///< of a line
  static constexpr size_t kLineSizeMax = 8192;

  BareIds() : known_(kKnownMax, 0) {}

  /// Remembers an id that a line showed without doubt. Those of less than 128 bits are left out.
  void note_id(std::string_view id);
  /// What is known of columns, as lines of text for recall(): "SOURCE COLUMN LINES CHANGES KNOWN".
  /// No part of it is an id.
  std::string columns() const;
  /// Goes on with what columns() gave. False, with nothing taken, if `text` is anything else. What
  /// another build wrote may name the sources otherwise: then it is of no use, and does no harm.
  bool recall(std::string_view text);
  /// Grows whenever columns() may have changed.
  uint64_t judged() const { return judged_; }

  /// The id of a line of `source` that shows none without doubt; empty if there is none.
  std::string_view find(uint64_t source, std::string_view line);

 private:
  struct Candidate {
    std::string_view value;
    uint64_t id = 0;
    std::array<uint64_t, 3> columns;
  };
  struct Column {
    uint64_t key = 0;
    uint64_t last_id = 0;
    uint32_t lines = 0;
    uint32_t changes = 0;
    uint32_t known = 0;
  };
  struct Pending {
    uint64_t id = 0;
    std::array<uint64_t, 3> columns;
  };
  struct Source {
    std::array<Column, kColumnsMax> columns;
    std::array<Pending, kPendingMax> pending;
    size_t next = 0;
  };

  bool is_known(uint64_t id) const { return known_[id % kKnownMax] == id; }
  void judge(Source& source, const Pending& pending);
  static bool is_id_column(const Source& source, uint64_t key);
  using Candidates = std::array<Candidate, kCandidatesMax>;

  static size_t find_candidates(std::string_view line, Candidates& found);

  std::vector<uint64_t> known_;
  SourceTable<Source> sources_{kSourcesMax};
  uint64_t judged_ = 0;
};

}  // namespace gasoline::understand

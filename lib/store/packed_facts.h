#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/block.h"

namespace gasoline::store {

/// What the facts column of a packed block says about one event: see block_packer.h.
///
///   1 byte   level, kLevelStated ... kHasMarks
///   1 byte   which ids there are, how many tags
///   varints  differences to the event before: time, arrival, delay until receipt, seq, line
///   varints  sizes of the message and of the rest
///   bytes    the lowest 8 bits of each tag
///   if kHasMarks: varint hidden_by, 1 byte continued
struct PackedFacts {
  enum class Id : uint8_t { kNone, kHere, kAsCorrelation };

  Entry entry{};  ///< all but the offset
  uint64_t delay_us = 0;
  uint64_t seq = 0;
  uint64_t line = 0;
  uint64_t message_size = 0;
  uint64_t rest_size = 0;
  bool level_stated = false;
  bool timestamp_stated = false;
  Id correlation = Id::kNone;
  Id trace = Id::kNone;
  Id span = Id::kNone;
  Id request = Id::kNone;

  /// Appends this one, which comes behind `before`.
  void append(std::string& to, const PackedFacts& before) const;
  /// Takes the next one off `from`, where this is the one before. False if the bytes are not one.
  bool take(std::string_view& from);
};

}  // namespace gasoline::store

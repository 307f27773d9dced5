#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.h"

namespace gasoline::understand {

/// What makes masks of one machine comparable with each other and with no one else's.
struct MaskKey {
  uint64_t low = 0;
  uint64_t high = 0;

  static MaskKey make(Random& random) { return {random.next_u64(), random.next_u64()}; }
  /// Reads 32 hex digits, as they stand in the daemon's file "mask.key".
  static std::optional<MaskKey> parse(std::string_view hex);
};

/// SipHash-2-4 of `text` (Aumasson and Bernstein, 2012): without the key nothing is known about it.
uint64_t sip_hash(const MaskKey& key, std::string_view text);

/// The four hex digits that tell one secret from another: "3f2a" in "[redacted:github-token#3f2a]".
/// Sixteen bits of a keyed hash: too few to find a secret by, even for who has the key, and enough
/// to see that two lines show the same one. Escapes of JSON do not count.
uint16_t mask_tag(const MaskKey& key, std::string_view secret);

}  // namespace gasoline::understand

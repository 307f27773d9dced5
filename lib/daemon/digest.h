#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "store/query.h"

namespace gasoline::daemon {

/// Tokens are estimated as a third of the bytes of the whole JSON text, rounded up: usual
/// tokenizers make 3 to 4 bytes of English and 2.5 to 3.5 of logs and JSON into one.
inline constexpr size_t kBytesPerToken = 3;
inline constexpr uint32_t kTokensMin = 200;
inline constexpr uint32_t kTokensMax = 1'000'000;

constexpr size_t estimated_tokens(size_t bytes) {
  return (bytes + kBytesPerToken - 1) / kBytesPerToken;
}

/// An answer that fits a reader with little room, such as an agent: at most `tokens_max` tokens, by
/// the estimate above, whatever the events hold.
///
/// Errors of the whole page come first, in two fifths of the room, then its events in their order up
/// to where the room ends. Lines that differ in numbers only are folded into one with a count. What
/// was cut is said, and the cursor goes on behind the last event that is covered: every event is
/// covered, sooner or later. `answer` must outlive it.
class Digest {
 public:
  Digest(const store::Answer& answer, uint32_t tokens_max);
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  /// How many of the page's events, from its first on, are covered.
  size_t covered() const;
  /// The JSON; `next_cursor` goes on behind the covered ones, empty if nothing follows.
  std::string json(std::string_view next_cursor) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// `message` with every word that holds a digit as "#", and on one line.
std::string template_of(std::string_view message);

}  // namespace gasoline::daemon

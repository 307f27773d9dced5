#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "understand/secret_finder.h"

namespace gasoline::understand {

/// What the lines of one source have begun and not ended.
struct SecretState {
  bool in_private_key = false;  ///< begun in an earlier line, its end marker has not come
  uint32_t strangers = 0;       ///< lines since its last one that belong to something else
  bool goes_on = false;         ///< the last piece of a line ended within a secret
  uint32_t kind = 0;            ///< of that secret, in secret_kinds()
  std::string tail;             ///< the last bytes of that piece, as printed
};

/// Whether a text is a whole line.
struct LineCut {
  bool at_start = false;  ///< it goes on with the line whose last piece was the source's last text
  bool at_end = false;    ///< it ends anywhere, even in the middle of a secret
};

/// Masks the lines of a source: secrets within a line by SecretFinder, also behind escapes of JSON,
/// and those that lie in several lines or pieces. A private key that is printed line by line is
/// masked line by line, up to its end marker or kStrangersMax lines of something else. Of a secret
/// that was cut, every piece is masked; where only the beginning of what leads to it had been
/// printed, the rest.
///
/// The work is linear in the text. New bytes, at most twice its size, live in the arena.
class LineMask {
 public:
  static constexpr uint32_t kStrangersMax = 64;
  static constexpr size_t kTailSizeMax = 256;
  static constexpr size_t kHeadSizeMax = 4096;  ///< of a piece, looked at together with that tail

  LineMask(const pattern::PatternSet& patterns, const MaskKey& key) : finder_(patterns, key) {}

  /// Most texts to come lie in `bytes`, which must stay as they are until the next call.
  void expect(std::string_view bytes) { finder_.expect(bytes); }

  /// Any text by itself.
  std::string_view mask(std::string_view text, Arena& arena, uint64_t& masked) {
    return mask_text(text, false, arena, masked);
  }
  /// A text of the source whose state this is.
  std::string_view mask_line(std::string_view text, LineCut cut, SecretState& state, Arena& arena,
                             uint64_t& masked);
  /// What the last call masked.
  const std::vector<SecretFinder::Found>& found() const { return finder_.found(); }

 private:
  std::string_view mask_text(std::string_view text, bool is_cut, Arena& arena, uint64_t& masked);
  std::string_view mask_key_line(std::string_view text, SecretState& state, Arena& arena,
                                 uint64_t& masked);
  size_t secret_at_start(std::string_view text, SecretState& state, Arena& arena);
  std::string_view with_mask(std::string_view text, std::string_view secret, std::string_view kind,
                             std::string_view clean_rest, Arena& arena);

  SecretFinder finder_;
};

}  // namespace gasoline::understand

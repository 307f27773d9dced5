#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "pattern/pattern_set.h"
#include "understand/mask_key.h"
#include "understand/secret_slices.h"
#include "understand/secret_table.h"

namespace gasoline::understand {

/// The bytes of one mask, "[redacted:kind#3f2a]".
struct MaskText {
  std::array<char, 64> bytes;
  size_t size = 0;

  std::string_view text() const { return {bytes.data(), size}; }
};

/// How many bytes at the beginning of `text` go on with a secret of this form that began before.
size_t run_of_secret(std::string_view text, SecretForm form);

/// Finds and masks secrets. One per thread: it owns scratch memory, kept warm between texts.
///
/// One scan by all triggers; only where one matched is the secret's extent found and judged by
/// code. Work is linear: a place that was judged a secret is not looked at again, and one that was
/// not costs at most its kind's size_max.
class SecretFinder {
 public:
  struct Found {
    uint32_t start;
    uint32_t end;
    uint32_t kind;
  };

  /// `patterns` is the compiled secret table and must outlive the finder.
  SecretFinder(const pattern::PatternSet& patterns, const MaskKey& key);

  /// Most texts to come lie in `bytes`, which must stay as they are until the next call.
  void expect(std::string_view bytes) { slices_.expect(bytes); }

  /// `text` with each secret replaced by its mask, in `arena`; `text` itself if it holds none. Adds
  /// the number of secrets to `masked`. If the text `is_cut`, what it ends in is masked as soon as
  /// it may be the beginning of a secret.
  std::string_view mask(std::string_view text, bool is_cut, Arena& arena, uint64_t& masked);

  /// Of the last text: what was masked, in its order; whether it ended within a private key, or
  /// with a secret, and of which kind.
  const std::vector<Found>& found() const { return found_; }
  bool ends_in_private_key() const { return ends_in_private_key_; }
  bool ends_in_secret() const { return ends_in_secret_; }
  uint32_t kind_at_end() const { return found_.back().kind; }

  /// The mask of a secret: the same for the same bytes.
  MaskText mask_of(std::string_view kind, std::string_view secret) const;

 private:
  void consider(std::string_view text, bool is_cut, uint32_t kind, size_t match_end);
  static size_t mask_size(std::string_view kind);
  std::string_view with_masks(std::string_view text, Arena& arena);
  void merge_overlaps();

  const pattern::PatternSet& patterns_;
  pattern::Scratch scratch_;
  SecretSlices slices_;
  std::vector<Found> found_;
  const MaskKey key_;
  bool ends_in_private_key_ = false;
  bool ends_in_secret_ = false;
  // A value that ends here was judged to be no credential, nor are its tails.
  size_t dull_until_ = 0;
  size_t dull_cookies_until_ = 0;  // likewise, of cookies
};

}  // namespace gasoline::understand

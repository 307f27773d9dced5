#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace gasoline::understand {

/// The name under which a line's own field `key` stands in metadata: with an underscore behind it where
/// the name alone is ours and says what the store does with the event. A program that logs
/// {"partial":true,"replaces":2} means something else.
std::string_view field_name_in_metadata(std::string_view key) noexcept;

/// Builds an event's metadata: the members of a JSON object without its braces. Keeps its buffer
/// from line to line, so that a warm one allocates nothing.
class MetadataText {
 public:
  void clear() { text_.clear(); }
  bool empty() const { return text_.empty(); }
  size_t size() const { return text_.size(); }
  /// Forgets what was added after size() was `size`.
  void cut(size_t size) { text_.resize(size); }

  /// Members that are JSON already.
  void add_members(std::string_view members);
  /// `key` with its escapes as JSON needs them; `value` any JSON.
  void add_raw(std::string_view key, std::string_view value);
  /// The same key, and `text` as a JSON string.
  void add_quoted(std::string_view key, std::string_view text);
  /// `key` and `text` as they are meant; both are escaped here.
  void add_string(std::string_view key, std::string_view text);
  /// Milliseconds with three decimals.
  void add_time_ms(std::string_view key, int64_t us);

  std::string_view copy_to(Arena& arena) const { return arena.copy(text_); }

 private:
  void separate() {
    if (!text_.empty()) text_.push_back(',');
  }
  std::string text_;
};

}  // namespace gasoline::understand

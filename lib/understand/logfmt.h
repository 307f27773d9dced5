#pragma once

#include <cstddef>
#include <string_view>

namespace gasoline::understand {

/// One `key=value` of a logfmt line.
struct LogfmtPair {
  std::string_view key;
  std::string_view value;  ///< without quotes, escapes as written
  bool quoted = false;
};

/// Reads logfmt from left to right. Allocates nothing.
class LogfmtReader {
 public:
  explicit LogfmtReader(std::string_view text) : text_(text) {}

  /// Takes the next pair. False at the end, and where the text stops being logfmt: see is_whole().
  bool next(LogfmtPair& pair);
  /// True once everything has been read as pairs.
  bool is_whole() const { return at_ >= text_.size(); }

  /// True if `text` begins with two pairs, as few texts do that are not logfmt.
  static bool begins_logfmt(std::string_view text);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace gasoline::understand

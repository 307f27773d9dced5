#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gasoline::framing {

/// What a reader of the terminal would see last of a captured line: without its LF and the CRs
/// before it, and of several states that a lone CR overwrote (a progress bar) only the last.
std::string_view visible_text(std::string_view line) noexcept;

/// LFs in `bytes`, counted sixteen bytes at a time.
size_t count_line_feeds(std::string_view bytes) noexcept;

/// A piece of a stream that is one event.
struct Piece {
  std::string_view bytes;  ///< with its LF, if it has one
  bool continues = false;  ///< the line began in an earlier piece
  bool ends_line = false;  ///< the LF is in it
};

/// Cuts a stream of bytes into lines, and lines over `line_size_bytes_max` into pieces.
///
/// The result depends on the bytes alone, never on how they were divided among reads. Copies and
/// allocates nothing.
class LineSplitter {
 public:
  explicit LineSplitter(size_t line_size_bytes_max) : line_size_bytes_max_(line_size_bytes_max) {}

  /// Takes the next piece off the front of `bytes`. False, with `bytes` unchanged, if it holds no
  /// LF and not yet a full piece: call again with more behind the same bytes.
  bool take(std::string_view& bytes, Piece& piece) noexcept;

  /// True while the last piece taken did not end its line.
  bool is_inside_line() const { return inside_line_; }
  /// Forgets the line that was begun: the next byte starts a new one.
  void start_line() { inside_line_ = false; }
  /// A piece of the line that the next byte belongs to was taken by somebody else.
  void continue_line() { inside_line_ = true; }

 private:
  size_t line_size_bytes_max_;
  bool inside_line_ = false;
};

}  // namespace gasoline::framing

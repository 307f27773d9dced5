#pragma once

#include <cstddef>
#include <string_view>

namespace gasoline::http {

/// Finds the end of a message's head in bytes that come in pieces, and refuses on the way what
/// makes servers disagree about where a message ends: a bare CR or LF, a NUL or another control
/// character, a line that continues the one before. Looks at each byte once; stores none.
///
///   kLineStart --CR--> kBlankCr --LF--> done
///       | text             kText --CR--> kCr --LF--> kLineStart
///
/// Empty lines before the first line are allowed, as RFC 9112 2.2 asks of servers.
class HeadScanner {
 public:
  enum class Verdict { kMore, kDone, kBad };

  /// Looks at `bytes`. `used` is how many belong to the head; all of them unless kDone or kBad.
  Verdict scan(std::string_view bytes, size_t& used);
  /// True once a byte other than a leading CR or LF was seen.
  bool has_begun() const { return has_begun_; }
  void reset() { *this = HeadScanner(); }

 private:
  enum class At { kLineStart, kBlankCr, kText, kCr };
  At at_ = At::kLineStart;
  bool has_begun_ = false;
};

}  // namespace gasoline::http

#pragma once

#include <cstdint>
#include <string_view>

namespace gasoline::understand {

/// What a line can be to the event before it. Told by the line alone; whether it belongs to that
/// event is the LineJoiner's decision.
enum class LineRole : uint8_t {
  kPlain,
  kBlank,
  kIndented,   ///< begins with a blank or a tab
  kFrame,      ///< "    at f (x.js:1:2)", "\tfrom x.rb:1:in ...", "  File \"x.py\", line 1, in f"
  kBareFrame,  ///< a frame that is not indented: "#0 /x.php(1): f()", "x.rb:1:in `f'"
  kLink,       ///< joins parts of a trace: "Caused by: x", "Stack trace:", "--- End of inner ..."
  kTraceback,  ///< "Traceback (most recent call last):"
  kException,  ///< "TypeError: x", "java.lang.IllegalStateException", "common.CardDeclined: x"
  kCall,       ///< a function of Go: "main.main()", "net/http.(*conn).serve", "created by x"
  kGoroutine,  ///< "goroutine 1 [running]:", "[signal SIGSEGV: ..."
  kGoPanic,    ///< "panic: x", "fatal error: x"
  kRustPanic,  ///< "thread 'main' panicked at src/main.rs:1:2:"
  kRustNote,   ///< "note: run with `RUST_BACKTRACE=1` ..."
  kCloser,     ///< "}", "]);"
  kScript,     ///< "/srv/x.js:10": Node names the place, then shows the source, then the error
  kCaret,      ///< "    ^^^^"
  kNodeEnd     ///< "Node.js v20.1.0"
};

/// Reads the first bytes of a line without its time and level. Linear in at most 512 bytes.
LineRole role_of_line(std::string_view line);

/// True if the line ends with a bracket that the following lines close: "user {".
bool opens_block(std::string_view line);

}  // namespace gasoline::understand

#include "understand/trace_line.h"

#include <algorithm>
#include <array>

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr size_t kLookedAtMax = 512;

bool begins_with_any(std::string_view text, auto... starts) {
  return (text.starts_with(starts) || ...);
}

bool is_number_of(std::string_view text, size_t from) {
  return from < text.size() && is(text[from], kDigit);
}

/// "... 12 more", "... 3 common frames omitted"
bool is_omission(std::string_view text) {
  return text.starts_with("... ") && is_number_of(text, 4);
}

/// The words after the indentation of a frame.
bool is_frame(std::string_view text) {
  if (text.starts_with("at ")) return text.size() > 3 && !is(text[3], kBlank);
  if (begins_with_any(text, "File \"", "File \\\"")) {
    return text.find("\", line ") != std::string_view::npos;
  }
  if (text.starts_with("from ")) {
    return text.find(":in ") != text.npos || text.find(" in '") != text.npos;
  }
  if (text.starts_with("+ Exception Group Traceback")) return true;
  const size_t called = text.find(" called at ");  // of Perl
  if (called != text.npos) return text.find(" line ", called) != text.npos;
  if (text.starts_with('#')) return is_number_of(text, 1);
  return is_omission(text) || text.starts_with("--- End of ") || text.starts_with("---> ") ||
         text.starts_with("Suppressed: ");
}

/// "x.rb:12:in `f'": of Ruby, which does not indent them everywhere.
bool is_ruby_frame(std::string_view text) {
  const size_t in = text.find(":in ");
  if (in == std::string_view::npos || in + 4 >= text.size() || in == 0) return false;
  const char quote = text[in + 4];
  return is(text[in - 1], kDigit) && (quote == '`' || quote == '\'');
}

/// "#3 {main}", "#0 /srv/x.php(12): f()"
bool is_numbered_frame(std::string_view text) {
  const size_t digits = run_of(text.substr(1), kDigit, 5);
  const std::string_view rest = text.substr(std::min(text.size(), digits + 1));
  return digits > 0 && rest.size() > 2 && rest[0] == ' ' &&
         (rest[1] == '/' || rest[1] == '{' || rest.find('(') != std::string_view::npos);
}

/// Names that end so are those of errors, in every language that has exceptions.
bool ends_like_error(std::string_view name) {
  constexpr std::array<std::string_view, 9> kEnds = {"Error",   "Exception", "Throwable",
                                                     "Failure", "Warning",   "Interrupt",
                                                     "Exit",    "Errno",     "Fault"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [name](std::string_view end) { return name.ends_with(end); });
}

/// A class name, perhaps qualified, that is the whole line or stands before ": message".
bool is_exception(std::string_view text) {
  if (!is(text.front(), kUpper | kLower | kDigit) && text.front() != '_') return false;
  size_t size = 0;
  size_t dots = 0;
  size_t last = 0;
  while (size < text.size() && size < 160) {
    const char c = text[size];
    const bool colons = c == ':' && text.substr(size).starts_with("::");
    if (!is_alnum(c) && c != '_' && c != '$' && c != '.' && c != '\\' && !colons) break;
    if (c == '.' || c == '\\' || colons) {
      ++dots;
      last = size + (colons ? 2 : 1);
    }
    size += colons ? 2 : 1;
  }
  if (size <= last || size == 0) return false;
  const std::string_view rest = text.substr(size);
  const bool ends = rest.empty() || rest.starts_with(": ") || rest == ":" ||
                    rest.starts_with(" (") || rest.starts_with(" [");
  if (!ends) return false;
  const std::string_view name = text.substr(last, size - last);
  if (ends_like_error(name)) return true;
  // A class of a package, as in common.CardDeclined: its message must follow.
  return dots > 0 && is(name.front(), kUpper) && !rest.empty();
}

/// "main.main()", "net/http.(*conn).serve(0xc000...)", "main.run.func1", "created by main.run"
bool is_go_call(std::string_view text) {
  if (text.starts_with("created by ")) return true;
  const size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 >= text.size()) return false;
  if (!is(text.front(), kLower | kUpper)) return false;
  const bool method = open != std::string_view::npos && open == dot + 1;  // pkg.(*type).name
  const std::string_view checked = method ? text.substr(0, text.find(' ')) : name;
  for (const char c : checked) {
    const bool known = is(c, kKeyChar) || c == '(' || c == ')' || c == '*' || c == '[' ||
                       c == ']' || c == '{' || c == '}' || static_cast<uint8_t>(c) >= 0x80 ||
                       c == ',' || c == '%';
    if (!known) return false;
  }
  if (method || open == std::string_view::npos) {
    return checked.find(' ') == std::string_view::npos;
  }
  return text.back() == ')';
}

/// "Raised at Stdlib.failwith in file "x.ml", line 29": of OCaml, which indents none of them.
bool is_ocaml_frame(std::string_view text) {
  return begins_with_any(text, "Raised at ", "Raised by ", "Re-raised at ", "Called from ") &&
         text.find(" in file \"") != std::string_view::npos;
}

bool is_link(std::string_view text) {
  static constexpr CharSet kBeginnings("NCSsDT-[B.LR(");
  if (!kBeginnings.holds(text.front())) return false;
  if (text.starts_with("Next ")) return text.size() > 5 && is_exception(text.substr(5));
  if (is_ocaml_frame(text)) return true;
  return begins_with_any(text, "Caused by:", "Suppressed: ", "Stack trace:", "stack backtrace:",
                         "During handling of the above exception", "--- End of ", "[previous exc",
                         "The above exception was the direct cause", "[stack trace]",
                         "Backtrace:", "Stacktrace:", "Call stack:", "Stack backtrace:",
                         "stack traceback:", "[stacktrace]", "CallStack (from ", "(Use `node --",
                         "Last message (from ", "Last message: ", "State: %{") ||
         is_omission(text);
}

/// "/srv/x.js:10", "node:internal/process/promises:288", "file:///srv/x.mjs:3"
bool is_script(std::string_view text) {
  const bool is_path = text.starts_with('/') || text.starts_with("file:///") ||
                       text.starts_with("node:") || text.starts_with("[eval]") ||
                       text.starts_with("webpack") ||
                       (text.size() > 3 && is_alpha(text[0]) && text[1] == ':' && text[2] == '\\');
  if (!is_path) return false;
  const size_t colon = text.rfind(':');
  return colon != std::string_view::npos && colon + 1 < text.size() &&
         all_of(text.substr(colon + 1), kDigit) && text.find(' ') == std::string_view::npos;
}

bool is_closer(std::string_view text) {
  static constexpr CharSet kClosing("}]);,");
  if (text == "\"}") return true;  // of a string that holds the lines before it
  return kClosing.trim_left(text).empty() && text.front() != ',' && text.front() != ';';
}

LineRole role_of_indented(std::string_view text) {
  if (is_frame(text) || is_ruby_frame(text)) return LineRole::kFrame;
  if (text.find_first_not_of("^~ ") == std::string_view::npos) return LineRole::kCaret;
  return LineRole::kIndented;
}

LineRole role_of_unindented(std::string_view text) {
  if (text.starts_with("Traceback (most recent call")) return LineRole::kTraceback;
  if (is_link(text)) return LineRole::kLink;
  if (begins_with_any(text, "panic: ", "fatal error: ")) return LineRole::kGoPanic;
  if (text.starts_with("goroutine ") && text.ends_with("]:")) return LineRole::kGoroutine;
  if (begins_with_any(text, "[signal ", "runtime stack:", "exit status ")) {
    return LineRole::kGoroutine;
  }
  if (text.starts_with("thread '") && text.find(" panicked at ") != std::string_view::npos) {
    return LineRole::kRustPanic;
  }
  if (text.starts_with("note: ")) return LineRole::kRustNote;
  if (text.starts_with("Node.js v")) return LineRole::kNodeEnd;
  if (text[0] == '#') return is_numbered_frame(text) ? LineRole::kBareFrame : LineRole::kPlain;
  if (text[0] == '^' && text.find_first_not_of('^') == std::string_view::npos) {
    return LineRole::kCaret;
  }
  if (is_closer(text)) return LineRole::kCloser;
  if (is_script(text)) return LineRole::kScript;
  if (is_ruby_frame(text)) return LineRole::kBareFrame;
  if (is_exception(text) || text.starts_with("** (")) return LineRole::kException;
  if (is_go_call(text)) return LineRole::kCall;
  return LineRole::kPlain;
}

}  // namespace

LineRole role_of_line(std::string_view line) {
  const std::string_view looked_at = trim_right(line.substr(0, kLookedAtMax));
  if (looked_at.empty()) return LineRole::kBlank;
  const std::string_view text = trim_left(looked_at);
  return text.size() < looked_at.size() ? role_of_indented(text) : role_of_unindented(text);
}

bool opens_block(std::string_view line) {
  const std::string_view text = trim_right(line);
  return text.ends_with('{') || text.ends_with('[');
}

}  // namespace gasoline::understand

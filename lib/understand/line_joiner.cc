#include "understand/line_joiner.h"

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr std::string_view kTracebackEnd = "Traceback (most recent call last):";

bool ends_with_traceback(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  // A group of exceptions is indented to its end.
  return text.ends_with(kTracebackEnd) &&
         !text.ends_with("+ Exception Group Traceback (most recent call last):");
}

/// Some programs indent every line by two blanks; fields and wrapped text stand deeper.
bool is_deep(std::string_view text) {
  return text.starts_with('\t') || text.starts_with("   ");
}

/// A frame of Python: behind the last one comes a line that is not indented.
bool names_file(std::string_view frame) {
  return trim_left(frame).starts_with("File ");
}

bool begins_group(std::string_view frame) {
  return trim_left(frame).starts_with("+ ");
}

bool is_indented(LineRole role) {
  return role == LineRole::kIndented || role == LineRole::kFrame || role == LineRole::kCaret;
}

}  // namespace

/// What a logger prints as an error may be followed by the exception that it speaks of.
bool LineJoiner::is_logged_error(const Open& open) {
  return open.has_header && open.lines == 1 && open.level >= event::Level::kWarn;
}

bool LineJoiner::continues_blank(const Open& open) {
  if (open.after_blank) return false;
  switch (open.phase) {
    case Phase::kPlain:
    case Phase::kBlock:
    case Phase::kRust:
    case Phase::kRustMessage:
      return false;
    default:
      return true;
  }
}

/// Behind a blank line only what cannot be anything else goes on with a trace.
bool LineJoiner::continues_after_blank(const Open& open, LineRole role) {
  switch (role) {
    case LineRole::kFrame:
    case LineRole::kBareFrame:
    case LineRole::kLink:
      return true;
    case LineRole::kCall:
    case LineRole::kGoroutine:
      return open.phase == Phase::kGo;
    case LineRole::kNodeEnd:
      return open.phase == Phase::kTrace || open.phase == Phase::kScriptError;
    case LineRole::kTraceback:
      return open.after_link;
    case LineRole::kBlank:
    case LineRole::kGoPanic:
    case LineRole::kRustPanic:
      return false;
    default:
      return open.phase == Phase::kScriptError;
  }
}

bool LineJoiner::continues_unindented(const Open& open, LineRole role) {
  switch (role) {
    case LineRole::kLink:
      return true;
    case LineRole::kBareFrame:
      return open.phase == Phase::kTrace || is_logged_error(open);
    case LineRole::kTraceback:
      return open.after_link || (open.has_header && open.lines == 1);
    case LineRole::kException:
      return open.phase == Phase::kPython || open.phase == Phase::kScriptError ||
             open.phase == Phase::kRustMessage || open.after_link || is_logged_error(open);
    case LineRole::kCall:
      return open.phase == Phase::kGo || open.phase == Phase::kPython || is_logged_error(open);
    case LineRole::kGoroutine:
      return open.phase == Phase::kGo || is_logged_error(open);
    case LineRole::kRustNote:
      return open.phase == Phase::kRust || open.phase == Phase::kRustMessage;
    case LineRole::kCloser:
      return open.phase == Phase::kBlock || open.phase == Phase::kTrace ||
             open.phase == Phase::kScriptError;
    case LineRole::kCaret:
      return open.phase == Phase::kScript;
    case LineRole::kGoPanic:
    case LineRole::kRustPanic:
    case LineRole::kNodeEnd:
      return false;
    default:
      return open.phase == Phase::kPython || open.phase == Phase::kRustMessage ||
             (open.phase == Phase::kScript && open.lines == 1);
  }
}

bool LineJoiner::continues(const Open& open, const Line& line, LineRole role) {
  if (open.lines == 0) return false;
  if (open.last_us != 0 && line.read_us - open.last_us > kPauseMaxUs) return false;
  if (line.has_header) return false;
  if (role == LineRole::kBlank) return continues_blank(open);
  if (open.after_blank) return continues_after_blank(open, role);
  if (is_indented(role)) {
    if (open.phase != Phase::kPlain) return true;
    if (open.has_header && (role == LineRole::kFrame || is_deep(line.text))) return true;
    // A syntax error of Python begins with the place, without a word before it; a group of
    // exceptions with an indented title.
    return role == LineRole::kFrame && !names_file(line.text) && !begins_group(line.text);
  }
  return continues_unindented(open, role);
}

LineJoiner::Phase LineJoiner::first_phase(const Line& line, LineRole role) {
  if (opens_block(line.text)) return Phase::kBlock;
  if (line.has_header) return ends_with_traceback(line.text) ? Phase::kPython : Phase::kPlain;
  switch (role) {
    case LineRole::kTraceback:
      return Phase::kPython;
    case LineRole::kGoPanic:
    case LineRole::kGoroutine:
      return Phase::kGo;
    case LineRole::kRustPanic:
      return line.text.ends_with(':') ? Phase::kRustMessage : Phase::kRust;
    case LineRole::kScript:
      return Phase::kScript;
    case LineRole::kFrame:
      return names_file(line.text) ? Phase::kPython : Phase::kTrace;
    case LineRole::kException:
    case LineRole::kBareFrame:
    case LineRole::kLink:
      return Phase::kTrace;
    default:
      return ends_with_traceback(line.text) ? Phase::kPython : Phase::kPlain;
  }
}

LineJoiner::Phase LineJoiner::phase_behind(const Open& open, const Line& line, LineRole role) {
  if (role == LineRole::kTraceback) return Phase::kPython;
  switch (open.phase) {
    case Phase::kPython:
      return is_indented(role) || role == LineRole::kBlank ? Phase::kPython : Phase::kDone;
    case Phase::kScript:
      if (role == LineRole::kCaret) return Phase::kScriptError;
      return open.lines == 1 ? Phase::kScript : Phase::kPlain;
    case Phase::kScriptError:
      return role == LineRole::kBlank ? Phase::kScriptError : Phase::kTrace;
    case Phase::kRustMessage:
      return Phase::kRust;
    case Phase::kBlock:
      if (role == LineRole::kCloser && !opens_block(line.text)) return Phase::kPlain;
      return Phase::kBlock;
    case Phase::kPlain:
      break;
    default:
      return open.phase;
  }
  if (role == LineRole::kCall || role == LineRole::kGoroutine) return Phase::kGo;
  if (role == LineRole::kFrame && names_file(line.text)) return Phase::kPython;
  const bool is_trace = role == LineRole::kFrame || role == LineRole::kBareFrame ||
                        role == LineRole::kLink || role == LineRole::kException;
  if (is_trace) return Phase::kTrace;
  return opens_block(line.text) ? Phase::kBlock : Phase::kPlain;
}

void LineJoiner::begin(Open& open, const Line& line, LineRole role, std::string_view event_id) {
  open.event_id.assign(event_id);
  open.correlation_id.assign(line.correlation_id);
  open.last_us = line.read_us;
  open.lines = 1;
  open.bytes = static_cast<uint32_t>(line.text.size());
  open.phase = first_phase(line, role);
  open.level = line.level;
  open.kind = line.kind;
  open.has_header = line.has_header;
  open.after_blank = false;
  open.after_link = false;
}

void LineJoiner::extend(Open& open, const Line& line, LineRole role) {
  open.phase = phase_behind(open, line, role);
  open.last_us = line.read_us;
  ++open.lines;
  open.bytes += static_cast<uint32_t>(line.text.size()) + 1;
  if (role == LineRole::kBlank) {
    open.after_blank = true;
    return;
  }
  open.after_blank = false;
  open.after_link = role == LineRole::kLink;
}

LineJoiner::Head LineJoiner::place(const Line& line, std::string_view event_id) {
  if (line.is_structured) return {};
  Open& open = sources_.of(line.source);
  // What a line with a header says cannot make it go on with another.
  const LineRole role = line.has_header ? LineRole::kPlain : role_of_line(line.text);
  if (!continues(open, line, role)) {
    begin(open, line, role, event_id);
    return {};
  }
  const bool fits = open.lines < kLinesMax && line.text.size() < kBytesMax &&
                    open.bytes + line.text.size() + 1 <= kBytesMax;
  if (!fits) {
    // The trace goes on in an event of its own.
    const Phase phase = phase_behind(open, line, role);
    const bool had_header = open.has_header;
    begin(open, line, role, event_id);
    open.phase = phase;
    open.has_header = had_header;
    ++cut_;
    return {};
  }
  extend(open, line, role);
  ++joined_;
  return {open.event_id, open.level, open.kind, open.correlation_id};
}

void LineJoiner::resume(const Line& line, std::string_view event_id, std::string_view continues) {
  if (line.is_structured) return;
  Open& open = sources_.of(line.source);
  const LineRole role = role_of_line(line.text);
  if (continues.empty()) {
    begin(open, line, role, event_id);
  } else if (open.event_id == continues) {
    extend(open, line, role);
  } else {
    begin(open, line, role, continues);
  }
}

}  // namespace gasoline::understand

#include "understand/id_value.h"

#include <algorithm>

#include "event/event.h"
#include "understand/blocks.h"
#include "understand/chars.h"
#include "understand/id_shape.h"

namespace gasoline::understand {

bool is_hex_id(std::string_view text) {
  return (text.size() == 16 || text.size() == 32) && is_all_hex(text) && !is_all_zeros(text);
}

bool take_traceparent(std::string_view value, IdRank rank, Ids& ids) {
  if (id_shape(value) != IdShape::kTraceparent) return false;
  ids.trace.offer(value.substr(3, 32), rank);
  ids.span.offer(value.substr(36, 16), rank);
  return true;
}

bool take_b3(std::string_view value, IdRank rank, Ids& ids) {
  const size_t dash = value.find('-');
  if (dash == std::string_view::npos || value.size() < dash + 17) return false;
  if (!is_hex_id(value.substr(0, dash)) || !is_hex_id(value.substr(dash + 1, 16))) return false;
  ids.trace.offer(value.substr(0, dash), rank);
  ids.span.offer(value.substr(dash + 1, 16), rank);
  return true;
}

namespace {

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is(c, kDigit); });
}

bool is_printable(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string_view without_brackets(std::string_view value) {
  if (value.size() < 2) return value;
  const char open = value.front();
  const char close = value.back();
  const bool enclosed = (open == '{' && close == '}') || (open == '[' && close == ']');
  return enclosed ? value.substr(1, value.size() - 2) : value;
}

/// "Root=1-...;Parent=...;Sampled=1", or the bare root.
bool take_xray(std::string_view value, IdRank rank, Ids& ids) {
  const size_t root = value.find("Root=");
  std::string_view id = root == std::string_view::npos ? value : value.substr(root + 5);
  id = id.substr(0, run_of(id, kRunChar));
  if (id_shape(id) != IdShape::kXray) return false;
  ids.trace.offer(id, rank);
  const size_t parent = value.find("Parent=");
  if (parent != std::string_view::npos) {
    const std::string_view span = value.substr(parent + 7, 16);
    if (is_hex_id(span)) ids.span.offer(span, rank);
  }
  return true;
}

/// trace:span:parent:flags, with leading zeros left out; %3A where it was taken from a header dump.
bool take_uber(std::string_view value, IdRank rank, Ids& ids) {
  const size_t trace_size = run_of(value, kHexDigit);
  if (trace_size < 8 || trace_size > 32 || is_all_zeros(value.substr(0, trace_size))) return false;
  std::string_view rest = value.substr(trace_size);
  if (rest.starts_with("%3A") || rest.starts_with("%3a")) {
    rest.remove_prefix(3);
  } else if (rest.starts_with(':')) {
    rest.remove_prefix(1);
  } else {
    return false;
  }
  ids.trace.offer(value.substr(0, trace_size), rank);
  const std::string_view span = rest.substr(0, run_of(rest, kHexDigit));
  if (span.size() >= 8 && span.size() <= 16) ids.span.offer(span, rank);
  return true;
}

/// A value under a trace's name may be written in any of the trace formats.
bool take_trace(std::string_view value, IdPlace place, Ids& ids) {
  const size_t resource = value.rfind("/traces/");
  if (resource != std::string_view::npos) value.remove_prefix(resource + 8);
  switch (id_shape(value)) {
    case IdShape::kTraceparent:
      return take_traceparent(value, IdRank::kField, ids);
    case IdShape::kB3:
    case IdShape::kTraceAndSpan:
      return take_b3(value, IdRank::kField, ids);
    case IdShape::kNone:
      break;
    default:
      ids.trace.offer(value, IdRank::kField);
      return true;
  }
  if (value.find("Root=") != std::string_view::npos) return take_xray(value, IdRank::kField, ids);
  // X-Cloud-Trace-Context: TRACE/SPAN;o=1
  if (value.size() > 33 && value[32] == '/') value = value.substr(0, 32);
  if (place == IdPlace::kText && !has_digit(value)) return false;
  if (value.size() > event::kCorrelationIdSizeMax) return false;
  ids.trace.offer(value, IdRank::kField);
  return true;
}

/// True for what a short name such as `req` may be followed by: at least 48 bits' worth of id.
bool is_telling(std::string_view value) {
  if (id_shape(value) != IdShape::kNone || is_hex_id(value)) return true;
  return looks_random(value) ||
         (value.size() >= 8 && has_digit(value) && all_of(value, kRunChar) &&
          !all_of(value, kDigit) && value.find('-') == std::string_view::npos);
}

bool take_span(std::string_view value, Ids& ids) {
  const bool hex = value.size() >= 8 && value.size() <= 16 && all_of(value, kHexDigit);
  const bool decimal = value.size() >= 16 && value.size() <= 20 && all_of(value, kDigit);
  if ((!hex && !decimal) || is_all_zeros(value)) return false;
  ids.span.offer(value, IdRank::kField);
  return true;
}

bool take_weak(IdRole role, std::string_view value, Ids& ids) {
  const IdShape shape = id_shape(value);
  if (role == IdRole::kWeakAny) {
    if (shape == IdShape::kTraceparent) return take_traceparent(value, IdRank::kHeader, ids);
    if (shape == IdShape::kNone) return false;
    ids.unnamed.offer(value, IdRank::kWeakField);
    return true;
  }
  if (shape == IdShape::kTraceparent) return take_traceparent(value, IdRank::kHeader, ids);
  if (shape == IdShape::kB3 || shape == IdShape::kTraceAndSpan) {
    return take_b3(value, IdRank::kHeader, ids);
  }
  if (value.size() > event::kCorrelationIdSizeMax || !is_telling(value)) return false;
  if (role == IdRole::kWeakTrace) {
    ids.trace.offer(value, IdRank::kWeakField);
  } else {
    ids.request.offer(value, IdRank::kWeakField);
  }
  return true;
}

bool take_named(Ids::Slot& slot, std::string_view value, IdPlace place) {
  if (place == IdPlace::kText && !has_digit(value)) {
    // Random text without a digit, such as a nanoid, is longer than words and mixes cases.
    const bool mixed =
        std::any_of(value.begin(), value.end(), [](char c) { return is(c, kUpper); }) &&
        std::any_of(value.begin(), value.end(), [](char c) { return is(c, kLower); });
    if (value.size() < 16 || !mixed) return false;
  }
  slot.offer(value, IdRank::kField);
  return true;
}

bool take_request(std::string_view value, IdPlace place, Ids& ids) {
  const bool second = ids.request.rank == IdRank::kField && ids.request.value != value;
  return take_named(second ? ids.other_request : ids.request, value, place);
}

}  // namespace

bool take_id(IdRole role, std::string_view value, IdPlace place, Ids& ids) {
  value = without_brackets(value);
  if (value.starts_with("urn:uuid:")) value.remove_prefix(9);
  if (value.empty() || is_placeholder(value)) return false;
  const bool long_form =
      role == IdRole::kXray || role == IdRole::kWeakTrace || role == IdRole::kTrace;
  const size_t size_max = long_form ? 512 : event::kCorrelationIdSizeMax;
  if (value.size() > size_max || is_all_zeros(value)) return false;
  // Running text is cut into values at anything else; fields hold what they like.
  if (place == IdPlace::kStructured && !is_printable(value)) return false;
  switch (role) {
    case IdRole::kNone:
      return false;
    case IdRole::kCorrelation:
      return take_named(ids.correlation, value, place);
    case IdRole::kRequest:
      return take_request(value, place, ids);
    case IdRole::kTrace:
      return take_trace(value, place, ids);
    case IdRole::kSpan:
      return take_span(value, ids);
    case IdRole::kTraceparent:
      return take_traceparent(value, IdRank::kHeader, ids);
    case IdRole::kB3:
      return take_b3(value, IdRank::kHeader, ids);
    case IdRole::kUber:
      return take_uber(value, IdRank::kHeader, ids) || take_trace(value, IdPlace::kText, ids);
    case IdRole::kXray:
    case IdRole::kXrayRoot:
      return take_xray(value, IdRank::kHeader, ids);
    case IdRole::kWeakTrace:
      if (value.find("/traces/") != std::string_view::npos) return take_trace(value, place, ids);
      return take_weak(role, value, ids);
    case IdRole::kWeakRequest:
    case IdRole::kWeakAny:
      return take_weak(role, value, ids);
  }
  return false;
}

}  // namespace gasoline::understand

#include "understand/line_mask.h"

#include <algorithm>
#include <cstring>

#include "understand/chars.h"
#include "understand/escapes.h"
#include "understand/wrapping.h"

namespace gasoline::understand {

namespace {

constexpr std::string_view kKeyEnd = "-----END ";
constexpr std::string_view kKeyKind = "private-key";
constexpr size_t kKeyRunMin = 40;  // lines of keys have 64 characters, but for the last

bool is_base64(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

bool is_all_base64(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_base64);
}

/// The line inside all wrappings.
std::string_view innermost(std::string_view text, Arena& arena) {
  Wrapping wrapping;
  for (int layer = 0; layer < 3 && unwrap(text, {}, arena, wrapping); ++layer) {
    text = wrapping.line;
  }
  return trim_left(trim_right(text));
}

/// From the first run of base64 that is long enough to the end of the last one.
std::string_view long_runs(std::string_view text) {
  size_t first = std::string_view::npos;
  size_t end = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t start = at;
    while (at < text.size() && is_base64(text[at])) ++at;
    if (at - start >= kKeyRunMin) {
      first = std::min(first, start);
      end = at;
    }
    ++at;
  }
  return first < end ? text.substr(first, end - first) : std::string_view();
}

/// What of a line between the markers of a key belongs to the key; empty if it is another line.
std::string_view key_part(std::string_view text, Arena& arena) {
  const std::string_view line = innermost(text, arena);
  if (is_all_base64(line)) {
    const size_t at = text.find(line);
    if (at != std::string_view::npos) return text.substr(at, line.size());
  }
  const std::string_view runs = long_runs(text);
  if (!runs.empty()) return runs;
  // The last line is short; behind a time and a level its padding tells.
  const std::string_view trimmed = trim_right(text);
  const size_t blank = trimmed.find_last_of(" \t");
  const std::string_view word = trimmed.substr(blank == std::string_view::npos ? 0 : blank + 1);
  return word.ends_with('=') && is_all_base64(word) ? word : std::string_view();
}

}  // namespace

std::string_view LineMask::mask_text(std::string_view text, bool is_cut, Arena& arena,
                                     uint64_t& masked) {
  std::string_view decoded_mask;
  uint64_t found_decoded = 0;
  if (hides_characters(text)) {
    const std::string_view decoded = reveal_characters(text, arena);
    decoded_mask = finder_.mask(decoded, is_cut, arena, found_decoded);
  }
  uint64_t found = 0;
  const std::string_view plain_mask = finder_.mask(text, is_cut, arena, found);
  // As many are found either way, but here perhaps only their beginnings.
  if (found_decoded > 0 && found_decoded >= found) {
    masked += found_decoded;
    return decoded_mask;
  }
  masked += found;
  return plain_mask;
}

/// `text` up to its part `secret`, a mask for that, and `clean_rest` behind it.
std::string_view LineMask::with_mask(std::string_view text, std::string_view secret,
                                     std::string_view kind, std::string_view clean_rest,
                                     Arena& arena) {
  const auto start = static_cast<size_t>(secret.data() - text.data());
  const MaskText mask = finder_.mask_of(kind, secret);
  char* const clean = arena.allocate(start + mask.size + clean_rest.size());
  char* to = clean;
  for (const std::string_view piece : {text.substr(0, start), mask.text(), clean_rest}) {
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
  return {clean, static_cast<size_t>(to - clean)};
}

std::string_view LineMask::mask_key_line(std::string_view text, SecretState& state, Arena& arena,
                                         uint64_t& masked) {
  const size_t footer = text.find(kKeyEnd);
  if (footer != std::string_view::npos) {
    const size_t close = text.find("-----", footer + kKeyEnd.size());
    const size_t end = close == std::string_view::npos ? text.size() : close + 5;
    // Nothing before the marker, or the last of the key.
    const std::string_view before = key_part(text.substr(0, footer), arena);
    const size_t start = before.empty() ? footer : static_cast<size_t>(before.data() - text.data());
    ++masked;
    const std::string_view rest = mask_text(text.substr(end), false, arena, masked);
    state.in_private_key = finder_.ends_in_private_key();
    return with_mask(text, text.substr(start, end - start), kKeyKind, rest, arena);
  }
  const std::string_view part = key_part(text, arena);
  if (!part.empty()) {
    state.strangers = 0;
    ++masked;
    const auto end = static_cast<size_t>(part.data() - text.data()) + part.size();
    return with_mask(text, part, kKeyKind, mask_text(text.substr(end), false, arena, masked),
                     arena);
  }
  if (!trim_left(trim_right(text)).empty() && ++state.strangers > kStrangersMax) {
    state.in_private_key = false;
  }
  return mask_text(text, false, arena, masked);
}

/// How much of a piece's beginning belongs to a secret that the piece before it began.
size_t LineMask::secret_at_start(std::string_view text, SecretState& state, Arena& arena) {
  size_t end = state.goes_on ? run_of_secret(text, secret_kinds()[state.kind].form) : 0;
  if (end > 0 || state.tail.empty()) return end;
  const std::string_view head = text.substr(0, kHeadSizeMax);
  char* const window = arena.allocate(state.tail.size() + head.size());
  std::memcpy(window, state.tail.data(), state.tail.size());
  if (!head.empty()) std::memcpy(window + state.tail.size(), head.data(), head.size());
  uint64_t ignored = 0;
  finder_.mask({window, state.tail.size() + head.size()}, true, arena, ignored);
  for (const SecretFinder::Found& found : finder_.found()) {
    if (found.start >= state.tail.size() || found.end <= state.tail.size()) continue;
    end = found.end - state.tail.size();
    state.kind = found.kind;
  }
  const SecretForm form = secret_kinds()[state.kind].form;
  if (end == head.size() && form != SecretForm::kPem) end += run_of_secret(text.substr(end), form);
  return character_boundary(text, end);
}

std::string_view LineMask::mask_line(std::string_view text, LineCut cut, SecretState& state,
                                     Arena& arena, uint64_t& masked) {
  if (state.in_private_key) return mask_key_line(text, state, arena, masked);
  const size_t begun = cut.at_start ? secret_at_start(text, state, arena) : 0;
  if (begun > 0 && finder_.ends_in_private_key()) {
    // What led to the key was cut in two: from here on it is like any line of a key.
    state.in_private_key = true;
    return mask_key_line(text, state, arena, masked);
  }
  std::string_view clean = mask_text(text.substr(begun), cut.at_end, arena, masked);
  state.in_private_key = finder_.ends_in_private_key();
  state.strangers = 0;
  state.goes_on = cut.at_end && (finder_.ends_in_secret() || (begun > 0 && begun == text.size()));
  if (begun > 0) {
    ++masked;
    clean = with_mask(text, text.substr(0, begun), secret_kinds()[state.kind].kind, clean, arena);
  }
  if (finder_.ends_in_secret()) state.kind = finder_.kind_at_end();
  if (cut.at_end) {
    state.tail.assign(text.substr(text.size() - std::min(text.size(), kTailSizeMax)));
  } else if (!state.tail.empty()) {
    state.tail.clear();
  }
  return clean;
}

}  // namespace gasoline::understand

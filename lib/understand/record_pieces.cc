#include "understand/record_pieces.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "understand/chars.h"
#include "understand/header.h"
#include "understand/logfmt.h"
#include "understand/wrapping.h"

namespace gasoline::understand {

namespace {

/// CRI's mark stands behind a time of at most 35 characters and the stream.
constexpr size_t kMarkWithin = 48;
constexpr size_t kCutSizeMin = 4096;

bool may_be_record(std::string_view text) {
  if (text.starts_with("{\"log\":\"")) return true;
  return text.size() > kMarkWithin / 2 && is(text[0], kDigit) && text[10] == 'T' &&
         text.substr(0, kMarkWithin).find(" std") != std::string_view::npos;
}

bool begins_line(std::string_view text) {
  if (text.starts_with("{\"") || LogfmtReader::begins_logfmt(text)) return true;
  const Header header = HeaderReader::read(text, {});
  return header.has_time || header.has_level;
}

/// "TIME STREAM F line": the one form that both runtimes' records are given.
std::string_view as_record(const Wrapping& record, std::string_view line, Arena& arena) {
  const std::string_view pieces[] = {record.time_text, " ", record.stream, " F ", line};
  size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  char* const text = arena.allocate(size);
  char* to = text;
  for (const std::string_view piece : pieces) {
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
  return {text, size};
}

}  // namespace

bool RecordPieces::take(uint64_t source, std::string_view text, Arena& arena, Piece& piece) {
  if (!may_be_record(text)) return false;
  Wrapping record;
  if (!unwrap(text, {}, arena, record) || record.stream.empty()) return false;
  if (!record.goes_on && lines_open_ == 0) return false;
  const uint64_t key = source ^ std::hash<std::string_view>()(record.stream);
  Open& open = open_.of(key);
  // A runtime cuts at 8 or 16 KiB. A shorter piece was only waited for in vain, as where a process
  // ended without a line feed, if what comes begins a line of its own.
  if (!open.line.empty() && open.line.size() < kCutSizeMin && begins_line(record.line)) {
    open = {};
    --lines_open_;
  }
  if (open.line.empty() && !record.goes_on) return false;
  if (open.line.empty()) ++lines_open_;
  open.replaced = open.event_id;
  open.line += record.line;
  piece = {as_record(record, open.line, arena), record.goes_on, false, open.replaced, key};
  piece.is_cut = record.goes_on && open.line.size() > kLineSizeMax;
  if (record.goes_on && !piece.is_cut) return true;
  piece.goes_on = false;
  open.line.clear();
  open.event_id.clear();
  --lines_open_;
  return true;
}

void RecordPieces::took_id(const Piece& piece, std::string_view event_id) {
  if (piece.goes_on) open_.of(piece.source).event_id.assign(event_id);
}

}  // namespace gasoline::understand

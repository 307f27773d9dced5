#include "source/ssh/line_batch.h"

namespace gasoline::source::ssh {

size_t fill_batch(Generation& file, bool takes_rest, int64_t time_us, LineBatch& batch,
                  bool& is_piece) {
  const std::string_view all = file.unoffered();
  std::string_view rest = all;
  is_piece = false;
  const uint64_t begin = file.committed + file.offered;
  const auto add = [&](std::string_view bytes) {
    const std::string_view text = framing::visible_text(bytes);
    LineBatch::Line line;
    line.offset = static_cast<uint32_t>(text.data() - all.data());
    line.size = static_cast<uint32_t>(text.size());
    line.seq = begin + (all.size() - rest.size());
    line.time_us = time_us;
    line.kind = event::SourceKind::kSsh;
    batch.lines.push_back(line);
  };
  while (batch.lines.size() < kBatchLinesMax && all.size() - rest.size() < kBatchBytesMax) {
    framing::LineSplitter before = file.splitter;
    std::string_view ahead = rest;
    framing::Piece piece;
    if (!file.splitter.take(ahead, piece)) break;
    const bool is_part = piece.continues || !piece.ends_line;
    if (is_part && !batch.lines.empty()) {
      file.splitter = before;
      break;
    }
    rest = ahead;
    add(piece.bytes);
    if (is_part) {
      is_piece = true;
      break;
    }
  }
  if (takes_rest && batch.lines.empty() && !rest.empty() && rest.find('\n') == rest.npos) {
    const std::string_view last = rest;
    is_piece = file.splitter.is_inside_line();
    rest = {};
    add(last);
    file.splitter.continue_line();
  }
  const size_t used = all.size() - rest.size();
  batch.text.assign(all.substr(0, used));
  return used;
}

}  // namespace gasoline::source::ssh

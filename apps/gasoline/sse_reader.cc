#include "sse_reader.h"

namespace gasoline::cli {

bool SseReader::feed(std::string_view piece, const std::function<bool(const Message&)>& take) {
  while (true) {
    const size_t end = piece.find('\n');
    if (end == std::string_view::npos) {
      keep(piece);
      return true;
    }
    bool goes_on = true;
    if (rest_.empty() && !is_too_long_) {
      goes_on = take_line(piece.substr(0, end), take);
    } else {
      keep(piece.substr(0, end));
      if (!is_too_long_) goes_on = take_line(rest_, take);
      rest_.clear();
      is_too_long_ = false;
    }
    if (!goes_on) return false;
    piece.remove_prefix(end + 1);
  }
}

void SseReader::keep(std::string_view piece) {
  is_too_long_ = is_too_long_ || rest_.size() + piece.size() > kLineSizeMax;
  if (is_too_long_) {
    rest_.clear();
  } else {
    rest_.append(piece);
  }
}

bool SseReader::take_line(std::string_view line, const std::function<bool(const Message&)>& take) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    const bool goes_on = !has_data_ || has_too_much_data_ || take({type_, id_, data_});
    type_.clear();
    data_.clear();
    has_data_ = has_too_much_data_ = false;
    return goes_on;
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") type_ = value;
  if (field == "id") id_ = value;
  if (field == "data") {
    has_too_much_data_ = has_too_much_data_ || data_.size() + value.size() >= kLineSizeMax;
    if (has_too_much_data_) {
      data_.clear();
    } else {
      if (has_data_) data_ += '\n';
      data_ += value;
    }
    has_data_ = true;
  }
  return true;
}

}  // namespace gasoline::cli

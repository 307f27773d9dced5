#include "understand/logfmt.h"

#include "understand/blocks.h"
#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr size_t kKeySizeMax = 80;

}  // namespace

bool LogfmtReader::next(LogfmtPair& pair) {
  size_t at = at_ + run_of(text_.substr(at_), kBlank);
  if (at >= text_.size()) {
    at_ = at;
    return false;
  }
  const size_t key_size = run_of(text_.substr(at), kKeyChar, kKeySizeMax);
  if (key_size == 0 || at + key_size >= text_.size() || text_[at + key_size] != '=') return false;
  pair.key = text_.substr(at, key_size);
  at += key_size + 1;
  pair.quoted = at < text_.size() && text_[at] == '"';
  if (!pair.quoted) {
    at_ = find_blank(text_, at);
    pair.value = text_.substr(at, at_ - at);
    if (pair.value.ends_with(',')) pair.value.remove_suffix(1);
    return true;
  }
  ++at;
  size_t end = at;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2u : 1u;
  if (end >= text_.size()) {
    // A record of several lines: the quote closes on a later one.
    pair.value = text_.substr(at);
    at_ = text_.size();
    return true;
  }
  if (end + 1 < text_.size() && !is(text_[end + 1], kBlank)) return false;
  pair.value = text_.substr(at, end - at);
  at_ = end + 1;
  return true;
}

bool LogfmtReader::begins_logfmt(std::string_view text) {
  if (text.empty() || (!is_alpha(text[0]) && text[0] != '@' && text[0] != '_')) return false;
  LogfmtReader reader(text);
  LogfmtPair pair;
  return reader.next(pair) && reader.next(pair);
}

}  // namespace gasoline::understand

#include "http/head_scanner.h"

namespace gasoline::http {

namespace {

bool is_allowed(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

}  // namespace

HeadScanner::Verdict HeadScanner::scan(std::string_view bytes, size_t& used) {
  for (used = 0; used < bytes.size(); ++used) {
    const char c = bytes[used];
    switch (at_) {
      case At::kText:
        if (c == '\r') {
          at_ = At::kCr;
        } else if (!is_allowed(c)) {
          return Verdict::kBad;
        }
        break;
      case At::kCr:
        if (c != '\n') return Verdict::kBad;
        at_ = At::kLineStart;
        break;
      case At::kLineStart:
        if (c == '\r') {
          at_ = At::kBlankCr;
        } else if (c == ' ' || !is_allowed(c) || c == '\t') {
          return Verdict::kBad;
        } else {
          at_ = At::kText;
          has_begun_ = true;
        }
        break;
      case At::kBlankCr:
        if (c != '\n') return Verdict::kBad;
        at_ = At::kLineStart;
        if (has_begun_) {
          ++used;
          return Verdict::kDone;
        }
        break;
    }
  }
  return Verdict::kMore;
}

}  // namespace gasoline::http

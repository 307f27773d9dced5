// The client's parser: the answer that it reads, or the error, must not depend on how the bytes
// were cut, and no input may crash it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/response_parser.h"

namespace {

using namespace gasoline;
using namespace gasoline::http;

constexpr size_t kBodySizeBytesMax = 16 * 1024;

std::string read_answer(std::string_view bytes, size_t piece_max, bool answers_head) {
  using State = ResponseParser::State;
  ResponseParser parser(answers_head, kBodySizeBytesMax);
  bool is_open = true;
  while (is_open && !bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_max);
    const std::span<char> room = piece_max == 1 ? parser.body_room() : std::span<char>();
    size_t used = 0;
    if (room.empty()) {
      used = parser.feed(piece);
    } else {
      used = piece.copy(room.data(), room.size());
      parser.body_filled(used);
    }
    GASOLINE_ASSERT(used <= piece.size());
    bytes.remove_prefix(used);
    is_open = parser.state() == State::kHead || parser.state() == State::kBody;
    GASOLINE_ASSERT(used == piece.size() || !is_open);
  }
  parser.end();
  if (parser.state() == State::kFailed) return parser.error().to_string();
  GASOLINE_ASSERT(parser.state() == State::kDone);
  const bool stays = parser.keeps_alive();
  const Response answer = parser.take();
  GASOLINE_ASSERT(answer.body.size() <= kBodySizeBytesMax);
  std::string seen = std::to_string(answer.status) + (stays ? " stays\n" : " leaves\n");
  for (const Header& header : answer.headers) seen += header.name + ':' + header.value + '\n';
  return seen + answer.body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const bool answers_head : {false, true}) {
    const std::string whole = read_answer(text, text.size(), answers_head);
    GASOLINE_ASSERT(whole == read_answer(text, 1, answers_head));
    GASOLINE_ASSERT(whole == read_answer(text, 7, answers_head));
  }
  return 0;
}

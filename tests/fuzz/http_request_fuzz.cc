// The server's parser: the requests that it reads, and what it refuses, must not depend on how the
// bytes were cut, and no input may crash it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/request_parser.h"

namespace {

using namespace gasoline;
using namespace gasoline::http;

Limits small_limits() {
  Limits limits;
  limits.header_size_bytes_max = 4096;
  limits.body_size_bytes_max = 16 * 1024;
  limits.unpacked_size_bytes_max = 64 * 1024;
  limits.headers_max = 32;
  return limits;
}

void describe(const Request& request, std::string& to) {
  to += request.method + '\n' + request.target + '\n' + request.path + '\n';
  for (const Header& parameter : request.query) to += parameter.name + '=' + parameter.value + '&';
  for (const Header& header : request.headers) to += header.name + ':' + header.value + '\n';
  to += request.body + '\n';
  GASOLINE_ASSERT(request.path.find('\0') == std::string::npos);
  GASOLINE_ASSERT(request.body.size() <= small_limits().unpacked_size_bytes_max);
}

/// Moves `parser` on until it wants bytes; false once it has refused.
bool settle(RequestParser& parser, std::string& to) {
  using State = RequestParser::State;
  if (parser.state() == State::kHeadDone) parser.accept_body();
  if (parser.state() == State::kDone) {
    const bool stays = parser.keeps_alive();
    describe(parser.take(), to);
    to += stays ? "stays\n" : "leaves\n";
  }
  return parser.state() != State::kRefused;
}

/// What a server would make of these bytes, given in pieces of at most `piece_max`.
std::string read_all(std::string_view bytes, size_t piece_max, bool reads_in_place) {
  RequestParser parser(small_limits(), true);
  std::string seen;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, piece_max);
    while (!piece.empty()) {
      size_t used = 0;
      const std::span<char> room = reads_in_place ? parser.body_room() : std::span<char>();
      if (room.empty()) {
        used = parser.feed(piece);
      } else {
        used = piece.copy(room.data(), room.size());
        parser.body_filled(used);
      }
      GASOLINE_ASSERT(used <= piece.size());
      GASOLINE_ASSERT(used > 0 || parser.state() == RequestParser::State::kRefused);
      piece.remove_prefix(used);
      bytes.remove_prefix(used);
      if (settle(parser, seen)) continue;
      // A packed body can be both broken and too large; which is noticed first may differ.
      const bool is_packed = parser.request().has_header("content-encoding");
      return seen + (is_packed ? "refused" : parser.refusal().body);
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string whole = read_all(text, text.size(), false);
  GASOLINE_ASSERT(whole == read_all(text, 1, false));
  GASOLINE_ASSERT(whole == read_all(text, 7, true));
  return 0;
}

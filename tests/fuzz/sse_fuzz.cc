// Server-sent events: the messages must not depend on how the stream was cut.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "sse_reader.h"

namespace {

using gasoline::cli::SseReader;

std::string read_all(std::string_view bytes, size_t piece_max) {
  SseReader reader;
  std::string seen;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_max, bytes.size()))) {
    const bool goes_on = reader.feed(bytes.substr(0, piece_max), [&](const auto& message) {
      GASOLINE_ASSERT(message.type.find('\n') == std::string_view::npos);
      GASOLINE_ASSERT(message.id.find('\n') == std::string_view::npos);
      seen.append(message.type).append("|").append(message.id).append("|").append(message.data);
      seen += '\0';
      return message.type != "stop";
    });
    if (!goes_on) break;
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  const std::string whole = read_all(stream, size);
  GASOLINE_ASSERT(whole == read_all(stream, 1));
  GASOLINE_ASSERT(whole == read_all(stream, 7));
  return 0;
}

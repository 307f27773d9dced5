// What comes from a far host: its replies must not depend on how the bytes were cut, a read gives as
// many bytes as were asked for, and no input may crash the reader. The first four bytes say what
// was asked.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/assert.h"
#include "source/ssh/far_side.h"

namespace {

using namespace gasoline;
using namespace gasoline::source::ssh;

ReadRequest request_of(const uint8_t* bytes) {
  ReadRequest request;
  request.path = "/var/log/a";
  request.head_bytes = bytes[1];
  request.offset = bytes[2];
  request.size_bytes = bytes[3];
  return request;
}

void describe(const FarFile& file, std::string& to) {
  to += file.id + ' ' + std::to_string(file.size_bytes) + ' ' + std::to_string(file.modified_s) +
        ' ' + file.path + '\n';
}

void describe(const FarDialogue::Reply& reply, const ReadRequest& request, std::string& to) {
  if (const auto* scan = std::get_if<ScanReply>(&reply)) {
    for (const FarFile& file : scan->files) describe(file, to);
    GASOLINE_ASSERT(scan->has_siblings || scan->siblings.empty());
    for (const FarFile& file : scan->siblings) describe(file, to);
    for (const std::string& problem : scan->problems) to += problem + '\n';
    return;
  }
  const ReadReply& read = std::get<ReadReply>(reply);
  GASOLINE_ASSERT(read.head.size() == request.head_bytes);
  GASOLINE_ASSERT(read.bytes.size() == request.size_bytes);
  to += read.head + '|' + read.bytes + '|' + read.problem + '\n';
  if (read.after) describe(*read.after, to);
}

std::string read_all(std::string_view bytes, uint8_t kinds, const ReadRequest& request,
                     size_t piece_max) {
  FarDialogue dialogue("t");
  for (int asked = 0; asked < 4; ++asked) {
    const int kind = kinds >> (2 * asked) & 3;
    if (kind < 2) {
      static_cast<void>(dialogue.ask_scan(kind == 1));
    } else {
      static_cast<void>(dialogue.ask_read(request));
    }
  }
  std::string seen;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_max, bytes.size()))) {
    const Status fed = dialogue.feed(bytes.substr(0, piece_max));
    while (const auto reply = dialogue.take()) describe(*reply, request, seen);
    if (!fed) return seen + fed.error().to_string();
  }
  return seen + std::to_string(dialogue.unanswered());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 4) return 0;
  const ReadRequest request = request_of(bytes);
  const std::string_view said(reinterpret_cast<const char*>(bytes) + 4, size - 4);
  const std::string whole = read_all(said, bytes[0], request, size);
  GASOLINE_ASSERT(whole == read_all(said, bytes[0], request, 1));
  GASOLINE_ASSERT(whole == read_all(said, bytes[0], request, 7));
  return 0;
}

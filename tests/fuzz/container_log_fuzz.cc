// A container's log: its records and lines must not depend on how the engine's bytes were cut, and
// what is no log is refused at the same place. The first byte says whether there is a terminal.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "source/container/record_reader.h"
#include "source/container/stream_lines.h"

namespace {

using namespace gasoline;
using namespace gasoline::source::container;

struct Stream {
  StreamLines reader{0};
  LineQueue lines;
};

void describe(const LineQueue& lines, std::string& to) {
  uint64_t before = 0;
  size_t bytes = 0;
  for (const ContainerLine& line : lines.lines()) {
    GASOLINE_ASSERT(line.seq > before);
    GASOLINE_ASSERT(!line.text.ends_with('\n'));
    GASOLINE_ASSERT(line.text.size() <= StreamLines::kLineBytesMax);
    before = line.seq;
    bytes += line.text.size() + LineQueue::kOverheadBytes;
    to += std::to_string(line.seq) + (line.is_piece ? "p" : " ") + line.text + '\n';
  }
  GASOLINE_ASSERT(bytes == lines.bytes());
}

/// The lines of both streams of `bytes`, given in pieces of at most `piece_max`.
std::string read_all(std::string_view bytes, bool has_terminal, size_t piece_max) {
  RecordReader reader(has_terminal);
  Stream streams[2];
  const auto take = [&](const Record& record) {
    Stream& stream = streams[record.is_stderr ? 1 : 0];
    stream.reader.take(record.time_ns, record.text, stream.lines);
  };
  std::string seen;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_max, bytes.size()))) {
    const Status fed = reader.feed(bytes.substr(0, piece_max), take);
    if (fed) continue;
    seen = fed.error().to_string() + '\n';
    break;
  }
  for (Stream& stream : streams) {
    stream.reader.finish(stream.lines);
    GASOLINE_ASSERT(!stream.reader.has_unfinished());
    describe(stream.lines, seen);
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const bool has_terminal = bytes[0] % 2 == 1;
  const std::string_view log(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string whole = read_all(log, has_terminal, size);
  GASOLINE_ASSERT(whole == read_all(log, has_terminal, 1));
  GASOLINE_ASSERT(whole == read_all(log, has_terminal, 7));
  return 0;
}

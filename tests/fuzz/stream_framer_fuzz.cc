// Whatever a stream holds and however it comes in: its records have every byte once and in order,
// count its lines, and are read from a spool as they were written. The first byte is the bound of a
// line, the second how much comes at once, and whether there are pauses.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "spool/spool_record.h"
#include "spool/stream_framer.h"
#include "spool/stream_ring.h"

namespace {

using namespace gasoline::spool;

void check_spooled(const FramedRecord& framed) {
  const SpoolRecord& record = framed.record;
  std::string payload;
  append_head(payload, record, framed.times);
  payload += record.bytes;
  SpoolRecord read;
  std::vector<EventTimes> times;
  GASOLINE_ASSERT(parse_record(payload, read, times));
  GASOLINE_ASSERT(read.bytes == record.bytes && read.flags == record.flags);
  GASOLINE_ASSERT(read.first_seq == record.first_seq && read.count == record.count);
  GASOLINE_ASSERT(read.first_line == record.first_line);
  GASOLINE_ASSERT(read.replaces_seq == record.replaces_seq);
}

class Capture {
 public:
  explicit Capture(size_t line_size_max) : framer_(Stream::kStdout, ring(), line_size_max) {}

  void put(std::string_view bytes, int64_t time_us) {
    while (!bytes.empty()) {
      const StreamRing::Space space = ring().free_space(bytes.size());
      GASOLINE_ASSERT(space.size > 0);
      std::copy_n(bytes.data(), space.size, space.bytes);
      ring().publish(space.size, time_us);
      bytes.remove_prefix(space.size);
    }
  }

  void take(int64_t now_us, bool is_end) {
    while (const FramedRecord* framed = framer_.next(next_seq_, now_us, {ring().head(), is_end})) {
      check_spooled(*framed);
      const SpoolRecord& record = framed->record;
      const bool is_partial = (record.flags & kPartial) != 0;
      GASOLINE_ASSERT(!(is_partial && is_end));
      GASOLINE_ASSERT(record.replaces_seq == ((record.flags & kReplaces) != 0 ? partial_seq_ : 0));
      if (!is_partial) taken_ += record.bytes;
      partial_seq_ = is_partial ? record.first_seq : 0;
      next_seq_ = record.end_seq();
      framer_.accept(++records_);
    }
  }

  const std::string& taken() const { return taken_; }
  uint64_t lines() const { return framer_.lines(); }

 private:
  /// One for all inputs, since its memory costs more than they do; it is empty after each.
  static StreamRing& ring() {
    static auto made = StreamRing::create(0, 0);
    GASOLINE_ASSERT(made.has_value());
    return *made;
  }

  StreamFramer framer_;
  std::string taken_;
  uint64_t next_seq_ = 1;
  uint64_t partial_seq_ = 0;
  uint64_t records_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const size_t step = 1 + bytes[1] / 2;
  const int64_t pause_us = bytes[1] % 2 == 0 ? 10 : 2 * StreamFramer::kPartialAfterUs;
  Capture capture(1 + bytes[0]);
  const uint64_t lines_before = capture.lines();
  int64_t now_us = 1;
  for (size_t at = 0; at < stream.size(); at += step) {
    capture.put(stream.substr(at, step), now_us);
    capture.take(now_us, false);
    now_us += pause_us;
    capture.take(now_us, false);
  }
  capture.take(now_us, true);
  GASOLINE_ASSERT(capture.taken() == stream);
  GASOLINE_ASSERT(capture.lines() - lines_before ==
                  static_cast<uint64_t>(std::count(stream.begin(), stream.end(), '\n')));
  return 0;
}

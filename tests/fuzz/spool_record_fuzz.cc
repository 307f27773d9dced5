// Damaged spool records are refused or read; one that is read holds what it claims.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "spool/spool_record.h"

using namespace gasoline::spool;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(bytes), size);
  SpoolRecord record;
  std::vector<EventTimes> times;
  if (!parse_record(payload, record, times)) return 0;
  uint64_t timed = 0;
  for (const EventTimes& group : times) timed += group.count;
  GASOLINE_ASSERT(timed == record.count);
  GASOLINE_ASSERT(record.end_seq() >= record.first_seq);
  GASOLINE_ASSERT(record.bytes.data() + record.bytes.size() == payload.data() + payload.size());
  GASOLINE_ASSERT(record.count <= record.bytes.size() + 1);

  std::string again;
  append_head(again, record, times);
  again += record.bytes;
  SpoolRecord read;
  std::vector<EventTimes> read_times;
  GASOLINE_ASSERT(parse_record(again, read, read_times));
  GASOLINE_ASSERT(read.first_seq == record.first_seq && read.count == record.count);
  GASOLINE_ASSERT(read.first_line == record.first_line && read.flags == record.flags);
  GASOLINE_ASSERT(read.bytes == record.bytes && read_times.size() == times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    GASOLINE_ASSERT(read_times[i].time_us == times[i].time_us);
  }
  return 0;
}

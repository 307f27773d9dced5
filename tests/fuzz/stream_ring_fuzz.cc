// The ring of a dead wrapper, damaged in any way: refused, or its bytes become records that hold no
// more than the ring. The input lies over the file's header, then over the first marks, then over
// the data.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/file_descriptor.h"
#include "spool/stream_framer.h"
#include "spool/stream_ring.h"

namespace {

using namespace gasoline;
using namespace gasoline::spool;

constexpr size_t kHeaderInput = 320;
constexpr size_t kMarksInput = 64;
constexpr off_t kMarksAt = 4096;
constexpr off_t kDataAt = kMarksAt + 4096 * 16;
constexpr size_t kDataInput = 4096;
constexpr size_t kLineSizeMax = 100;

/// A ring on a tmpfs that all inputs are laid over, since to make one costs more than they do.
class RingFile {
 public:
  RingFile() : path_("/dev/shm/gasoline-fuzz-ring-" + std::to_string(::getpid())) {
    GASOLINE_ASSERT(StreamRing::create(0, 0, path_).has_value());
    fd_ = FileDescriptor(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    GASOLINE_ASSERT(fd_.is_open());
  }
  ~RingFile() { ::unlink(path_.c_str()); }

  void fill(std::string_view input) {
    fill_part(input, kHeaderInput, 0);
    fill_part(input, kMarksInput, kMarksAt);
    fill_part(input, kDataInput, kDataAt);
  }
  const std::string& path() const { return path_; }

 private:
  /// The front of `input`, and zeros behind it.
  void fill_part(std::string_view& input, size_t size, off_t at) {
    std::string part(input.substr(0, size));
    input.remove_prefix(part.size());
    part.resize(size);
    GASOLINE_ASSERT(::pwrite(fd_.get(), part.data(), size, at) == static_cast<ssize_t>(size));
  }

  const std::string path_;
  FileDescriptor fd_;
};

void drain(StreamRing& ring) {
  StreamFramer framer(Stream::kStdout, ring, kLineSizeMax);
  const uint64_t waiting = ring.head() - ring.tail();
  GASOLINE_ASSERT(waiting <= ring.size_bytes());
  uint64_t consumed = 0;
  uint64_t records = 0;
  const Horizon horizon{ring.head(), true};
  while (const FramedRecord* framed = framer.next(1, 0, horizon)) {
    const SpoolRecord& record = framed->record;
    GASOLINE_ASSERT(record.bytes.size() <= StreamFramer::kRecordSizeBytesMax + kLineSizeMax + 1);
    // Read, so that a sanitizer sees bytes that are not the ring's.
    GASOLINE_ASSERT(std::count(record.bytes.begin(), record.bytes.end(), '\n') <=
                    static_cast<std::ptrdiff_t>(record.count));
    consumed += framed->consumed_bytes;
    GASOLINE_ASSERT(++records <= waiting + 1);
    framer.accept(records);
  }
  GASOLINE_ASSERT(consumed == waiting);
  GASOLINE_ASSERT(ring.tail() == ring.head());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static RingFile file;
  file.fill({reinterpret_cast<const char*>(bytes), size});
  auto ring = StreamRing::open(file.path());
  if (!ring) return 0;
  ring->recover(size % 2 == 0 ? std::optional<uint64_t>(size / 2) : std::nullopt, 1);
  drain(*ring);
  return 0;
}

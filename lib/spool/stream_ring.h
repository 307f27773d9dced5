#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::spool {

/// The bounded queue between the thread that reads a stream of the child and the one that journals
/// it.
///
/// A byte ring in a shared mapping: one producer and one consumer, no lock, no copy. Positions are
/// counts of bytes since the stream began and never wrap; a byte's place is position % size. The
/// start of the data is mapped a second time behind its end, so that any span up to the mirror's
/// size is contiguous.
///
///     | header page | marks                  | data, size bytes        | mirror of data's start |
///       head, tail    {end position, time}[]
///
/// tail <= head <= tail + size. What is between is safe from the death of the producer's thread:
/// the bytes are in the mapping before head says so. The descriptor can be handed to another
/// process.
class StreamRing {
 public:
  static constexpr uint64_t kSpanSizeBytesMin = 256 * 1024;
  static constexpr uint64_t kMarksMax = 4096;

  /// Any span of up to `span_size_bytes` (at least kSpanSizeBytesMin) will be contiguous. Both
  /// sizes are rounded up to whole pages; the ring holds at least two spans.
  static Result<StreamRing> create(uint64_t size_bytes, uint64_t span_size_bytes);
  StreamRing(StreamRing&& other) noexcept;
  StreamRing& operator=(StreamRing&&) = delete;
  ~StreamRing();

  /// Where the producer may write next: at most `wanted` bytes and one span. May be empty.
  struct Space {
    char* bytes;
    uint64_t size;
  };
  Space free_space(uint64_t wanted) const;
  /// Producer: `size` bytes of the free space are filled, and were read at `time_us`. If there is
  /// no room for one more mark, the bytes get the time of the next one.
  void publish(uint64_t size, int64_t time_us);

  /// Consumer: what waits, at most `wanted` bytes and one span.
  std::string_view readable(uint64_t wanted) const;
  /// Consumer: the first `size` bytes are done with.
  void consume(uint64_t size);
  /// Consumer: when the byte before `position` was read, with positions asked in rising order.
  int64_t time_of(uint64_t position);

  uint64_t head() const { return header_->head.load(std::memory_order_acquire); }
  uint64_t tail() const { return header_->tail.load(std::memory_order_acquire); }
  uint64_t size_bytes() const { return header_->size_bytes; }

 private:
  struct Header {
    uint32_t magic;
    uint32_t version;
    uint64_t size_bytes;
    uint64_t span_size_bytes;
    alignas(64) std::atomic<uint64_t> head;  // written by the producer
    std::atomic<uint64_t> marks_head;
    alignas(64) std::atomic<uint64_t> tail;  // written by the consumer
    std::atomic<uint64_t> marks_tail;
  };
  struct Mark {
    uint64_t end;  // position behind the last byte of one read
    int64_t time_us;
  };

  StreamRing(FileDescriptor fd, char* mapping, uint64_t size_bytes, uint64_t span_size_bytes);

  static constexpr uint32_t kMagic = 0x474e5247;  // "GRNG"
  static constexpr uint32_t kVersion = 1;
  static constexpr uint64_t kHeaderSizeBytes = 4096;
  static constexpr uint64_t kMarksSizeBytes = kMarksMax * sizeof(Mark);

  Mark* marks() const { return reinterpret_cast<Mark*>(mapping_ + kHeaderSizeBytes); }
  char* data() const { return mapping_ + kHeaderSizeBytes + kMarksSizeBytes; }

  FileDescriptor fd_;
  char* mapping_;
  Header* header_;
  int64_t last_time_us_ = 0;  // consumer's
};

}  // namespace gasoline::spool

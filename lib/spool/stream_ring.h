#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
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
///     | header page     | marks                  | data, size bytes    | mirror of data's start |
///       head, tail,       {end position, time}[]
///       progress
///
/// tail <= head <= filled <= tail + size. What is between tail and filled is safe from the death of
/// the process, if the mapping is of a file: the bytes are in it before the numbers say so. Behind
/// filled may be bytes whose way into the ring was cut short by that death. How many is known
/// exactly if they come through a private pipe, the staging pipe: begin_intake() notes how much is
/// in it, and what is missing from that later has reached the ring (recover()).
class StreamRing {
 public:
  /// Where the consumer stands: what somebody else needs to go on after its death. Kept twice, so
  /// that one of the two is whole at any moment.
  struct Progress {
    uint64_t tail = 0;         ///< position of the first byte that is in no record
    uint64_t next_line = 1;    ///< number of that byte's line
    uint64_t next_seq = 1;     ///< number of the run's next event, as far as this stream knows
    uint64_t next_record = 1;  ///< sequence in the journal; this stream's records are all below
    uint64_t partial_seq = 0;  ///< of the unfinished line's event, 0 if there is none
    uint64_t partial_size_bytes = 0;
    uint64_t is_inside_line = 0;  ///< 1: a piece of this line is in a record already
  };

  static constexpr uint64_t kSpanSizeBytesMin = 256 * 1024;
  static constexpr uint64_t kMarksMax = 4096;
  static constexpr uint64_t kFirstSizeBytes = 64 * 1024;
  static constexpr uint64_t kStepSizeBytesMax = 1024 * 1024;

  /// Any span of up to `span_size_bytes` (at least kSpanSizeBytesMin) will be contiguous. Both
  /// sizes are rounded up to whole pages; the ring holds at least two spans. In a new file at
  /// `path`, mode 0600, which must be on a tmpfs; without a path in memory that nobody else sees.
  /// The file stays when the ring is destroyed.
  ///
  /// A write into a mapping cannot fail, so the file's space is taken before: kFirstSizeBytes at
  /// once and the rest in steps, as the producer first gets there, because clearing 8 MiB costs a
  /// short command more than all of the rest of its start. Each step doubles what is taken, up to
  /// kStepSizeBytesMax at a time. Where a step is refused (the tmpfs is
  /// full) the rest of the ring is in memory of our own from then on: see is_private().
  static Result<StreamRing> create(uint64_t size_bytes, uint64_t span_size_bytes,
                                   const std::string& path = {});
  /// The ring of a dead process. ENODATA if that died while it made it; Error::kInvalid if the file
  /// is none of this version, or its numbers contradict each other. Of a ring that became private
  /// nothing is left.
  static Result<StreamRing> open(const std::string& path);
  StreamRing(StreamRing&& other) noexcept;
  StreamRing& operator=(StreamRing&&) = delete;
  ~StreamRing();

  /// Where the producer may write next: at most `wanted` bytes and one span. May be empty.
  struct Space {
    char* bytes;
    uint64_t size;
  };
  Space free_space(uint64_t wanted);
  /// Producer: `staged` bytes are in the staging pipe, and the next of them are about to be read to
  /// the place behind filled(). 0: what is read next does not go into the ring.
  void begin_intake(uint64_t staged);
  /// Producer: `size` bytes have been read to that place; they wait to be published.
  void end_intake(uint64_t size);
  /// Position behind the last byte that is in the ring, published or not.
  uint64_t filled() const { return header_->filled.load(std::memory_order_acquire); }
  /// Producer: `size` bytes of the free space are filled, and were read at `time_us`. If there is
  /// no room for one more mark, the bytes get the time of the next one.
  void publish(uint64_t size, int64_t time_us);
  /// The new producer, of a ring that was opened: publishes what the dead one had brought into the
  /// ring and not published, with `staged` bytes left in its staging pipe. If nobody has kept that,
  /// what was on its way is lost.
  void recover(std::optional<uint64_t> staged, int64_t time_us);
  /// True once a part of the ring is in memory that dies with the process. Any thread.
  bool is_private() const { return header_->is_private.load(std::memory_order_acquire) != 0; }

  /// Consumer: what waits, at most `wanted` bytes and one span.
  std::string_view readable(uint64_t wanted) const;
  /// Consumer: everything before `progress.tail` is done with.
  void advance(const Progress& progress);
  /// Consumer: the last one that was told.
  Progress progress() const;
  /// Bytes that were read at one time.
  struct Stretch {
    uint64_t end;  ///< position behind the last of them
    int64_t time_us;
  };
  /// Consumer: that of the byte at `position`, with positions asked in rising order.
  Stretch stretch_at(uint64_t position);
  /// Consumer: when the byte before `position` was read.
  int64_t time_of(uint64_t position) { return stretch_at(position - 1).time_us; }

  uint64_t head() const { return header_->head.load(std::memory_order_acquire); }
  uint64_t tail() const { return header_->tail.load(std::memory_order_acquire); }
  uint64_t size_bytes() const { return header_->identity.size_bytes; }

 private:
  struct Identity {
    uint32_t magic;
    uint32_t version;
    uint64_t size_bytes;
    uint64_t span_size_bytes;
  };
  struct Header {
    Identity identity;
    alignas(64) std::atomic<uint64_t> head;  // written by the producer
    std::atomic<uint64_t> marks_head;
    std::atomic<uint64_t> filled;
    std::atomic<uint64_t> intake_staged;    // what the staging pipe held ...
    std::atomic<uint64_t> intake_position;  // ... when filled stood here
    std::atomic<uint64_t> is_private;
    alignas(64) std::atomic<uint64_t> tail;  // written by the consumer
    std::atomic<uint64_t> marks_tail;
    std::atomic<uint64_t> progress_turn;  // progress[turn % 2] is whole
    Progress progress[2];
  };
  struct Mark {
    uint64_t end;  // position behind the last byte of one read
    int64_t time_us;
  };

  /// Sizes of the parts of the mapping.
  struct Layout {
    uint64_t size_bytes;
    uint64_t span_size_bytes;
    uint64_t file_size_bytes() const { return kHeaderSizeBytes + kMarksSizeBytes + size_bytes; }
    uint64_t mapping_size_bytes() const { return file_size_bytes() + span_size_bytes; }
  };
  StreamRing(FileDescriptor fd, char* mapping);
  static Result<StreamRing> map(FileDescriptor fd, Layout layout);
  Layout layout() const {
    return {header_->identity.size_bytes, header_->identity.span_size_bytes};
  }
  bool is_consistent() const;
  bool take_space(uint64_t end);
  /// What comes after the `taken` bytes of a ring.
  static uint64_t step_after(uint64_t taken, uint64_t size_bytes);
  bool make_rest_private();

  static constexpr uint32_t kMagic = 0x474e5247;  // "GRNG"
  static constexpr uint32_t kVersion = 2;
  static constexpr uint64_t kHeaderSizeBytes = 4096;
  static constexpr uint64_t kMarksSizeBytes = kMarksMax * sizeof(Mark);

  Mark* marks() const { return reinterpret_cast<Mark*>(mapping_ + kHeaderSizeBytes); }
  char* data() const { return mapping_ + kHeaderSizeBytes + kMarksSizeBytes; }

  FileDescriptor fd_;
  char* mapping_;
  Header* header_;
  int64_t last_time_us_ = 0;      // consumer's
  uint64_t taken_size_bytes_ = 0;  // producer's: so much of the data has memory
};

}  // namespace gasoline::spool

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "base/assert.h"
#include "spool/stream_ring.h"

namespace gasoline::spool {

namespace {

uint64_t whole_pages(uint64_t size_bytes) {
  constexpr uint64_t kPage = 64 * 1024;  // the largest page of the machines that we build for
  return (size_bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

Result<StreamRing> StreamRing::create(uint64_t size_bytes, uint64_t span_size_bytes) {
  constexpr std::string_view kDoing = "make a ring";
  span_size_bytes = whole_pages(std::max(span_size_bytes, kSpanSizeBytesMin));
  size_bytes = whole_pages(std::max(size_bytes, 2 * span_size_bytes));
  const uint64_t file_size = kHeaderSizeBytes + kMarksSizeBytes + size_bytes;
  const uint64_t mapping_size = file_size + span_size_bytes;
  FileDescriptor fd(::memfd_create("gasoline-ring", MFD_CLOEXEC));
  if (!fd.is_open()) return Error::from_errno(errno, kDoing);
  if (::ftruncate(fd.get(), static_cast<off_t>(file_size)) != 0) {
    return Error::from_errno(errno, kDoing);
  }
  // Reserve the whole range first, then lay the file and its mirror over it: nothing else of the
  // process can come to lie between the two.
  void* reserved =
      ::mmap(nullptr, mapping_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return Error::from_errno(errno, kDoing);
  auto* mapping = static_cast<char*>(reserved);
  const int protection = PROT_READ | PROT_WRITE;
  const void* whole = ::mmap(mapping, file_size, protection, MAP_SHARED | MAP_FIXED, fd.get(), 0);
  const void* mirror =
      ::mmap(mapping + file_size, span_size_bytes, protection, MAP_SHARED | MAP_FIXED, fd.get(),
             static_cast<off_t>(kHeaderSizeBytes + kMarksSizeBytes));
  if (whole == MAP_FAILED || mirror == MAP_FAILED) {
    const int code = errno;
    ::munmap(mapping, mapping_size);
    return Error::from_errno(code, kDoing);
  }
  return StreamRing(std::move(fd), mapping, size_bytes, span_size_bytes);
}

StreamRing::StreamRing(FileDescriptor fd, char* mapping, uint64_t size_bytes,
                       uint64_t span_size_bytes)
    : fd_(std::move(fd)), mapping_(mapping), header_(reinterpret_cast<Header*>(mapping)) {
  static_assert(sizeof(Header) <= kHeaderSizeBytes);
  new (header_) Header{};
  header_->magic = kMagic;
  header_->version = kVersion;
  header_->size_bytes = size_bytes;
  header_->span_size_bytes = span_size_bytes;
}

StreamRing::StreamRing(StreamRing&& other) noexcept
    : fd_(std::move(other.fd_)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      header_(std::exchange(other.header_, nullptr)),
      last_time_us_(other.last_time_us_) {}

StreamRing::~StreamRing() {
  if (mapping_ == nullptr) return;
  ::munmap(mapping_,
           kHeaderSizeBytes + kMarksSizeBytes + header_->size_bytes + header_->span_size_bytes);
}

StreamRing::Space StreamRing::free_space(uint64_t wanted) const {
  const uint64_t head = header_->head.load(std::memory_order_relaxed);
  const uint64_t used = head - header_->tail.load(std::memory_order_acquire);
  const uint64_t size = std::min({wanted, header_->span_size_bytes, header_->size_bytes - used});
  return {data() + head % header_->size_bytes, size};
}

void StreamRing::publish(uint64_t size, int64_t time_us) {
  const uint64_t head = header_->head.load(std::memory_order_relaxed) + size;
  GASOLINE_ASSERT(head - header_->tail.load(std::memory_order_relaxed) <= header_->size_bytes);
  const uint64_t mark = header_->marks_head.load(std::memory_order_relaxed);
  if (mark - header_->marks_tail.load(std::memory_order_acquire) < kMarksMax) {
    marks()[mark % kMarksMax] = {head, time_us};
    header_->marks_head.store(mark + 1, std::memory_order_release);
  }
  header_->head.store(head, std::memory_order_release);
}

std::string_view StreamRing::readable(uint64_t wanted) const {
  const uint64_t tail = header_->tail.load(std::memory_order_relaxed);
  const uint64_t waiting = header_->head.load(std::memory_order_acquire) - tail;
  return {data() + tail % header_->size_bytes,
          std::min({wanted, header_->span_size_bytes, waiting})};
}

void StreamRing::consume(uint64_t size) {
  const uint64_t tail = header_->tail.load(std::memory_order_relaxed) + size;
  GASOLINE_ASSERT(tail <= header_->head.load(std::memory_order_relaxed));
  header_->tail.store(tail, std::memory_order_release);
}

int64_t StreamRing::time_of(uint64_t position) {
  const uint64_t marks_head = header_->marks_head.load(std::memory_order_acquire);
  uint64_t mark = header_->marks_tail.load(std::memory_order_relaxed);
  while (mark < marks_head && marks()[mark % kMarksMax].end < position) ++mark;
  header_->marks_tail.store(mark, std::memory_order_release);
  if (mark < marks_head) {
    last_time_us_ = std::max(last_time_us_, marks()[mark % kMarksMax].time_us);
  }
  return last_time_us_;
}

}  // namespace gasoline::spool

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

Result<StreamRing> StreamRing::create(uint64_t size_bytes, uint64_t span_size_bytes,
                                      const std::string& path) {
  const std::string doing = "make a ring " + path;
  Layout layout{};
  layout.span_size_bytes = whole_pages(std::max(span_size_bytes, kSpanSizeBytesMin));
  layout.size_bytes = whole_pages(std::max(size_bytes, 2 * layout.span_size_bytes));
  const auto file_size = static_cast<off_t>(layout.file_size_bytes());
  FileDescriptor fd(path.empty()
                        ? ::memfd_create("gasoline-ring", MFD_CLOEXEC)
                        : ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return Error::from_errno(errno, doing);
  int failed = ::ftruncate(fd.get(), file_size) == 0 ? 0 : errno;
  if (failed == 0 && !path.empty()) {
    const uint64_t first = kHeaderSizeBytes + kMarksSizeBytes + kFirstSizeBytes;
    failed = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(first));
  }
  auto ring = failed == 0 ? map(std::move(fd), layout)
                          : Result<StreamRing>(Error::from_errno(failed, doing));
  if (!ring) {
    if (!path.empty()) ::unlink(path.c_str());
    return ring;
  }
  Header& header = *new (ring->header_) Header{};
  header.progress[0] = Progress{};
  header.identity = {kMagic, kVersion, layout.size_bytes, layout.span_size_bytes};
  ring->taken_size_bytes_ = path.empty() ? layout.size_bytes : kFirstSizeBytes;
  return ring;
}

Result<StreamRing> StreamRing::open(const std::string& path) {
  const std::string doing = "open the ring " + path;
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) return Error::from_errno(errno, doing);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, doing);
  Identity identity{};
  const bool is_read = ::pread(fd.get(), &identity, sizeof identity, 0) == sizeof identity;
  // Its maker died before it was done: nothing was ever in it.
  const bool is_made =
      is_read && identity.magic != 0 && identity.size_bytes != 0 && identity.span_size_bytes != 0;
  if (!is_made) return Error::from_errno(ENODATA, doing);
  const Layout layout{identity.size_bytes, identity.span_size_bytes};
  const bool is_ring = identity.magic == kMagic && identity.version == kVersion &&
                       layout.span_size_bytes >= kSpanSizeBytesMin &&
                       layout.span_size_bytes == whole_pages(layout.span_size_bytes) &&
                       layout.size_bytes >= 2 * layout.span_size_bytes &&
                       layout.size_bytes <= static_cast<uint64_t>(status.st_size) &&
                       layout.file_size_bytes() == static_cast<uint64_t>(status.st_size);
  if (!is_ring) return Error::of(Error::kInvalid, doing, "not a ring of this version");
  auto ring = map(std::move(fd), layout);
  if (!ring) return ring;
  if (!ring->is_consistent()) return Error::of(Error::kInvalid, doing, "its numbers contradict");
  if (ring->is_private()) return Error::from_errno(ENODATA, doing);
  ring->header_->tail.store(ring->progress().tail);
  // So much its dead producer had taken, for what is in it; anything else is taken again.
  ring->taken_size_bytes_ = kFirstSizeBytes;
  while (ring->taken_size_bytes_ < std::min(ring->filled(), layout.size_bytes)) {
    ring->taken_size_bytes_ += step_after(ring->taken_size_bytes_, layout.size_bytes);
  }
  // Its consumer may have looked further ahead than it came: all marks that still stand are of use.
  const uint64_t marks_head = ring->header_->marks_head.load();
  ring->header_->marks_tail.store(marks_head - std::min(marks_head, kMarksMax));
  return ring;
}

bool StreamRing::is_consistent() const {
  const uint64_t tail = progress().tail;
  return header_->tail.load() <= tail && tail <= head() && head() <= filled() &&
         filled() - tail <= size_bytes();
}

/// Reserves the whole range first, then lays the file and its mirror over it: nothing else of the
/// process can come to lie between the two.
Result<StreamRing> StreamRing::map(FileDescriptor fd, Layout layout) {
  constexpr std::string_view kDoing = "map a ring";
  void* reserved = ::mmap(nullptr, layout.mapping_size_bytes(), PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return Error::from_errno(errno, kDoing);
  auto* mapping = static_cast<char*>(reserved);
  const int protection = PROT_READ | PROT_WRITE;
  const uint64_t file_size = layout.file_size_bytes();
  const void* whole = ::mmap(mapping, file_size, protection, MAP_SHARED | MAP_FIXED, fd.get(), 0);
  const void* mirror =
      ::mmap(mapping + file_size, layout.span_size_bytes, protection, MAP_SHARED | MAP_FIXED,
             fd.get(), static_cast<off_t>(kHeaderSizeBytes + kMarksSizeBytes));
  if (whole == MAP_FAILED || mirror == MAP_FAILED) {
    const int code = errno;
    ::munmap(mapping, layout.mapping_size_bytes());
    return Error::from_errno(code, kDoing);
  }
  return StreamRing(std::move(fd), mapping);
}

StreamRing::StreamRing(FileDescriptor fd, char* mapping)
    : fd_(std::move(fd)), mapping_(mapping), header_(reinterpret_cast<Header*>(mapping)) {
  static_assert(sizeof(Header) <= kHeaderSizeBytes);
}

StreamRing::StreamRing(StreamRing&& other) noexcept
    : fd_(std::move(other.fd_)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      header_(std::exchange(other.header_, nullptr)),
      last_time_us_(other.last_time_us_),
      taken_size_bytes_(other.taken_size_bytes_) {}

StreamRing::~StreamRing() {
  if (mapping_ != nullptr) ::munmap(mapping_, layout().mapping_size_bytes());
}

StreamRing::Space StreamRing::free_space(uint64_t wanted) {
  const uint64_t head = header_->head.load(std::memory_order_relaxed);
  const uint64_t used = head - header_->tail.load(std::memory_order_acquire);
  const uint64_t place = head % header_->identity.size_bytes;
  uint64_t size =
      std::min({wanted, header_->identity.span_size_bytes, header_->identity.size_bytes - used});
  if (!take_space(place + size)) size = std::min(size, taken_size_bytes_ - place);
  return {data() + place, size};
}

uint64_t StreamRing::step_after(uint64_t taken, uint64_t size_bytes) {
  return std::min({taken, kStepSizeBytesMax, size_bytes - taken});
}

/// Sees to it that the data has memory up to `end`; what lies behind the ring's end is the mirror
/// of its beginning. The first touch of a page on a full tmpfs would be a SIGBUS.
bool StreamRing::take_space(uint64_t end) {
  const uint64_t size_bytes = header_->identity.size_bytes;
  while (taken_size_bytes_ < std::min(end, size_bytes)) {
    const uint64_t from = kHeaderSizeBytes + kMarksSizeBytes + taken_size_bytes_;
    const uint64_t more = step_after(taken_size_bytes_, size_bytes);
    const int failed =
        ::posix_fallocate(fd_.get(), static_cast<off_t>(from), static_cast<off_t>(more));
    if (failed == EINTR) continue;
    if (failed != 0) return make_rest_private();
    taken_size_bytes_ += more;
  }
  return true;
}

/// Lays memory of our own over what has none yet, and over its mirror. The consumer is nowhere
/// near: it is behind the producer, who has not been here.
bool StreamRing::make_rest_private() {
  const uint64_t rest_size = header_->identity.size_bytes - taken_size_bytes_;
  const FileDescriptor fd(::memfd_create("gasoline-ring", MFD_CLOEXEC));
  if (!fd.is_open() || ::ftruncate(fd.get(), static_cast<off_t>(rest_size)) != 0) return false;
  // First of all: from here on nobody may take the file for the whole.
  header_->is_private.store(1, std::memory_order_release);
  const int protection = PROT_READ | PROT_WRITE;
  const void* rest = ::mmap(data() + taken_size_bytes_, rest_size, protection,
                            MAP_SHARED | MAP_FIXED, fd.get(), 0);
  if (rest == MAP_FAILED) return false;
  const uint64_t span_size = header_->identity.span_size_bytes;
  if (span_size > taken_size_bytes_) {
    char* mirror = data() + header_->identity.size_bytes + taken_size_bytes_;
    const void* mirrored = ::mmap(mirror, span_size - taken_size_bytes_, protection,
                                  MAP_SHARED | MAP_FIXED, fd.get(), 0);
    if (mirrored == MAP_FAILED) return false;
  }
  taken_size_bytes_ = header_->identity.size_bytes;
  return true;
}

/// The size first: a position that is filled() then says that the size belongs to it, since no
/// earlier intake began there with bytes to come.
void StreamRing::begin_intake(uint64_t staged) {
  header_->intake_staged.store(staged, std::memory_order_release);
  header_->intake_position.store(header_->filled.load(std::memory_order_relaxed),
                                 std::memory_order_release);
}

void StreamRing::end_intake(uint64_t size) {
  const uint64_t filled = header_->filled.load(std::memory_order_relaxed) + size;
  header_->filled.store(filled, std::memory_order_release);
}

void StreamRing::recover(std::optional<uint64_t> staged, int64_t time_us) {
  const uint64_t begun = header_->intake_staged.load();
  const uint64_t room = size_bytes() - (filled() - tail());
  const bool was_on_its_way = header_->intake_position.load() == filled();
  // A number that does not fit is none of ours.
  if (staged && was_on_its_way && begun >= *staged && begun - *staged <= room) {
    end_intake(begun - *staged);
  }
  begin_intake(0);
  if (filled() > head()) publish(filled() - head(), time_us);
}

void StreamRing::publish(uint64_t size, int64_t time_us) {
  const uint64_t head = header_->head.load(std::memory_order_relaxed) + size;
  GASOLINE_ASSERT(head - header_->tail.load(std::memory_order_relaxed) <=
                  header_->identity.size_bytes);
  const uint64_t mark = header_->marks_head.load(std::memory_order_relaxed);
  if (mark - header_->marks_tail.load(std::memory_order_acquire) < kMarksMax) {
    marks()[mark % kMarksMax] = {head, time_us};
    header_->marks_head.store(mark + 1, std::memory_order_release);
  }
  if (header_->filled.load(std::memory_order_relaxed) < head) {
    header_->filled.store(head, std::memory_order_release);
  }
  header_->head.store(head, std::memory_order_release);
}

std::string_view StreamRing::readable(uint64_t wanted) const {
  const uint64_t tail = header_->tail.load(std::memory_order_relaxed);
  const uint64_t waiting = header_->head.load(std::memory_order_acquire) - tail;
  return {data() + tail % header_->identity.size_bytes,
          std::min({wanted, header_->identity.span_size_bytes, waiting})};
}

void StreamRing::advance(const Progress& progress) {
  GASOLINE_ASSERT(tail() <= progress.tail && progress.tail <= head());
  const uint64_t turn = header_->progress_turn.load(std::memory_order_relaxed) + 1;
  header_->progress[turn % 2] = progress;
  header_->progress_turn.store(turn, std::memory_order_release);
  header_->tail.store(progress.tail, std::memory_order_release);
}

StreamRing::Progress StreamRing::progress() const {
  return header_->progress[header_->progress_turn.load(std::memory_order_acquire) % 2];
}

StreamRing::Stretch StreamRing::stretch_at(uint64_t position) {
  const uint64_t marks_head = header_->marks_head.load(std::memory_order_acquire);
  uint64_t mark = header_->marks_tail.load(std::memory_order_relaxed);
  while (mark < marks_head && marks()[mark % kMarksMax].end <= position) ++mark;
  header_->marks_tail.store(mark, std::memory_order_release);
  if (mark == marks_head) return {UINT64_MAX, last_time_us_};
  const Mark& found = marks()[mark % kMarksMax];
  last_time_us_ = std::max(last_time_us_, found.time_us);
  return {found.end, last_time_us_};
}

}  // namespace gasoline::spool

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <string>

#include "base/file_descriptor.h"
#include "spool/stream_ring.h"
#include "support/ring.h"
#include "support/temporary_directory.h"

namespace {

/// From this byte of a file on there is no space, as on a full tmpfs.
std::atomic<off_t> space_ends_at{INT64_MAX};

}  // namespace

// Takes the place of the C library's in this program.
extern "C" int posix_fallocate(int fd, off_t offset, off_t size) noexcept {
  if (offset + size > space_ends_at.load()) return ENOSPC;
  return ::syscall(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno;
}

namespace gasoline::spool {
namespace {

constexpr uint64_t kSpan = StreamRing::kSpanSizeBytesMin;
constexpr uint64_t kRingSizeBytes = 16 * kSpan;

struct Full {
  explicit Full(off_t at) { space_ends_at = at; }
  ~Full() { space_ends_at = INT64_MAX; }
};

void put(StreamRing& ring, std::string_view text) {
  while (!text.empty()) {
    const StreamRing::Space space = ring.free_space(text.size());
    REQUIRE(space.size > 0);
    std::memcpy(space.bytes, text.data(), space.size);
    ring.publish(space.size, 1);
    text.remove_prefix(space.size);
  }
}

std::string take_all(StreamRing& ring) {
  std::string all;
  for (auto bytes = ring.readable(UINT64_MAX); !bytes.empty(); bytes = ring.readable(UINT64_MAX)) {
    all += bytes;
    gasoline::test::consume(ring, bytes.size());
  }
  return all;
}

std::string pattern(size_t size) {
  std::string text(size, ' ');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

/// A producer with a staging pipe that dies wherever the test stops, and the next one.
struct Producer {
  explicit Producer(const std::string& path_given) : path(path_given) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    staging_read = FileDescriptor(ends[0]);
    staging_write = FileDescriptor(ends[1]);
    ring.emplace(*StreamRing::create(kRingSizeBytes, 0, path));
  }
  void stage(std::string_view bytes) {
    REQUIRE(::write(staging_write.get(), bytes.data(), bytes.size()) ==
            static_cast<ssize_t>(bytes.size()));
  }
  uint64_t staged() const {
    int size = 0;
    REQUIRE(::ioctl(staging_read.get(), FIONREAD, &size) == 0);
    return static_cast<uint64_t>(size);
  }
  /// Reads from the staging pipe to where the ring's filled part ends.
  void read(uint64_t size) {
    const uint64_t held = ring->filled() - ring->head();
    const StreamRing::Space space = ring->free_space(kSpan);
    REQUIRE(::read(staging_read.get(), space.bytes + held, size) == static_cast<ssize_t>(size));
  }
  /// All that there is: what the ring has, and then what the staging pipe has.
  std::string recovered() {
    ring.reset();
    ring.emplace(*StreamRing::open(path));
    ring->recover(staged(), 5);
    std::string all = take_all(*ring);
    std::string rest(staged(), '\0');
    if (!rest.empty()) {
      REQUIRE(::read(staging_read.get(), rest.data(), rest.size()) ==
              static_cast<ssize_t>(rest.size()));
    }
    return all + rest;
  }

  const std::string path;
  FileDescriptor staging_read;
  FileDescriptor staging_write;
  std::optional<StreamRing> ring;
};

TEST_CASE("wherever a producer dies, each byte is in the ring or in the staging pipe") {
  const gasoline::test::TemporaryDirectory place;
  Producer producer(place / "ring");
  const std::string bytes = pattern(3000);
  put(*producer.ring, "before\n");
  std::string expected = "before\n" + bytes;
  producer.stage(bytes);
  SECTION("behind the splice") {}
  SECTION("before the first read") { producer.ring->begin_intake(3000); }
  SECTION("inside a read, and behind it") {
    const uint64_t read = GENERATE(1u, 1500u, 2999u, 3000u);
    producer.ring->begin_intake(3000);
    producer.read(read);
  }
  SECTION("behind the word of a read") {
    const uint64_t read = GENERATE(1u, 1500u, 3000u);
    producer.ring->begin_intake(3000);
    producer.read(read);
    producer.ring->end_intake(read);
  }
  SECTION("inside the second read of what was staged") {
    producer.ring->begin_intake(3000);
    producer.read(1000);
    producer.ring->end_intake(1000);
    producer.ring->begin_intake(2000);
    producer.read(700);
  }
  SECTION("with a part of it published") {
    producer.ring->begin_intake(3000);
    producer.read(2000);
    producer.ring->end_intake(2000);
    producer.ring->publish(500, 2);
  }
  SECTION("with all of it published, and more staged") {
    producer.ring->begin_intake(3000);
    producer.read(3000);
    producer.ring->end_intake(3000);
    producer.ring->publish(3000, 2);
    producer.stage("and more");
    expected += "and more";
  }
  SECTION("after a read that went past the ring") {
    producer.ring->begin_intake(0);
    std::string dropped(3000, '\0');
    REQUIRE(::read(producer.staging_read.get(), dropped.data(), 3000) == 3000);
    producer.stage("kept");
    expected = "before\nkept";
  }
  CHECK(producer.recovered() == expected);
}

TEST_CASE("without the staging pipe a ring keeps what it was told of") {
  const gasoline::test::TemporaryDirectory place;
  Producer producer(place / "ring");
  const std::string bytes = pattern(3000);
  producer.stage(bytes);
  producer.ring->begin_intake(3000);
  producer.read(1000);
  producer.ring->end_intake(1000);
  producer.ring->begin_intake(2000);
  producer.read(10);
  producer.ring.reset();
  StreamRing ring = *StreamRing::open(producer.path);
  ring.recover(std::nullopt, 5);
  CHECK(take_all(ring) == bytes.substr(0, 1000));
}

TEST_CASE("a number that cannot be true recovers nothing") {
  const gasoline::test::TemporaryDirectory place;
  Producer producer(place / "ring");
  put(*producer.ring, "all there is\n");
  producer.ring->begin_intake(GENERATE(uint64_t{1} << 40, UINT64_MAX, kRingSizeBytes + kSpan));
  CHECK(producer.recovered() == "all there is\n");
}

TEST_CASE("the next producer of a ring goes on where the dead one stood") {
  const gasoline::test::TemporaryDirectory place;
  const uint64_t before = GENERATE(0u, 5u, 1u << 19, 3u << 20);
  std::string expected;
  {
    StreamRing ring = *StreamRing::create(kRingSizeBytes, 0, place / "ring");
    for (uint64_t left = before; left > 0;) {
      const std::string part = pattern(std::min<uint64_t>(left, 100'000));
      put(ring, part);
      expected += part;
      left -= part.size();
      if (left > 0) gasoline::test::consume(ring, part.size());
      if (left > 0) expected.clear();
    }
  }
  StreamRing ring = *StreamRing::open(place / "ring");
  ring.recover(0, 5);
  const std::string more = pattern(kRingSizeBytes - kSpan);
  put(ring, more);
  CHECK((take_all(ring) == expected + more));
}

/// Takes in 5 bytes and then 7 as a pump does, in a process that stops behind every instruction.
pid_t fork_stepped_pump(StreamRing& ring) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
  ::raise(SIGSTOP);
  for (const uint64_t size : {5u, 7u}) {
    ring.begin_intake(size);
    ring.end_intake(size);
  }
  ::_exit(0);
}

/// What somebody who recovers the ring as it is now makes of it, if nothing is in the staging pipe.
uint64_t recovered_size(const std::string& ring, const std::string& copy) {
  constexpr size_t kHeaderSizeBytes = 4096;
  std::array<char, kHeaderSizeBytes> header;
  const FileDescriptor from(::open(ring.c_str(), O_RDONLY | O_CLOEXEC));
  const FileDescriptor to(::open(copy.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  struct stat status {};
  REQUIRE(::fstat(from.get(), &status) == 0);
  REQUIRE(::ftruncate(to.get(), status.st_size) == 0);
  REQUIRE(::pread(from.get(), header.data(), header.size(), 0) == kHeaderSizeBytes);
  REQUIRE(::pwrite(to.get(), header.data(), header.size(), 0) == kHeaderSizeBytes);
  auto opened = StreamRing::open(copy);
  REQUIRE(opened);
  opened->recover(0, 1);
  return opened->filled();
}

TEST_CASE("behind every instruction of an intake a kill leaves a number that is right") {
  const gasoline::test::TemporaryDirectory place;
  StreamRing ring = *StreamRing::create(kRingSizeBytes, 0, place / "ring");
  const pid_t child = fork_stepped_pump(ring);
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) return;  // tracing is forbidden here
  std::set<uint64_t> sizes;
  while (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0 &&
         ::waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    // The staging pipe is empty: with an intake under way, all of it has reached the ring.
    sizes.insert(recovered_size(place / "ring", place / "copy"));
  }
  CHECK(WIFEXITED(status));
  CHECK(sizes == std::set<uint64_t>{0, 5, 12});
}

TEST_CASE("a ring takes its memory step by step") {
  const gasoline::test::TemporaryDirectory place;
  StreamRing ring = *StreamRing::create(kRingSizeBytes, 0, place / "ring");
  const auto blocks = [&] {
    struct stat status {};
    REQUIRE(::stat((place / "ring").c_str(), &status) == 0);
    return static_cast<uint64_t>(status.st_blocks) * 512;
  };
  CHECK(blocks() < 3 * StreamRing::kFirstSizeBytes);
  put(ring, pattern(StreamRing::kFirstSizeBytes + 1));
  CHECK(blocks() >= 2 * StreamRing::kFirstSizeBytes);
  CHECK(blocks() < kRingSizeBytes);
}

TEST_CASE("a ring whose place is full goes on in memory of its own, and says so") {
  const gasoline::test::TemporaryDirectory place;
  const auto full_at = static_cast<off_t>(GENERATE(kSpan + 200'000, 8 * kSpan, 15 * kSpan));
  StreamRing ring = *StreamRing::create(kRingSizeBytes, 5 * kSpan, place / "ring");
  const Full full(full_at);
  // Twice around, with the end of the data across that of the memory each time.
  const std::string bytes = pattern(kRingSizeBytes - 1000);
  for (int i = 0; i < 3; ++i) {
    put(ring, bytes);
    REQUIRE((take_all(ring) == bytes));
  }
  CHECK(ring.is_private());
  // Nobody takes the file for the whole.
  const auto opened = StreamRing::open(place / "ring");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ENODATA);
}

TEST_CASE("a ring that has no place at all is not made") {
  const gasoline::test::TemporaryDirectory place;
  const Full full(1000);
  const auto ring = StreamRing::create(kRingSizeBytes, 0, place / "ring");
  REQUIRE_FALSE(ring);
  CHECK(ring.error().code == ENOSPC);
  CHECK(::access((place / "ring").c_str(), F_OK) != 0);
}

}  // namespace
}  // namespace gasoline::spool

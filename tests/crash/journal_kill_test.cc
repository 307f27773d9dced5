#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::Writer;
using journal::WriterOptions;

size_t size_of(uint64_t sequence) {
  return sequence * 7919 % 2000;
}

/// What the child tells its parent, which outlives it.
struct Progress {
  std::atomic<uint64_t> appended;
  std::atomic<uint64_t> released;
};

Progress& shared_progress() {
  void* page =
      ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  return *new (page) Progress{};
}

[[noreturn]] void write_until_killed(const std::string& directory, WriterOptions options,
                                     Progress& progress) {
  io::RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  auto writer = Writer::open(files, directory, options, clock, random);
  if (!writer) ::_exit(1);
  for (;;) {
    const uint64_t next = (*writer)->next_sequence();
    if (!(*writer)->append(payload_of(next, size_of(next)))) ::_exit(2);
    progress.appended.store(next);
    if (next % 97 == 0) {
      progress.released.store(next - 50);
      if (!(*writer)->release_before(next - 50)) ::_exit(3);
    }
    if (next % 31 == 0 && !(*writer)->sync()) ::_exit(4);
  }
}

uint64_t kills() {
  const char* asked = std::getenv("GASOLINE_JOURNAL_KILLS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 60;
}

}  // namespace

TEST_CASE("kill -9 at any moment loses no record that append confirmed") {
  TemporaryDirectory at;
  io::RealFileSystem files;
  const uint64_t seed = SystemRandom().next_u64();
  INFO("seed " << seed);
  SeededRandom random(seed);
  Progress& progress = shared_progress();
  for (uint64_t kill = 0; kill < kills(); ++kill) {
    WriterOptions options;
    options.segment_size_bytes = 20'000 + random.next_u64() % 50'000;
    options.recycled_segments_max = static_cast<uint32_t>(random.next_u64() % 3);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) write_until_killed(at / "j", options, progress);
    ::usleep(static_cast<useconds_t>(500 + random.next_u64() % 20'000));
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    if (!files.list(at / "j")) continue;

    const uint64_t appended = progress.appended.load();
    const ReadBack back = read_all(files, at / "j");
    INFO("kill " << kill << ", appended " << appended);
    REQUIRE(back.corruptions.empty());
    uint64_t expected = back.records.empty() ? 0 : back.records.front().first;
    if (appended > 0) REQUIRE(expected <= progress.released.load() + 1);
    for (const auto& [sequence, payload] : back.records) {
      REQUIRE(sequence == expected++);
      REQUIRE((payload == payload_of(sequence, size_of(sequence))));
    }
    if (appended > 0) REQUIRE(expected >= appended + 1);
  }
}

}  // namespace gasoline::test

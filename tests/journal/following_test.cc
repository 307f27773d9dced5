#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "journal/sync_thread.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::Corruption;
using journal::EndOfLog;
using journal::Reader;
using journal::Record;
using journal::Writer;
using journal::WriterOptions;

WriterOptions tiny_segments() {
  WriterOptions options;
  options.segment_size_bytes = 1500;
  return options;
}

size_t size_of(uint64_t sequence) {
  return sequence * 7919 % 300;
}

/// Reads until the record `last` was given. Says what was wrong, if anything.
std::string follow(Reader& reader, uint64_t first, uint64_t last, std::atomic<uint64_t>* progress) {
  for (uint64_t expected = first; expected <= last;) {
    journal::ReadResult result = reader.read_next();
    if (const auto* record = std::get_if<Record>(&result)) {
      if (record->sequence != expected) return "got " + std::to_string(record->sequence);
      if (record->payload != payload_of(expected, size_of(expected))) return "wrong bytes";
      if (progress != nullptr) progress->store(expected);
      ++expected;
    } else if (const auto* error = std::get_if<Error>(&result)) {
      return error->to_string();
    } else if (std::holds_alternative<Corruption>(result)) {
      return "corruption before " + std::to_string(expected);
    }
  }
  return "";
}

void append_all(Writer& writer, uint64_t last, const std::function<void(uint64_t)>& after_each) {
  for (uint64_t i = writer.next_sequence(); i <= last; ++i) {
    if (!writer.append(payload_of(i, size_of(i)))) return;
    after_each(i);
  }
}

}  // namespace

TEST_CASE("a reader on another thread follows through rotation, release and recycling") {
  constexpr uint64_t kLast = 10'000;
  TemporaryDirectory at;
  io::RealFileSystem files;
  SystemClock clock;
  SeededRandom random(1);
  auto writer = value_of(Writer::open(files, at / "j", tiny_segments(), clock, random));
  auto reader = value_of(Reader::open(files, at / "j"));
  std::atomic<uint64_t> seen{0};
  std::string wrong;
  std::thread following([&] { wrong = follow(*reader, 1, kLast, &seen); });
  append_all(*writer, kLast, [&](uint64_t i) {
    if (i % 50 == 0) static_cast<void>(writer->release_before(seen.load() + 1).has_value());
  });
  following.join();
  REQUIRE(wrong == "");
  REQUIRE(writer->next_sequence() == kLast + 1);
}

TEST_CASE("a reader in another process follows a writer that is killed and started again") {
  constexpr uint64_t kLast = 12'000;
  TemporaryDirectory at;
  io::RealFileSystem files;
  SystemClock clock;
  SeededRandom random(2);
  SystemRandom ids;  // every child must have its own
  WriterOptions options;
  options.segment_size_bytes = 30'000;
  static_cast<void>(value_of(Writer::open(files, at / "j", options, clock, ids)));
  auto reader = value_of(Reader::open(files, at / "j"));
  std::string wrong;
  std::thread following([&] { wrong = follow(*reader, 1, kLast, nullptr); });
  for (bool is_done = false; !is_done;) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto own = Writer::open(files, at / "j", options, clock, ids);
      if (own) append_all(**own, kLast, [](uint64_t) {});
      ::_exit(own && (*own)->next_sequence() == kLast + 1 ? 0 : 1);
    }
    ::usleep(static_cast<useconds_t>(random.next_u64() % 40'000));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    is_done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  following.join();
  REQUIRE(wrong == "");
}

TEST_CASE("a reader that is left behind learns what was dropped, once") {
  TemporaryDirectory at;
  io::RealFileSystem files;
  ManualClock clock;
  SeededRandom random(3);
  auto writer = value_of(Writer::open(files, at / "j", tiny_segments(), clock, random));
  auto reader = value_of(Reader::open(files, at / "j"));
  append_all(*writer, 10, [](uint64_t) {});
  REQUIRE(follow(*reader, 1, 3, nullptr) == "");
  append_all(*writer, 200, [](uint64_t) {});
  uint64_t dropped_until = 0;
  for (int i = 0; i < 9; ++i) {
    const auto dropped = value_of(writer->drop_oldest());
    REQUIRE(dropped.has_value());
    if (dropped_until != 0) REQUIRE(dropped->first_sequence == dropped_until);
    dropped_until = dropped->end_sequence;
    append_all(*writer, writer->next_sequence() + 9, [](uint64_t) {});  // writes over the spares
  }
  uint64_t expected = 4;
  std::vector<Corruption> gaps;
  for (;;) {
    journal::ReadResult result = reader->read_next();
    if (std::holds_alternative<EndOfLog>(result)) break;
    if (const auto* gap = std::get_if<Corruption>(&result)) {
      REQUIRE(gap->is_released);
      REQUIRE(gap->first_missing == expected);
      expected = gap->end_missing;
      gaps.push_back(*gap);
    } else {
      REQUIRE(std::get<Record>(result).sequence == expected);
      REQUIRE(std::get<Record>(result).payload == payload_of(expected, size_of(expected)));
      ++expected;
    }
  }
  REQUIRE(gaps.size() == 1);
  REQUIRE(gaps[0].end_missing == dropped_until);
  REQUIRE(expected == writer->next_sequence());
}

TEST_CASE("a reader follows while failed syncs make the writer append again") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    FaultFileSystem disk(seed);
    ManualClock clock;
    SeededRandom random(seed);
    WriterOptions options = tiny_segments();
    options.recycled_segments_max = static_cast<uint32_t>(seed % 3);
    auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
    auto reader = value_of(Reader::open(disk, "/j"));
    uint64_t expected = 1;
    INFO("seed " << seed);
    for (int i = 0; i < 400; ++i) {
      REQUIRE(writer->append(payload_of(writer->next_sequence(), 200)));
      if (random.next_u64() % 5 == 0) {
        disk.fail(FaultFileSystem::kSync, EIO, 0, 1 + random.next_u64() % 3);
        static_cast<void>(writer->sync().has_value());
        disk.fail(0, 0, 0, 0);
      }
      if (random.next_u64() % 4 != 0) continue;
      for (const auto& [sequence, payload] : read_on(*reader).records) {
        REQUIRE(sequence == expected++);
        REQUIRE(payload == payload_of(sequence, 200));
      }
    }
    const ReadBack back = read_all(disk, "/j");
    REQUIRE(back.corruptions.empty());
    REQUIRE(back.records.size() == 400);
  }
}

TEST_CASE("a sync thread makes records durable without being asked, and reports failures") {
  FaultFileSystem disk(1);
  SystemClock clock;
  SeededRandom random(5);
  WriterOptions options = tiny_segments();
  options.sync_interval_us = 1000;
  auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
  std::atomic<uint64_t> synced{0};
  std::atomic<int> failures{0};
  {
    journal::SyncThread syncing(*writer, [&](uint64_t sequence, const Status& status) {
      synced = sequence;
      if (!status) ++failures;
    });
    append_all(*writer, 500, [](uint64_t) {});
    while (synced.load() != 501) std::this_thread::yield();
    disk.fail(FaultFileSystem::kSync, EIO, 0, UINT64_MAX);
    static_cast<void>(value_of(writer->append(payload_of(501, size_of(501)))));
    while (failures.load() < 3) std::this_thread::yield();
    disk.fail(0, 0, 0, 0);
    while (synced.load() != 502) std::this_thread::yield();
  }
  writer.reset();
  disk.return_power();
  REQUIRE(read_all(disk, "/j").records.size() == 501);
}

TEST_CASE("threads that append under kAlways share syncs and get every sequence once") {
  FaultFileSystem disk(1);
  SystemClock clock;
  SeededRandom random(6);
  WriterOptions options = tiny_segments();
  options.sync = journal::SyncPolicy::kAlways;
  auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
  std::vector<std::vector<uint64_t>> given(4);
  std::vector<std::thread> threads;
  for (auto& mine : given) {
    threads.emplace_back([&writer, &mine] {
      for (int i = 0; i < 200; ++i) {
        Result<uint64_t> sequence = writer->append("payload");
        mine.push_back(sequence ? *sequence : 0);
        if (writer->synced_sequence() <= mine.back()) mine.push_back(0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<bool> is_given(801);
  for (const auto& mine : given) {
    REQUIRE(mine.size() == 200);
    for (const uint64_t sequence : mine) {
      REQUIRE(sequence != 0);
      REQUIRE(!is_given.at(sequence));
      is_given.at(sequence) = true;
    }
  }
  writer.reset();
  disk.return_power();
  REQUIRE(read_all(disk, "/j").records.size() == 800);
}

TEST_CASE("what threads under kAlways are told is durable is, while syncs fail") {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    FaultFileSystem disk(seed);
    SystemClock clock;
    SeededRandom random(seed);
    WriterOptions options = tiny_segments();
    options.sync = journal::SyncPolicy::kAlways;
    auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
    disk.fail(FaultFileSystem::kSync | FaultFileSystem::kSyncDirectory, EIO, 20 * seed, 7);
    std::vector<std::vector<uint64_t>> confirmed(4);
    std::vector<std::thread> threads;
    for (auto& mine : confirmed) {
      threads.emplace_back([&writer, &mine] {
        for (int i = 0; i < 100; ++i) {
          if (Result<uint64_t> sequence = writer->append("payload")) mine.push_back(*sequence);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    writer.reset();
    disk.return_power();
    std::vector<bool> is_there(500);
    for (const auto& [sequence, payload] : read_all(disk, "/j").records) {
      is_there.at(sequence) = true;
    }
    INFO("seed " << seed);
    for (const auto& mine : confirmed) {
      REQUIRE(mine.size() > 50);
      for (const uint64_t sequence : mine) REQUIRE(is_there.at(sequence));
    }
  }
}

}  // namespace gasoline::test

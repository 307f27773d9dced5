#include "spool/ring_recovery.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "spool/dead_run.h"
#include "spool/ring_directory.h"
#include "spool/spool_directory.h"
#include "spool/spool_fixture.h"
#include "spool/stream_framer.h"
#include "support/noise.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLineSizeMax = 200;

/// A wrapper that can die at any moment: everything it holds in memory is gone then.
class Wrapper {
 public:
  Wrapper(const std::string& place, io::FileSystem& files, const Clock& clock, Random& random)
      : files_(files), spools_(place + "/spool"), rings_root_(place + "/rings") {
    run_ = test::some_run();
    const RingRun ring_run{run_, {spools_, place + "/memory"}, kLineSizeMax};
    directory_.emplace(*RingDirectory::create(files_, rings_root_, ring_run));
    for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
      rings_.push_back(*StreamRing::create(0, 0, directory_->ring_path(stream)));
    }
    for (size_t i = 0; i < 2; ++i) {
      framers_.emplace_back(i == 0 ? Stream::kStdout : Stream::kStderr, rings_[i], kLineSizeMax);
    }
    clock_ = &clock;
    random_ = &random;
  }

  void open_journal() {
    journal_ = std::move(*journal::Writer::open(files_, spool(), {}, *clock_, *random_));
    REQUIRE(write_run_description(files_, spool(), run_));
  }
  void read(size_t stream, std::string_view bytes) {
    written[stream] += bytes;
    while (!bytes.empty()) {
      const StreamRing::Space space = rings_[stream].free_space(bytes.size());
      REQUIRE(space.size > 0);
      std::memcpy(space.bytes, bytes.data(), space.size);
      rings_[stream].publish(space.size, ++time_us_);
      bytes.remove_prefix(space.size);
    }
  }
  /// Spools one record; `dies_before_word`: before the ring is told that it is in the journal.
  bool spool_one(size_t stream, bool dies_before_word = false, int64_t now_us = 0) {
    const FramedRecord* framed =
        framers_[stream].next(next_seq_, now_us, {rings_[stream].head(), false});
    if (framed == nullptr) return false;
    std::string head;
    append_head(head, framed->record, framed->times);
    const std::array<std::string_view, 2> parts{head, framed->record.bytes};
    const auto sequence = journal_->append(parts);
    REQUIRE(sequence);
    next_seq_ = framed->record.end_seq();
    if (!dies_before_word) framers_[stream].accept(*sequence + 1);
    return true;
  }
  void die() {
    framers_.clear();
    rings_.clear();
    journal_.reset();
    directory_.reset();
  }

  std::string spool() const { return spools_ + "/" + run_.run_id; }
  const std::string& spools() const { return spools_; }
  const std::string& rings_root() const { return rings_root_; }
  std::string ring_place() const { return rings_root_ + "/" + run_.run_id; }
  const RunDescription& run() const { return run_; }
  std::string written[2];

 private:
  io::FileSystem& files_;
  const std::string spools_;
  const std::string rings_root_;
  const Clock* clock_;
  Random* random_;
  RunDescription run_;
  std::optional<RingDirectory> directory_;
  std::vector<StreamRing> rings_;
  std::vector<StreamFramer> framers_;
  std::unique_ptr<journal::Writer> journal_;
  uint64_t next_seq_ = 1;
  int64_t time_us_ = 1'700'000'000'000'000;
};

struct Rig {
  Rig() { REQUIRE(io::make_directories(files, place / "spool")); }

  Wrapper wrapper() { return Wrapper(place.path(), files, clock, random); }
  RingRecovery recovery() {
    return RingRecovery(files, clock, random, place / "rings",
                        [this](const std::string& problem) { problems.push_back(problem); });
  }
  std::optional<DeadRun> take(const Wrapper& wrapper, const RingRecovery& recovery) {
    auto taken = take_dead_run(files, clock, random, recovery, wrapper.spool());
    REQUIRE(taken);
    return std::move(*taken);
  }
  /// What an adopter delivers: by stream, the bytes; every number once.
  std::map<std::string, std::string> delivered(const Wrapper& wrapper) {
    const RingRecovery look = recovery();
    auto dead = take(wrapper, look);
    REQUIRE(dead);
    std::map<std::string, std::string> text;
    uint64_t seq = 0;
    for (const test::SeenEvent& event : test::read_on(*dead->reader)) {
      CHECK(event.seq == ++seq);
      const bool is_continued = event.metadata.find("continued") != std::string::npos;
      if (event.metadata.find("partial") != std::string::npos) continue;
      text[event.source] += (is_continued ? "" : "\n") + event.message;
    }
    for (auto& [source, of] : text) of.erase(0, 1);
    return text;
  }

  gasoline::test::TemporaryDirectory place;
  io::RealFileSystem files;
  SystemClock clock;
  SeededRandom random{5};
  std::vector<std::string> problems;
};

TEST_CASE("what a dead wrapper had read but not spooled is brought into its spool") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  wrapper.read(0, "one\ntwo\n");
  REQUIRE(wrapper.spool_one(0));
  wrapper.read(0, "three\nfour");
  wrapper.read(1, "oops\n");
  wrapper.die();
  RingRecovery recovery = rig.recovery();
  CHECK(recovery.has_rings(wrapper.run().run_id));
  CHECK_FALSE(rig.take(wrapper, recovery));  // not complete yet
  recovery.look_around();
  CHECK(rig.problems.empty());
  CHECK(recovery.counters().runs == 1);
  CHECK(recovery.counters().events == 3);
  CHECK_FALSE(fs::exists(wrapper.ring_place()));
  const auto text = rig.delivered(wrapper);
  CHECK(text.at("stdout") == "one\ntwo\nthree\nfour");
  CHECK(text.at("stderr") == "oops");
}

TEST_CASE("the rings of a wrapper that never came to open its spool are recovered too") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.read(0, "first words\n");
  wrapper.die();
  rig.recovery().look_around();
  CHECK(rig.delivered(wrapper).at("stdout") == "first words");
}

TEST_CASE("a record whose wrapper died before the ring knew of it is not there twice") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  wrapper.read(0, "a\nb\n");
  wrapper.read(1, "x\n");
  REQUIRE(wrapper.spool_one(1));
  REQUIRE(wrapper.spool_one(0, true));
  wrapper.die();
  rig.recovery().look_around();
  const auto text = rig.delivered(wrapper);
  CHECK(text.at("stdout") == "a\nb");
  CHECK(text.at("stderr") == "x");
}

TEST_CASE("an unfinished line that was told already is replaced by its whole") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  wrapper.read(0, "Password");
  CHECK_FALSE(wrapper.spool_one(0, false, 1));
  REQUIRE(wrapper.spool_one(0, GENERATE(false, true), StreamFramer::kPartialAfterUs + 1));
  wrapper.read(0, ": ****\n");
  wrapper.die();
  rig.recovery().look_around();
  CHECK(rig.delivered(wrapper).at("stdout") == "Password: ****");
}

TEST_CASE("a living wrapper's rings are left alone") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  wrapper.read(0, "alive\n");
  RingRecovery recovery = rig.recovery();
  recovery.look_around();
  CHECK(recovery.counters().runs == 0);
  CHECK(rig.problems.empty());
  CHECK(fs::exists(wrapper.ring_place() + "/stdout"));
  CHECK_FALSE(rig.take(wrapper, recovery));
}

TEST_CASE("a ring that cannot be read is told of once and kept") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  wrapper.read(0, "kept\n");
  wrapper.die();
  const std::string ring = wrapper.ring_place() + "/stdout";
  SECTION("cut short") {
    fs::resize_file(ring, fs::file_size(ring) - 4096);
  }
  SECTION("of another version") {
    std::fstream(ring, std::ios::in | std::ios::out).seekp(4).put('\x7f');
  }
  SECTION("numbers that contradict each other") {
    // The head, behind the cache line of the sizes: before the tail now.
    std::fstream file(ring, std::ios::in | std::ios::out);
    file.seekp(64);
    file.write("\xff\xff\xff\xff\xff\xff\xff\x7f", 8);
  }
  RingRecovery recovery = rig.recovery();
  recovery.look_around();
  recovery.look_around();
  CHECK(recovery.counters().failures == 2);
  REQUIRE(rig.problems.size() == 1);
  CHECK(rig.problems.front().find(wrapper.ring_place()) != std::string::npos);
  CHECK(fs::exists(ring));
}

TEST_CASE("a ring whose maker died before it was done is empty") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.read(1, "of the other stream\n");
  wrapper.die();
  const std::string ring = wrapper.ring_place() + "/stdout";
  SECTION("without a byte") { fs::resize_file(ring, 0); }
  SECTION("with space only") {
    const auto size = fs::file_size(ring);
    fs::resize_file(ring, 0);
    fs::resize_file(ring, size);
  }
  SECTION("not there") { fs::remove(ring); }
  rig.recovery().look_around();
  CHECK(rig.problems.empty());
  const auto text = rig.delivered(wrapper);
  CHECK(text.size() == 1);
  CHECK(text.at("stderr") == "of the other stream");
}

TEST_CASE("recovery goes on where an earlier one died") {
  Rig rig;
  Wrapper wrapper = rig.wrapper();
  wrapper.open_journal();
  for (int i = 0; i < 100; ++i) wrapper.read(0, "line " + std::to_string(i) + "\n");
  wrapper.die();
  const std::string ring = wrapper.ring_place() + "/stdout";
  const std::string before = rig.place / "before";
  fs::copy(ring, before);
  rig.recovery().look_around();
  // As if it had died when everything was in the journal, and the ring not told.
  auto rings = RingDirectory::create(rig.files, wrapper.rings_root(),
                                     {wrapper.run(), {wrapper.spools()}, kLineSizeMax});
  REQUIRE(rings);
  fs::copy(before, rings->ring_path(Stream::kStdout));
  rings = Error::of(Error::kClosed, "let go of", "the lock");
  rig.recovery().look_around();
  const std::string text = rig.delivered(wrapper).at("stdout") + "\n";
  CHECK(text == wrapper.written[0]);
}

TEST_CASE("what is left of a run that was never described is removed when it is old") {
  Rig rig;
  const std::string old = rig.place / "spool/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const auto now_ms = static_cast<uint64_t>(rig.clock.wall_us() / 1000);
  const std::string newborn = rig.place / "spool/" + std::string(view(make_ulid(now_ms, 1, 1)));
  for (const std::string& directory : {old, newborn}) {
    REQUIRE(journal::Writer::open(rig.files, directory, {}, rig.clock, rig.random));
    const RingRecovery recovery = rig.recovery();
    auto taken = take_dead_run(rig.files, rig.clock, rig.random, recovery, directory);
    REQUIRE(taken);
    CHECK_FALSE(taken->has_value());
  }
  CHECK_FALSE(fs::exists(old));
  CHECK(fs::exists(newborn));
}

TEST_CASE("wherever a wrapper dies, every byte that it published is delivered once") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom chance(seed);
  for (int round = 0; round < 60; ++round) {
    Rig rig;
    Wrapper wrapper = rig.wrapper();
    if (chance.next_u64() % 8 != 0) wrapper.open_journal();
    int64_t now_us = 1;
    const uint64_t steps = chance.next_u64() % 40;
    bool is_dead = !fs::exists(wrapper.spool());
    for (uint64_t step = 0; step < steps; ++step) {
      const size_t stream = chance.next_u64() % 2;
      std::string text = gasoline::test::noise(chance, chance.next_u64() % 2000, 60);
      for (char& c : text) c = c == '\n' ? c : static_cast<char>('a' + (c & 15));
      wrapper.read(stream, text);
      now_us += chance.next_u64() % 4 == 0 ? StreamFramer::kPartialAfterUs : 1;
      if (is_dead) continue;
      while (chance.next_u64() % 3 != 0 && wrapper.spool_one(stream, false, now_us)) {
      }
      // At most one record is in the journal without the ring's knowing.
      is_dead = chance.next_u64() % 30 == 0 && wrapper.spool_one(stream, true, now_us);
    }
    wrapper.die();
    rig.recovery().look_around();
    CHECK(rig.problems.empty());
    auto text = rig.delivered(wrapper);
    const char* const names[] = {"stdout", "stderr"};
    for (size_t stream = 0; stream < 2; ++stream) {
      std::string expected = wrapper.written[stream];
      if (!expected.empty() && expected.back() == '\n') expected.pop_back();
      const std::string& got = text[names[stream]];
      const auto differs = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
      CAPTURE(round, names[stream], std::string(differs.first, expected.end()).substr(0, 80),
              std::string(differs.second, got.end()).substr(0, 80));
      REQUIRE((expected == got));
    }
  }
}

}  // namespace
}  // namespace gasoline::spool

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <functional>

#include "journal/journal_model.h"

namespace gasoline::test {
namespace {

constexpr int kSteps = 120;

/// How many seeds are tried: GASOLINE_JOURNAL_SEEDS=1000000 makes a soak of it, and
/// GASOLINE_JOURNAL_FIRST_SEED lets another one begin where the last one ended.
uint64_t number_from(const char* variable, uint64_t usual) {
  const char* asked = std::getenv(variable);
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : usual;
}
uint64_t seeds() {
  return number_from("GASOLINE_JOURNAL_SEEDS", 1000);
}
uint64_t first_seed() {
  return number_from("GASOLINE_JOURNAL_FIRST_SEED", 1);
}

/// Calls `trial` with one seed in `one_in`, for loops that try every moment of a seed.
void for_seeds(uint64_t one_in, const std::function<void(uint64_t)>& trial) {
  const uint64_t count = std::max<uint64_t>(seeds() / one_in, 1);
  for (uint64_t seed = first_seed(); seed < first_seed() + count; ++seed) trial(seed);
}

journal::WriterOptions options_for(uint64_t seed, journal::SyncPolicy policy) {
  journal::WriterOptions options;
  options.segment_size_bytes = 500 + seed % 7 * 300;
  options.sync = policy;
  options.recycled_segments_max = static_cast<uint32_t>(seed % 3);
  options.starts_segments_unsynced = seed / 3 % 2 == 1;
  if (options.starts_segments_unsynced) options.unsynced_segments_max = 2 + seed % 11;
  return options;
}

struct Mutation {
  bool ignores_file_syncs = false;
  bool ignores_directory_syncs = false;
};

/// Cuts the power at operation `cut_at` of the workload `seed`. Says what was violated; "done" if
/// the workload ended before the cut.
std::string trial(uint64_t seed, uint64_t cut_at, journal::SyncPolicy policy, Mutation mutation) {
  FaultFileSystem disk(seed * 7919 + cut_at);
  disk.ignore_syncs(mutation.ignores_file_syncs, mutation.ignores_directory_syncs);
  JournalModel model(disk, options_for(seed, policy), seed);
  disk.cut_power_at(cut_at);
  if (model.open()) model.run(kSteps);
  const bool is_done = !disk.is_power_cut();
  if (is_done) model.check_all_there();
  model.close();
  disk.return_power();
  if (is_done || disk.list("/state/journal")) model.check_after_power_cut();
  if (model.is_violated()) return model.violation();
  return is_done ? "done" : "";
}

void cut_everywhere(uint64_t seed, journal::SyncPolicy policy) {
  for (uint64_t cut_at = 1;; ++cut_at) {
    const std::string violation = trial(seed, cut_at, policy, {});
    if (violation == "done") return;
    INFO("seed " << seed << ", power cut at operation " << cut_at);
    if (!violation.empty()) FAIL(violation);
  }
}

struct Fault {
  unsigned kinds = 0;
  int code = 0;
  uint64_t first = 0;  // operation that fails
  uint64_t times = 0;
  bool makes_short = false;  // and every transfer is a short one

  std::string in_words() const {
    return "error " + std::to_string(code) + " at operation " + std::to_string(first) +
           ", kinds " + std::to_string(kinds) + ", times " + std::to_string(times) +
           (makes_short ? ", short transfers" : "");
  }
};

/// Runs the workload `seed` into a fault; then the fault is gone, and at last the power. Says what
/// was violated; "untouched" if the fault was never met.
std::string fault_trial(uint64_t seed, const Fault& fault, journal::SyncPolicy policy) {
  FaultFileSystem disk(seed + fault.first);
  must(io::make_directories(disk, "/state"));
  disk.make_transfers_short(fault.makes_short);
  disk.fail(fault.kinds, fault.code, disk.operations() + fault.first, fault.times);
  JournalModel model(disk, options_for(seed + fault.first, policy), seed);
  for (int i = 0; i < 10 && !model.open(); ++i) {
  }
  model.run(kSteps);
  const bool was_hit = disk.failures() > 0;
  disk.fail(0, 0, 0, 0);
  model.check_all_there();
  model.close();
  disk.return_power();
  model.check_after_power_cut();
  if (model.is_violated()) return model.violation();
  return was_hit ? "" : "untouched";
}

/// One power cut and one fault, of a kind, at a moment and in a journal that the seed gives.
void try_seed(uint64_t seed) {
  SeededRandom random(seed * 6364136223846793005);
  const auto policy =
      seed % 3 == 0 ? journal::SyncPolicy::kAlways : journal::SyncPolicy::kInterval;
  const uint64_t cut_at = 1 + random.next_u64() % 250;
  const std::string violation = trial(seed, cut_at, policy, {});
  INFO("seed " << seed << ", power cut at operation " << cut_at);
  if (!violation.empty() && violation != "done") FAIL(violation);

  constexpr int kCodes[] = {EIO, ENOSPC, EDQUOT};
  Fault fault;
  fault.kinds = 1 + static_cast<unsigned>(random.next_u64() % FaultFileSystem::kAny);
  fault.code = kCodes[random.next_u64() % 3];
  fault.first = 1 + random.next_u64() % 250;
  fault.times = 1 + random.next_u64() % 9;
  fault.makes_short = random.next_u64() % 3 == 0;
  INFO(fault.in_words());
  if (const std::string wrong = fault_trial(seed, fault, policy); wrong != "untouched") {
    if (!wrong.empty()) FAIL(wrong);
  }
}

}  // namespace

TEST_CASE("a power cut at any operation loses nothing that was synced and invents nothing") {
  for_seeds(250, [](uint64_t seed) { cut_everywhere(seed, journal::SyncPolicy::kInterval); });
}

TEST_CASE("under kAlways a power cut at any operation loses nothing that append confirmed") {
  for_seeds(500, [](uint64_t seed) { cut_everywhere(seed, journal::SyncPolicy::kAlways); });
}

TEST_CASE("a thousand seeds, each with a power cut and then a fault at moments of its own") {
  for_seeds(1, try_seed);
}

TEST_CASE("seeds that have found something are tried for ever") {
  for (const uint64_t seed : {1420u, 1668u, 113504u, 208751u}) try_seed(seed);
}

TEST_CASE("under kNever a power cut at any operation leaves a journal that works") {
  for_seeds(125, [](uint64_t seed) {
    for (uint64_t cut_at = 1;; ++cut_at) {
      FaultFileSystem disk(seed + cut_at);
      journal::WriterOptions options = options_for(seed, journal::SyncPolicy::kNever);
      SeededRandom ids(seed);
      ManualClock clock;
      disk.cut_power_at(cut_at);
      uint64_t appended = 0;
      if (auto writer = journal::Writer::open(disk, "/j", options, clock, ids)) {
        while (appended < 60 && (*writer)->append(payload_of(appended + 1, appended))) ++appended;
      }
      const bool is_done = !disk.is_power_cut();
      disk.return_power();
      auto writer = value_of(journal::Writer::open(disk, "/j", options, clock, ids));
      const uint64_t next = value_of(writer->append("after"));
      INFO("seed " << seed << ", power cut at operation " << cut_at);
      for (const auto& [sequence, payload] : read_all(disk, "/j").records) {
        REQUIRE((sequence == next ? "after" : payload_of(sequence, sequence - 1)) == payload);
      }
      if (is_done) break;
    }
  });
}

TEST_CASE("a writer whose syncs do nothing is caught by the power cuts") {
  for (const Mutation mutation : {Mutation{true, false}, Mutation{false, true}}) {
    uint64_t caught = 0;
    for (uint64_t seed = 1; seed <= 5; ++seed) {
      for (uint64_t cut_at = 20; cut_at < 120; cut_at += 7) {
        const std::string violation = trial(seed, cut_at, journal::SyncPolicy::kInterval, mutation);
        if (!violation.empty() && violation != "done") ++caught;
      }
    }
    REQUIRE(caught > 5);
  }
}

TEST_CASE("an error at any operation loses no record, and the journal goes on when it is gone") {
  using Disk = FaultFileSystem;
  const std::pair<unsigned, int> faults[] = {
      {Disk::kAny, EIO},     {Disk::kWrite, ENOSPC},      {Disk::kWrite | Disk::kName, EDQUOT},
      {Disk::kSync, EIO},    {Disk::kSyncDirectory, EIO}, {Disk::kSync, ENOSPC},
      {Disk::kName, EACCES}, {Disk::kResize, EIO},        {Disk::kWrite, EIO},
  };
  // A different thirteenth of all moments for each kind, so that together they leave none out.
  const uint64_t stride = seeds() > 1000 ? 1 : 13;
  for_seeds(500, [&](uint64_t seed) {
    uint64_t begin = seed;
    for (const auto& [kinds, code] : faults) {
      for (const uint64_t times : {1u, 2u, 9u}) {
        for (uint64_t first = 1 + begin++ % stride; first < 400; first += stride) {
          const Fault fault{kinds, code, first, times, first % 5 == 0};
          INFO("seed " << seed << ", " << fault.in_words());
          const std::string wrong =
              fault_trial(seed, fault,
                          first % 4 == 0 ? journal::SyncPolicy::kAlways
                                         : journal::SyncPolicy::kInterval);
          if (wrong == "untouched") break;
          if (!wrong.empty()) FAIL(wrong);
        }
      }
    }
  });
}

}  // namespace gasoline::test

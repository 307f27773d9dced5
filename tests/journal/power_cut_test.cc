#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <iostream>

#include "journal/journal_model.h"

namespace gasoline::test {
namespace {

constexpr int kSteps = 120;

/// GASOLINE_JOURNAL_SEEDS=1000000 turns the loops below into a soak.
uint64_t seeds(uint64_t usual) {
  const char* asked = std::getenv("GASOLINE_JOURNAL_SEEDS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : usual;
}

journal::WriterOptions options_for(uint64_t seed, journal::SyncPolicy policy) {
  journal::WriterOptions options;
  options.segment_size_bytes = 500 + seed % 7 * 300;
  options.sync = policy;
  options.recycled_segments_max = static_cast<uint32_t>(seed % 3);
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

}  // namespace

TEST_CASE("a power cut at any operation loses nothing that was synced and invents nothing") {
  for (uint64_t seed = 1; seed <= seeds(6); ++seed) {
    cut_everywhere(seed, journal::SyncPolicy::kInterval);
  }
}

TEST_CASE("under kAlways a power cut at any operation loses nothing that append confirmed") {
  for (uint64_t seed = 1; seed <= seeds(3); ++seed) {
    cut_everywhere(seed, journal::SyncPolicy::kAlways);
  }
}

TEST_CASE("under kNever a power cut at any operation leaves a journal that works") {
  for (uint64_t seed = 1; seed <= seeds(8); ++seed) {
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
  }
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
  const uint64_t stride = std::getenv("GASOLINE_JOURNAL_SEEDS") != nullptr ? 1 : 13;
  for (uint64_t seed = 1; seed <= seeds(2); ++seed) {
    for (const auto& [kinds, code] : faults) {
      for (const uint64_t times : {1u, 2u, 9u}) {
        for (uint64_t first = 1; first < 400; first += stride) {
          FaultFileSystem disk(seed + first);
          must(io::make_directories(disk, "/state"));
          disk.make_transfers_short(first % 5 == 0);
          disk.fail(kinds, code, disk.operations() + first, times);
          const auto policy =
              first % 4 == 0 ? journal::SyncPolicy::kAlways : journal::SyncPolicy::kInterval;
          JournalModel model(disk, options_for(seed + first, policy), seed);
          INFO("seed " << seed << ", error " << code << " at operation " << first << ", kinds "
                       << kinds << ", times " << times);
          for (int i = 0; i < 10 && !model.open(); ++i) {
          }
          model.run(kSteps);
          const bool was_hit = disk.failures() > 0;
          disk.fail(0, 0, 0, 0);
          model.check_all_there();
          model.close();
          disk.return_power();
          model.check_after_power_cut();
          if (model.is_violated()) FAIL(model.violation());
          if (!was_hit) break;
        }
      }
    }
  }
}

}  // namespace gasoline::test

// The store against what one would write first: a deque of strings and a map of positions.
//
//   store_ingest [EVENTS] [uniform|zipf]
//
// Events have a mean message of 178 bytes, come from 20 sources and carry one of 100,000 ids.
// Prints events per second, resident memory, and what a timeline of an id costs.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"
#include "store_workload.h"

namespace gasoline {
namespace {

constexpr size_t kBatch = 1000;

double seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

class Baseline {
 public:
  void apply(const std::vector<event::Event>& events) {
    for (const event::Event& event : events) {
      by_id_[std::string(event.correlation_id)].push_back(kept_.size());
      kept_.push_back({event.timestamp_us, std::string(event.event_id), std::string(event.service),
                       std::string(event.message), std::string(event.correlation_id)});
    }
  }
  size_t lookup(const std::string& id) {
    std::vector<Kept> copy;
    for (const size_t at : by_id_[id]) copy.push_back(kept_[at]);
    std::stable_sort(copy.begin(), copy.end(),
                     [](const Kept& a, const Kept& b) { return a.timestamp_us < b.timestamp_us; });
    return copy.size();
  }

 private:
  struct Kept {
    int64_t timestamp_us;
    std::string event_id, service, message, correlation_id;
  };
  std::deque<Kept> kept_;
  std::unordered_map<std::string, std::vector<size_t>> by_id_;
};

/// What it took to take events in: without making them, but with all that threads behind did.
struct Spent {
  double wall_s = 0;
  double cpu_s = 0;         ///< of all threads
  double writer_cpu_s = 0;  ///< of the one that brings the events
};

template <typename Target>
Spent ingest(Target& target, StoreWorkload& workload, uint64_t events) {
  Spent spent;
  const double all_before = seconds(CLOCK_PROCESS_CPUTIME_ID);
  double making = 0;
  for (uint64_t done = 0; done < events; done += kBatch) {
    const double making_before = seconds(CLOCK_THREAD_CPUTIME_ID);
    const std::vector<event::Event>& batch = workload.next(kBatch);
    const double writer_before = seconds(CLOCK_THREAD_CPUTIME_ID);
    const double wall_before = seconds(CLOCK_MONOTONIC);
    target.apply(batch);
    spent.wall_s += seconds(CLOCK_MONOTONIC) - wall_before;
    spent.writer_cpu_s += seconds(CLOCK_THREAD_CPUTIME_ID) - writer_before;
    making += writer_before - making_before;
  }
  spent.cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - all_before - making;
  return spent;
}

std::string describe(const Spent& spent, uint64_t events) {
  const auto count = static_cast<double>(events) / 1e6;
  return fmt::format("{:.2f} M events/s (by wall clock {:.2f}; all threads on one core {:.2f})",
                     count / spent.writer_cpu_s, count / spent.wall_s, count / spent.cpu_s);
}

template <typename Lookup>
void measure_lookups(std::string_view name, const StoreWorkload& workload, Lookup lookup) {
  std::vector<double> us;
  size_t found = 0;
  SeededRandom random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::string& id = workload.id(random.next_u64() % StoreWorkload::kIds);
    const auto before = std::chrono::steady_clock::now();
    found += lookup(id);
    us.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - before)
            .count());
  }
  std::sort(us.begin(), us.end());
  fmt::print("  {}: timeline p50 {:.0f} us, p99 {:.0f} us, {:.1f} events each\n", name,
             us[us.size() / 2], us[us.size() * 99 / 100], static_cast<double>(found) / 2000);
}

double run_store(uint64_t events, bool zipf, const store::Options& options) {
  SystemClock clock;
  StoreWorkload workload(zipf);
  const double before_mib = resident_mib();
  store::Store store(options, clock);
  const Spent spent = ingest(store, workload, events);
  const store::Stats stats = store.stats();
  fmt::print(
      "store: {}, {:.0f} MiB more resident ({:.0f} MiB by its own count), "
      "{} events kept, {:.0f} B each\n",
      describe(spent, events), resident_mib() - before_mib,
      static_cast<double>(stats.resident_bytes) / (1 << 20), stats.events,
      static_cast<double>(stats.resident_bytes) / static_cast<double>(stats.events));
  measure_lookups("store", workload, [&](const std::string& id) {
    store::Query query;
    query.correlation_id = id;
    const Result<store::Answer> answer = store.timeline(query);
    return answer ? answer->events.size() : 0;
  });
  fmt::print("  {} blocks packed into {:.0f} MiB; {} unpacked for queries, {} found unpacked\n",
             stats.packed_blocks, static_cast<double>(stats.packed_bytes) / (1 << 20),
             store.stats().unpacked_misses, store.stats().unpacked_hits);
  fmt::print("store, full, so that each event evicts another: {}\n",
             describe(ingest(store, workload, events), events));
  return static_cast<double>(events) / spent.cpu_s;
}

double run_baseline(uint64_t events, bool zipf) {
  StoreWorkload workload(zipf);
  const double before_mib = resident_mib();
  Baseline baseline;
  const Spent spent = ingest(baseline, workload, events);
  fmt::print("deque of strings: {}, {:.0f} MiB more resident\n", describe(spent, events),
             resident_mib() - before_mib);
  measure_lookups("deque", workload, [&](const std::string& id) { return baseline.lookup(id); });
  return static_cast<double>(events) / spent.cpu_s;
}

/// Without packing: all in warm arenas, full, so that each event evicts another and no page is new.
void run_hot(uint64_t events) {
  SystemClock clock;
  StoreWorkload workload(false);
  store::Options options;
  options.events_max = events / 4;
  options.warm_bytes = UINT64_MAX / 4;
  store::Store store(options, clock);
  ingest(store, workload, events / 4);
  fmt::print("into warm arenas, nothing packed: {}\n",
             describe(ingest(store, workload, events), events));
}

/// A source that never stops, and one that said its thousand lines before.
void run_floor(uint64_t events) {
  SystemClock clock;
  StoreWorkload workload(false);
  store::Store store({}, clock);
  std::vector<event::Event> quiet = workload.next(1000);
  for (event::Event& event : quiet) event.service = "quiet";
  store.apply(quiet);
  for (uint64_t done = 0; done < events; done += kBatch) store.apply(workload.next(kBatch));
  store::Query query;
  query.services = {"quiet"};
  const Result<store::Answer> answer = store.timeline(query);
  fmt::print("after {} lines of others the quiet source has {} of its 1000\n", events,
             answer ? answer->events.size() : 0);
}

}  // namespace
}  // namespace gasoline

int main(int argc, char** argv) {
  using namespace gasoline;
  const uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  const bool zipf = argc > 2 && std::string_view(argv[2]) == "zipf";
  fmt::print("{} events, {} ids\n", events, zipf ? "zipf-distributed" : "uniform");
  store::Options options;
  options.bytes_max = uint64_t{1} << 30;  // so that the count is the bound, as for the baseline
  options.events_max = events;
  const double fast = run_store(events, zipf, options);
  const double plain = run_baseline(events, zipf);
  fmt::print("ratio store / deque: {:.2f}\n", fast / plain);
  run_hot(events);
  run_floor(5'000'000);
  return 0;
}

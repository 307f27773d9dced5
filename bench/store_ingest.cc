// The store against what one would write first: a deque of strings and a map of positions.
//
//   store_ingest [EVENTS] [uniform|zipf]
//
// Events have a mean message of 178 bytes, come from 20 sources and carry one of 100,000 ids.
// Prints events per second of one core, resident memory, and what a timeline of an id costs.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
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

namespace gasoline {
namespace {

constexpr uint64_t kIds = 100'000;
constexpr uint64_t kSources = 20;
constexpr size_t kBatch = 1000;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::string hex(uint64_t high, uint64_t low) {
  return fmt::format("{:016x}{:016x}", high, low);
}

/// Makes the same events each time it is built. A batch's text lives until the next one.
class Workload {
 public:
  explicit Workload(bool zipf) : zipf_(zipf), random_(1) {
    for (uint64_t i = 0; i < kIds; ++i) ids_.push_back(hex(i * 0x9e3779b97f4a7c15 + 1, i + 1));
    for (uint64_t i = 0; i < kSources; ++i) services_.push_back(fmt::format("service-{}", i));
    filler_.assign(400, 'x');
  }

  const std::vector<event::Event>& next(size_t count) {
    texts_.resize(count);
    event_ids_.resize(count);
    events_.resize(count);
    for (size_t i = 0; i < count; ++i) make(i);
    return events_;
  }
  const std::string& id(uint64_t i) const { return ids_[i]; }

 private:
  uint64_t pick_id() {
    const uint64_t number = random_.next_u64();
    if (!zipf_) return number % kIds;
    const double share = static_cast<double>(number >> 11) * 0x1p-53;
    return static_cast<uint64_t>(std::pow(static_cast<double>(kIds), share)) - 1;
  }

  void make(size_t i) {
    ++made_;
    texts_[i] =
        fmt::format("request {} of user_id={} took {} ms ", made_, made_ % 9973, made_ % 700);
    texts_[i].append(filler_, 0, 38 + random_.next_u64() % 200);
    event_ids_[i] = fmt::format("01JD{:022d}", made_);
    event::Event& event = events_[i];
    event = {};
    event.event_id = event_ids_[i];
    event.timestamp_us = start_us_ + static_cast<int64_t>(made_) * 10;
    event.receive_time_us = event.timestamp_us + 150;
    event.source = event::SourceKind::kStdout;
    event.service = services_[random_.next_u64() % kSources];
    event.message = texts_[i];
    event.correlation_id = ids_[pick_id()];
  }

  const bool zipf_;
  SeededRandom random_;
  const int64_t start_us_ = SystemClock().wall_us() - 3600 * int64_t{1'000'000};
  uint64_t made_ = 0;
  std::vector<std::string> ids_;
  std::vector<std::string> services_;
  std::string filler_;
  std::vector<std::string> texts_;
  std::vector<std::string> event_ids_;
  std::vector<event::Event> events_;
};

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

template <typename Target>
double ingest(Target& target, Workload& workload, uint64_t events) {
  double spent = 0;
  for (uint64_t done = 0; done < events; done += kBatch) {
    const std::vector<event::Event>& batch = workload.next(kBatch);
    const double before = cpu_seconds();
    target.apply(batch);
    spent += cpu_seconds() - before;
  }
  return spent;
}

template <typename Lookup>
void measure_lookups(std::string_view name, const Workload& workload, Lookup lookup) {
  std::vector<double> us;
  size_t found = 0;
  SeededRandom random(7);
  for (int i = 0; i < 2000; ++i) {
    const std::string& id = workload.id(random.next_u64() % kIds);
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
  Workload workload(zipf);
  const double before_mib = resident_mib();
  store::Store store(options, clock);
  const double spent = ingest(store, workload, events);
  const store::Stats stats = store.stats();
  fmt::print(
      "store: {:.2f} M events/s, {:.0f} MiB more resident ({:.0f} MiB by its own count), "
      "{} events kept, {:.0f} B each\n",
      static_cast<double>(events) / spent / 1e6, resident_mib() - before_mib,
      static_cast<double>(stats.resident_bytes) / (1 << 20), stats.events,
      static_cast<double>(stats.resident_bytes) / static_cast<double>(stats.events));
  measure_lookups("store", workload, [&](const std::string& id) {
    store::Query query;
    query.correlation_id = id;
    const Result<store::Answer> answer = store.timeline(query);
    return answer ? answer->events.size() : 0;
  });
  const double again = ingest(store, workload, events);
  fmt::print("store, full, so that each event evicts another: {:.2f} M events/s\n",
             static_cast<double>(events) / again / 1e6);
  return static_cast<double>(events) / spent;
}

double run_baseline(uint64_t events, bool zipf) {
  Workload workload(zipf);
  const double before_mib = resident_mib();
  Baseline baseline;
  const double spent = ingest(baseline, workload, events);
  fmt::print("deque of strings: {:.2f} M events/s, {:.0f} MiB more resident\n",
             static_cast<double>(events) / spent / 1e6, resident_mib() - before_mib);
  measure_lookups("deque", workload, [&](const std::string& id) { return baseline.lookup(id); });
  return static_cast<double>(events) / spent;
}

/// A source that never stops, and one that said its thousand lines before.
void run_floor(uint64_t events) {
  SystemClock clock;
  Workload workload(false);
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
  run_floor(5'000'000);
  return 0;
}

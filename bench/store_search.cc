// A search by expression over the whole store, against a text search of the same lines in a file.
//
//   store_search [EVENTS]
//
// The file is written to a temporary place and read once before, so that it is cached. The other
// side is rg where it is installed, else grep -E. Prints the time of each and the ratio, once with
// all events as they came and once with all but the newest packed: medians of rounds in turns. Both
// sides count all matches, and compile the expression first; ours reads the newest 100 of them too.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"
#include "store_workload.h"

namespace gasoline {
namespace {

constexpr size_t kBatch = 1000;

template <typename Work>
double seconds_of(Work work) {
  const auto before = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

/// The same lines in the store and in a file.
void fill(store::Store& store, std::FILE* file, uint64_t events) {
  StoreWorkload workload(false);
  for (uint64_t made = 0; made < events; made += kBatch) {
    const std::vector<event::Event>& batch = workload.next(kBatch);
    store.apply(batch);
    if (file == nullptr) continue;
    for (const event::Event& event : batch) {
      std::fprintf(file, "%.*s\n", static_cast<int>(event.message.size()), event.message.data());
    }
  }
}

size_t search(const store::Store& store, const std::string& regex) {
  const auto matcher = pattern::TextMatcher::compile(regex, false);
  if (!matcher) return 0;
  store::Search search;
  search.query.text = regex;
  search.query.limit = 100;
  search.counts_all = true;
  search.time_box_us = INT64_MAX / 2;
  const auto answer = store.search(search, *matcher);
  return answer ? answer->events_matched : 0;
}

double median_of(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace
}  // namespace gasoline

int main(int argc, char** argv) {
  using namespace gasoline;
  const uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000'000;
  std::string path = "/tmp/store_search_XXXXXX";
  const int fd = ::mkstemp(path.data());
  std::FILE* file = ::fdopen(fd, "w");
  if (file == nullptr) return 1;
  SystemClock clock;
  store::Options options;
  options.bytes_max = uint64_t{1} << 30;
  options.events_max = events;
  store::Store packed(options, clock);
  fill(packed, file, events);
  std::fclose(file);
  options.warm_bytes = UINT64_MAX / 4;
  store::Store warm(options, clock);
  fill(warm, nullptr, events);
  const bool has_rg = std::system("command -v rg >/dev/null") == 0;
  const std::string other = has_rg ? "rg -c" : "LC_ALL=C grep -cE";
  fmt::print("{} events; the other side: {}\n", events, other);
  for (const char* regex :
       {"NullPointerException", "order=[0-9]*777 in [0-9]+ ms",
        "(payment|billing) (failed|timed out) for user_id=4", "user_id=1234\\b",
        "[a-z]+ was rejected .*attempt 3"}) {
    // With /dev/null for its output, grep would stop at the first match.
    const std::string command = other + " '" + regex + "' " + path + " | cat >/dev/null";
    std::vector<double> rounds[3];
    size_t found = 0;
    for (int i = 0; i < 7; ++i) {
      rounds[0].push_back(seconds_of([&] {
        if (std::system(command.c_str()) < 0) std::abort();
      }));
      rounds[1].push_back(seconds_of([&] { found = search(warm, regex); }));
      rounds[2].push_back(seconds_of([&] { found = search(packed, regex); }));
    }
    const double theirs = median_of(rounds[0]);
    const double hot = median_of(rounds[1]);
    const double all = median_of(rounds[2]);
    fmt::print("  /{}/: {} found; {:.3f} s for the file; not packed {:.3f} s, ratio {:.2f}; packed "
               "{:.3f} s, ratio {:.2f}\n",
               regex, found, theirs, hot, hot / theirs, all, all / theirs);
  }
  ::unlink(path.c_str());
  return 0;
}

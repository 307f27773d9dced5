// A search by expression over the whole store, against a text search of the same lines in a file.
//
//   store_search [EVENTS]
//
// The file is written to a temporary place and read once before, so that it is cached. The other
// side is rg where it is installed, else grep -E. Prints the time of each and the ratio.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

namespace gasoline {
namespace {

constexpr size_t kBatch = 1000;
constexpr uint64_t kSources = 20;

template <typename Work>
double seconds_of(Work work) {
  const auto before = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
}

/// Lines of a mean of 178 bytes, in the store and in a file.
void fill(store::Store& store, std::FILE* file, uint64_t events) {
  SeededRandom random(1);
  const std::string filler(400, 'x');
  std::vector<std::string> texts(kBatch);
  std::vector<std::string> ids(kBatch);
  std::vector<std::string> services;
  for (uint64_t i = 0; i < kSources; ++i) services.push_back(fmt::format("service-{}", i));
  const int64_t start_us = SystemClock().wall_us() - int64_t{3600} * 1'000'000;
  for (uint64_t made = 0; made < events; made += kBatch) {
    std::vector<event::Event> batch(kBatch);
    for (size_t i = 0; i < kBatch; ++i) {
      const uint64_t n = made + i;
      texts[i] = fmt::format("request {} of user_id={} took {} ms ", n, n % 9973, n % 700);
      texts[i].append(filler, 0, 38 + random.next_u64() % 200);
      if (n % 100'003 == 0) texts[i] += " connection reset by peer";
      ids[i] = fmt::format("01JD{:022d}", n);
      batch[i].event_id = ids[i];
      batch[i].timestamp_us = batch[i].receive_time_us = start_us + static_cast<int64_t>(n) * 10;
      batch[i].service = services[random.next_u64() % kSources];
      batch[i].message = texts[i];
      std::fprintf(file, "%s\n", texts[i].c_str());
    }
    store.apply(batch);
  }
}

size_t search(const store::Store& store, const std::string& regex) {
  const auto matcher = pattern::TextMatcher::compile(regex, false);
  if (!matcher) return 0;
  store::Search search;
  search.query.text = regex;
  search.query.limit = store::Query::kLimitMax;
  search.time_box_us = INT64_MAX / 2;
  const auto answer = store.search(search, *matcher);
  return answer ? answer->page.events.size() : 0;
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
  store::Store store(options, clock);
  fill(store, file, events);
  std::fclose(file);
  const bool has_rg = std::system("command -v rg >/dev/null") == 0;
  const std::string other = has_rg ? "rg -c" : "LC_ALL=C grep -cE";
  fmt::print("{} events; the other side: {}\n", events, other);
  for (const char* regex : {"connection reset", "took 69[0-9] ms .*reset by peer",
                            "user_id=99(71|72) took [0-9]+ ms"}) {
    // With /dev/null for its output, grep would stop at the first match.
    const std::string command = other + " '" + regex + "' " + path + " | cat >/dev/null";
    double theirs = 1e9;
    double ours = 1e9;
    size_t found = 0;
    for (int i = 0; i < 3; ++i) {
      theirs = std::min(theirs, seconds_of([&] {
        if (std::system(command.c_str()) < 0) std::abort();
      }));
      ours = std::min(ours, seconds_of([&] { found = search(store, regex); }));
    }
    fmt::print("  /{}/: {} found in {:.3f} s, {:.3f} s for the file, ratio {:.2f}\n", regex, found,
               ours, theirs, ours / theirs);
  }
  ::unlink(path.c_str());
  return 0;
}

// What the journal costs against a plain write(2) of the same bytes to the same disk, interleaved
// in one run, since the disk of a shared machine changes its speed by the minute.
//
//   journal_append DIRECTORY [MEGABYTES] [ROUNDS]

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "io/real_file_system.h"
#include "journal/sync_thread.h"
#include "journal/writer.h"
#include "journal_bench.h"

namespace {

using gasoline::SystemClock;
using gasoline::SystemRandom;
using gasoline::io::RealFileSystem;
using namespace gasoline::bench;
using namespace gasoline::journal;

constexpr useconds_t kIntervalUs = 50'000;

/// What one way of writing took, of each round.
struct Figures {
  std::vector<double> wall_s;
  std::vector<double> cpu_s;

  void take(const std::function<void()>& work) {
    const double wall = now_s();
    const double cpu = gasoline::bench::cpu_s();
    work();
    wall_s.push_back(now_s() - wall);
    cpu_s.push_back(gasoline::bench::cpu_s() - cpu);
  }
};

void write_all(int fd, const std::string& text, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes; done += text.size()) {
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      die("write failed");
    }
  }
}

/// write(2) over a file that is already there. `is_synced`: fdatasync at the end, and every 50 ms on
/// a thread of its own, which is what the journal promises.
void plain_write(const std::string& path, const std::string& text, uint64_t bytes, bool is_synced) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  std::atomic<bool> is_done{!is_synced};
  std::thread syncing([&] {
    while (!is_done.load()) {
      ::usleep(kIntervalUs);
      ::fdatasync(fd);
    }
  });
  write_all(fd, text, bytes);
  if (is_synced) ::fdatasync(fd);
  is_done = true;
  syncing.join();
  ::close(fd);
}

/// The same bytes through tee(1) into a file.
void through_tee(const std::string& path, const std::string& text, uint64_t bytes) {
  FILE* tee = ::popen(("tee " + path + " > /dev/null").c_str(), "w");
  if (tee == nullptr) die("tee cannot be started");
  write_all(::fileno(tee), text, bytes);
  if (::pclose(tee) != 0) die("tee failed");
}

/// The same through a journal whose consumer keeps up, so that segments are recycled.
void journal_append(Writer& writer, const std::string& text, uint64_t bytes) {
  for (uint64_t done = 0; done < bytes; done += text.size()) {
    auto sequence = writer.append(text);
    if (!sequence) die(sequence.error().to_string());
    if (*sequence % 256 == 0 && !writer.release_before(*sequence)) die("release failed");
  }
  if (!writer.sync()) die("sync failed");
}

void print_row(const char* name, const Figures& figures, uint64_t bytes, size_t chunk,
               const Figures& journal) {
  const double records = static_cast<double>(bytes) / static_cast<double>(chunk);
  std::vector<double> ratios;
  for (size_t i = 0; i < figures.wall_s.size(); ++i) {
    ratios.push_back(figures.wall_s[i] / journal.wall_s[i]);
  }
  std::printf("  %-30s %7.0f MB/s %7.0f ns CPU a record   journal's throughput x%.2f\n", name,
              static_cast<double>(bytes) / median(figures.wall_s) / 1e6,
              median(figures.cpu_s) / records * 1e9, median(ratios));
}

void compare_throughput(const std::string& directory, uint64_t bytes, int rounds, size_t chunk,
                        SyncPolicy policy) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = policy;
  auto writer = Writer::open(files, directory + "/journal", options, clock, random);
  if (!writer) die(writer.error().to_string());
  const SyncThread syncing(**writer, {});
  const std::string text = text_of(chunk);
  const std::string file = directory + "/plain";
  // The first round makes the files and the segments that are then written over.
  plain_write(file, text, bytes, true);
  journal_append(**writer, text, bytes);
  Figures plain, synced, tee, ours;
  for (int round = 0; round < rounds; ++round) {
    plain.take([&] { plain_write(file, text, bytes, false); });
    ours.take([&] { journal_append(**writer, text, bytes); });
    synced.take([&] { plain_write(file, text, bytes, true); });
    tee.take([&] { through_tee(directory + "/tee", text, bytes); });
  }
  std::printf("records of %zu bytes, fsync=%s\n", chunk,
              policy == SyncPolicy::kInterval ? "interval" : "never");
  print_row("journal", ours, bytes, chunk, ours);
  print_row("write(2)", plain, bytes, chunk, ours);
  if (policy == SyncPolicy::kInterval) {
    print_row("write(2), fdatasync each 50 ms", synced, bytes, chunk, ours);
  }
  print_row("write(2) | tee FILE", tee, bytes, chunk, ours);
}

/// Appends per second of `threads` threads, each append durable on return.
double durable_appends(Writer& writer, int threads, int times) {
  const std::string text = text_of(120);
  const double begin = now_s();
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      for (int n = 0; n < times; ++n) {
        if (auto done = writer.append(text); !done) die(done.error().to_string());
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  return threads * times / (now_s() - begin);
}

double raw_fdatasyncs(const std::string& path, int times) {
  const std::string text = text_of(120);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const double begin = now_s();
  for (int i = 0; i < times; ++i) {
    if (::pwrite(fd, text.data(), text.size(), i * 120) < 0) die("write failed");
    ::fdatasync(fd);
  }
  const double took = now_s() - begin;
  ::close(fd);
  return times / took;
}

void compare_always(const std::string& directory, int rounds) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = SyncPolicy::kAlways;
  auto writer = Writer::open(files, directory + "/always", options, clock, random);
  if (!writer) die(writer.error().to_string());
  constexpr int kTimes = 200;
  std::printf("records of 120 bytes, fsync=always\n");
  for (const int threads : {1, 4, 16, 64}) {
    std::vector<double> raw, ours, ratios;
    for (int round = 0; round < rounds; ++round) {
      raw.push_back(raw_fdatasyncs(directory + "/plain", kTimes));
      ours.push_back(durable_appends(**writer, threads, kTimes));
      ratios.push_back(ours.back() / raw.back());
    }
    std::printf("  %2d threads: %7.0f appends/s, raw write(2) + fdatasync %6.0f /s   x%.2f\n",
                threads, median(ours), median(raw), median(ratios));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: journal_append DIRECTORY [MEGABYTES] [ROUNDS]");
  const std::string directory = std::string(argv[1]) + "/journal-bench";
  const uint64_t bytes = (argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 512) << 20;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  std::filesystem::create_directories(directory);
  compare_throughput(directory, bytes, rounds, 65536, SyncPolicy::kNever);
  compare_throughput(directory, bytes, rounds, 65536, SyncPolicy::kInterval);
  compare_throughput(directory, bytes / 8, rounds, 120, SyncPolicy::kInterval);
  compare_always(directory, rounds);
  std::filesystem::remove_all(directory);
  return 0;
}

// What the journal costs against a plain write(2) of the same bytes to the same disk, interleaved
// in one run, since the disk of a shared machine changes its speed by the minute.
//
//   journal_append DIRECTORY [MEGABYTES] [ROUNDS]

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "io/real_file_system.h"
#include "journal/reader.h"
#include "journal/sync_thread.h"
#include "journal/writer.h"

namespace {

using gasoline::SystemClock;
using gasoline::SystemRandom;
using gasoline::io::RealFileSystem;
using namespace gasoline::journal;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Processor time of all threads: what is left of a figure on a machine that others use as well.
double cpu_s() {
  timespec now;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "journal_append: %s\n", what.c_str());
  std::exit(1);
}

std::string text_of(size_t size) {
  std::string text;
  while (text.size() < size) text += "2026-11-21T05:00:00.000Z INFO request served in 12 ms ";
  text.resize(size);
  return text;
}

/// Bytes per second of write(2) over a file that is already there, with an fdatasync at the end.
double plain_write(const std::string& path, uint64_t bytes, size_t chunk, bool is_synced) {
  const std::string text = text_of(chunk);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const double begin = now_s();
  for (uint64_t done = 0; done < bytes; done += chunk) {
    if (::write(fd, text.data(), chunk) != static_cast<ssize_t>(chunk)) die("write failed");
  }
  if (is_synced) ::fdatasync(fd);
  const double took = now_s() - begin;
  ::close(fd);
  return static_cast<double>(bytes) / took;
}

/// The same through a journal whose consumer keeps up, so that segments are recycled.
double journal_append(Writer& writer, uint64_t bytes, size_t chunk, bool is_synced) {
  const std::string text = text_of(chunk);
  const double begin = now_s();
  for (uint64_t done = 0; done < bytes; done += chunk) {
    auto sequence = writer.append(text);
    if (!sequence) die(sequence.error().to_string());
    if (*sequence % 256 == 0 && !writer.release_before(*sequence)) die("release failed");
  }
  if (is_synced && !writer.sync()) die("sync failed");
  return static_cast<double>(bytes) / (now_s() - begin);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void compare_throughput(const std::string& directory, uint64_t bytes, int rounds, size_t chunk,
                        SyncPolicy policy, const char* name) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = policy;
  auto writer = Writer::open(files, directory + "/journal", options, clock, random);
  if (!writer) die(writer.error().to_string());
  const SyncThread syncing(**writer, {});
  const bool is_synced = policy != SyncPolicy::kNever;
  std::vector<double> plain, ours, ratios, plain_cpu, ours_cpu;
  for (int round = 0; round <= rounds; ++round) {
    const double begin = cpu_s();
    const double base = plain_write(directory + "/plain", bytes, chunk, is_synced);
    const double between = cpu_s();
    const double journal = journal_append(**writer, bytes, chunk, is_synced);
    const double end = cpu_s();
    if (round == 0) continue;  // makes the files and the segments that are then recycled
    plain.push_back(base);
    ours.push_back(journal);
    ratios.push_back(journal / base);
    const double records = static_cast<double>(bytes) / static_cast<double>(chunk);
    plain_cpu.push_back((between - begin) / records * 1e9);
    ours_cpu.push_back((end - between) / records * 1e9);
  }
  std::printf("%-24s %8zu B  write(2) %7.0f MB/s %6.0f ns  journal %7.0f MB/s %6.0f ns  x%.2f\n",
              name, chunk, median(plain) / 1e6, median(plain_cpu), median(ours) / 1e6,
              median(ours_cpu), median(ratios));
}

void compare_always(const std::string& directory, int rounds) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = SyncPolicy::kAlways;
  auto writer = Writer::open(files, directory + "/always", options, clock, random);
  if (!writer) die(writer.error().to_string());
  const std::string text = text_of(120);
  const int fd = ::open((directory + "/plain").c_str(), O_RDWR | O_CLOEXEC);
  constexpr int kTimes = 200;
  std::vector<double> raw, ours;
  for (int round = 0; round < rounds; ++round) {
    double begin = now_s();
    for (int i = 0; i < kTimes; ++i) {
      if (::pwrite(fd, text.data(), text.size(), i * 120) < 0) die("write failed");
      ::fdatasync(fd);
    }
    raw.push_back(kTimes / (now_s() - begin));
    begin = now_s();
    for (int i = 0; i < kTimes; ++i) {
      if (auto done = (*writer)->append(text); !done) die(done.error().to_string());
    }
    ours.push_back(kTimes / (now_s() - begin));
  }
  ::close(fd);
  std::printf("%-24s %8d B  fdatasync %6.0f /s    appends %6.0f /s\n", "always, one thread", 120,
              median(raw), median(ours));
}

void compare_reading(const std::string& directory, uint64_t bytes, size_t chunk) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = SyncPolicy::kNever;
  const std::string path = directory + "/read-" + std::to_string(chunk);
  {
    auto writer = Writer::open(files, path, options, clock, random);
    if (!writer) die(writer.error().to_string());
    const std::string text = text_of(chunk);
    for (uint64_t done = 0; done < bytes; done += chunk) {
      if (!(*writer)->append(text)) die("append failed");
    }
  }
  std::vector<char> buffer(512 * 1024);
  double begin = now_s();
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const int fd = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    while (::read(fd, buffer.data(), buffer.size()) > 0) {
    }
    ::close(fd);
  }
  const double plain = now_s() - begin;
  begin = now_s();
  uint64_t records = 0;
  auto reader = Reader::open(files, path);
  while (std::holds_alternative<Record>((*reader)->read_next())) ++records;
  const double ours = now_s() - begin;
  std::printf("%-24s %8zu B  read(2) %8.0f MB/s  journal %7.0f MB/s  time x%.2f  (%zu records)\n",
              "reading", chunk, static_cast<double>(bytes) / plain / 1e6,
              static_cast<double>(bytes) / ours / 1e6, ours / plain, static_cast<size_t>(records));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: journal_append DIRECTORY [MEGABYTES] [ROUNDS]");
  const std::string directory = std::string(argv[1]) + "/journal-bench";
  const uint64_t bytes = (argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 512) << 20;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 5;
  std::filesystem::create_directories(directory);
  compare_throughput(directory, bytes, rounds, 65536, SyncPolicy::kNever, "never");
  compare_throughput(directory, bytes, rounds, 65536, SyncPolicy::kInterval, "interval 50 ms");
  compare_throughput(directory, bytes / 16, rounds, 120, SyncPolicy::kInterval, "interval 50 ms");
  compare_always(directory, rounds);
  compare_reading(directory, bytes, 65536);
  compare_reading(directory, bytes, 120);
  std::filesystem::remove_all(directory);
  return 0;
}

// How long it takes to read a journal after a crash, against `cat` of the same files to /dev/null,
// interleaved in one run, all of it in the page cache.
//
//   journal_recovery DIRECTORY [MEGABYTES] [ROUNDS]

#include <filesystem>

#include "io/real_file_system.h"
#include "journal/reader.h"
#include "journal/writer.h"
#include "journal_bench.h"

namespace {

using gasoline::SystemClock;
using gasoline::SystemRandom;
using gasoline::io::RealFileSystem;
using namespace gasoline::bench;
using namespace gasoline::journal;

void make_journal(const std::string& path, uint64_t bytes, size_t chunk, uint64_t segment_size) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = SyncPolicy::kNever;
  options.segment_size_bytes = segment_size;
  auto writer = Writer::open(files, path, options, clock, random);
  if (!writer) die(writer.error().to_string());
  const std::string text = text_of(chunk);
  while ((*writer)->size_bytes() < bytes) {
    if (!(*writer)->append(text)) die("append failed");
  }
}

double cat_s(const std::string& path) {
  const double begin = now_s();
  if (std::system(("cat " + path + "/*.seg > /dev/null").c_str()) != 0) die("cat failed");
  return now_s() - begin;
}

/// Everything, in order, as a daemon reads its event log when it starts.
double read_s(const std::string& path) {
  RealFileSystem files;
  const double begin = now_s();
  auto reader = Reader::open(files, path);
  if (!reader) die(reader.error().to_string());
  uint64_t records = 0;
  while (std::holds_alternative<Record>((*reader)->read_next())) ++records;
  if (records == 0) die("nothing was read");
  return now_s() - begin;
}

/// What a writer does before its first append: it looks for the end of the newest segment.
double open_s(const std::string& path) {
  RealFileSystem files;
  SystemClock clock;
  SystemRandom random;
  WriterOptions options;
  options.sync = SyncPolicy::kNever;
  const double begin = now_s();
  auto writer = Writer::open(files, path, options, clock, random);
  if (!writer) die(writer.error().to_string());
  return now_s() - begin;
}

void compare(const std::string& directory, uint64_t bytes, int rounds, size_t chunk) {
  const std::string many = directory + "/many-" + std::to_string(chunk);
  const std::string one = directory + "/one-" + std::to_string(chunk);
  make_journal(many, bytes, chunk, WriterOptions{}.segment_size_bytes);
  make_journal(one, bytes, chunk, UINT64_MAX / 2);
  std::vector<double> cat, read, read_ratio, cat_one, open, open_ratio;
  for (int round = 0; round < rounds; ++round) {
    cat.push_back(cat_s(many));
    read.push_back(read_s(many));
    read_ratio.push_back(read.back() / cat.back());
    cat_one.push_back(cat_s(one));
    open.push_back(open_s(one));
    open_ratio.push_back(open.back() / cat_one.back());
  }
  const double gib = static_cast<double>(bytes) / (1u << 30);
  std::printf("records of %zu bytes, per GiB\n", chunk);
  std::printf("  read all:               cat %.3f s  journal %.3f s  x%.2f\n", median(cat) / gib,
              median(read) / gib, median(read_ratio));
  std::printf("  open, all one segment:  cat %.3f s  journal %.3f s  x%.2f\n",
              median(cat_one) / gib, median(open) / gib, median(open_ratio));
  std::filesystem::remove_all(many);
  std::filesystem::remove_all(one);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) die("usage: journal_recovery DIRECTORY [MEGABYTES] [ROUNDS]");
  const std::string directory = std::string(argv[1]) + "/journal-bench";
  const uint64_t bytes = (argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1024) << 20;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 7;
  std::filesystem::create_directories(directory);
  compare(directory, bytes, rounds, 65536);
  compare(directory, bytes, rounds, 120);
  std::filesystem::remove_all(directory);
  return 0;
}

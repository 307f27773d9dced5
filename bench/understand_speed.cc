// understand_speed FILE [MIB [NAME]]
//
// How fast one core understands the lines of FILE (plain text, or a corpus of labelled lines),
// replayed to MIB mebibytes (256). Every figure has its yardsticks from the same run, taken in
// turns: counting lines with memchr, the secret patterns alone over chunks of 64 KiB, masking alone
// line by line, and the whole.

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "event/json_text.h"
#include "understand/id_finder.h"
#include "understand/secret_finder.h"
#include "understand/understanding.h"
#include "understand_corpus.h"

namespace {

using namespace gasoline;

constexpr int kRounds = 3;

/// The lines, one buffer for the scans over chunks and one view each for the rest.
struct Lines {
  std::string bytes;
  std::vector<std::string_view> views;
};

Lines lines_of(const std::string& path, size_t size_bytes) {
  std::string once;
  if (Result<std::vector<bench::LabelledLine>> corpus = bench::read_corpus(path)) {
    for (const bench::LabelledLine& line : *corpus) {
      std::string clean;
      event::append_valid_utf8(clean, line.raw);
      std::replace(clean.begin(), clean.end(), '\n', ' ');
      // The few lines of up to 1 MiB would be most of the bytes: the mix is of lines.
      if (clean.size() < 8192) once += clean + "\n";
    }
  } else {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    event::append_valid_utf8(once, text.str());
  }
  Lines lines;
  if (once.empty()) return lines;
  if (once.back() != '\n') once.push_back('\n');
  while (lines.bytes.size() < size_bytes) lines.bytes += once;
  for (size_t at = 0; at < lines.bytes.size();) {
    const size_t end = lines.bytes.find('\n', at);
    lines.views.emplace_back(lines.bytes.data() + at, end - at);
    at = end + 1;
  }
  return lines;
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Contender {
  const char* name;
  std::function<size_t()> run;  // returns anything that depends on the work
  double best_seconds = 1e9;
};

size_t count_lines(const Lines& lines) {
  size_t count = 0;
  const char* at = lines.bytes.data();
  const char* const end = at + lines.bytes.size();
  while ((at = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)))) !=
         nullptr) {
    ++at;
    ++count;
  }
  return count;
}

size_t scan_chunks(const Lines& lines, const pattern::PatternSet& set, pattern::Scratch& scratch) {
  constexpr size_t kChunkBytes = 64 * 1024;
  size_t matches = 0;
  for (size_t at = 0; at < lines.bytes.size(); at += kChunkBytes) {
    set.scan(std::string_view(lines.bytes).substr(at, kChunkBytes), scratch,
             [&matches](uint32_t, size_t) {
               ++matches;
               return true;
             });
  }
  return matches;
}

size_t find_all_ids(const Lines& lines) {
  size_t found = 0;
  for (const std::string_view line : lines.views) {
    understand::Ids ids;
    understand::find_ids(line, 0, ids);
    found += ids.empty() ? 0u : 1u;
  }
  return found;
}

size_t understand_all(const Lines& lines, understand::Understanding& understanding) {
  Arena arena;
  size_t bytes = 0;
  size_t since_reset = 0;
  const auto expected = understanding.expect(lines.bytes);
  for (const std::string_view line : lines.views) {
    event::Event event;
    event.source = event::SourceKind::kStdout;
    event.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    event.event_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    event.timestamp_us = 1'795'228'700'000'000;
    event.message = line;
    understanding.understand(event, arena);
    understanding.join(event, arena);
    bytes += event.message.size() + event.metadata.size();
    if (++since_reset == 1000) {
      arena.reset();
      since_reset = 0;
    }
  }
  return bytes;
}

int run(const std::string& path, size_t size_bytes, std::string_view only) {
  const Lines lines = lines_of(path, size_bytes);
  SystemClock clock;
  DescriptorLog log(2, Severity::kWarn, clock);
  understand::Options no_masking;
  no_masking.mask_secrets = false;
  Result<std::unique_ptr<understand::Rules>> rules = understand::Rules::create({}, log);
  Result<std::unique_ptr<understand::Rules>> bare = understand::Rules::create(no_masking, log);
  if (lines.views.empty() || !rules || !bare) {
    std::fprintf(stderr, "understand_speed: nothing to read in %s\n", path.c_str());
    return 1;
  }
  Result<pattern::Scratch> scratch = (*rules)->secret_patterns()->make_scratch();
  understand::Understanding whole(**rules, clock);
  understand::Understanding unmasked(**bare, clock);
  Arena arena;
  std::vector<Contender> contenders;
  contenders.push_back({"memchr line count", [&] { return count_lines(lines); }});
  contenders.push_back({"secret patterns, 64 KiB chunks", [&] {
                          return scan_chunks(lines, *(*rules)->secret_patterns(), *scratch);
                        }});
  contenders.push_back({"masking, line by line", [&] {
                          size_t bytes = 0;
                          for (const std::string_view line : lines.views) {
                            bytes += whole.mask(line, arena).size();
                            arena.reset();
                          }
                          return bytes;
                        }});
  contenders.push_back({"ids alone", [&] { return find_all_ids(lines); }});
  contenders.push_back(
      {"understanding, no masking", [&] { return understand_all(lines, unmasked); }});
  contenders.push_back({"understanding, whole", [&] { return understand_all(lines, whole); }});
  // A profile of one part needs the others out of the way; the yardstick stays.
  std::erase_if(contenders, [&](const Contender& contender) {
    return &contender != contenders.data() &&
           std::string_view(contender.name).find(only) == std::string_view::npos;
  });
  size_t checksum = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (Contender& contender : contenders) {
      const double start = cpu_seconds();
      checksum += contender.run();
      contender.best_seconds = std::min(contender.best_seconds, cpu_seconds() - start);
    }
  }
  const double mib = static_cast<double>(lines.bytes.size()) / (1024.0 * 1024.0);
  const double count = static_cast<double>(lines.views.size());
  std::printf("%zu lines, %.0f MiB, %.0f bytes a line (checksum %zu)\n", lines.views.size(), mib,
              static_cast<double>(lines.bytes.size()) / count, checksum);
  for (const Contender& contender : contenders) {
    std::printf("%-32s %8.2f M lines/s %8.0f MiB/s %8.0f ns/line %7.1f x memchr\n", contender.name,
                count / contender.best_seconds / 1e6, mib / contender.best_seconds,
                contender.best_seconds / count * 1e9,
                contender.best_seconds / contenders.front().best_seconds);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: understand_speed FILE [MIB [NAME]]\n");
    return 2;
  }
  const size_t mib = argc > 2 ? static_cast<size_t>(std::strtoul(argv[2], nullptr, 10)) : 256;
  return run(argv[1], std::max<size_t>(mib, 1) * 1024 * 1024, argc > 3 ? argv[3] : "");
}

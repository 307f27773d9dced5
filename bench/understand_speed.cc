// understand_speed FILE [MIB [NAME]]
//
// How fast one core understands the lines of FILE (plain text, or a corpus of labelled lines),
// replayed to MIB mebibytes (256; the figures of docs/PERFORMANCE.md are of 1024). Every figure has
// its yardsticks from the same run, taken in turns, the best of three, in CPU time: `wc -l`, `grep
// -cE` for one id, the same patterns by Hyperscan and by RE2::Set, simdjson for JSON lines. With
// NAME only what has it in its name is measured, and what counts lines.
//
// Slow yardsticks see the first mebibytes only: the mix of lines is the same.

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
#include "understand/json_fields.h"
#include "understand/json_walk.h"
#include "understand/secret_finder.h"
#include "understand/understanding.h"
#include "understand_corpus.h"
#include "understand_yardsticks.h"

namespace {

using namespace gasoline;

constexpr int kRounds = 3;
constexpr size_t kSlowBytes = 4 << 20;
constexpr size_t kPaddingBytes = 64;  // behind the last line, for simdjson

/// The lines, one buffer for the scans over chunks and one view each for the rest.
struct Lines {
  std::string bytes;
  std::vector<std::string_view> views;

  double count() const { return static_cast<double>(views.size()); }
  double mib() const { return static_cast<double>(bytes.size()) / (1024.0 * 1024.0); }
};

std::string text_of(const std::string& path) {
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
  if (!once.empty() && once.back() != '\n') once.push_back('\n');
  return once;
}

Lines replayed(const std::string& once, size_t size_bytes) {
  Lines lines;
  if (once.empty()) return lines;
  lines.bytes.reserve(size_bytes + once.size() + kPaddingBytes);
  while (lines.bytes.size() < size_bytes) lines.bytes += once;
  for (size_t at = 0; at < lines.bytes.size();) {
    const size_t end = lines.bytes.find('\n', at);
    lines.views.emplace_back(lines.bytes.data() + at, end - at);
    at = end + 1;
  }
  return lines;
}

/// The lines that are one object of JSON.
std::string json_of(std::string_view text) {
  std::string json;
  Arena arena;
  understand::MetadataText metadata;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    understand::Reading reading;
    const size_t size = understand::read_json_object(line, {}, arena, reading, metadata);
    if (size > 0 && size == line.size()) json.append(line).push_back('\n');
  }
  return json;
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// One way to go through some lines.
struct Contender {
  const char* name;
  const Lines* lines;
  std::function<double()> seconds;  // of CPU time, for all of the lines
  double best_seconds = 1e9;

  double mib_per_s() const { return lines->mib() / best_seconds; }
};

class Contest {
 public:
  /// `run` returns anything that depends on the work.
  void add(const char* name, const Lines& lines, std::function<size_t()> run) {
    contenders_.push_back({name, &lines, [this, run = std::move(run)] {
                             const double start = cpu_seconds();
                             checksum_ += run();
                             return cpu_seconds() - start;
                           }});
  }
  void add_program(const char* name, const Lines& lines, const std::string& path,
                   std::vector<const char*> arguments) {
    arguments.push_back(nullptr);
    contenders_.push_back({name, &lines, [arguments = std::move(arguments), path] {
                             const double seconds = bench::run_program(arguments, path);
                             return seconds < 0 ? 1e9 : seconds;
                           }});
  }

  /// A profile of one part needs the others out of the way; the first one stays.
  void run(std::string_view only) {
    std::erase_if(contenders_, [&](const Contender& contender) {
      return &contender != contenders_.data() &&
             std::string_view(contender.name).find(only) == std::string_view::npos;
    });
    for (int round = 0; round < kRounds; ++round) {
      for (Contender& contender : contenders_) {
        contender.best_seconds = std::min(contender.best_seconds, contender.seconds());
      }
    }
  }

  void print() const {
    std::printf("(checksum %zu)\n", checksum_);
    for (const Contender& each : contenders_) {
      std::printf("%-44s %8.2f M lines/s %8.0f MiB/s %8.0f ns/line\n", each.name,
                  each.lines->count() / each.best_seconds / 1e6, each.mib_per_s(),
                  each.best_seconds / each.lines->count() * 1e9);
    }
  }

  /// How many times as fast one is as the other, a byte; nothing if not both have run.
  void print_ratio(const char* name, const char* yardstick) const {
    const Contender* const one = find(name);
    const Contender* const other = find(yardstick);
    if (one == nullptr || other == nullptr) return;
    std::printf("%-44s %8.2f x %s\n", name, one->mib_per_s() / other->mib_per_s(), yardstick);
  }

 private:
  const Contender* find(std::string_view name) const {
    const auto at = std::find_if(contenders_.begin(), contenders_.end(),
                                 [name](const Contender& each) { return each.name == name; });
    return at == contenders_.end() ? nullptr : &*at;
  }

  std::vector<Contender> contenders_;
  size_t checksum_ = 0;
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

size_t scan_lines(const Lines& lines, const pattern::PatternSet& set, pattern::Scratch& scratch) {
  size_t matches = 0;
  for (const std::string_view line : lines.views) {
    set.scan(line, scratch, [&matches](uint32_t, size_t) {
      ++matches;
      return true;
    });
  }
  return matches;
}

/// What simdjson's walk adds up, by our own.
class JsonSizes final : public understand::JsonWalk::Visitor {
 public:
  void scalar(const understand::JsonPlace&, understand::JsonType, std::string_view) override {}
  void member(std::string_view key, understand::JsonType, std::string_view raw, bool) override {
    sum_ += key.size() + raw.size();
  }
  size_t sum() const { return sum_; }

 private:
  size_t sum_ = 0;
};

size_t walk_json_lines(const Lines& lines) {
  JsonSizes sizes;
  for (const std::string_view line : lines.views) understand::JsonWalk::walk(line, sizes);
  return sizes.sum();
}

size_t read_json_lines(const Lines& lines) {
  Arena arena;
  understand::MetadataText metadata;
  size_t sum = 0;
  for (const std::string_view line : lines.views) {
    understand::Reading reading;
    metadata.clear();
    sum += understand::read_json_object(line, {}, arena, reading, metadata);
    sum += reading.message.size() + metadata.size();
    arena.reset();
  }
  return sum;
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

constexpr const char* kWhole = "understanding, whole";
constexpr const char* kIds = "ids alone";
constexpr const char* kIdsRe2 = "ids: RE2::Set of 15 patterns";
constexpr const char* kIdsHyperscan = "ids: Hyperscan, 15 patterns, line by line";
constexpr const char* kIdsChunks = "ids: Hyperscan, 15 patterns, chunks";
constexpr const char* kSecrets = "secrets: Hyperscan, 64 KiB chunks";
constexpr const char* kSecretsRe2 = "secrets: RE2::Set of the same patterns";
constexpr const char* kJsonWalk = "JSON lines: walk alone, all fields";
constexpr const char* kJson = "JSON lines: time, level, ids, message, rest";
constexpr const char* kJsonWhole = "JSON lines: understanding, whole";
constexpr const char* kSimdjson = "JSON lines: simdjson ondemand, all fields";
constexpr const char* kWc = "wc -l";
constexpr const char* kGrep = "grep -cE of one id";

/// What is measured, with all that it needs.
struct Bench {
  Bench(const understand::Rules& rules, const understand::Rules& bare, const Clock& clock)
      : secrets(*rules.secret_patterns()), whole(rules, clock), unmasked(bare, clock) {}

  void add_understanding(Contest& contest, const Lines& lines) {
    contest.add("masking, line by line", lines, [this, &lines] {
      size_t bytes = 0;
      for (const std::string_view line : lines.views) {
        bytes += whole.mask(line, arena).size();
        arena.reset();
      }
      return bytes;
    });
    contest.add("understanding, no masking", lines,
                [this, &lines] { return understand_all(lines, unmasked); });
    contest.add(kWhole, lines, [this, &lines] { return understand_all(lines, whole); });
  }

  void add_patterns(Contest& contest, const Lines& lines, const Lines& few) {
    contest.add(kSecrets, lines,
                [this, &lines] { return scan_chunks(lines, secrets, secret_scratch); });
    contest.add(kSecretsRe2, few, [this, &few] { return secrets_re2.count_matching(few.views); });
    contest.add(kIds, lines, [&lines] { return find_all_ids(lines); });
    contest.add(kIdsRe2, few, [this, &few] { return ids_re2.count_matching(few.views); });
    contest.add(kIdsHyperscan, few, [this, &few] { return scan_lines(few, ids, id_scratch); });
    contest.add(kIdsChunks, few, [this, &few] { return scan_chunks(few, ids, id_scratch); });
  }

  void add_json(Contest& contest, const Lines& json) {
    if (json.views.empty()) return;
    contest.add(kJsonWalk, json, [&json] { return walk_json_lines(json); });
    contest.add(kJson, json, [&json] { return read_json_lines(json); });
    contest.add(kJsonWhole, json, [this, &json] { return understand_all(json, whole); });
    contest.add(kSimdjson, json, [&json] { return bench::walk_by_simdjson(json.views); });
  }

  const pattern::PatternSet& secrets;
  pattern::Scratch secret_scratch = std::move(*secrets.make_scratch());
  pattern::PatternSet ids = std::move(*pattern::PatternSet::compile(bench::plain_id_patterns()));
  pattern::Scratch id_scratch = std::move(*ids.make_scratch());
  bench::Re2Set ids_re2{bench::plain_id_patterns()};
  bench::Re2Set secrets_re2{understand::secret_patterns()};
  understand::Understanding whole;
  understand::Understanding unmasked;
  Arena arena;
};

void print_ratios(const Contest& contest) {
  contest.print_ratio(kIds, kIdsRe2);
  contest.print_ratio(kIds, kIdsHyperscan);
  contest.print_ratio(kIds, kIdsChunks);
  contest.print_ratio(kSecrets, kSecretsRe2);
  contest.print_ratio(kJsonWalk, kSimdjson);
  contest.print_ratio(kJson, kSimdjson);
  contest.print_ratio(kJsonWhole, kSimdjson);
  contest.print_ratio(kWhole, kWc);
  contest.print_ratio(kWhole, kGrep);
  contest.print_ratio(kWhole, kSecrets);
}

int run(const std::string& path, size_t size_bytes, std::string_view only) {
  const std::string once = text_of(path);
  const Lines lines = replayed(once, size_bytes);
  const Lines few = replayed(once, std::min(size_bytes, kSlowBytes));
  const Lines json = replayed(json_of(once), size_bytes / 4);
  const bench::TemporaryFile file(only.empty() ? lines.bytes : std::string_view());
  SystemClock clock;
  DescriptorLog log(2, Severity::kWarn, clock);
  understand::Options no_masking;
  no_masking.mask_secrets = false;
  Result<std::unique_ptr<understand::Rules>> rules = understand::Rules::create({}, log);
  Result<std::unique_ptr<understand::Rules>> bare = understand::Rules::create(no_masking, log);
  if (lines.views.empty() || !rules || !bare || file.path().empty()) {
    std::fprintf(stderr, "understand_speed: nothing to read in %s\n", path.c_str());
    return 1;
  }
  Bench measured(**rules, **bare, clock);
  Contest contest;
  contest.add("memchr line count", lines, [&lines] { return count_lines(lines); });
  if (only.empty()) {
    contest.add_program(kWc, lines, file.path(), {"wc", "-l"});
    contest.add_program(kGrep, lines, file.path(),
                        {"grep", "-cE", "(request|trace)_?[iI]d[\"' ]*[=:][\"' ]*[0-9a-zA-Z-]{6,}"});
  }
  measured.add_patterns(contest, lines, few);
  measured.add_json(contest, json);
  measured.add_understanding(contest, lines);
  contest.run(only);
  std::printf("%zu lines, %.0f MiB, %.0f bytes a line; JSON lines have %.0f ", lines.views.size(),
              lines.mib(), static_cast<double>(lines.bytes.size()) / lines.count(),
              json.views.empty() ? 0.0 : static_cast<double>(json.bytes.size()) / json.count());
  contest.print();
  print_ratios(contest);
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

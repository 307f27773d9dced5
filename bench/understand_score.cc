// understand_score CORPUS.jsonl[.gz] [--misses] [--floors FILE]
//
// Recall and precision of understanding, over lines whose ids, times, levels, messages or secrets
// are known. Prints one line per measure; --misses adds every line that was read differently, and
// --floors makes the exit code 1 if a measure is below the one that FILE asks for.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "event/correlation_id.h"
#include "event/json_text.h"
#include "understand/understanding.h"
#include "understand_corpus.h"

namespace {

using namespace gasoline;
using bench::LabelledLine;

/// Hits among the lines to which a measure applies.
struct Measure {
  size_t hits = 0;
  size_t total = 0;
  void count(bool hit) {
    ++total;
    hits += hit ? 1 : 0;
  }
  double percent() const { return 100.0 * static_cast<double>(hits) / static_cast<double>(total); }
};

class Scores {
 public:
  explicit Scores(bool prints_misses) : prints_misses_(prints_misses) {}

  void count(const std::string& measure, bool hit, const LabelledLine& line,
             std::string_view wanted, std::string_view got) {
    measures_[measure].count(hit);
    if (hit || !prints_misses_) return;
    std::printf("MISS %s %s wanted=%.*s got=%.*s\n     %.*s\n", measure.c_str(), line.id.c_str(),
                static_cast<int>(wanted.size()), wanted.data(), static_cast<int>(got.size()),
                got.data(), static_cast<int>(std::min<size_t>(line.raw.size(), 400)),
                line.raw.data());
  }

  /// False, and said on stderr, if a measure of the file ("FLOOR MEASURE" a line) is below its
  /// floor, or was not measured.
  bool hold(const std::string& floors_path) const {
    std::ifstream file(floors_path);
    bool all_hold = static_cast<bool>(file);
    double floor = 0;
    for (std::string name; file >> floor && std::getline(file >> std::ws, name);) {
      const auto found = measures_.find(name);
      const double percent = found == measures_.end() ? 0.0 : found->second.percent();
      if (percent >= floor) continue;
      std::fprintf(stderr, "understand_score: %s: %.2f %% is below %.2f %%\n", name.c_str(), percent,
                   floor);
      all_hold = false;
    }
    return all_hold;
  }

  void print() const {
    for (const auto& [name, measure] : measures_) {
      std::printf("%-36s %6.2f %%  (%zu of %zu)\n", name.c_str(),
                  measure.percent(), measure.hits, measure.total);
    }
  }

 private:
  bool prints_misses_;
  std::map<std::string, Measure> measures_;
};

std::string normal(std::string_view id) {
  char buffer[event::kCorrelationIdSizeMax];
  const size_t size = event::normalize_correlation_id(id, buffer, sizeof buffer);
  return size > 0 ? std::string(buffer, size) : std::string(id);
}

bool same_id(const std::string& wanted, std::string_view got) {
  return !got.empty() && normal(wanted) == normal(got);
}

void score_ids(const LabelledLine& line, const event::Event& event, Scores& scores) {
  if (line.doubtful || line.is_secret_line) return;
  const std::string_view got = event.correlation_id;
  if (!line.correlation_id) {
    scores.count("id: null lines without an id", got.empty(), line, "", got);
    return;
  }
  bool right = same_id(*line.correlation_id, got);
  for (const std::string& other : line.accept) right = right || same_id(other, got);
  scores.count(line.standard ? "id: std, all" : "id: stretch, all", right, line,
               *line.correlation_id, got);
  scores.count((line.standard ? "id: std, " : "id: stretch, ") + line.id_context, right, line,
               *line.correlation_id, got);
  if (!got.empty())
    scores.count("id: given ids that are right", right, line, *line.correlation_id, got);
  if (!line.standard) return;
  if (line.trace_id) {
    const bool found = same_id(*line.trace_id, event.trace_id) || same_id(*line.trace_id, got) ||
                       same_id(*line.trace_id, event.request_id);
    scores.count("id: trace_id of std", found, line, *line.trace_id, event.trace_id);
  }
  if (line.request_id) {
    const bool found = same_id(*line.request_id, event.request_id) ||
                       same_id(*line.request_id, got) || same_id(*line.request_id, event.trace_id);
    scores.count("id: request_id of std", found, line, *line.request_id, event.request_id);
  }
  if (line.span_id) {
    scores.count("id: span_id of std", same_id(*line.span_id, event.span_id), line, *line.span_id,
                 event.span_id);
  }
}

void score_time(const LabelledLine& line, const event::Event& event, Scores& scores) {
  if (line.doubtful || line.is_secret_line) return;
  if (line.timestamp_assumed == "any") {
    scores.count("timestamp: stated", event.timestamp_stated, line, "any", "");
    return;
  }
  if (!line.timestamp_ms) {
    scores.count("timestamp: null lines without one", !event.timestamp_stated, line, "",
                 std::to_string(event.timestamp_us / 1000));
    return;
  }
  if (line.zone_minutes && line.timestamp_assumed == "tz") return;
  const int64_t got_ms = event.timestamp_stated ? event.timestamp_us / 1000 : 0;
  const int64_t apart =
      got_ms > *line.timestamp_ms ? got_ms - *line.timestamp_ms : *line.timestamp_ms - got_ms;
  scores.count("timestamp: stated", apart <= 1, line, std::to_string(*line.timestamp_ms),
               std::to_string(got_ms));
}

void score_level(const LabelledLine& line, const event::Event& event, Scores& scores) {
  if (line.doubtful || line.is_secret_line) return;
  const std::string_view got = event.level_stated ? event::to_string(event.level) : "";
  if (!line.level) {
    scores.count("level: null lines without one", got.empty(), line, "", got);
  } else {
    scores.count("level: stated", got == *line.level, line, *line.level, got);
  }
}

void score_message(const LabelledLine& line, const event::Event& event, Scores& scores) {
  if (line.doubtful || line.is_secret_line || !line.message) return;
  scores.count("message: clear ones", event.message == *line.message, line, *line.message,
               event.message);
}

void score_secrets(const LabelledLine& line, const event::Event& event, Scores& scores) {
  if (!line.is_secret_line) return;
  const std::string all = std::string(event.message) + "\n" + std::string(event.metadata);
  if (line.secrets.empty()) {
    scores.count("secrets: hard negatives unmasked", all.find("[redacted:") == std::string::npos,
                 line, line.negative_kind, event.message);
    return;
  }
  for (const LabelledLine::Secret& secret : line.secrets) {
    const std::string value = line.raw.substr(secret.start, secret.end - secret.start);
    // What is left of a secret is a leak, even a part.
    const std::string tail = value.substr(value.size() - std::min<size_t>(value.size(), 10));
    const std::string head = value.substr(std::min<size_t>(value.size() / 2, 8), 10);
    const bool masked = all.find(tail) == std::string::npos && all.find(head) == std::string::npos;
    scores.count("secrets: found", masked, line, secret.kind, event.message);
  }
}

/// Which lines are taken for parts of the event before them.
class JoinScore {
 public:
  void count(const LabelledLine& line, const event::Event& event, Scores& scores) {
    const bool is_same_variant = line.variant == variant_;
    const std::string before = is_same_variant ? head_ : "";
    const int64_t group_before = is_same_variant ? group_ : -1;
    variant_ = line.variant;
    group_ = line.group;
    constexpr std::string_view kKey = "\"continues\":\"";
    const size_t at = event.metadata.find(kKey);
    head_ = line.id;
    if (at != std::string_view::npos) {
      const std::string_view rest = event.metadata.substr(at + kKey.size());
      head_ = rest.substr(0, rest.find('"'));
    }
    if (line.doubtful || line.is_secret_line) return;
    if (!line.continues) {
      scores.count("join: first lines that stay so", head_ == line.id, line, line.id, head_);
    } else if (line.group >= 0 && line.group == group_before) {
      scores.count("join: later lines joined", head_ == before, line, before, head_);
    }
  }

 private:
  std::string variant_;
  std::string head_;
  int64_t group_ = -1;
};

int run(const std::string& path, const std::string& floors_path, bool prints_misses) {
  Result<std::vector<LabelledLine>> lines = bench::read_corpus(path);
  SystemClock clock;
  DescriptorLog log(2, Severity::kWarn, clock);
  Result<std::unique_ptr<understand::Rules>> rules = understand::Rules::create({}, log);
  if (!lines || !rules) {
    std::fprintf(stderr, "understand_score: %s\n",
                 (lines ? rules.error() : lines.error()).to_string().c_str());
    return 1;
  }
  understand::Understanding understanding(**rules, clock);
  Scores scores(prints_misses);
  Arena arena;
  JoinScore joins;
  int64_t read_us = clock.wall_us();
  for (const LabelledLine& line : *lines) {
    std::string raw;
    event::append_valid_utf8(raw, line.raw);
    event::Event event;
    event.event_id = line.id;
    event.source = event::SourceKind::kFile;
    const std::string_view tag = line.variant;
    event.tags = {&tag, 1};
    event.message = raw;
    // Read three seconds after it was printed, so that years and days can be filled in.
    if (line.timestamp_ms) read_us = *line.timestamp_ms * 1000 + 3'000'000;
    event.timestamp_us = read_us;
    understanding.understand(event, arena);
    understanding.join(event, arena);
    joins.count(line, event, scores);
    score_ids(line, event, scores);
    score_time(line, event, scores);
    score_level(line, event, scores);
    score_message(line, event, scores);
    score_secrets(line, event, scores);
    arena.reset();
  }
  scores.print();
  return floors_path.empty() || scores.hold(floors_path) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  bool prints_misses = false;
  std::string path;
  std::string floors_path;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--misses") == 0) {
      prints_misses = true;
    } else if (std::strcmp(argv[i], "--floors") == 0 && i + 1 < argc) {
      floors_path = argv[++i];
    } else {
      path = argv[i];
    }
  }
  if (path.empty()) {
    std::fprintf(stderr, "usage: understand_score CORPUS.jsonl[.gz] [--misses] [--floors FILE]\n");
    return 2;
  }
  return run(path, floors_path, prints_misses);
}

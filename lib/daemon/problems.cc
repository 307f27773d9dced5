#include "daemon/problems.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "base/quantity.h"
#include "daemon/followed_json.h"
#include "daemon/handlers.h"

namespace gasoline::daemon {
namespace {

constexpr uint64_t kDiskFreeMin = uint64_t{256} << 20;
constexpr size_t kGapsToldMax = 5;

LossCounts counts_of(const Context& context) {
  LossCounts counts{};
  const auto set = [&](Loss loss, uint64_t count) { counts[static_cast<size_t>(loss)] = count; };
  const Pipeline::Counters& pipeline = context.pipeline.counters();
  set(Loss::kBadEvents, pipeline.failed_events.load());
  set(Loss::kBadBodies, pipeline.bad_bodies.load());
  set(Loss::kRefusedBodies, pipeline.refused_bodies.load());
  set(Loss::kLogFailures, pipeline.log_failures.load());
  set(Loss::kDamagedRecords, context.log.damaged_records());
  set(Loss::kConnections, context.http_counters().connections_refused_total);
  set(Loss::kTimelines, context.queries.refused_total());
  set(Loss::kSearches, context.searches.refused_total());
  set(Loss::kTailReaders, context.tail.counters().readers_refused.load());
  set(Loss::kTailEvents, context.tail.counters().events_lost.load());
  if (const HeldRuns* held = context.held_runs()) {
    set(Loss::kHeldRefused, held->counters().refused);
    set(Loss::kHeldFailures, held->counters().failures);
  }
  if (const Adoption::Counters* adopted = context.adoption_counters()) {
    set(Loss::kSpools, adopted->failures.load());
  }
  set(Loss::kBelowFloor, context.store.stats().evicted_below_floor);
  return counts;
}

/// What is full at this moment, whether or not anything was refused for it.
void add_what_is_full(const Context& context, std::vector<Problem>& problems) {
  const Pipeline& pipeline = context.pipeline;
  const bool is_full = pipeline.queued_bytes() * 10 >= pipeline.options().queued_bytes_max * 9 ||
                       pipeline.queued_bodies() * 10 >= pipeline.options().queued_bodies_max * 9;
  if (is_full) {
    problems.push_back({"more events come in than can be taken in: their queue is full",
                        "it empties by itself when less comes; 'gasoline sources' shows who says most"});
  }
  struct statvfs disk{};
  if (::statvfs(context.state_directory.c_str(), &disk) != 0) return;
  const uint64_t left = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (left >= kDiskFreeMin) return;
  problems.push_back(
      {fmt::format("the disk of {}, with the event log and the spools, has {} left",
                   context.state_directory, format_size_bytes(left)),
       "free space there: when it is full nothing more is taken in, and then runs drop lines"});
}

/// Lines of runs that were never captured. What the daemon follows itself tells of its own losses.
void add_gaps(const store::Store& store, std::vector<Problem>& problems) {
  std::vector<store::SourceStats> sources = store.sources();
  std::erase_if(sources, [](const store::SourceStats& source) {
    return source.gaps == 0 || (source.kind != event::SourceKind::kStdout &&
                                source.kind != event::SourceKind::kStderr);
  });
  std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
    return a.last_gap_us > b.last_gap_us;
  });
  for (size_t i = 0; i < std::min(sources.size(), kGapsToldMax); ++i) {
    const store::SourceStats& source = sources[i];
    const std::string lines =
        source.gap_lines > 0 ? fmt::format("{} lines", source.gap_lines) : "lines";
    problems.push_back(
        {fmt::format("{} of {} were not captured: {}", lines, source.name, source.last_gap_reason),
         "free space for the spool, raise --spool-max, or run it with --lossless"});
  }
  if (sources.size() > kGapsToldMax) {
    problems.push_back({fmt::format("lines of {} more sources were not captured",
                                    sources.size() - kGapsToldMax),
                        "ask for their timelines, which have each gap in its place"});
  }
}

void add_configuration_problems(const ConfigurationState& configuration,
                                std::vector<Problem>& problems) {
  for (const std::string& error : configuration.errors) {
    problems.push_back({"the configuration was read again and refused: " + error,
                        "mend it and run 'gasoline config reload'; the one before is in force"});
  }
  if (configuration.needs_restart.empty()) return;
  problems.push_back({fmt::format("changed, and not in force before a restart: {}",
                                  fmt::join(configuration.needs_restart, ", ")),
                      "stop gasolined and start it again"});
}

void add_skew_problems(const ClockSkew& clock_skew, std::vector<Problem>& problems) {
  for (const skew::SkewBook::Pair& pair : clock_skew.pairs()) {
    if (pair.estimate.status != skew::SkewStatus::kLargeSkew) continue;
    const Recommendation recommendation = recommend(pair);
    std::string remedy = "run";
    for (const std::string& command : recommendation.commands) {
      remedy += (remedy.ends_with("run") ? " '" : ", '") + command + "'";
    }
    problems.push_back({recommendation.text, remedy + " on the machine whose clock is wrong"});
  }
}

}  // namespace

std::string remedy_for_source(std::string_view problem) {
  if (problem.find("ermission denied") != std::string_view::npos) {
    return "let the user that gasolined runs as read it (a group, or 'setfacl -m u:USER:r'); it is "
           "tried again all the time";
  }
  return "it is tried again all the time; nothing needs a restart";
}

std::vector<Problem> current_problems(const Context& context, LossMemory& memory) {
  std::vector<Problem> problems = context.problems;
  memory.add_problems(counts_of(context), context.clock.monotonic_us(), problems);
  add_what_is_full(context, problems);
  add_gaps(context.store, problems);
  add_followed_problems(context.sources.status(), problems);
  add_task_problems(context.supervisor, problems);
  add_configuration_problems(context.reload().state(), problems);
  add_skew_problems(context.clock_skew, problems);
  return problems;
}

}  // namespace gasoline::daemon

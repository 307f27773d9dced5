#include "daemon/followed_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kProblemsOfOneMax = 5;

std::string quoted(std::string_view text) {
  std::string json;
  event::append_json_string(json, text);
  return json;
}

std::string json_of(const source::Followed& followed) {
  return fmt::format(
      "{{\"name\":{},\"service\":{},\"state\":\"{}\",\"problem\":{},\"run_id\":{},"
      "\"offset_bytes\":{},\"size_bytes\":{},\"lines\":{}}}",
      quoted(followed.name), quoted(followed.service), source::to_string(followed.state),
      quoted(followed.problem), quoted(followed.run_id), followed.offset_bytes,
      followed.size_bytes, followed.lines);
}

}  // namespace

std::string followed_json(const std::vector<Sources::Status>& sources) {
  std::string json = "[";
  for (const Sources::Status& each : sources) {
    const source::Snapshot& snapshot = each.snapshot;
    std::vector<const source::Followed*> shown;
    for (const source::Followed& followed : snapshot.followed) shown.push_back(&followed);
    std::stable_partition(shown.begin(), shown.end(), [](const source::Followed* followed) {
      return followed->state == source::Followed::State::kFailing;
    });
    if (shown.size() > kFollowedShownMax) shown.resize(kFollowedShownMax);
    json += fmt::format(
        "{}{{\"name\":{},\"type\":\"{}\",\"note\":{},\"problem\":{},\"lines\":{},\"bytes\":{},"
        "\"lost_bytes\":{},\"losses\":{},\"waited_for_room\":{},\"count\":{},\"followed\":[",
        json.size() > 1 ? "," : "", quoted(each.source.name()), each.source.type(),
        quoted(snapshot.note), quoted(snapshot.problem), snapshot.lines, snapshot.bytes,
        snapshot.lost_bytes, snapshot.losses, snapshot.rejected_full, snapshot.followed.size());
    for (size_t i = 0; i < shown.size(); ++i) {
      if (i > 0) json += ',';
      json += json_of(*shown[i]);
    }
    json += "]}";
  }
  return json + "]";
}

void add_followed_problems(const std::vector<Sources::Status>& sources,
                           std::vector<Problem>& problems) {
  for (const Sources::Status& each : sources) {
    const std::string name = "source " + each.source.name() + ": ";
    if (!each.snapshot.problem.empty()) {
      problems.push_back({name + each.snapshot.problem, remedy_for_source(each.snapshot.problem)});
    }
    if (each.snapshot.losses > 0) {
      problems.push_back(
          {fmt::format("{}{} times lines were lost in a rotation, at least {} bytes", name,
                       each.snapshot.losses, each.snapshot.lost_bytes),
           "rotate by renaming ('create') instead of 'copytruncate'; see docs/ROTATION.md"});
    }
    size_t told = 0;
    for (const source::Followed& followed : each.snapshot.followed) {
      if (followed.state != source::Followed::State::kFailing) continue;
      if (++told > kProblemsOfOneMax) break;
      problems.push_back({name + followed.name + ": " + followed.problem,
                          remedy_for_source(followed.problem)});
    }
  }
}

}  // namespace gasoline::daemon

#include "daemon/clock_skew.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "event/json_text.h"
#include "store/metadata_member.h"

namespace gasoline::daemon {
namespace {

using skew::SkewBook;
using skew::SkewStatus;

constexpr std::string_view kNote =
    "A sample is the difference of the two clocks plus the time that the message took from one to "
    "the other, so the true skew is smaller by that one-way delay.";

std::string text_member(const event::Event& event, std::string_view name) {
  const std::string_view value = store::find_member(event.metadata, name);
  return value.starts_with('"') ? std::string(store::to_text(value)) : std::string();
}

std::string browser_clock(std::string_view client) {
  return client.empty() ? std::string("browser") : "browser:" + std::string(client);
}

std::string quoted(std::string_view text) {
  std::string json;
  event::append_json_string(json, text);
  return json;
}

void append_pair(std::string& to, const SkewBook::Pair& pair) {
  const skew::SkewEstimate& estimate = pair.estimate;
  to += fmt::format(
      "{{\"clock\":{},\"reference\":{},\"status\":\"{}\",\"samples\":{},\"outliers\":{},"
      "\"median_ms\":{:.3f},\"p50_ms\":{:.3f},\"p95_ms\":{:.3f},\"p99_ms\":{:.3f},"
      "\"std_dev_ms\":{:.3f},\"median_ci95_ms\":[{:.3f},{:.3f}],\"last_sample\":",
      quoted(pair.clock), quoted(pair.reference), to_string(estimate.status), estimate.samples,
      estimate.outliers, estimate.median, estimate.p50, estimate.p95, estimate.p99,
      estimate.std_dev, estimate.ci95_low, estimate.ci95_high);
  event::append_json_time_ms(to, pair.last_sample_us);
  const Recommendation recommendation = recommend(pair);
  to += fmt::format(",\"recommendation\":{},\"commands\":[", quoted(recommendation.text));
  for (size_t i = 0; i < recommendation.commands.size(); ++i) {
    to += (i > 0 ? "," : "") + quoted(recommendation.commands[i]);
  }
  to += "]}";
}

std::string skew_json(const std::vector<SkewBook::Pair>& pairs) {
  std::string text = fmt::format("{{\"algorithm\":{},\"note\":{},\"pairs\":[",
                                 quoted(skew::kAlgorithm), quoted(kNote));
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i > 0) text += ',';
    append_pair(text, pairs[i]);
  }
  return text + "]}";
}

/// By how much a clock is behind; this machine is the reference where there is a choice, else the
/// one that was heard of last.
std::optional<double> behind_ms(const std::vector<SkewBook::Pair>& pairs, const std::string& clock,
                                const std::string& this_clock) {
  const SkewBook::Pair* best = nullptr;
  for (const SkewBook::Pair& pair : pairs) {
    if (pair.clock != clock || !pair.estimate.can_correct()) continue;
    const bool is_better = best == nullptr || pair.reference == this_clock ||
                           (best->reference != this_clock &&
                            pair.last_sample_us > best->last_sample_us);
    if (is_better) best = &pair;
  }
  if (best == nullptr) return std::nullopt;
  return best->estimate.median;
}

}  // namespace

Recommendation recommend(const SkewBook::Pair& pair) {
  const double median = pair.estimate.median;
  const bool is_browser = pair.clock.starts_with("browser");
  const std::vector<std::string> commands = {"timedatectl status", "chronyc tracking",
                                             "sudo chronyc makestep"};
  const std::string direction =
      fmt::format("{} is {:.0f} ms {} {}", pair.clock, std::abs(median),
                  median >= 0 ? "behind" : "ahead of", pair.reference);
  switch (pair.estimate.status) {
    case SkewStatus::kInsufficientData:
      return {fmt::format("{} of {} samples so far; use the page a little more",
                          pair.estimate.samples, skew::kSamplesMax),
              {}};
    case SkewStatus::kUnstable:
      return {"the difference changes too much to correct by: look for a clock that is being "
              "stepped, a machine that sleeps, or a slow network",
              commands};
    case SkewStatus::kSynchronized:
      return {};
    case SkewStatus::kDetected:
      return {direction + "; order timelines with correct_skew=true, or synchronise both machines",
              commands};
    case SkewStatus::kLargeSkew:
      return {direction + (is_browser ? "; set the clock of the machine that the browser runs on"
                                      : "; synchronise both machines"),
              commands};
  }
  return {};
}

std::string ClockSkew::clock_of(const event::Event& event) const {
  if (event.source == event::SourceKind::kExtension) {
    return browser_clock(text_member(event, "client_id"));
  }
  const std::string host = text_member(event, "host");
  return host.empty() ? this_clock_ : "host:" + host;
}

void ClockSkew::note(std::span<const event::Event> events, int64_t sent_at_us) {
  if (!events.empty() && events.front().source == event::SourceKind::kExtension) {
    note_sent_at(events.front(), sent_at_us);
  }
  for (const event::Event& event : events) {
    if (event.metadata.find("client_skew_ms") != std::string_view::npos) note_client_skew(event);
  }
}

void ClockSkew::note_sent_at(const event::Event& first, int64_t sent_at_us) {
  if (sent_at_us == 0) {
    const std::string_view value = store::find_member(first.metadata, "sent_at");
    sent_at_us = store::to_time_us(value).value_or(0);
  }
  if (sent_at_us == 0) return;
  book_.add(clock_of(first), this_clock_,
            static_cast<double>(first.receive_time_us - sent_at_us) / 1000, first.receive_time_us);
}

void ClockSkew::note_client_skew(const event::Event& event) {
  if (event.source == event::SourceKind::kExtension) return;
  const std::string_view value =
      store::to_text(store::find_member(event.metadata, "client_skew_ms"));
  double skew_ms = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), skew_ms);
  if (error != std::errc() || end != value.data() + value.size()) return;
  book_.add(browser_clock(text_member(event, "client_id")), clock_of(event), skew_ms,
            event.receive_time_us);
}

void ClockSkew::correct(store::Answer& answer) const {
  const std::vector<SkewBook::Pair> pairs = book_.pairs();
  std::map<std::string, std::optional<double>> known;
  if (answer.extras.empty()) answer.extras.resize(answer.events.size());
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t i = 0; i < answer.events.size(); ++i) {
    const std::string clock = clock_of(answer.events[i]);
    const auto [at, is_new] = known.try_emplace(clock);
    if (is_new) at->second = behind_ms(pairs, clock, this_clock_);
    int64_t us = answer.events[i].timestamp_us;
    if (at->second) {
      us += std::llround(*at->second * 1000);
      answer.extras[i].corrected_us = us;
    }
    order.emplace_back(us, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<event::Event> events;
  std::vector<store::Answer::Extra> extras;
  std::vector<uint64_t> arrivals;
  for (const auto& [us, i] : order) {
    arrivals.push_back(answer.arrivals[i]);
    events.push_back(answer.events[i]);
    extras.push_back(std::move(answer.extras[i]));
  }
  answer.events = std::move(events);
  answer.extras = std::move(extras);
  answer.arrivals = std::move(arrivals);
}

std::string ClockSkew::json() const {
  return skew_json(book_.pairs());
}

std::string ClockSkew::json_for(const store::Answer& answer) const {
  std::vector<SkewBook::Pair> pairs = book_.pairs();
  if (pairs.empty()) return "null";
  std::vector<std::string> clocks;
  for (const event::Event& event : answer.events) {
    std::string clock = clock_of(event);
    if (std::find(clocks.begin(), clocks.end(), clock) == clocks.end()) {
      clocks.push_back(std::move(clock));
    }
  }
  std::erase_if(pairs, [&](const SkewBook::Pair& pair) {
    return std::find(clocks.begin(), clocks.end(), pair.clock) == clocks.end();
  });
  return pairs.empty() ? "null" : skew_json(pairs);
}

}  // namespace gasoline::daemon

#include "store/correlation_scope.h"

#include <algorithm>

#include "event/time_text.h"

namespace gasoline::store {
namespace {

constexpr int64_t kMinuteUs = 60'000'000;
constexpr size_t kMinuteTextSize = 17;  // 2026-11-21T05:10Z

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex_letter(char c) {
  return c >= 'a' && c <= 'f';
}

unsigned word_bits_x10(std::string_view word) {
  while (!word.empty() && word.front() == '0') word.remove_prefix(1);
  const auto digits = static_cast<size_t>(std::count_if(word.begin(), word.end(), is_digit));
  const auto hex = static_cast<size_t>(std::count_if(word.begin(), word.end(), is_hex_letter));
  unsigned each = 52;
  if (digits == word.size()) {
    each = 33;
  } else if (digits == 0) {
    each = 20;
  } else if (digits + hex == word.size()) {
    each = 40;
  }
  return each * static_cast<unsigned>(word.size());
}

/// The minute that an event falls in; rounds down before the epoch too.
int64_t minute_of(int64_t timestamp_us) {
  const int64_t minute = timestamp_us / kMinuteUs;
  return timestamp_us % kMinuteUs < 0 ? minute - 1 : minute;
}

std::string format_minute(int64_t start_us) {
  return event::format_rfc3339(start_us).substr(0, kMinuteTextSize - 1) + "Z";
}

bool parse_minute(std::string_view text, int64_t& start_us) {
  if (text.size() != kMinuteTextSize || text.back() != 'Z') return false;
  std::string whole(text.substr(0, kMinuteTextSize - 1));
  whole += ":00Z";
  return event::parse_iso8601(whole, start_us);
}

}  // namespace

unsigned variety_bits(std::string_view normal_id) noexcept {
  unsigned bits_x10 = 0;
  size_t at = 0;
  while (at < normal_id.size()) {
    const size_t begin = at;
    while (at < normal_id.size() && (is_digit(normal_id[at]) || is_letter(normal_id[at]))) ++at;
    bits_x10 += word_bits_x10(normal_id.substr(begin, at - begin));
    if (at < normal_id.size()) ++at;
  }
  return bits_x10 / 10;
}

std::string format_scoped_id(std::string_view id, const Scope& scope) {
  std::string text(id);
  text += '@';
  text += scope.service;
  text += '/';
  text += scope.run_id;
  text += '/';
  text += format_minute(scope.start_us);
  return text;
}

std::vector<ScopedId> parse_scoped_id(std::string_view text) {
  std::vector<ScopedId> readings;
  Scope scope;
  const size_t time_slash = text.rfind('/');
  if (time_slash == std::string_view::npos || time_slash == 0) return readings;
  if (!parse_minute(text.substr(time_slash + 1), scope.start_us)) return readings;
  const size_t run_slash = text.rfind('/', time_slash - 1);
  if (run_slash == std::string_view::npos) return readings;
  scope.run_id = text.substr(run_slash + 1, time_slash - run_slash - 1);
  const std::string_view front = text.substr(0, run_slash);
  for (size_t at = front.find('@'); at != std::string_view::npos; at = front.find('@', at + 1)) {
    if (at == 0) continue;
    scope.service = front.substr(at + 1);
    readings.push_back({std::string(front.substr(0, at)), scope});
  }
  return readings;
}

void ScopeCollector::add(std::string_view service, std::string_view run_id, int64_t timestamp_us) {
  if (events_ == kEventsMax) return;
  auto series = std::find_if(series_.begin(), series_.end(), [&](const Series& each) {
    return each.service == service && each.run_id == run_id;
  });
  if (series == series_.end()) {
    if (series_.size() == kSeriesMax) return;
    series_.push_back({std::string(service), std::string(run_id), {}});
    series = series_.end() - 1;
  }
  const int64_t minute = minute_of(timestamp_us);
  if (!series->minutes.empty() && series->minutes.back() == minute) return;
  series->minutes.push_back(minute);
  ++events_;
}

std::vector<Scope> ScopeCollector::scopes() const {
  std::vector<Scope> scopes;
  for (const Series& series : series_) {
    std::vector<int64_t> minutes = series.minutes;
    std::sort(minutes.begin(), minutes.end());
    int64_t end = INT64_MIN;
    for (const int64_t minute : minutes) {
      if (minute < end) continue;
      end = minute + kScopeSpanUs / kMinuteUs;
      scopes.push_back({series.service, series.run_id, minute * kMinuteUs});
    }
  }
  std::sort(scopes.begin(), scopes.end(),
            [](const Scope& a, const Scope& b) { return a.start_us > b.start_us; });
  if (scopes.size() > kScopesMax) scopes.resize(kScopesMax);
  return scopes;
}

}  // namespace gasoline::store

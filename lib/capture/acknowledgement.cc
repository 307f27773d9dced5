#include "capture/acknowledgement.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "event/json_scan.h"

namespace gasoline::capture {
namespace {

constexpr std::array<std::string_view, 4> kLevels{"\"memory\"", "\"written\"", "\"synced\"",
                                                  "\"replicated\""};

int64_t read_retry_after_us(const http::Response& response) {
  const std::string_view text = response.header("Retry-After");
  int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<int64_t>(seconds, 0, 3600) * 1'000'000;
}

/// Reads "1.2.3". False for anything else.
bool read_version(std::string_view text, std::array<int, 3>& version) {
  for (size_t i = 0; i < version.size(); ++i) {
    const char* end = text.data() + text.size();
    const auto [at, code] = std::from_chars(text.data(), end, version[i]);
    const bool is_last = i + 1 == version.size();
    if (code != std::errc() || (is_last ? at != end : at == end || *at != '.')) return false;
    text.remove_prefix(static_cast<size_t>(at - text.data()) + (is_last ? 0 : 1));
  }
  return true;
}

}  // namespace

bool is_older_version(std::string_view left, std::string_view right) {
  std::array<int, 3> older{};
  std::array<int, 3> newer{};
  return read_version(left, older) && read_version(right, newer) && older < newer;
}

Acknowledgement read_acknowledgement(const http::Response& response) {
  Acknowledgement answer;
  answer.retry_after_us = read_retry_after_us(response);
  answer.version = response.header("Gasoline-Version");
  if (response.status == 200) {
    const auto level = event::find_member(response.body, "ack");
    if (!level || std::find(kLevels.begin(), kLevels.end(), *level) == kLevels.end()) return answer;
    answer.verdict = Verdict::kTaken;
    const auto failed = event::find_member(response.body, "failed");
    if (failed && *failed != "[]") answer.failed = *failed;
    return answer;
  }
  if (response.status >= 500 || response.status == 429 || response.status == 408) {
    answer.verdict = Verdict::kLater;
    return answer;
  }
  const bool speaks_of_events =
      (response.status == 400 || response.status == 413 || response.status == 422) &&
      event::find_member(response.body, "code").has_value();
  if (speaks_of_events) answer.verdict = Verdict::kTooMuch;
  return answer;
}

}  // namespace gasoline::capture

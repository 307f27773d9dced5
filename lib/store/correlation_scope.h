#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::store {

/// How many bits of variety the text of a normalised id can hold, by its words: digits 3.3 each,
/// mixed hex 4, mixed letters and digits 5, letters alone 2 (they are names), leading zeros none.
unsigned variety_bits(std::string_view normal_id) noexcept;

/// Ids below this repeat by themselves ("req-1"): they are told apart by service, run and time.
inline constexpr unsigned kVarietyBitsMin = 48;
inline bool is_of_little_variety(std::string_view normal_id) noexcept {
  return variety_bits(normal_id) < kVarietyBitsMin;
}

inline constexpr int64_t kScopeSpanUs = int64_t{10} * 60 * 1'000'000;

/// One use of an id of little variety: within one service and run, from a whole minute on, for ten.
struct Scope {
  std::string service;
  std::string run_id;
  int64_t start_us = 0;

  bool contains(std::string_view event_service, std::string_view event_run,
                int64_t timestamp_us) const {
    return timestamp_us >= start_us && timestamp_us - start_us < kScopeSpanUs &&
           event_service == service && event_run == run_id;
  }
  bool operator==(const Scope&) const = default;
};

/// "req-1@auth/RUN/2026-11-21T05:10Z"
std::string format_scoped_id(std::string_view id, const Scope& scope);

/// All ways to read `text` as a scoped id, for ids and services may hold '@' and '/'; none for text
/// of another form.
struct ScopedId {
  std::string id;
  Scope scope;
};
std::vector<ScopedId> parse_scoped_id(std::string_view text);

/// Finds the scopes in a series of events of one id of little variety.
class ScopeCollector {
 public:
  static constexpr size_t kEventsMax = 100'000;
  static constexpr size_t kSeriesMax = 1000;
  static constexpr size_t kScopesMax = 100;

  void add(std::string_view service, std::string_view run_id, int64_t timestamp_us);
  /// The newest kScopesMax scopes, newest first. A scope begins at the minute of its first event.
  std::vector<Scope> scopes() const;

 private:
  struct Series {
    std::string service;
    std::string run_id;
    std::vector<int64_t> minutes;  // of its events, in order of adding
  };
  std::vector<Series> series_;
  size_t events_ = 0;
};

}  // namespace gasoline::store

#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "event/event.h"

namespace gasoline {

/// Events as services write them: a dozen kinds of messages with a mean of 178 bytes, full of
/// numbers, times, addresses and keys; from 20 sources; each with one of 100,000 random ids of 128
/// bits and an id of its own. The same events each time it is made.
class StoreWorkload {
 public:
  static constexpr uint64_t kIds = 100'000;
  static constexpr uint64_t kSources = 20;

  explicit StoreWorkload(bool is_zipf) : is_zipf_(is_zipf), random_(1) {
    for (uint64_t i = 0; i < kIds; ++i) ids_.push_back(hex() + hex());
    for (uint64_t i = 0; i < kSources; ++i) services_.push_back(fmt::format("service-{}", i));
  }

  /// The text of these events lives until the next call.
  const std::vector<event::Event>& next(size_t count) {
    texts_.resize(count);
    event_ids_.resize(count);
    correlation_ids_.resize(count);
    events_.resize(count);
    for (size_t i = 0; i < count; ++i) make(i);
    return events_;
  }
  const std::string& id(uint64_t i) const { return ids_[i]; }

 private:
  static constexpr std::array<std::string_view, 16> kNouns = {
      "payment", "billing",  "order",  "customer",  "inventory", "cart",    "session", "shipment",
      "invoice", "coupon",   "search", "warehouse", "gateway",   "profile", "catalog", "ranking"};
  static constexpr std::array<std::string_view, 8> kEnds = {
      "was accepted", "failed",    "timed out",  "was rejected",
      "was retried",  "completed", "was queued", "was cancelled"};
  static constexpr std::array<std::string_view, 6> kHosts = {
      "db-primary.internal:5432", "cache-2.internal:6379",     "kafka-0.internal:9092",
      "api.partner.example.com",  "auth.internal:8443", "queue.internal:5672"};

  uint64_t below(uint64_t bound) { return random_.next_u64() % bound; }
  std::string_view noun() { return kNouns[below(kNouns.size())]; }
  std::string_view end() { return kEnds[below(kEnds.size())]; }
  std::string_view host() { return kHosts[below(kHosts.size())]; }
  std::string hex() { return fmt::format("{:016x}", random_.next_u64()); }
  std::string address() {
    return fmt::format("10.{}.{}.{}", below(255), below(255), below(255));
  }

  std::string message() {
    switch (below(12)) {
      case 0:
        return fmt::format(
            "{} {} for user_id={} order={} in {} ms, attempt {} of 3, upstream {} answered {} with "
            "{} bytes after the connection had been idle for {} s",
            noun(), end(), below(100'000), below(1'000'000), below(4000), 1 + below(3), host(),
            200 + below(5) * 100, below(65'000), below(300));
      case 1:
        return fmt::format(
            "GET /api/v2/{}/{}?page={}&limit=50 HTTP/1.1 200 {} \"Mozilla/5.0 (X11; Linux x86_64) "
            "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\" {}.{:03} ms "
            "{}",
            noun(), below(1'000'000), below(90), below(90'000), below(900), below(1000), address());
      case 2:
        return fmt::format(
            "SELECT id, status, total_cents, created_at FROM {}_items WHERE {}_id = {} AND status "
            "IN ('open','pending') ORDER BY created_at DESC LIMIT 50 -- {} rows in {}.{:02} ms",
            noun(), noun(), below(1'000'000), below(50), below(90), below(100));
      case 3:
        return fmt::format(
            "java.lang.NullPointerException: Cannot invoke \"com.example.{}.Service.find(long)\" "
            "because \"this.{}Service\" is null at com.example.{}.Controller.handle("
            "Controller.java:{}) order={}",
            noun(), noun(), noun(), below(500), below(1'000'000));
      case 4:
        return fmt::format(
            "cache miss for key {}:{}:{}, loading from {} took {}.{:03} ms and the entry will "
            "expire in {} s; {} other readers were waiting for the same key",
            noun(), noun(), below(10'000'000), host(), below(90), below(1000), below(3600),
            below(20));
      case 5:
        return fmt::format(
            "published message {} to topic {}.events partition {} offset {} key={} in {} us; the "
            "queue holds {} messages and the slowest consumer is {} behind",
            below(1u << 31), noun(), below(24), below(1ull << 33), hex(), below(9000), below(4000),
            below(90'000));
      case 6:
        return fmt::format(
            "POST /api/v2/{} {} in {} ms user_id={} ip={} content_length={} tenant={}-{} "
            "region=eu-central-1 feature_flags=new-checkout,fast-search",
            noun(), 200 + below(5) * 100, below(3000), below(100'000), address(), below(100'000),
            noun(), below(40));
      case 7:
        return fmt::format(
            "retrying call to {} after {} ms because of connect ETIMEDOUT {}:443, circuit breaker "
            "is closed with {} failures of {} calls in the last 30 s",
            host(), below(4000), address(), below(5), below(900));
      case 8:
        return fmt::format(
            "validated token of user_id={} (issuer https://login.example.com/realms/main, audience "
            "{}-service, expires in {} s), scopes read:{} write:{} granted",
            below(100'000), noun(), below(3600), noun(), noun());
      case 9:
        return fmt::format(
            "rendered template {}/{}.html with {} partials and {} variables in {}.{:02} ms for "
            "locale de-DE; etag {}, the answer is {} bytes before and {} after gzip",
            noun(), noun(), below(30), below(200), below(90), below(100), hex(), below(90'000),
            below(20'000));
      case 10:
        return fmt::format(
            "{} worker {} picked up job {} of type {}.recalculate, waited {} ms in the queue, {} "
            "more jobs of this type are waiting behind it at priority {}",
            noun(), below(32), hex(), noun(), below(9000), below(500), below(10));
      default:
        return fmt::format(
            "{} {}: stock of sku-{} in warehouse {} went from {} to {} after reservation {} was "
            "confirmed by customer {} through the mobile app version 7.{}.{}",
            noun(), end(), below(1'000'000), below(40), below(900), below(900), below(10'000'000),
            below(1'000'000), below(30), below(10));
    }
  }

  uint64_t pick_id() {
    if (!is_zipf_) return below(kIds);
    const double share = static_cast<double>(random_.next_u64() >> 11) * 0x1p-53;
    return static_cast<uint64_t>(std::pow(static_cast<double>(kIds), share)) - 1;
  }

  void make(size_t i) {
    ++made_;
    event::Event& event = events_[i];
    event = {};
    event.timestamp_us = start_us_ + static_cast<int64_t>(made_) * 10;
    event.receive_time_us = event.timestamp_us + 150;
    texts_[i] = message();
    event_ids_[i] =
        view(make_ulid(static_cast<uint64_t>(event.timestamp_us / 1000),
                       static_cast<uint16_t>(random_.next_u64()), random_.next_u64()));
    event.event_id = event_ids_[i];
    event.source = event::SourceKind::kStdout;
    event.service = services_[below(kSources)];
    event.message = texts_[i];
    // As a decoder leaves it: where the rest of the event is.
    correlation_ids_[i] = ids_[pick_id()];
    event.correlation_id = correlation_ids_[i];
  }

  const bool is_zipf_;
  SeededRandom random_;
  const int64_t start_us_ = SystemClock().wall_us() - int64_t{3600} * 1'000'000;
  uint64_t made_ = 0;
  std::vector<std::string> ids_;
  std::vector<std::string> services_;
  std::vector<std::string> texts_;
  std::vector<std::string> event_ids_;
  std::vector<std::string> correlation_ids_;
  std::vector<event::Event> events_;
};

}  // namespace gasoline

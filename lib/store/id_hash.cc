#include "store/id_hash.h"

#include "base/bytes.h"
#include "event/correlation_id.h"

namespace gasoline::store {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr uint64_t kSeed = 0x9e3779b97f4a7c15;
constexpr uint64_t kSecret = 0xe7037ed1a0b428db;

/// The two halves of a 64x64 multiplication folded together (the mixing step of wyhash).
uint64_t fold(uint64_t a, uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t load_tail(const char* at, size_t size) {
  uint64_t value = 0;
  if (size != 0) std::memcpy(&value, at, size);
  return value;
}

void add_id(std::string_view id, EventIds& ids) {
  if (id.empty()) return;
  NormalId& normal = ids.ids[ids.count];
  normal.size = event::normalize_correlation_id(id, normal.bytes.data(), normal.bytes.size());
  if (normal.size == 0) return;
  for (size_t i = 0; i < ids.count; ++i) {
    if (ids.ids[i].text() == normal.text()) return;
  }
  ids.as_written[ids.count] = id;
  ++ids.count;
}

}  // namespace

uint64_t hash_bytes(std::string_view bytes) noexcept {
  uint64_t hash = kSeed ^ bytes.size();
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left > 16; at += 16, left -= 16) {
    hash = fold(load_le<uint64_t>(at) ^ kSecret, load_le<uint64_t>(at + 8) ^ hash);
  }
  const size_t first = left < 8 ? left : 8;
  const uint64_t low = load_tail(at, first);
  const uint64_t high = load_tail(at + first, left - first);
  hash = fold(low ^ kSecret, high ^ hash);
  hash = fold(hash ^ kSecret, kSeed);
  return hash == 0 ? 1 : hash;
}

bool EventIds::contains(std::string_view normal_id) const {
  for (size_t i = 0; i < count; ++i) {
    if (ids[i].text() == normal_id) return true;
  }
  return false;
}

void find_event_ids(const event::Event& event, EventIds& ids) noexcept {
  ids.count = 0;
  add_id(event.correlation_id, ids);
  if (event.trace_id != event.correlation_id) add_id(event.trace_id, ids);
  if (event.request_id != event.correlation_id) add_id(event.request_id, ids);
}

}  // namespace gasoline::store

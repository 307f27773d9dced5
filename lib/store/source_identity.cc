#include "store/source_identity.h"

#include <algorithm>
#include <array>

#include "store/id_hash.h"

namespace gasoline::store {
namespace {

constexpr std::array<std::string_view, 5> kPlaceTags = {
    "host:", "path:", "file:", "container:", "pod:"};

bool is_place(std::string_view tag) {
  return std::any_of(kPlaceTags.begin(), kPlaceTags.end(),
                     [&](std::string_view prefix) { return tag.starts_with(prefix); });
}

/// Calls `take` for each tag that says where the event's source is. A run's streams need no place.
template <typename Take>
void for_each_place(const event::Event& event, Take take) {
  if (!event.run_id.empty()) return;
  for (const std::string_view tag : event.tags) {
    if (is_place(tag)) take(tag);
  }
}

std::string place_of(const event::Event& event) {
  std::string place;
  for_each_place(event, [&](std::string_view tag) {
    if (!place.empty()) place += ' ';
    place += tag;
  });
  return place;
}

}  // namespace

bool SourceIdentity::is_of(const event::Event& event) const {
  if (event.source != kind || event.service != service || event.run_id != run_id) return false;
  std::string_view rest = place;
  bool same = true;
  for_each_place(event, [&](std::string_view tag) {
    same = same && rest.starts_with(tag);
    if (!same) return;
    rest.remove_prefix(tag.size());
    if (!rest.empty()) rest.remove_prefix(1);
  });
  return same && rest.empty();
}

bool SourceIdentity::has_tags(const event::Event& event) const {
  return std::equal(event.tags.begin(), event.tags.end(), tag_views.begin(), tag_views.end());
}

uint64_t source_hash(const event::Event& event) noexcept {
  uint64_t hash = hash_bytes(event.service) ^ (hash_bytes(event.run_id) * 3) ^
                  (static_cast<uint64_t>(event.source) + 1) * 0x9e3779b97f4a7c15;
  for_each_place(event, [&](std::string_view tag) { hash = hash * 31 + hash_bytes(tag); });
  return hash == 0 ? 1 : hash;
}

std::shared_ptr<const SourceIdentity> make_identity(const event::Event& event) {
  auto identity = std::make_shared<SourceIdentity>();
  identity->kind = event.source;
  identity->service = event.service;
  identity->run_id = event.run_id;
  identity->place = place_of(event);
  identity->name = event::to_string(event.source);
  if (!event.service.empty()) identity->name += ":" + identity->service;
  identity->tags.assign(event.tags.begin(), event.tags.end());
  identity->tag_views.assign(identity->tags.begin(), identity->tags.end());
  identity->hash = source_hash(event);
  return identity;
}

}  // namespace gasoline::store

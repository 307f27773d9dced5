#include "store/source_identity.h"

#include <algorithm>
#include <array>

#include "store/id_hash.h"
#include "store/metadata_member.h"

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

/// Where a followed file is, as the source that follows it says at the beginning of the metadata of
/// each line; nothing for other events.
struct FilePlace {
  std::string_view host;
  std::string_view path;

  explicit operator bool() const { return !path.empty(); }
};

FilePlace file_place_of(const event::Event& event) {
  if (event.run_id.empty()) return {};
  // Also of a container whose log files are followed.
  const bool is_local = event.source == event::SourceKind::kFile ||
                        (event.source == event::SourceKind::kContainer &&
                         event.run_id.starts_with("file-"));
  if (is_local && event.metadata.starts_with("\"path\":\"")) {
    return {{}, to_text(find_member(event.metadata, "path"))};
  }
  if (event.source == event::SourceKind::kSsh && event.metadata.starts_with("\"host\":\"")) {
    return {to_text(find_member(event.metadata, "host")),
            to_text(find_member(event.metadata, "file"))};
  }
  return {};
}

std::string text_of(const FilePlace& file) {
  std::string place;
  if (!file.host.empty()) place.append("host:").append(file.host).append(" ");
  return place.append("path:").append(file.path);
}

/// True if `place` is text_of(file). Allocates nothing.
bool is_text_of(std::string_view place, const FilePlace& file) {
  const auto take = [&place](std::string_view piece) {
    if (!place.starts_with(piece)) return false;
    place.remove_prefix(piece.size());
    return true;
  };
  if (!file.host.empty() && !(take("host:") && take(file.host) && take(" "))) return false;
  return take("path:") && place == file.path;
}

std::string place_of(const event::Event& event) {
  if (const FilePlace file = file_place_of(event)) return text_of(file);
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
  if (!run_id.empty()) return true;
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

bool SourceIdentity::is_of_source_of(const event::Event& event) const {
  if (is_of(event)) return true;
  if (!has_generations || event.source != kind || event.service != service) return false;
  const FilePlace file = file_place_of(event);
  return file && is_text_of(place, file);
}

bool SourceIdentity::has_tags(const event::Event& event) const {
  return std::equal(event.tags.begin(), event.tags.end(), tag_views.begin(), tag_views.end());
}

uint64_t source_hash(const event::Event& event) noexcept {
  const FilePlace file = file_place_of(event);
  uint64_t hash = hash_bytes(event.service) ^
                  (static_cast<uint64_t>(event.source) + 1) * 0x9e3779b97f4a7c15;
  hash ^= file ? (hash_bytes(file.host) * 31 + hash_bytes(file.path)) * 5
               : hash_bytes(event.run_id) * 3;
  for_each_place(event, [&](std::string_view tag) { hash = hash * 31 + hash_bytes(tag); });
  return hash == 0 ? 1 : hash;
}

std::shared_ptr<const SourceIdentity> make_identity(const event::Event& event,
                                                    const SourceIdentity* before) {
  auto identity = std::make_shared<SourceIdentity>();
  identity->kind = event.source;
  identity->service = event.service;
  identity->run_id = event.run_id;
  identity->place = place_of(event);
  identity->has_generations = static_cast<bool>(file_place_of(event));
  identity->name = event::to_string(event.source);
  if (!event.service.empty()) identity->name += ":" + identity->service;
  identity->tags.assign(event.tags.begin(), event.tags.end());
  identity->tag_views.assign(identity->tags.begin(), identity->tags.end());
  identity->hash = source_hash(event);
  identity->dictionary =
      before == nullptr ? std::make_shared<TextDictionary>() : before->dictionary;
  return identity;
}

}  // namespace gasoline::store

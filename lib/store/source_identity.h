#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "store/text_packer.h"

namespace gasoline::store {

/// What tells one source from another, and what its events share and need not repeat. Immutable but
/// for the dictionary.
///
/// A source is one stream of one run; a file that is followed, here or on another host, with one
/// service under one path; or else one kind and service at one place, where the place is what the
/// tags host:, path:, file:, container: and pod: say. A followed file has an origin (`run_id`) for
/// each of its generations, and an identity for each, which differ in nothing but run and tags.
struct SourceIdentity {
  event::SourceKind kind = event::SourceKind::kApi;
  std::string service;
  std::string run_id;
  std::string place;  ///< "host:db1 path:/var/log/x"; empty for a run
  bool has_generations = false;  ///< it is one of those that a followed file has had or will have
  std::string name;                         ///< "stdout:auth"; "stdout" without a service
  std::vector<std::string> tags;            ///< of the source's first event
  std::vector<std::string_view> tag_views;  ///< into tags
  uint64_t hash = 0;                        ///< the same for all generations
  /// Made while the source's blocks are packed; one for all generations.
  std::shared_ptr<TextDictionary> dictionary;

  /// True if it is the identity of the event's source, and of the generation that the event is of.
  bool is_of(const event::Event& event) const;
  /// True if the event is of this source, of whatever generation.
  bool is_of_source_of(const event::Event& event) const;
  bool is_same_source(const SourceIdentity& other) const { return dictionary == other.dictionary; }
  bool has_tags(const event::Event& event) const;
};

/// A hash over what makes the identity. Allocates nothing.
uint64_t source_hash(const event::Event& event) noexcept;

/// The identity of the source that `event` is the first of; or, where `before` is not null, of the
/// generation of that source that it is the first of.
std::shared_ptr<const SourceIdentity> make_identity(const event::Event& event,
                                                    const SourceIdentity* before = nullptr);

}  // namespace gasoline::store

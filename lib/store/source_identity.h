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
/// A source is one stream of one run; without a run, one kind and service at one place, where the
/// place is what the tags host:, path:, file:, container: and pod: say.
struct SourceIdentity {
  event::SourceKind kind = event::SourceKind::kApi;
  std::string service;
  std::string run_id;
  std::string place;                        ///< "host:db1 path:/var/log/x"; empty for a run
  std::string name;                         ///< "stdout:auth"; "stdout" without a service
  std::vector<std::string> tags;            ///< of the source's first event
  std::vector<std::string_view> tag_views;  ///< into tags
  uint64_t hash = 0;
  mutable TextDictionary dictionary;  ///< made while the source's blocks are packed

  bool is_of(const event::Event& event) const;
  bool has_tags(const event::Event& event) const;
};

/// A hash over what makes the identity. Allocates nothing.
uint64_t source_hash(const event::Event& event) noexcept;

/// The identity of the source that `event` is the first of.
std::shared_ptr<const SourceIdentity> make_identity(const event::Event& event);

}  // namespace gasoline::store

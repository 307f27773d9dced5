#pragma once

#include <optional>
#include <string_view>

namespace gasoline::event {

/// The raw text of a member of a JSON object; nullopt if `json` is no object or has no such member.
///
/// For the few places that need one value of a small document and must not load a JSON library for
/// it (the wrapper's start). Looks at structure only: what it passes over may be malformed.
/// Allocates nothing.
std::optional<std::string_view> find_member(std::string_view json, std::string_view name);

}  // namespace gasoline::event

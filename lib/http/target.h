#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace gasoline::http {

/// A request target taken apart.
struct Target {
  std::string path;           ///< decoded; "*" for OPTIONS *
  std::string authority;      ///< of an absolute target ("http://host:port/path"), else empty
  std::vector<Header> query;  ///< decoded
};

/// At most this many query parameters.
inline constexpr size_t kQueryParametersMax = 256;

/// Reads origin form ("/path?query"), absolute form and "*". nullopt for any other form, for broken
/// percent escapes, for a NUL in the path and for too many parameters.
std::optional<Target> parse_target(std::string_view target);

/// Appends `text` with %XX and, if asked, "+" decoded. False for a broken escape.
bool append_percent_decoded(std::string& to, std::string_view text, bool plus_is_space);

}  // namespace gasoline::http

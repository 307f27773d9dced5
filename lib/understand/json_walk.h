#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace gasoline::understand {

enum class JsonType : uint8_t { kString, kNumber, kTrue, kFalse, kNull, kObject, kArray };

/// Where a scalar stands.
struct JsonPlace {
  size_t depth;             ///< 1 for members of the outermost object
  std::string_view parent;  ///< the key of the object that holds the member; empty at depth 1
  std::string_view key;
  bool in_array;  ///< it, or an object around it, is an element of an array
};

/// Reads one JSON object strictly (RFC 8259, and halves of surrogate pairs are refused), in one
/// pass, without building anything.
///
/// The text of strings and keys is given without quotes and with its escapes as written: most have
/// none. Strings must be valid UTF-8 already; their bytes are not looked at for that.
class JsonWalk {
 public:
  static constexpr size_t kDepthMax = 64;

  /// Takes what the walk finds.
  class Visitor {
   public:
    /// A string, number, true, false or null that is a member of an object, or the first element of
    /// an array that is one.
    virtual void scalar(const JsonPlace& place, JsonType type, std::string_view value) = 0;
    /// A whole member of the outermost object, after its scalar() calls. `raw` is its value as
    /// written, with quotes. It is `portable` if it holds no number that common readers refuse:
    /// integers beyond 64 bits, exponents beyond those of a double.
    virtual void member(std::string_view key, JsonType type, std::string_view raw,
                        bool portable) = 0;

   protected:
    ~Visitor() = default;
  };

  /// Reads the object that `text` begins with. Returns the offset behind it, or 0 if the text does
  /// not begin with a well-formed object of at most kDepthMax levels; what the visitor was told
  /// until then is void.
  static size_t walk(std::string_view text, Visitor& visitor);
};

/// The meaning of a JSON string's inside: `raw` itself if it holds no escape, else a copy in
/// `arena`. An escape that stands for half a surrogate pair becomes U+FFFD.
std::string_view unescape_json(std::string_view raw, Arena& arena);

}  // namespace gasoline::understand

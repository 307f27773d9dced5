#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pattern/pattern_set.h"

namespace gasoline::understand {

/// Of which bytes a secret consists, and how its end is found.
enum class SecretForm : uint8_t {
  kAlnum,  ///< letters and digits
  kToken,  ///< letters, digits, _ and -
  kHex,
  kBase64,      ///< letters, digits, + / = and JSON's \/
  kDotted,      ///< letters, digits, _ - . ~ + / =
  kUrlPath,     ///< kDotted and : % @, up to a blank or quote
  kValue,       ///< the value of a field that is named for a secret: quoted, or up to a separator
  kCredential,  ///< like kValue, but must look random: for names that often mean something else
  kBlob,        ///< like kValue, but base64 of many bits: for names that end in "key"
  kUrlPassword,
  kDsnPassword,  ///< stands before the trigger's end: user:PASSWORD@tcp(
  kCookies,      ///< pairs, masked together if one of their values may be a secret
  kJwt,
  kPem
};

/// One kind of secret: a pattern that leads to it, and what it must look like.
struct SecretKind {
  std::string_view kind;     ///< stands in the mask: "[redacted:kind]"
  std::string_view trigger;  ///< Hyperscan pattern that ends in or just before the secret
  uint8_t lead;  ///< the last `lead` bytes of the trigger's match are the secret's first
  SecretForm form;
  uint16_t size_min;  ///< of the whole secret
  uint16_t size_max;  ///< a longer one is something else
  bool caseless = false;
  uint8_t before = 0;  ///< so many bytes before those `lead` are the secret's too, and of its form
};

/// All kinds; a kind's index is its pattern's id. Triggers begin with literals: see pattern_set.h.
std::span<const SecretKind> secret_kinds();

/// The names of all kinds, each once.
std::vector<std::string> secret_kind_names();

/// The triggers, ready to compile.
std::vector<pattern::Pattern> secret_patterns();

}  // namespace gasoline::understand

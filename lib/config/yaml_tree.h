#pragma once

#include <string>
#include <string_view>
#include <vector>


namespace gasoline::config {

/// A place in a text, counted from 1; 0 where it is not known.
struct Place {
  int line = 0;
  int column = 0;  ///< in bytes
};

struct YamlMember;

/// A piece of YAML with its place: a value, a list or a mapping.
struct YamlNode {
  enum class Kind { kNull, kValue, kList, kMap };
  Kind kind = Kind::kNull;
  Place place;
  std::string text;        ///< of a value
  bool is_quoted = false;  ///< written with quotes, or as a block of text
  std::vector<YamlNode> items;
  std::vector<YamlMember> members;  ///< in the order of the file, equal keys too
};

struct YamlMember {
  std::string key;
  Place place;  ///< of the key
  YamlNode value;
};

inline constexpr size_t kYamlSizeMax = 1 << 20;
inline constexpr size_t kYamlNodesMax = 100'000;
inline constexpr size_t kYamlDepthMax = 64;

/// What is wrong with a text, and where.
struct YamlProblem {
  Place place;
  std::string what;
};

/// Reads one document; an empty text is a kNull. False, with the first problem, for what is no
/// YAML, is over the bounds above (aliases count as often as they are used), holds more than one
/// document, or has keys that are no plain words.
bool parse_yaml(std::string_view text, YamlNode& root, YamlProblem& problem);

}  // namespace gasoline::config

#include "config/yaml_tree.h"

#include <yaml-cpp/yaml.h>

#include <utility>

namespace gasoline::config {
namespace {

struct Refused {
  YamlProblem problem;
};

Place place_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// Copies yaml-cpp's tree, whose nodes may be shared, into one of ours with bounds.
class Copier {
 public:
  YamlNode copy(const YAML::Node& from) {
    YamlNode to;
    to.place = place_of(from.Mark());
    if (++nodes_ > kYamlNodesMax) throw Refused{{to.place, "the file holds too many values"}};
    switch (from.Type()) {
      case YAML::NodeType::Scalar:
        to.kind = YamlNode::Kind::kValue;
        to.text = from.Scalar();
        to.is_quoted = from.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        to.kind = YamlNode::Kind::kList;
        for (const YAML::Node& item : from) to.items.push_back(copy(item));
        break;
      case YAML::NodeType::Map:
        to.kind = YamlNode::Kind::kMap;
        for (const auto& member : from) to.members.push_back(copy(member.first, member.second));
        break;
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return to;
  }

 private:
  YamlMember copy(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) throw Refused{{place_of(key.Mark()), "a key must be a plain word"}};
    return {key.Scalar(), place_of(key.Mark()), copy(value)};
  }

  size_t nodes_ = 0;
};

}  // namespace

bool parse_yaml(std::string_view text, YamlNode& root, YamlProblem& problem) {
  if (text.size() > kYamlSizeMax) {
    problem = {{}, "the file is larger than 1 MiB"};
    return false;
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    problem = {{}, "the file holds a NUL byte: it is no text"};
    return false;
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    root = {};
    if (documents.empty()) return true;
    if (documents.size() > 1) {
      problem = {place_of(documents[1].Mark()), "a second document begins here: one is accepted"};
      return false;
    }
    root = Copier().copy(documents.front());
    return true;
  } catch (const Refused& refused) {
    problem = refused.problem;
  } catch (const YAML::Exception& error) {
    problem = {place_of(error.mark), "this is no YAML: " + error.msg};
  } catch (const std::exception& error) {
    problem = {{}, std::string("this cannot be read: ") + error.what()};
  }
  return false;
}

}  // namespace gasoline::config

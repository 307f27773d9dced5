#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
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
    if (depth_ >= kYamlDepthMax) throw Refused{{to.place, "values lie too deep in each other"}};
    ++depth_;
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
    --depth_;
    return to;
  }

 private:
  YamlMember copy(const YAML::Node& key, const YAML::Node& value) {
    if (!key.IsScalar()) throw Refused{{place_of(key.Mark()), "a key must be a plain word"}};
    return {key.Scalar(), place_of(key.Mark()), copy(value)};
  }

  size_t nodes_ = 0;
  size_t depth_ = 0;  // an alias may stand for what it stands in
};

/// Where documents begin; the rest is passed over.
class DocumentPlaces final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { last = place_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  Place last;
};

/// Not by YAML::LoadAll: of a text that begins with "," or "]" it makes documents until there is no
/// memory left.
void refuse_second_document(const std::string& text) {
  std::istringstream from(text);
  YAML::Parser parser(from);
  DocumentPlaces places;
  if (!parser.HandleNextDocument(places)) return;
  const Place first = places.last;
  if (!parser.HandleNextDocument(places)) return;
  const bool is_stuck = places.last.line == first.line && places.last.column == first.column;
  throw Refused{{places.last, is_stuck ? "this is no YAML: nothing can begin so"
                                       : "a second document begins here: one is accepted"}};
}

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
    refuse_second_document(std::string(text));
    root = {};
    root = Copier().copy(YAML::Load(std::string(text)));
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

#include "source/container/container_info.h"

#include <fnmatch.h>
#include <simdjson.h>

#include <algorithm>

#include "event/event.h"
#include "event/json_text.h"

namespace gasoline::source::container {
namespace {

constexpr size_t kTagBytesMax = 200;
constexpr size_t kMessageBytesMax = 300;

std::string text_of(const simdjson::dom::element& object, std::string_view key) {
  std::string_view value;
  return object[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

std::string_view without_slash(std::string_view name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

void take_labels(const simdjson::dom::object& labels, ContainerInfo& info) {
  for (const auto& [key, value] : labels) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) info.labels.emplace_back(key, text);
  }
}

bool fits(const std::vector<std::string>& patterns, const std::string& text) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const auto& each) {
           return ::fnmatch(each.c_str(), text.c_str(), 0) == 0;
         });
}

}  // namespace

std::string_view ContainerInfo::label(std::string_view key) const {
  for (const auto& [name_of, value] : labels) {
    if (name_of == key) return value;
  }
  return {};
}

Result<std::vector<ContainerInfo>> parse_list(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(json.data(), json.size()).get(list) != simdjson::SUCCESS) {
    return Error::of(Error::kInvalid, "read the engine's list of containers",
                     "it is no JSON array");
  }
  std::vector<ContainerInfo> all;
  for (const simdjson::dom::element element : list) {
    ContainerInfo info;
    info.id = text_of(element, "Id");
    info.image = text_of(element, "Image");
    info.is_running = text_of(element, "State") == "running";
    if (element["Created"].get(info.created_s) != simdjson::SUCCESS) info.created_s = 0;
    std::string_view name;
    if (element["Names"].at(0).get(name) == simdjson::SUCCESS) info.name = without_slash(name);
    simdjson::dom::object labels;
    if (element["Labels"].get(labels) == simdjson::SUCCESS) take_labels(labels, info);
    if (!info.id.empty() && !info.name.empty()) all.push_back(std::move(info));
  }
  return all;
}

Result<ContainerInfo> parse_config_file(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ContainerInfo info;
  std::string_view name;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["Name"].get(name) != simdjson::SUCCESS || without_slash(name).empty()) {
    return Error::of(Error::kInvalid, "read a container's config.v2.json", "it names no container");
  }
  info.name = without_slash(name);
  info.id = text_of(root, "ID");
  std::string_view image;
  if (root["Config"]["Image"].get(image) == simdjson::SUCCESS) info.image = image;
  if (root["State"]["Running"].get(info.is_running) != simdjson::SUCCESS) info.is_running = false;
  simdjson::dom::object labels;
  if (root["Config"]["Labels"].get(labels) == simdjson::SUCCESS) take_labels(labels, info);
  return info;
}

Result<ContainerDetails> parse_details(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ContainerDetails details;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS ||
      root["Config"]["Tty"].get(details.has_terminal) != simdjson::SUCCESS) {
    return Error::of(Error::kInvalid, "read what the engine says of a container",
                     "it does not say whether it has a terminal");
  }
  std::string_view text;
  const auto log = root["HostConfig"]["LogConfig"];
  details.is_rotated = log["Config"]["max-size"].get(text) == simdjson::SUCCESS;
  const bool is_file = log["Type"].get(text) == simdjson::SUCCESS && text == "json-file";
  if (is_file) details.log_path = text_of(root, "LogPath");
  return details;
}

std::string error_message(std::string_view body) {
  simdjson::dom::parser parser;
  std::string_view message;
  if (parser.parse(body.data(), body.size())["message"].get(message) != simdjson::SUCCESS) {
    message = body;
  }
  return std::string(message.substr(0, kMessageBytesMax));
}

bool is_wanted(const ContainerInfo& info, const config::SourceSettings& settings) {
  for (const std::string& wanted : settings.labels) {
    const size_t equals = wanted.find('=');
    const std::string_view key = std::string_view(wanted).substr(0, equals);
    const auto found = std::find_if(info.labels.begin(), info.labels.end(),
                                    [&](const auto& label) { return label.first == key; });
    if (found == info.labels.end()) return false;
    if (equals != std::string::npos && found->second != wanted.substr(equals + 1)) return false;
  }
  return fits(settings.names, info.name) && fits(settings.images, info.image);
}

std::string service_of(const ContainerInfo& info, const config::SourceSettings& settings) {
  if (!settings.service.empty()) return settings.service;
  const std::string_view of_compose = info.label("com.docker.compose.service");
  return of_compose.empty() ? info.name : std::string(of_compose);
}

std::string metadata_of(const ContainerInfo& info) {
  std::string metadata = "\"container\":";
  event::append_json_string(metadata, info.name);
  metadata += ",\"container_id\":";
  event::append_json_string(metadata, info.id.substr(0, 12));
  metadata += ",\"image\":";
  event::append_json_string(metadata, info.image);
  return metadata;
}

std::vector<std::string> tags_of(const ContainerInfo& info,
                                 const config::SourceSettings& settings) {
  std::vector<std::string> tags = settings.tags;
  tags.push_back("container:" + info.name);
  tags.push_back("image:" + info.image);
  for (const auto& [key, value] : info.labels) {
    if (tags.size() >= event::kTagsMax) break;
    std::string tag = key;
    tag += ':';
    tag += value;
    if (tag.size() <= kTagBytesMax) tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace gasoline::source::container

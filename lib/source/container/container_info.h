#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace gasoline::source::container {

/// A container as the engine's list tells it.
struct ContainerInfo {
  std::string id;
  std::string name;
  std::string image;
  int64_t created_s = 0;
  bool is_running = false;
  std::vector<std::pair<std::string, std::string>> labels;

  std::string_view label(std::string_view key) const;
};

/// What only asking for one container tells.
struct ContainerDetails {
  bool has_terminal = false;
  bool is_rotated = false;  ///< the engine rotates its log, and may lose lines of the API by that
  std::string log_path;     ///< of the json-file driver; else empty
};

/// Reads GET /containers/json. A container without an id or name is passed over.
Result<std::vector<ContainerInfo>> parse_list(std::string_view json);
/// Reads the description that Docker keeps beside a container's log, config.v2.json.
Result<ContainerInfo> parse_config_file(std::string_view json);
/// Reads GET /containers/ID/json.
Result<ContainerDetails> parse_details(std::string_view json);
/// The member "message" of an engine's error; all of it, cut, if there is none.
std::string error_message(std::string_view body);

/// True if the filters of the settings let it through: all labels, one of the names, one of the
/// images, each where any is given.
bool is_wanted(const ContainerInfo& info, const config::SourceSettings& settings);

/// The settings' service, or that of Compose, or the container's name.
std::string service_of(const ContainerInfo& info, const config::SourceSettings& settings);
/// What the metadata of its events says of it: members of a JSON object, without braces.
std::string metadata_of(const ContainerInfo& info);
/// The settings' tags, container:NAME, image:IMAGE and its labels as KEY:VALUE, as far as an event
/// has room.
std::vector<std::string> tags_of(const ContainerInfo& info, const config::SourceSettings& settings);

}  // namespace gasoline::source::container

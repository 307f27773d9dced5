// What a container engine says of its containers: no text may crash a reader, and what becomes part
// of events is well formed whatever names, images and labels are like.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "event/event.h"
#include "event/json_text.h"
#include "source/container/container_info.h"
#include "understand/json_walk.h"

namespace {

using namespace gasoline;
using namespace gasoline::source::container;

class Nothing final : public understand::JsonWalk::Visitor {
 public:
  void scalar(const understand::JsonPlace&, understand::JsonType, std::string_view) override {}
  void member(std::string_view, understand::JsonType, std::string_view, bool) override {}
};

void check(const ContainerInfo& info) {
  config::SourceSettings settings;
  settings.names = {"*"};
  settings.images = {"*:latest"};
  settings.labels = {"com.docker.compose.service=web"};
  static_cast<void>(is_wanted(info, settings));
  const std::string metadata = "{" + metadata_of(info) + "}";
  Nothing nothing;
  GASOLINE_ASSERT(understand::JsonWalk::walk(metadata, nothing) == metadata.size());
  GASOLINE_ASSERT(event::is_valid_utf8(metadata));
  GASOLINE_ASSERT(!service_of(info, settings).empty());
  const auto tags = tags_of(info, settings);
  GASOLINE_ASSERT(tags.size() <= event::kTagsMax);
  for (const std::string& tag : tags) GASOLINE_ASSERT(event::is_valid_utf8(tag));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(bytes), size);
  if (const auto list = parse_list(json)) {
    for (const ContainerInfo& info : *list) check(info);
  }
  if (const auto info = parse_config_file(json)) check(*info);
  static_cast<void>(parse_details(json).has_value());
  GASOLINE_ASSERT(error_message(json).size() <= std::max<size_t>(size, 300));
  return 0;
}

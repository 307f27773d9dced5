#include "source/container/log_files.h"

#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "source/container/container_info.h"
#include "source/file/file_source.h"

namespace gasoline::source::container {
namespace {

constexpr size_t kShownIdSize = 12;
constexpr off_t kConfigFileSizeMax = 1 << 20;

/// ".../containers/ID/ID-json.log"
std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

ContainerInfo describe(const std::string& log_path) {
  const std::string directory = directory_of(log_path);
  ContainerInfo info;
  info.id = directory.substr(directory.rfind('/') + 1);
  info.name = info.id.substr(0, kShownIdSize);
  const std::string path = directory + "/config.v2.json";
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || status.st_size > kConfigFileSizeMax) return info;
  std::ifstream file(path, std::ios::binary);
  const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto described = parse_config_file(json);
  return described ? std::move(*described) : info;
}

FileLabels labels_of(const ContainerInfo& info, const config::SourceSettings& settings) {
  FileLabels labels;
  labels.is_wanted = is_wanted(info, settings);
  labels.kind = event::SourceKind::kContainer;
  labels.service = service_of(info, settings);
  labels.tags = tags_of(info, settings);
  labels.metadata = metadata_of(info);
  return labels;
}

}  // namespace

std::unique_ptr<Source> make_log_file_source(const config::SourceSettings& settings,
                                             const Surroundings& around) {
  config::SourceSettings files = settings;
  files.paths = {settings.data_root + "/containers/*/*-json.log"};
  return std::make_unique<FileSource>(
      std::move(files), around, Follower::Timing{},
      [settings](const std::string& path) { return labels_of(describe(path), settings); });
}

}  // namespace gasoline::source::container

#include "config/config_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::config {
namespace {

/// Not followed by a thread that waits: a pipe in place of the file would hold up a reload.
Result<std::string> read_text(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) {
    return Error::from_errno(errno, "the file cannot be read");
  }
  if (!S_ISREG(status.st_mode)) {
    return Error::of(Error::kInvalid, "the file cannot be read", "it is no regular file");
  }
  std::string text(kYamlSizeMax + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::from_errno(errno, "the file cannot be read");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

}  // namespace

ConfigPlace find_config_file(const Environment& environment, const Places& places) {
  std::vector<std::string> candidates;
  if (const auto config = environment("XDG_CONFIG_HOME"); config && config->starts_with('/')) {
    candidates.push_back(*config + "/gasoline/config.yaml");
  } else if (!places.home.empty()) {
    candidates.push_back(places.home + "/.config/gasoline/config.yaml");
  }
  if (!places.home.empty()) candidates.push_back(places.home + "/.gasoline/config.yaml");
  for (const std::string& path : candidates) {
    // One that cannot be read must be complained of, not passed over.
    if (::access(path.c_str(), F_OK) == 0 || errno != ENOENT) return {path, true};
  }
  return {candidates.empty() ? "" : candidates.front(), false};
}

Reading read_config_file(const std::string& path, const Known& known,
                         const std::vector<Override>& overrides) {
  const Result<std::string> text = path.empty() ? Result<std::string>("") : read_text(path);
  if (text) return read_configuration(*text, path, known, overrides);
  Reading reading;
  reading.configuration.file = path;
  reading.errors.push_back({path, {}, "", text.error().to_string()});
  return reading;
}

}  // namespace gasoline::config

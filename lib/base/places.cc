#include "base/places.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "base/crc32c.h"
#include "base/file_system_kind.h"

namespace gasoline {
namespace {

std::optional<std::string> absolute(const Environment& environment, std::string_view name) {
  std::optional<std::string> value = environment(name);
  if (!value || value->empty() || value->front() != '/') return std::nullopt;
  return value;
}

bool is_directory_of(const std::string& path, unsigned uid) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == uid;
}

std::optional<std::string> home_from_accounts(unsigned uid) {
  std::array<char, 4096> buffer{};
  passwd account{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &account, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return std::string(account.pw_dir);
}

std::optional<std::string> find_home(const Environment& environment, unsigned uid) {
  if (auto home = absolute(environment, "HOME"); home && is_directory_of(*home, uid)) return home;
  if (auto home = home_from_accounts(uid); home && is_directory_of(*home, uid)) return home;
  return std::nullopt;
}

/// True if `path` exists and can be written, or could be made.
bool can_be_had(const std::string& path) {
  if (::access(path.c_str(), F_OK) == 0) return ::access(path.c_str(), W_OK | X_OK) == 0;
  const size_t slash = path.rfind('/');
  return slash != std::string::npos && slash > 0 && can_be_had(path.substr(0, slash));
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Places find_places(const Environment& environment, unsigned uid) {
  const std::string shared = "/tmp/gasoline-" + std::to_string(uid);
  const std::optional<std::string> home = find_home(environment, uid);
  Places places;
  places.home = home.value_or("");
  if (const auto state = absolute(environment, "XDG_STATE_HOME")) {
    places.state_directory = *state + "/gasoline";
  } else if (home) {
    places.state_directory = *home + "/.local/state/gasoline";
  } else {
    places.state_directory = shared + "/state";
  }
  if (const auto runtime = absolute(environment, "XDG_RUNTIME_DIR");
      runtime && can_be_had(*runtime)) {
    places.runtime_directory = *runtime + "/gasoline";
  } else if (can_be_had(places.state_directory)) {
    places.runtime_directory = places.state_directory + "/run";
  } else {
    places.runtime_directory = shared + "/run";
  }
  places.memory_directory = is_in_memory(places.runtime_directory)
                                ? places.runtime_directory
                                : "/dev/shm/gasoline-" + std::to_string(uid);
  if (const auto cache = absolute(environment, "XDG_CACHE_HOME")) {
    places.cache_directory = *cache + "/gasoline";
  } else if (home) {
    places.cache_directory = *home + "/.cache/gasoline";
  }
  return places;
}

std::string Places::ring_directory(const std::string& spool_directory) const {
  return fmt::format("{}/rings-{:08x}", memory_directory,
                     crc32c(spool_directory.data(), spool_directory.size()));
}

Status make_private_directories(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0) {
      const int code = errno;
      // EROFS and EACCES may hide that the directory is there already.
      struct stat status {};
      if (::stat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return Error::from_errno(code == EEXIST ? ENOTDIR : code,
                                 "make the directory '" + part + "'");
      }
      const bool in_shared_place = part.starts_with("/tmp/") || part.starts_with("/dev/shm/");
      if (in_shared_place && part.find("/gasoline-") != std::string::npos &&
          (::lstat(part.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
           status.st_uid != ::geteuid())) {
        return Error::of(EPERM, "use the directory '" + part + "'", "it belongs to somebody else");
      }
    }
    if (slash == std::string::npos) return {};
  }
}

}  // namespace gasoline

#include "run_context.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/file_descriptor.h"
#include "event/json_scan.h"

namespace gasoline::run {
namespace {

std::string basename_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

/// The first directory from `directory` upwards that has an entry `name`; empty if none has.
std::string find_upwards(std::string directory, const char* name) {
  while (!directory.empty()) {
    if (exists(directory + "/" + name)) return directory;
    directory.resize(directory.rfind('/'));
  }
  return {};
}

std::string package_name(const std::string& directory) {
  const std::string found = find_upwards(directory, "package.json");
  if (found.empty()) return {};
  const FileDescriptor file(::open((found + "/package.json").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 64 * 1024> text{};
  const ssize_t size = file.is_open() ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size <= 0) return {};
  const auto name = event::find_member({text.data(), static_cast<size_t>(size)}, "name");
  if (!name || name->size() < 3 || name->front() != '"') return {};
  return std::string(name->substr(1, name->size() - 2));
}

}  // namespace

std::string default_name(const std::vector<std::string>& command, const std::string& directory) {
  constexpr std::array<std::string_view, 4> kRunners{"npm", "pnpm", "yarn", "bun"};
  std::string name = basename_of(command.front());
  if (command.size() > 1 && std::find(kRunners.begin(), kRunners.end(), name) != kRunners.end()) {
    if (std::string package = package_name(directory); !package.empty()) return package;
  }
  return name;
}

std::string find_worktree(const std::string& directory) {
  return find_upwards(directory, ".git");
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string current_directory() {
  std::array<char, PATH_MAX> path{};
  return ::getcwd(path.data(), path.size()) == nullptr ? std::string() : std::string(path.data());
}

}  // namespace gasoline::run

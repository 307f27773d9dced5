#include "source/container/engine_trouble.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace gasoline::source::container {
namespace {

const char* start_command(const std::string& socket) {
  if (socket.find("podman") == std::string::npos) {
    return "sudo systemctl start docker, or set backend.logs.socket";
  }
  return socket.starts_with("/run/podman/") ? "sudo systemctl enable --now podman.socket"
                                            : "systemctl --user enable --now podman.socket";
}

}  // namespace

EngineTrouble explain_engine(const Error& error, const std::string& socket) {
  struct stat status {};
  const bool is_there = ::stat(socket.c_str(), &status) == 0;
  if (is_there && !S_ISSOCK(status.st_mode)) {
    return {socket + " is no socket", "name the engine's in backend.logs.socket"};
  }
  switch (error.code) {
    case ENOENT:
      return {"there is no container engine's socket at " + socket, start_command(socket)};
    case ECONNREFUSED:
      return {"no container engine answers at " + socket, start_command(socket)};
    case EACCES:
      return {"no permission for " + socket, "sudo usermod -aG docker $USER, then log in anew"};
    case Error::kTimedOut:
      return {socket + " takes connections and does not answer", "sudo systemctl restart docker"};
    default:
      return {fmt::format("{}: {}", socket, error.to_string()), ""};
  }
}

}  // namespace gasoline::source::container

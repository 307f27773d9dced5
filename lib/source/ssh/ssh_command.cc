#include "source/ssh/ssh_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gasoline::source::ssh {
namespace {

constexpr std::array<std::string_view, 11> kMust{
    "BatchMode=yes",           "StrictHostKeyChecking=yes",
    "ControlMaster=no",        "ControlPath=none",
    "ClearAllForwardings=yes", "ForwardAgent=no",
    "ForwardX11=no",           "PermitLocalCommand=no",
    "RemoteCommand=none",      "RequestTTY=no",
    "EscapeChar=none"};
// 2 s x 2 notices a dead link within 6 s; less would take a slow link for a dead one, because
// keep-alives queue behind data.
constexpr std::array<std::string_view, 3> kShould{"ConnectTimeout=3", "ServerAliveInterval=2",
                                                  "ServerAliveCountMax=2"};
constexpr size_t kFilesMax = 64;

std::vector<std::string> options_of(const config::SourceSettings& settings) {
  std::vector<std::string> command{settings.ssh_command};
  for (const std::string_view option : kMust) {
    command.emplace_back("-o");
    command.emplace_back(option);
  }
  command.insert(command.end(), settings.ssh_options.begin(), settings.ssh_options.end());
  for (const std::string_view option : kShould) {
    command.emplace_back("-o");
    command.emplace_back(option);
  }
  return command;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// The last line that says something, without its end.
std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  const size_t begin = text.rfind('\n');
  return begin == std::string_view::npos ? text : text.substr(begin + 1);
}

}  // namespace

std::vector<std::string> connect_command(const config::SourceSettings& settings) {
  std::vector<std::string> command = options_of(settings);
  command.insert(command.end(), {"-T", "--", settings.host, "exec sh -s"});
  return command;
}

std::vector<std::string> describe_command(const config::SourceSettings& settings) {
  std::vector<std::string> command = options_of(settings);
  command.insert(command.end(), {"-G", "--", settings.host});
  return command;
}

std::vector<std::string> files_that_matter(std::string_view description, std::string_view home) {
  std::vector<std::string> files{fmt::format("{}/.ssh", home), fmt::format("{}/.ssh/config", home),
                                 "/etc/ssh/ssh_config"};
  const auto add = [&](std::string_view name) {
    if (files.size() >= kFilesMax || name.empty() || name == "none") return;
    files.push_back(name.starts_with("~/") ? fmt::format("{}{}", home, name.substr(1))
                                           : std::string(name));
  };
  while (!description.empty()) {
    const size_t end = std::min(description.find('\n'), description.size());
    std::string_view line = description.substr(0, end);
    description.remove_prefix(std::min(end + 1, description.size()));
    const size_t space = std::min(line.find(' '), line.size());
    const std::string_view key = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    if (key == "identityfile" || key == "certificatefile") add(line);
    if (key != "userknownhostsfile" && key != "globalknownhostsfile") continue;
    while (!line.empty()) {
      const size_t next = std::min(line.find(' '), line.size());
      add(line.substr(0, next));
      line.remove_prefix(std::min(next + 1, line.size()));
    }
  }
  return files;
}

Status check_settings(const config::SourceSettings& settings) {
  const std::string doing = "follow files of " + settings.host;
  if (settings.host.empty() || settings.host.front() == '-' || has_control(settings.host) ||
      settings.host.find(' ') != std::string::npos) {
    return Error::of(Error::kInvalid, doing, "host must be an alias, a name or user@name");
  }
  if (settings.paths.empty()) return Error::of(Error::kInvalid, doing, "it needs a path");
  for (const std::string& path : settings.paths) {
    const bool is_good =
        !path.empty() && !has_control(path) && (path.front() == '/' || path.starts_with("~/"));
    if (!is_good) {
      return Error::of(Error::kInvalid, doing,
                       "a path must begin with / or ~/ and hold no control characters");
    }
  }
  return {};
}

Failure explain_end(const LinkEnd& end, bool has_greeted, std::string_view host) {
  const std::string_view said = end.said;
  const auto says = [&](std::string_view words) { return said.find(words) != said.npos; };
  if (!has_greeted && says("REMOTE HOST IDENTIFICATION HAS CHANGED")) {
    return {true, fmt::format("the host key of {0} has changed, which may be an attack; if it is "
                              "meant to be: ssh-keygen -R {0}, then ssh {0} once by hand",
                              host)};
  }
  if (!has_greeted && says("Host key verification failed")) {
    return {true, fmt::format("the host key of {0} is not known here: compare and accept it with "
                              "ssh {0} once by hand",
                              host)};
  }
  if (!has_greeted && says("Permission denied (")) {
    return {true, fmt::format("{0} refuses our key: ssh-copy-id {0}, or name the right key in "
                              "~/.ssh/config ({1})",
                              host, last_line(said))};
  }
  for (const std::string_view words :
       {"Bad configuration option", "Bad owner or permissions", "terminating, ",
        "Unable to negotiate", "Too many authentication failures", "hostname contains invalid"}) {
    if (!has_greeted && says(words)) {
      return {true, fmt::format("ssh refuses to connect to {}: {}", host, last_line(said))};
    }
  }
  if (!has_greeted && (end.code == 126 || end.code == 127) && !end.by_signal) {
    return {true, fmt::format("{} runs no POSIX shell for us: {}", host, last_line(said))};
  }
  if (!said.empty()) return {false, std::string(last_line(said))};
  if (end.by_signal) return {false, fmt::format("ssh was killed by signal {}", end.code)};
  return {false, fmt::format("the connection to {} ended (exit code {})", host, end.code)};
}

}  // namespace gasoline::source::ssh

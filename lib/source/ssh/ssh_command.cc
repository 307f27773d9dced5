#include "source/ssh/ssh_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

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

namespace {

/// What ssh says of a connection that it does not get, and what mends it. Tried again anyway.
struct Saying {
  std::string_view words;
  std::string_view remedy;
};
constexpr std::array<Saying, 6> kSayings{{
    {"Could not resolve hostname", "correct backend.logs.host, or HostName in ~/.ssh/config"},
    {"Connection refused", "sudo systemctl start ssh on {}, or correct Port in ~/.ssh/config"},
    {"No route to host", "is {} up, and this machine's network? ssh {} true"},
    {"Network is unreachable", "is this machine's network up? ssh {} true"},
    {"timed out", "is {} up, and no firewall between? ssh {} true"},
    {"Connection closed by", "what its sshd logs says why: sudo journalctl -u ssh on {}"},
}};

std::string with_host(std::string_view text, std::string_view host) {
  std::string all;
  for (size_t at = text.find("{}"); at != text.npos; at = text.find("{}")) {
    all += text.substr(0, at);
    all += host;
    text.remove_prefix(at + 2);
  }
  return all += text;
}

/// What ends for good before our program has said a word.
std::optional<Failure> explain_refusal(const LinkEnd& end, std::string_view host) {
  const std::string_view said = end.said;
  const auto says = [&](std::string_view words) { return said.find(words) != said.npos; };
  if (says("REMOTE HOST IDENTIFICATION HAS CHANGED")) {
    return Failure{
        true, fmt::format("the host key of {} has changed, which may be an attack", host),
        fmt::format("if it is meant to be: ssh-keygen -R {0}, then ssh {0} once by hand", host)};
  }
  if (says("Host key verification failed")) {
    return Failure{true, fmt::format("the host key of {} is not known here", host),
                   fmt::format("compare and accept it with ssh {} once by hand", host)};
  }
  if (says("Permission denied (")) {
    return Failure{
        true, fmt::format("{} refuses our key ({})", host, last_line(said)),
        fmt::format("ssh-copy-id {}, or name the right key in ~/.ssh/config", host)};
  }
  for (const std::string_view words :
       {"Bad configuration option", "Bad owner or permissions", "terminating, ",
        "Unable to negotiate", "Too many authentication failures", "hostname contains invalid"}) {
    if (!says(words)) continue;
    return Failure{true, fmt::format("ssh refuses to connect to {}: {}", host, last_line(said)),
                   fmt::format("ssh {} true must work without a question", host)};
  }
  if ((end.code == 126 || end.code == 127) && !end.by_signal) {
    return Failure{true, fmt::format("{} runs no POSIX shell for us: {}", host, last_line(said)),
                   fmt::format("give that account /bin/sh on {}", host)};
  }
  return std::nullopt;
}

}  // namespace

Failure explain_end(const LinkEnd& end, bool has_greeted, std::string_view host) {
  if (!has_greeted) {
    if (auto refusal = explain_refusal(end, host)) return std::move(*refusal);
  }
  if (!end.said.empty()) {
    Failure failure{false, std::string(last_line(end.said)), {}};
    for (const Saying& saying : kSayings) {
      if (failure.what.find(saying.words) == std::string::npos) continue;
      failure.remedy = with_host(saying.remedy, host);
      break;
    }
    return failure;
  }
  if (end.by_signal) return {false, fmt::format("ssh was killed by signal {}", end.code), {}};
  constexpr int kOfSsh = 255;
  if (!has_greeted && end.code != kOfSsh) {
    return {false,
            fmt::format("{} ended our shell before it said a word (exit code {})", host, end.code),
            fmt::format("echo echo yes | ssh {} exec sh -s must say yes: look into command= in its "
                        "authorized_keys, and the account's shell",
                        host)};
  }
  return {false, fmt::format("the connection to {} ended (exit code {})", host, end.code), {}};
}

}  // namespace gasoline::source::ssh

#include "checkup.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/file_descriptor.h"
#include "base/quantity.h"
#include "config/listen_address.h"
#include "event/json_text.h"
#include "http/client.h"
#include "loop/connector.h"
#include "loop/listener.h"

namespace gasoline::cli {
namespace {

using Grade = Finding::Grade;

constexpr int64_t kAnswerUs = 5'000'000;
constexpr uint64_t kFreeBytesMin = 1ull << 30;
constexpr uint64_t kWatchesMin = 8'192;

uint64_t number_in(const char* path) {
  std::ifstream file(path);
  uint64_t number = 0;
  file >> number;
  return number;
}

std::string text_of(simdjson::simdjson_result<simdjson::dom::element> value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::vector<Finding> read_status(const std::string& body, const std::string& socket) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body).get(root) != simdjson::SUCCESS) {
    return {{Grade::kWrong, "daemon", socket + " is answered by another program",
             "gasolined --socket PATH with a path of its own"}};
  }
  const std::string version = text_of(root["version"]);
  std::vector<Finding> findings{{Grade::kGood, "daemon", version + " answers at " + socket, ""}};
  if (version != GASOLINE_VERSION) {
    findings.front().grade = Grade::kWorthAWord;
    findings.front().what += ", and this is " GASOLINE_VERSION;
    findings.front().remedy = "end it (kill its pid); the next wrapped command starts the new one";
  }
  simdjson::dom::array problems;
  if (root["problems"].get(problems) != simdjson::SUCCESS) return findings;
  for (const simdjson::dom::element problem : problems) {
    findings.push_back(
        {Grade::kWrong, "daemon", text_of(problem["what"]), text_of(problem["remedy"])});
  }
  return findings;
}

}  // namespace

std::vector<Finding> check_daemon(const std::string& socket) {
  loop::Loop loop;
  http::Client client(loop, http::Client::Target{socket, "", 0});
  http::Request request;
  request.method = "GET";
  request.target = "/v1/status";
  std::vector<Finding> findings;
  client.send(std::move(request), kAnswerUs, [&](Result<http::Response> outcome) {
    if (outcome && outcome->status == 200) {
      findings = read_status(outcome->body, socket);
      return;
    }
    const bool is_away =
        !outcome && (outcome.error().code == ENOENT || outcome.error().code == ECONNREFUSED);
    const std::string why =
        !outcome ? outcome.error().to_string() : fmt::format("it answers {}", outcome->status);
    findings.push_back(
        is_away
            ? Finding{Grade::kWrong, "daemon", "none runs at " + socket, "gasolined --background"}
            : Finding{Grade::kWrong, "daemon", socket + ": " + why,
                      "look into its log, or end it: the next wrapped command starts another"});
  });
  loop.run();
  return findings;
}

std::vector<Finding> check_ports(const config::Settings& settings, bool has_daemon) {
  std::vector<Finding> findings;
  for (const std::string& text : settings.listen) {
    const auto listen = config::parse_listen_address(text);
    if (!listen || listen->port == 0) continue;
    const auto address = loop::SocketAddress::from_ip(listen->address, listen->port);
    if (!address) continue;
    const auto bound = loop::bind_tcp(*address);
    const bool is_taken = !bound && bound.error().code == EADDRINUSE;
    if (bound) {
      findings.push_back({has_daemon ? Grade::kWorthAWord : Grade::kGood, "port " + text,
                          has_daemon ? "is not served: the daemon was told other addresses, or "
                                       "none; wrappers do not need it"
                                     : "is free",
                          has_daemon ? "start gasolined without --listen and --no-listen" : ""});
    } else if (is_taken && has_daemon) {
      // The daemon says among its problems if it is not the one.
      findings.push_back({Grade::kGood, "port " + text, "is served", ""});
    } else {
      findings.push_back({Grade::kWrong, "port " + text, bound.error().to_string(),
                          fmt::format("ss -ltnp 'sport = :{}' names the program; or set "
                                      "server.listen to another port",
                                      listen->port)});
    }
  }
  return findings;
}

std::vector<Finding> check_disk(const std::string& state_directory,
                                const config::Settings& settings) {
  std::string existing = state_directory;
  while (::access(existing.c_str(), F_OK) != 0 && existing.rfind('/') > 0) {
    existing.resize(existing.rfind('/'));
  }
  if (::access(existing.c_str(), W_OK) != 0) {
    return {{Grade::kWrong, "disk", existing + ": " + std::strerror(errno),
             "sudo chown $USER " + existing}};
  }
  struct statvfs status {};
  if (::statvfs(existing.c_str(), &status) != 0) {
    return {{Grade::kWrong, "disk", existing + ": " + std::strerror(errno), "mount it"}};
  }
  const uint64_t free_bytes = uint64_t{status.f_bavail} * status.f_frsize;
  const std::string what = fmt::format("{} free under {}", format_size_bytes(free_bytes), existing);
  if (free_bytes >=
      std::max(kFreeBytesMin, static_cast<uint64_t>(settings.log_size_bytes_max) / 4)) {
    return {{Grade::kGood, "disk", what, ""}};
  }
  return {{Grade::kWorthAWord, "disk",
           fmt::format("{}, and the event log may grow to {}", what,
                       format_size_bytes(static_cast<uint64_t>(settings.log_size_bytes_max))),
           "make room, or set events.log_max to less"}};
}

std::vector<Finding> check_inotify(const config::Settings& settings) {
  const bool follows_files =
      std::any_of(settings.sources.begin(), settings.sources.end(), [](const auto& source) {
        return source.enabled && source.type == config::SourceSettings::Type::kFile;
      });
  if (!follows_files) return {};
  const uint64_t watches = number_in("/proc/sys/fs/inotify/max_user_watches");
  if (watches >= kWatchesMin) {
    return {{Grade::kGood, "inotify", fmt::format("{} watches allowed", watches), ""}};
  }
  return {{Grade::kWorthAWord, "inotify",
           fmt::format("only {} watches allowed; beyond them files are polled", watches),
           "sudo sysctl fs.inotify.max_user_watches=524288"}};
}

std::string to_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    const char* grade = finding.grade == Grade::kGood         ? "ok   "
                        : finding.grade == Grade::kWorthAWord ? "note "
                                                              : "wrong";
    text += fmt::format("{}  {}: {}\n", grade, finding.subject, finding.what);
    if (!finding.remedy.empty()) text += fmt::format("       do: {}\n", finding.remedy);
  }
  return text;
}

std::string to_json(const std::vector<Finding>& findings) {
  std::string text = "{\"findings\":[";
  for (const Finding& finding : findings) {
    if (!text.ends_with('[')) text += ',';
    const char* grade = finding.grade == Grade::kGood         ? "ok"
                        : finding.grade == Grade::kWorthAWord ? "note"
                                                              : "wrong";
    text += fmt::format("{{\"grade\":\"{}\",\"subject\":", grade);
    event::append_json_string(text, finding.subject);
    text += ",\"what\":";
    event::append_json_string(text, finding.what);
    text += ",\"remedy\":";
    event::append_json_string(text, finding.remedy);
    text += '}';
  }
  return text + "]}\n";
}

}  // namespace gasoline::cli

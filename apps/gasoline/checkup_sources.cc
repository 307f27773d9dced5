#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "checkup.h"
#include "http/client.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "source/container/container_info.h"
#include "source/container/engine_watch.h"
#include "source/ssh/far_side.h"
#include "source/ssh/ssh_command.h"
#include "source/ssh/ssh_process.h"

namespace gasoline::cli {
namespace {

using Grade = Finding::Grade;
namespace ssh = source::ssh;

constexpr int64_t kConnectUs = 15'000'000;
constexpr int64_t kAnswerUs = 5'000'000;
constexpr std::string_view kToken = "doctor";

/// One conversation with a far host: connect, look at the paths, end.
class HostVisit {
 public:
  explicit HostVisit(const config::SourceSettings& settings)
      : settings_(settings), dialogue_(kToken), limit_(loop_, [this] { loop_.stop(); }) {}
  ~HostVisit() { link_.reset(); }

  std::vector<Finding> run();

 private:
  void received(std::string_view bytes);

  const config::SourceSettings& settings_;
  loop::Loop loop_;
  ssh::FarDialogue dialogue_;
  loop::Timer limit_;
  std::unique_ptr<ssh::Link> link_;
  bool has_asked_ = false;
  std::optional<ssh::ScanReply> found_;
  std::optional<ssh::LinkEnd> end_;
};

void HostVisit::received(std::string_view bytes) {
  if (!dialogue_.feed(bytes)) return loop_.stop();
  if (dialogue_.has_greeted() && !has_asked_) {
    has_asked_ = true;
    for (const std::string& path : settings_.paths) {
      link_->write(ssh::watch_request(path.starts_with("~/") ? path.substr(2) : path));
    }
    link_->write(dialogue_.ask_scan(false));
  }
  if (auto reply = dialogue_.take()) {
    found_ = std::get<ssh::ScanReply>(std::move(*reply));
    loop_.stop();
  }
}

std::vector<Finding> HostVisit::run() {
  const std::string subject = "ssh " + settings_.host;
  ssh::Link::Events events;
  events.received = [this](std::string_view bytes) { received(bytes); };
  events.ended = [this](const ssh::LinkEnd& end) {
    end_ = end;
    loop_.stop();
  };
  auto started = ssh::SshProcess::start(loop_, ssh::connect_command(settings_), std::move(events));
  if (!started) {
    return {
        {Grade::kWrong, subject, started.error().to_string(), "sudo apt install openssh-client"}};
  }
  link_ = std::move(*started);
  link_->write(ssh::far_program(kToken));
  limit_.start(kConnectUs);
  loop_.run();
  const std::string by_hand = "ssh " + settings_.host + " true";
  if (end_) {
    return {{Grade::kWrong, subject, ssh::explain_end(*end_, has_asked_, settings_.host).what,
             by_hand + " must work without a question"}};
  }
  if (!found_) return {{Grade::kWrong, subject, "no answer within 15 s", by_hand}};
  std::vector<Finding> findings{
      {Grade::kGood, subject, fmt::format("answers; {} files found", found_->files.size()), ""}};
  for (const std::string& problem : found_->problems) {
    findings.push_back(
        {Grade::kWrong, subject, problem,
         fmt::format("correct backend.logs.path, or the rights on {}", settings_.host)});
  }
  return findings;
}

std::vector<Finding> check_container_logs(const config::SourceSettings& settings) {
  const std::string directory = settings.data_root + "/containers";
  const std::string subject = "containers " + directory;
  if (::access(directory.c_str(), R_OK | X_OK) == 0) {
    return {{Grade::kGood, subject, "its logs can be followed as files", ""}};
  }
  return {{Grade::kWrong, subject, std::strerror(errno),
           errno == ENOENT
               ? "set backend.logs.data_root to what 'docker info' calls Docker Root Dir"
               : "run gasolined as a user who may read it, or use mode: api"}};
}

}  // namespace

std::vector<Finding> check_ssh(const config::SourceSettings& settings) {
  if (Status good = ssh::check_settings(settings); !good) {
    return {
        {Grade::kWrong, "ssh " + settings.host, good.error().to_string(), "gasoline config check"}};
  }
  return HostVisit(settings).run();
}

std::vector<Finding> check_engine(const config::SourceSettings& settings) {
  if (settings.read_files) return check_container_logs(settings);
  const std::string socket = source::container::find_socket(settings);
  const std::string subject = "containers " + socket;
  loop::Loop loop;
  http::Client client(loop, http::Client::Target{socket, "", 0});
  http::Request request;
  request.method = "GET";
  request.target = "/containers/json?all=1";
  std::vector<Finding> findings;
  client.send(std::move(request), kAnswerUs, [&](Result<http::Response> outcome) {
    if (!outcome) {
      const int code = outcome.error().code;
      const char* remedy = code == EACCES
                               ? "sudo usermod -aG docker $USER, then log in anew"
                               : "sudo systemctl start docker, or set backend.logs.socket";
      findings.push_back({Grade::kWrong, subject, outcome.error().to_string(), remedy});
      return;
    }
    const auto list = source::container::parse_list(outcome->body);
    if (outcome->status != 200 || !list) {
      findings.push_back({Grade::kWrong, subject,
                          fmt::format("it answers {}: {}", outcome->status,
                                      source::container::error_message(outcome->body)),
                          "name the socket of a Docker or Podman engine"});
      return;
    }
    const auto wanted = std::count_if(list->begin(), list->end(), [&](const auto& info) {
      return source::container::is_wanted(info, settings);
    });
    findings.push_back(
        {Grade::kGood, subject,
         fmt::format("answers; {} of {} containers are followed", wanted, list->size()), ""});
  });
  loop.run();
  return findings;
}

}  // namespace gasoline::cli

#include <fmt/format.h>
#include <fnmatch.h>
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
#include "source/container/engine_trouble.h"
#include "source/container/engine_watch.h"
#include "source/file/glob.h"
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
constexpr size_t kFilesReadMax = 100;

/// One conversation with a far host: connect, look at the paths, read a byte of each file, end.
class HostVisit {
 public:
  explicit HostVisit(const config::SourceSettings& settings)
      : settings_(settings),
        subject_("ssh " + settings.host),
        dialogue_(kToken),
        limit_(loop_, [this] { loop_.stop(); }) {}
  ~HostVisit() { link_.reset(); }

  std::vector<Finding> run();

 private:
  void received(std::string_view bytes);
  void ask_for_paths();
  void ask_for_bytes();
  void add_path_findings(std::vector<Finding>& findings) const;

  const config::SourceSettings& settings_;
  const std::string subject_;
  loop::Loop loop_;
  ssh::FarDialogue dialogue_;
  loop::Timer limit_;
  std::unique_ptr<ssh::Link> link_;
  bool has_asked_ = false;
  std::optional<ssh::ScanReply> found_;
  std::vector<std::string> asked_;  // files, whose answers come in this order
  std::vector<std::string> answers_;
  std::optional<ssh::LinkEnd> end_;
};

std::string far_path(const std::string& path) {
  return path.starts_with("~/") ? path.substr(2) : path;
}

void HostVisit::ask_for_paths() {
  has_asked_ = true;
  for (const std::string& path : settings_.paths) link_->write(ssh::watch_request(far_path(path)));
  link_->write(dialogue_.ask_scan(false));
}

/// A look tells nothing of the right to read.
void HostVisit::ask_for_bytes() {
  for (const ssh::FarFile& file : found_->files) {
    if (asked_.size() == kFilesReadMax) return;
    ssh::ReadRequest read;
    read.path = file.path;
    read.head_bytes = 1;
    asked_.push_back(file.path);
    link_->write(dialogue_.ask_read(read));
  }
}

void HostVisit::received(std::string_view bytes) {
  if (!dialogue_.feed(bytes)) return loop_.stop();
  if (dialogue_.has_greeted() && !has_asked_) ask_for_paths();
  while (auto reply = dialogue_.take()) {
    if (found_) {
      answers_.push_back(std::get<ssh::ReadReply>(*reply).problem);
      continue;
    }
    found_ = std::get<ssh::ScanReply>(std::move(*reply));
    ask_for_bytes();
  }
  if (found_ && answers_.size() == asked_.size()) loop_.stop();
}

void HostVisit::add_path_findings(std::vector<Finding>& findings) const {
  const std::string& host = settings_.host;
  for (const std::string& path : settings_.paths) {
    const bool is_glob = path.find_first_of("*?[") != std::string::npos;
    const bool is_there =
        std::any_of(found_->files.begin(), found_->files.end(), [&](const ssh::FarFile& file) {
          return ::fnmatch(far_path(path).c_str(), file.path.c_str(), FNM_PATHNAME) == 0 ||
                 file.path == far_path(path);
        });
    if (is_there) continue;
    const auto problem = std::find_if(
        found_->problems.begin(), found_->problems.end(),
        [&](const std::string& said) { return said.find(far_path(path)) != said.npos; });
    const bool is_forbidden =
        problem != found_->problems.end() && problem->find("ermission denied") != problem->npos;
    findings.push_back(
        is_forbidden ? Finding{Grade::kWrong, subject_, path + ": Permission denied",
                               fmt::format("ssh {} ls -ld {}: let that account into the "
                                           "directories",
                                           host, path)}
        : is_glob    ? Finding{Grade::kWorthAWord, subject_, "no file matches " + path,
                            fmt::format("ssh {} ls -d '{}' if there should be some", host, path)}
                     : Finding{Grade::kWrong, subject_, path + ": No such file",
                            "correct backend.logs.path, if it is not to come later"});
  }
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (answers_[i].empty()) continue;
    const bool is_forbidden = answers_[i].find("ermission denied") != std::string::npos;
    findings.push_back(
        {Grade::kWrong, subject_, asked_[i] + ": " + answers_[i],
         is_forbidden
             ? fmt::format("let that account read it: on {} sudo setfacl -m u:ACCOUNT:r {}", host,
                           asked_[i])
             : "leave it out with backend.logs.exclude"});
  }
}

std::vector<Finding> HostVisit::run() {
  ssh::Link::Events events;
  events.received = [this](std::string_view bytes) { received(bytes); };
  events.ended = [this](const ssh::LinkEnd& end) {
    end_ = end;
    loop_.stop();
  };
  auto started = ssh::SshProcess::start(loop_, ssh::connect_command(settings_), std::move(events));
  if (!started) {
    return {{Grade::kWrong, subject_, started.error().to_string(),
             settings_.ssh_command == "ssh" ? "sudo apt install openssh-client"
                                            : "correct backend.logs.ssh_command"}};
  }
  link_ = std::move(*started);
  link_->write(ssh::far_program(kToken));
  limit_.start(kConnectUs);
  loop_.run();
  const std::string by_hand = "ssh " + settings_.host + " true must work without a question";
  if (end_) {
    const ssh::Failure failure = ssh::explain_end(*end_, has_asked_, settings_.host);
    return {{Grade::kWrong, subject_, failure.what,
             failure.remedy.empty() ? by_hand : failure.remedy}};
  }
  if (!found_) return {{Grade::kWrong, subject_, "no answer within 15 s", by_hand}};
  const auto readable = static_cast<size_t>(std::count(answers_.begin(), answers_.end(), ""));
  std::vector<Finding> findings{{Grade::kGood, subject_,
                                 fmt::format("answers; {} files found, {} of the first {} can be read",
                                             found_->files.size(), readable, asked_.size()),
                                 ""}};
  add_path_findings(findings);
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

std::vector<Finding> check_files(const config::SourceSettings& settings) {
  std::vector<Finding> findings;
  for (const std::string& path : settings.paths) {
    const std::string subject = "files " + path;
    std::vector<std::string> found = source::expand_glob(path).paths;
    std::erase_if(found, [&](const std::string& file) {
      return std::any_of(
          settings.exclude.begin(), settings.exclude.end(),
          [&](const std::string& pattern) { return source::is_excluded(file, pattern); });
    });
    const auto closed = std::find_if(found.begin(), found.end(), [](const std::string& file) {
      return ::access(file.c_str(), R_OK) != 0;
    });
    if (found.empty()) {
      findings.push_back({Grade::kWorthAWord, subject, "there is none",
                          "correct backend.logs.path, if it is not to come later"});
    } else if (closed != found.end()) {
      findings.push_back({Grade::kWrong, subject, fmt::format("{}: {}", *closed, std::strerror(errno)),
                          fmt::format("sudo setfacl -m u:$USER:r {}", *closed)});
    } else {
      findings.push_back(
          {Grade::kGood, subject, fmt::format("{} found, all can be read", found.size()), ""});
    }
  }
  return findings;
}

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
      const auto trouble = source::container::explain_engine(outcome.error(), socket);
      findings.push_back({Grade::kWrong, subject, trouble.what, trouble.remedy});
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

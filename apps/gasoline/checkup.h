#pragma once

#include <string>
#include <vector>

#include "base/places.h"
#include "config/configuration.h"

namespace gasoline::cli {

/// One thing that gasoline doctor looked at.
struct Finding {
  enum class Grade { kGood, kWorthAWord, kWrong };
  Grade grade = Grade::kGood;
  std::string subject;  ///< "daemon", "ssh web1"
  std::string what;
  std::string remedy;  ///< a command or what to do; empty where all is well
};

/// The daemon at `socket`: that it answers, is of our version, and what it says is wrong with it.
std::vector<Finding> check_daemon(const std::string& socket);
/// The addresses to listen on: with no daemon, whether another program holds them.
std::vector<Finding> check_ports(const config::Settings& settings, bool has_daemon);
/// The disk under the state directory.
std::vector<Finding> check_disk(const std::string& state_directory,
                                const config::Settings& settings);
/// The kernel's limits of inotify, where files are followed.
std::vector<Finding> check_inotify(const config::Settings& settings);
/// The files of this machine that a source names: that they are there and can be read.
std::vector<Finding> check_files(const config::SourceSettings& settings);
/// Connects to a remote host as the daemon would, looks for its paths, and reads a byte of up to
/// 100 files; up to 15 s.
std::vector<Finding> check_ssh(const config::SourceSettings& settings);
/// Asks a container engine for its containers, or looks for the logs that it keeps as files.
std::vector<Finding> check_engine(const config::SourceSettings& settings);

/// "wrong  ssh web1: ...\n       do: ..." for people.
std::string to_text(const std::vector<Finding>& findings);
std::string to_json(const std::vector<Finding>& findings);

}  // namespace gasoline::cli

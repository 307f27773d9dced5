#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/places.h"
#include "checkup.h"
#include "commands.h"
#include "output.h"
#include "setup/setup.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 2> kOptions{{
    {"config", "this file, instead of the one that the daemon would read", "FILE"},
    {"json", "print JSON", ""},
}};

void append(std::vector<Finding>& to, std::vector<Finding> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::vector<Finding> check_configuration(const config::Reading& reading) {
  const std::string& file = reading.configuration.file;
  if (reading.errors.empty()) {
    return {{Finding::Grade::kGood, "configuration",
             file.empty() ? "there is none, all is default" : file + " is good", ""}};
  }
  std::vector<Finding> findings;
  for (const config::Complaint& complaint : reading.errors) {
    findings.push_back({Finding::Grade::kWrong, "configuration", complaint.to_string(),
                        "correct it; gasoline config check reads it again"});
  }
  return findings;
}

int run_doctor(const Arguments& arguments) {
  const Environment environment = process_environment();
  const Places places = find_places(environment, ::geteuid());
  setup::ConfigChoice choice;
  choice.path = arguments.value("config").value_or("");
  const config::Reading reading = setup::read_configuration(choice, environment, places);
  std::vector<Finding> findings = check_configuration(reading);
  // What is wrong in the file has its default below.
  const config::Settings& settings = reading.configuration.settings;
  const std::string socket =
      settings.socket_path.empty() ? places.socket_path() : settings.socket_path;
  const std::vector<Finding> daemon = check_daemon(socket);
  const bool has_daemon = daemon.front().grade != Finding::Grade::kWrong;
  append(findings, daemon);
  append(findings, check_ports(settings, has_daemon));
  append(findings, check_disk(settings.state_directory.empty() ? places.state_directory
                                                               : settings.state_directory,
                              settings));
  append(findings, check_inotify(settings));
  for (const config::SourceSettings& source : settings.sources) {
    if (!source.enabled) continue;
    if (source.type == config::SourceSettings::Type::kFile) append(findings, check_files(source));
    if (source.type == config::SourceSettings::Type::kSsh) append(findings, check_ssh(source));
    if (source.type == config::SourceSettings::Type::kContainer) {
      append(findings, check_engine(source));
    }
  }
  const bool is_well = std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.grade == Finding::Grade::kWrong;
  });
  return exit_after(print(arguments.has("json") ? to_json(findings) : to_text(findings)),
                    is_well ? kExitFound : kExitNothingFound);
}

}  // namespace

const Command kDoctorCommand = {
    "doctor",
    "doctor [options]",
    "Looks at everything that lines need on their way: configuration, daemon, ports, disk, "
    "inotify,\n"
    "files, remote hosts and the container engine; says what is wrong and the command that mends it.\n\n"
    "Exit status: 0 all is well; 1 something is wrong; 2 not understood.",
    "  gasoline doctor\n"
    "  gasoline doctor --json\n",
    kOptions,
    0,
    run_doctor,
    true,
};

}  // namespace gasoline::cli

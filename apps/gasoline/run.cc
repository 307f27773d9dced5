#include "answer_reader.h"
#include "commands.h"
#include "daemon_connection.h"
#include "output.h"

namespace gasoline::cli {
namespace {

int end_run(DaemonConnection& daemon, const std::string& run) {
  constexpr int kNotFound = 404;
  constexpr int kConflict = 409;
  const auto response = daemon.post("/v1/runs/end", {{"run", run}});
  if (!response) return fail(kExitDaemonAway, explain_away(daemon, response.error()));
  if (response->status == 200) return kExitFound;
  if (response->status == kNotFound) return fail(kExitNothingFound, read_problem(response->body));
  if (response->status == kConflict) return fail(kExitUsage, read_problem(response->body));
  return explain_refusal(daemon, *response);
}

int run_run(const Arguments& arguments) {
  if (arguments.positionals.size() != 2 || arguments.positionals[0] != "end") {
    return fail(kExitUsage, "say 'gasoline run end RUN-ID' ('gasoline status' lists the runs)");
  }
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  return end_run(**daemon, arguments.positionals[1]);
}

}  // namespace

const Command kRunCommand = {
    "run",
    "run end RUN-ID [options]",
    "Ends a run that was taken over: one whose gasoline-run was killed and whose command lives on.\n"
    "Its process group gets SIGHUP, as from a terminal that is closed, and SIGCONT; what still writes\n"
    "after 5 s finds its output closed (SIGPIPE). Does not wait for that.",
    "  gasoline status\n"
    "  gasoline run end 01JD4W5R7Q8M9N0P1S2T3V4X5Y\n",
    {},
    2,
    run_run,
};

}  // namespace gasoline::cli

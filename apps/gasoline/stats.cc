#include "commands.h"
#include "daemon_connection.h"
#include "status_view.h"

namespace gasoline::cli {
namespace {

int run_stats(const Arguments& arguments) {
  return ask_and_show(arguments, "/v1/stats", render_stats);
}

}  // namespace

const Command kStatsCommand = {
    "stats",
    "stats [options]",
    "Prints what the daemon has counted since it started.",
    "  gasoline stats\n"
    "  gasoline stats --json\n",
    {},
    0,
    run_stats,
};

}  // namespace gasoline::cli

#include "commands.h"
#include "daemon_connection.h"
#include "status_view.h"

namespace gasoline::cli {
namespace {

int run_status(const Arguments& arguments) {
  return ask_and_show(arguments, "/v1/status", render_status);
}

}  // namespace

const Command kStatusCommand = {
    "status",
    "status [options]",
    "Says how the daemon is: what is wrong, if anything, and what to do about it.",
    "  gasoline status\n"
    "  gasoline status >/dev/null || gasolined --background\n",
    {},
    0,
    run_status,
};

}  // namespace gasoline::cli

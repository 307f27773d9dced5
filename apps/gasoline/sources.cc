#include "base/clock.h"
#include "commands.h"
#include "daemon_connection.h"
#include "sources_view.h"

namespace gasoline::cli {
namespace {

int run_sources(const Arguments& arguments) {
  return ask_and_show(arguments, "/v1/sources",
                      [](std::string_view json, const ViewOptions& options) {
                        return render_sources(json, options, SystemClock().wall_us());
                      });
}

}  // namespace

const Command kSourcesCommand = {
    "sources",
    "sources [options]",
    "Lists where events come from, and how many of each are in memory.",
    "  gasoline sources\n"
    "  gasoline sources --json\n",
    {},
    0,
    run_sources,
};

}  // namespace gasoline::cli

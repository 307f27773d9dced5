#include "io/real_file_system.h"
#include "journal_commands.h"
#include "journal_view.h"
#include "output.h"

namespace gasoline::cli {

int run_journal_repair(const Arguments& arguments, const std::string& path) {
  io::RealFileSystem files;
  const auto repair = journal::repair(files, path);
  if (!repair) return fail_journal(repair.error());
  return exit_after(
      print(arguments.has("json") ? repair_json(path, *repair) : repair_text(path, *repair)),
      kExitFound);
}

}  // namespace gasoline::cli

#include "io/real_file_system.h"
#include "journal_commands.h"
#include "journal_view.h"
#include "output.h"

namespace gasoline::cli {

int run_journal_verify(const Arguments& arguments, const std::string& path) {
  io::RealFileSystem files;
  auto report = journal::inspect(files, path);
  if (!report) return fail_journal(report.error());
  const JournalFacts facts{path, std::move(*report)};
  const Printed printed = print(arguments.has("json") ? verify_json(facts) : verify_text(facts));
  return exit_after(printed, is_sound(facts.report) ? kExitFound : kExitNothingFound);
}

}  // namespace gasoline::cli

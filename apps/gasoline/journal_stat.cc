#include <optional>

#include "io/real_file_system.h"
#include "journal_commands.h"
#include "journal_view.h"
#include "output.h"
#include "spool/spool_directory.h"

namespace gasoline::cli {

int run_journal_stat(const Arguments& arguments, const std::string& path) {
  io::RealFileSystem files;
  auto report = journal::inspect(files, path);
  if (!report) return fail_journal(report.error());
  const JournalFacts facts{path, std::move(*report)};
  ContentCounts counts;
  const Status read = for_each_entry(files, path, [&counts](const JournalEntry& entry) {
    counts.add(entry);
    return true;
  });
  if (!read) return fail_journal(read.error());
  std::optional<spool::RunDescription> run;
  if (is_spool(files, path)) {
    auto description = spool::read_run_description(files, path);
    run = description ? std::move(*description) : spool::RunDescription{};
  }
  const spool::RunDescription* of_run = run ? &*run : nullptr;
  const Printed printed = print(arguments.has("json") ? stat_json(facts, counts, of_run)
                                                      : stat_text(facts, counts, of_run));
  return exit_after(printed, is_sound(facts.report) ? kExitFound : kExitNothingFound);
}

}  // namespace gasoline::cli

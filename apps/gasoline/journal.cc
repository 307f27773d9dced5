#include <array>
#include <cerrno>
#include <string_view>

#include "commands.h"
#include "journal_commands.h"
#include "output.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 3> kOptions{{
    {"json", "verify, stat, repair: print one JSON object", ""},
    {"ndjson", "cat: print each record's events with their fields, one JSON object a line", ""},
    {"stream", "cat: only this stream of a run: stdout or stderr", "NAME"},
}};

struct Verb {
  std::string_view name;
  int (*run)(const Arguments& arguments, const std::string& path);
};

constexpr std::array<Verb, 4> kVerbs{{
    {"verify", run_journal_verify},
    {"repair", run_journal_repair},
    {"cat", run_journal_cat},
    {"stat", run_journal_stat},
}};

bool is_option_of(std::string_view option, std::string_view verb) {
  return (option == "json") != (verb == "cat");
}

int run_journal(const Arguments& arguments) {
  constexpr std::string_view kHint = " ('gasoline journal --help' tells more)";
  if (arguments.positionals.size() < 2) {
    return fail(kExitUsage, "a verb and the journal's directory are needed: gasoline journal "
                            "verify|repair|cat|stat PATH" + std::string(kHint));
  }
  const std::string& word = arguments.positionals[0];
  for (const Verb& verb : kVerbs) {
    if (word != verb.name) continue;
    for (const OptionRow& row : kOptions) {
      if (arguments.has(row.name) && !is_option_of(row.name, word)) {
        return fail(kExitUsage, "'" + word + "' takes no --" + row.name + std::string(kHint));
      }
    }
    return verb.run(arguments, arguments.positionals[1]);
  }
  return fail(kExitUsage, "journal '" + word + "': accepted are verify, repair, cat and stat" +
                              std::string(kHint));
}

}  // namespace

int fail_journal(const Error& error) {
  switch (error.code) {
    case Error::kLocked:
      return fail(kExitInUse, error.to_string() + "; repair is for journals that nobody writes");
    case Error::kInvalid:
      return fail(kExitNothingFound, error.to_string());
    case ENOENT:
    case ENOTDIR:
    case EACCES:
      return fail(kExitUsage, error.to_string() + "; PATH is the directory of a journal");
    default:
      return fail(kExitNotWritten, error.to_string());
  }
}

const Command kJournalCommand = {
    "journal",
    "journal verify|repair|cat|stat PATH [options]",
    "Looks into a journal on disk: PATH is the directory of a run's spool, or of the event log.\n"
    "Needs no daemon, and may be used while a journal is being written.\n\n"
    "  verify  says whether it is sound, and which bytes and records are damaged or gone\n"
    "  repair  rewrites damaged segments; keeps all that it cuts off beside them; refuses a journal\n"
    "          that is being written\n"
    "  cat     prints the lines of a run exactly as they were captured, unmasked; of an event log\n"
    "          the messages\n"
    "  stat    counts records, lines, bytes, gaps and damage\n\n"
    "Exit status: 0 sound; 1 damaged, or nothing there; 2 not understood, or no such directory;\n"
    "4 it cannot be read or written; 5 somebody writes it (repair).",
    "  gasoline journal verify ~/.local/state/gasoline/events\n"
    "  gasoline journal cat ~/.local/state/gasoline/spool/01JD4W5R7Q8M9N0P1S2T3V4X5Y --stream stderr\n"
    "  gasoline journal cat PATH --ndjson | jq -r 'select(.kind == \"gap\")'\n",
    kOptions,
    2,
    run_journal,
    true,
};

}  // namespace gasoline::cli

#include <array>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "command_line.h"
#include "commands.h"
#include "output.h"

namespace gasoline::cli {
namespace {

constexpr std::array kCommands = {&kTimelineCommand, &kTailCommand,    &kSearchCommand,
                                  &kSourcesCommand,  &kStatusCommand,  &kStatsCommand,
                                  &kJournalCommand,  &kExplainCommand, &kConfigCommand,
                                  &kRunCommand,      &kDoctorCommand};

std::string first_sentence(std::string_view summary) {
  std::string sentence(summary.substr(0, summary.find_first_of(":.")));
  return sentence;
}

std::string program_help() {
  std::string text =
      "usage: gasoline COMMAND [options]\n\n"
      "What happened, everywhere, for this request?\n\nCommands:\n";
  for (const Command* command : kCommands) {
    std::string name = command->name;
    name.resize(12, ' ');
    text += "  " + name + first_sentence(command->summary) + "\n";
  }
  text +=
      "\n'gasoline COMMAND --help' tells more. Exit status: 0 found, 1 nothing found,\n"
      "2 not understood, 3 no daemon answers, 4 the output cannot be written,\n"
      "5 the journal is in use.\n\n"
      "To fill the timeline, prefix a command: gasoline-run npm run dev\n";
  return text;
}

int refuse_unknown(std::string_view word) {
  std::vector<std::string_view> names;
  names.reserve(kCommands.size());
  for (const Command* command : kCommands) names.emplace_back(command->name);
  std::string text = "there is no command '" + std::string(word) + "'";
  if (const auto meant = nearest(word, names))
    text += "; did you mean '" + std::string(*meant) + "'?";
  return fail(kExitUsage, text + " ('gasoline --help' lists all)");
}

int run_command(const Command& command, std::span<char* const> words) {
  const Result<Arguments> arguments = parse_arguments(command, words);
  if (!arguments) return fail(kExitUsage, arguments.error().to_string());
  if (arguments->has("help")) {
    return exit_after(print(help_text(command)), kExitFound);
  }
  return command.run(*arguments);
}

int run(std::span<char* const> words) {
  if (words.size() < 2) {
    print_note(program_help());
    return kExitUsage;
  }
  const std::string_view word = words[1];
  if (word == "--help" || word == "-h" || word == "help") {
    return exit_after(print(program_help()), kExitFound);
  }
  if (word == "--version") {
    return exit_after(print("gasoline " GASOLINE_VERSION "\n"), kExitFound);
  }
  for (const Command* command : kCommands) {
    if (word == command->name) return run_command(*command, words.subspan(1));
  }
  return refuse_unknown(word);
}

}  // namespace
}  // namespace gasoline::cli

int main(int argc, char** argv) {
  // A reader that goes away is noticed by write(2), as libuv needs it.
  std::signal(SIGPIPE, SIG_IGN);
  return gasoline::cli::run({argv, static_cast<size_t>(argc)});
}

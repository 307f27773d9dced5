#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cxxopts.hpp>

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 4> kCommonOptions{{
    {"url", "the daemon: http://HOST:PORT or unix:PATH (default: GASOLINE_URL, else its socket)",
     "URL"},
    {"json", "print the daemon's answer as it is", ""},
    {"color", "auto, always or never (default auto; NO_COLOR is honoured)", "WHEN"},
    {"h,help", "print this", ""},
}};

constexpr size_t kHelpColumns = 26;

std::string long_name(const OptionRow& row) {
  const std::string_view name = row.name;
  const size_t comma = name.find(',');
  return std::string(comma == std::string_view::npos ? name : name.substr(comma + 1));
}

template <typename Take>
void for_each_option(const Command& command, Take take) {
  for (const OptionRow& row : command.options) take(row);
  const std::span<const OptionRow> common(kCommonOptions);
  for (const OptionRow& row : command.is_local ? common.last(1) : common) take(row);
}

/// The library's own message, which names the option, without its quotes and with what to do.
Error usage_error(const Command& command, std::string_view why) {
  std::string text(why);
  for (const std::string_view quote : {"‘", "’"}) {
    for (size_t at = text.find(quote); at != std::string::npos; at = text.find(quote)) {
      text.replace(at, quote.size(), "'");
    }
  }
  return Error::of(Error::kInvalid, command.name,
                   fmt::format("{}; 'gasoline {} --help' lists what there is", text, command.name));
}

Arguments read_values(const Command& command, const cxxopts::ParseResult& parsed) {
  Arguments arguments;
  arguments.positionals = parsed.unmatched();
  for_each_option(command, [&](const OptionRow& row) {
    const std::string name = long_name(row);
    if (parsed.count(name) == 0) return;
    std::vector<std::string>& values = arguments.options[name];
    for (const cxxopts::KeyValue& each : parsed.arguments()) {
      if (each.key() == name) values.push_back(each.value());
    }
  });
  return arguments;
}

/// cxxopts knows options of one letter behind one dash only; the names of the API have two.
std::vector<std::string> with_short_options(std::span<char* const> words) {
  std::vector<std::string> all;
  bool ended = false;
  for (const std::string_view word : words) {
    ended = ended || word == "--";
    const bool is_letter = word.size() > 2 && word.starts_with("--") && word[2] != '-';
    if (!ended && is_letter && (word.size() == 3 || word[3] == '=')) {
      all.emplace_back(word.substr(1, 2));
      if (word.size() > 3) all.emplace_back(word.substr(4));
    } else {
      all.emplace_back(word);
    }
  }
  return all;
}

std::string option_line(const OptionRow& row) {
  std::string left = "  ";
  const std::string_view name = row.name;
  if (name.size() > 2 && name[1] == ',') left += fmt::format("-{}, ", name[0]);
  left += "--" + long_name(row);
  if (row.argument[0] != '\0') left += fmt::format(" {}", row.argument);
  return fmt::format("{:<{}}{}\n", left, kHelpColumns, row.help);
}

}  // namespace

std::optional<std::string> Arguments::value(std::string_view name) const {
  const auto at = options.find(name);
  if (at == options.end() || at->second.empty()) return std::nullopt;
  return at->second.back();
}

std::vector<std::string> Arguments::values(std::string_view name) const {
  const auto at = options.find(name);
  return at == options.end() ? std::vector<std::string>() : at->second;
}

std::span<const OptionRow> common_options() {
  return kCommonOptions;
}

Result<Arguments> parse_arguments(const Command& command, std::span<char* const> words) {
  try {
    cxxopts::Options parser(command.name);
    for_each_option(command, [&](const OptionRow& row) {
      if (row.argument[0] == '\0') {
        parser.add_options()(row.name, row.help);
      } else {
        parser.add_options()(row.name, row.help, cxxopts::value<std::string>(), row.argument);
      }
    });
    const std::vector<std::string> rewritten = with_short_options(words);
    std::vector<const char*> pointers;
    pointers.reserve(rewritten.size());
    for (const std::string& word : rewritten) pointers.push_back(word.c_str());
    const cxxopts::ParseResult parsed =
        parser.parse(static_cast<int>(pointers.size()), pointers.data());
    Arguments arguments = read_values(command, parsed);
    if (arguments.positionals.size() > command.positionals_max && !arguments.has("help")) {
      return usage_error(command, fmt::format("'{}' is one argument too many",
                                              arguments.positionals[command.positionals_max]));
    }
    return arguments;
  } catch (const std::exception& error) {
    return usage_error(command, error.what());
  }
}

std::string help_text(const Command& command) {
  std::string text = fmt::format("usage: gasoline {}\n\n{}\n\n", command.usage, command.summary);
  for_each_option(command, [&](const OptionRow& row) { text += option_line(row); });
  if (command.examples[0] != '\0') text += fmt::format("\nExamples:\n{}", command.examples);
  return text;
}

}  // namespace gasoline::cli

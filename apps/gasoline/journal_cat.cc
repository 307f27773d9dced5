#include <fmt/format.h>

#include <optional>

#include "io/real_file_system.h"
#include "journal_commands.h"
#include "journal_view.h"
#include "output.h"

namespace gasoline::cli {
namespace {

constexpr size_t kOutputBlockSize = 64 * 1024;

/// Prints a journal's entries as they come; what is missing goes to stderr.
class JournalPrinter {
 public:
  JournalPrinter(bool is_ndjson, std::optional<spool::Stream> stream)
      : is_ndjson_(is_ndjson), stream_(stream) {}

  /// False if there is no point in going on.
  bool add(const JournalEntry& entry) {
    note(entry);
    if (!is_of_stream(entry)) return true;
    if (is_ndjson_) {
      append_ndjson(text_, entry);
    } else if (const auto* spooled = std::get_if<SpoolEntry>(&entry)) {
      captured_.add(spooled->record, text_);
    } else if (const auto* logged = std::get_if<LogEntry>(&entry)) {
      for (const event::Event& event : logged->record.events) {
        text_ += event.message;
        text_ += '\n';
      }
    }
    return text_.size() < kOutputBlockSize || flush();
  }

  int finish() {
    captured_.finish(text_);
    flush();
    if (unknown_ > 0) {
      print_note(fmt::format("gasoline: {} records are of a form that is not known\n", unknown_));
    }
    return exit_after(printed_, has_output_ && !is_incomplete_ ? kExitFound : kExitNothingFound);
  }

 private:
  void note(const JournalEntry& entry) {
    if (std::holds_alternative<UnknownEntry>(entry)) {
      ++unknown_;
      is_incomplete_ = true;
    }
    const auto* damage = std::get_if<journal::Corruption>(&entry);
    if (damage == nullptr || damage->is_released) return;
    is_incomplete_ = true;
    // What was read before belongs before it, where both go to one terminal.
    flush();
    print_note("gasoline: " + damage_in_words(*damage) + "\n");
  }

  bool is_of_stream(const JournalEntry& entry) const {
    if (!stream_) return true;
    const auto* spooled = std::get_if<SpoolEntry>(&entry);
    return spooled != nullptr && spooled->record.stream == *stream_;
  }

  bool flush() {
    has_output_ = has_output_ || !text_.empty();
    if (printed_ == Printed::kAll) printed_ = print(text_);
    text_.clear();
    return printed_ == Printed::kAll;
  }

  const bool is_ndjson_;
  const std::optional<spool::Stream> stream_;
  CapturedBytes captured_;
  std::string text_;
  Printed printed_ = Printed::kAll;
  bool has_output_ = false;
  bool is_incomplete_ = false;
  uint64_t unknown_ = 0;
};

}  // namespace

int run_journal_cat(const Arguments& arguments, const std::string& path) {
  io::RealFileSystem files;
  const std::optional<std::string> name = arguments.value("stream");
  if (name && *name != "stdout" && *name != "stderr") {
    return fail(kExitUsage, "--stream=" + *name + ": accepted: stdout or stderr");
  }
  std::optional<spool::Stream> stream;
  if (name) stream = *name == "stdout" ? spool::Stream::kStdout : spool::Stream::kStderr;
  if (stream && !is_spool(files, path)) {
    return fail(kExitUsage, path + ": only the spool of a run has streams");
  }
  JournalPrinter printer(arguments.has("ndjson"), stream);
  const Status read = for_each_entry(
      files, path, [&printer](const JournalEntry& entry) { return printer.add(entry); });
  const int exit_code = printer.finish();
  return read ? exit_code : fail_journal(read.error());
}

}  // namespace gasoline::cli

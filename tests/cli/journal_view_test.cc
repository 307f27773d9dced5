#include "journal_view.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/bytes.h"
#include "event/event_codec.h"
#include "event/gap.h"
#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "spool/spool_directory.h"
#include "support/temporary_directory.h"

namespace gasoline::cli {
namespace {

using spool::RecordKind;
using spool::SpoolRecord;
using spool::Stream;

std::string read_golden(const std::string& name) {
  std::ifstream file(GOLDEN_DIRECTORY "/" + name);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

/// GASOLINE_WRITE_GOLDEN=1 writes the file instead, to be read over before it is committed.
void check_golden(const std::string& name, const std::string& text) {
  if (std::getenv("GASOLINE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(GOLDEN_DIRECTORY "/" + name) << text;
  }
  CHECK(text == read_golden(name));
}

/// The spool of a run that wrote an unfinished line, bytes that are no UTF-8, and lost some lines.
struct SpoolFixture {
  test::TemporaryDirectory temporary;
  io::RealFileSystem files;
  std::string directory = temporary / "run";
  int64_t time_us = 1'763'700'000'000'000;
  spool::RunDescription run;

  SpoolFixture() {
    run.run_id = "01JD4W5R7Q8M9N0P1S2T3V4X5Y";
    run.service = "shop";
    run.started_us = time_us;
    test::ManualClock clock;
    SeededRandom random(1);
    journal::WriterOptions options;
    options.segment_size_bytes = 400;
    auto writer =
        test::value_of(journal::Writer::open(files, directory, options, clock, random));
    test::must(spool::write_run_description(files, directory, run));
    add(*writer, {RecordKind::kRunStarted, Stream::kStdout, 0, 1, 1, 0, 0, 0,
                  "\"run_started\":{\"pid\":7}"});
    add(*writer, {RecordKind::kLines, Stream::kStdout, 0, 2, 3, 1, 0, 0, "one\ntwo\r\n\n"});
    add(*writer, {RecordKind::kPiece, Stream::kStdout, spool::kPartial, 5, 1, 4, 10, 0, "wait"});
    add(*writer, {RecordKind::kLines, Stream::kStderr, 0, 6, 1, 1, 0, 0, "oh \xff no\n"});
    add(*writer, {RecordKind::kPiece, Stream::kStdout, spool::kReplaces | spool::kEndsLine, 7, 1, 4,
                  10, 5, "waiting is over\n"});
    add(*writer, {RecordKind::kGap, Stream::kStdout, 0, 8, 1, 5, 26, 0,
                  event::to_json_members({17, 1234, time_us, time_us, "the disk was full"})});
    add(*writer, {RecordKind::kLines, Stream::kStdout, 0, 9, 2, 22, 26, 0, "after\nthe gap\n"});
    add(*writer, {RecordKind::kPiece, Stream::kStdout, 0, 11, 1, 24, 40, 0, "no end"});
  }

  void add(journal::Writer& writer, const SpoolRecord& record) {
    std::string payload;
    time_us += 1500;
    spool::append_head(payload, record, {{record.count, time_us}});
    payload += record.bytes;
    REQUIRE(writer.append(payload));
  }

  JournalFacts facts() {
    return {"PATH", test::value_of(journal::inspect(files, directory))};
  }
  ContentCounts counts() {
    ContentCounts sums;
    each([&sums](const JournalEntry& entry) { sums.add(entry); });
    return sums;
  }
  template <typename Show>
  void each(Show show) {
    test::must(for_each_entry(files, directory, [&show](const JournalEntry& entry) {
      show(entry);
      return true;
    }));
  }
  std::string captured(std::optional<Stream> only = std::nullopt) {
    CapturedBytes bytes;
    std::string text;
    each([&](const JournalEntry& entry) {
      const auto* spooled = std::get_if<SpoolEntry>(&entry);
      if (spooled == nullptr || (only && spooled->record.stream != *only)) return;
      bytes.add(spooled->record, text);
    });
    bytes.finish(text);
    return text;
  }
  /// Writes over a part of the record that holds `text`.
  void damage(const std::string& text) {
    for (const std::string& name : test::value_of(files.list(directory))) {
      if (!name.ends_with(".seg")) continue;
      auto file = test::value_of(files.open(directory + "/" + name, io::OpenMode::kReadWrite));
      std::string bytes(test::value_of(file->status()).size_bytes, '\0');
      REQUIRE(test::value_of(file->read_at(bytes.data(), bytes.size(), 0)) == bytes.size());
      const size_t at = bytes.find(text);
      if (at == std::string::npos) continue;
      test::must(file->write_at("####", at));
      return;
    }
    FAIL("nothing holds " << text);
  }
};

TEST_CASE("cat gives each stream's bytes as they were written, each once") {
  SpoolFixture at;
  CHECK(at.captured(Stream::kStdout) ==
        "one\ntwo\r\n\nwaiting is over\nafter\nthe gap\nno end");
  CHECK(at.captured(Stream::kStderr) == "oh \xff no\n");
  CHECK(at.captured() == "one\ntwo\r\n\noh \xff no\nwaiting is over\nafter\nthe gap\nno end");
}

TEST_CASE("a journal whose writer is faster than its reader is shown up to what was there") {
  test::TemporaryDirectory temporary;
  io::RealFileSystem files;
  const std::string directory = temporary / "log";
  test::ManualClock clock;
  SeededRandom random(1);
  journal::WriterOptions options;
  options.segment_size_bytes = 400;
  auto writer = test::value_of(journal::Writer::open(files, directory, options, clock, random));
  const std::string payload(100, 'x');
  const auto append = [&] { REQUIRE(writer->append(payload)); };
  for (int i = 0; i < 10; ++i) append();
  int shown = 0;
  test::must(for_each_entry(files, directory, [&](const JournalEntry&) {
    append();
    append();
    return ++shown < 1000;
  }));
  CHECK(shown >= 10);
  CHECK(shown < 20);
}

TEST_CASE("an unfinished line whose whole line is lost is given as far as it came") {
  SpoolFixture at;
  at.damage("waiting is over");
  CHECK(at.captured(Stream::kStdout) == "one\ntwo\r\n\nwaitafter\nthe gap\nno end");
}

TEST_CASE("records are told with their fields, and damage in its place") {
  SpoolFixture at;
  at.damage("oh \xff no");
  std::string text;
  at.each([&text](const JournalEntry& entry) { append_ndjson(text, entry); });
  check_golden("journal_cat.ndjson", text);
}

TEST_CASE("a sound spool is called sound, and counted") {
  SpoolFixture at;
  const JournalFacts facts = at.facts();
  CHECK(is_sound(facts.report));
  check_golden("journal_verify_sound.txt", verify_text(facts));
  check_golden("journal_stat_spool.txt", stat_text(facts, at.counts(), &at.run));
  check_golden("journal_stat_spool.json", stat_json(facts, at.counts(), &at.run));
}

TEST_CASE("damage is named with its place, its size and what is gone, and then repaired") {
  SpoolFixture at;
  at.damage("oh \xff no");
  at.damage("after");
  check_golden("journal_verify_damaged.txt", verify_text(at.facts()));
  check_golden("journal_verify_damaged.json", verify_json(at.facts()));
  check_golden("journal_stat_damaged.txt", stat_text(at.facts(), at.counts(), &at.run));
  const auto repair = test::value_of(journal::repair(at.files, at.directory));
  check_golden("journal_repair.txt", repair_text("PATH", repair));
  check_golden("journal_repair.json", repair_json("PATH", repair));
  check_golden("journal_verify_repaired.txt", verify_text(at.facts()));
  const auto again = test::value_of(journal::repair(at.files, at.directory));
  check_golden("journal_repair_nothing.txt", repair_text("PATH", again));
}

TEST_CASE("an event log is told by its events and marks, and a record of a newer form is counted") {
  test::TemporaryDirectory temporary;
  io::RealFileSystem files;
  test::ManualClock clock;
  SeededRandom random(1);
  {
    auto writer =
        test::value_of(journal::Writer::open(files, temporary / "log", {}, clock, random));
    event::Event event;
    event.event_id = "01JD4W5R7Q8M9N0P1S2T3V4X5Z";
    event.timestamp_us = event.receive_time_us = 1'763'700'000'000'000;
    event.source = event::SourceKind::kStderr;
    event.service = "shop";
    event.message = "out of stock";
    event.line = 3;
    event.run_id = "01JD4W5R7Q8M9N0P1S2T3V4X5Y";
    event.seq = 9;
    std::string payload{event::kLogVersion, event::kLogEvents};
    event::append_encoded(payload, event);
    REQUIRE(writer->append(payload));
    payload = {event::kLogVersion, event::kLogRunMarks};
    append_sized(payload, event.run_id);
    append_varint(payload, 9);
    append_varint(payload, 1'763'700'000'000'000);
    REQUIRE(writer->append(payload));
    REQUIRE(writer->append(std::string_view("\x02of the future")));
  }
  std::string text;
  ContentCounts counts;
  test::must(for_each_entry(files, temporary / "log", [&](const JournalEntry& entry) {
    append_ndjson(text, entry);
    counts.add(entry);
    return true;
  }));
  check_golden("journal_cat_log.ndjson", text);
  const JournalFacts facts{"PATH", test::value_of(journal::inspect(files, temporary / "log"))};
  check_golden("journal_stat_log.txt", stat_text(facts, counts, nullptr));
}

}  // namespace
}  // namespace gasoline::cli

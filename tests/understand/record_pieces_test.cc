#include "understand/record_pieces.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "event/json_text.h"
#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

/// Records of one container's log, one after the other.
class Log {
 public:
  event::Event take(const std::string& record) {
    arena_.reset();
    record_ = record;
    id_ = "id" + std::to_string(++count_);
    event::Event event;
    event.source = event::SourceKind::kFile;
    event.message = record_;
    event.timestamp_us = kReadTimeUs;
    understanding_.understand(event, arena_);
    event.event_id = id_;
    understanding_.join(event, arena_);
    return event;
  }

 private:
  FixedClock clock_;
  Understanding understanding_{shared_rules(), clock_};
  Arena arena_;
  std::string record_;
  std::string id_;
  int count_ = 0;
};

std::string docker(const std::string& text, const std::string& stream = "stdout") {
  std::string record = "{\"log\":";
  event::append_json_string(record, text);
  return record + ",\"stream\":\"" + stream + "\",\"time\":\"2026-11-21T02:37:06.115Z\"}";
}

std::string cri(const std::string& text, char mark) {
  return "2026-11-21T02:37:06.115000000Z stderr " + std::string(1, mark) + " " + text;
}

const std::string kLine =
    R"({"level":50,"msg":"payment failed","request_id":"req-7f3f1d2c9a","n":1})";

TEST_CASE("a line that docker cut into records is read as one once its last record comes") {
  Log log;
  event::Event event = log.take(docker(kLine.substr(0, 20)));
  CHECK(event.metadata.find("\"partial\":true") != std::string_view::npos);
  CHECK(event.metadata.find("replaces") == std::string_view::npos);
  event = log.take(docker(kLine.substr(20, 20)));
  CHECK(event.message == kLine.substr(0, 40));
  CHECK(event.metadata.find("\"partial\":true") != std::string_view::npos);
  CHECK(event.metadata.find("\"replaces\":\"id1\"") != std::string_view::npos);
  event = log.take(docker(kLine.substr(40) + "\n"));
  CHECK(event.message == "payment failed");
  CHECK(event.level == event::Level::kError);
  CHECK(event.request_id == "req-7f3f1d2c9a");
  CHECK(event.timestamp_us == kPrintedUs);
  CHECK(event.metadata.find("\"replaces\":\"id2\"") != std::string_view::npos);
  CHECK(event.metadata.find("partial") == std::string_view::npos);
  event = log.take(docker("next\n"));
  CHECK(event.message == "next");
  CHECK(event.metadata == "\"stream\":\"stdout\"");
}

TEST_CASE("a line that CRI cut into records is read as one, and each stream for itself") {
  Log log;
  log.take(cri(kLine.substr(0, 20), 'P'));
  event::Event event = log.take(docker("other stream\n"));
  CHECK(event.message == "other stream");
  event = log.take(cri(kLine.substr(20), 'F'));
  CHECK(event.message == "payment failed");
  CHECK(event.metadata.find("\"replaces\":\"id1\"") != std::string_view::npos);
}

TEST_CASE("a secret that lies in two records is masked in both events") {
  SeededRandom random(1);
  std::string token = "gh" + std::string("p_");
  for (int i = 0; i < 36; ++i) token.push_back("abcdefgh12345678"[random.next_u64() % 16]);
  for (size_t cut = 5; cut < token.size() - 1; ++cut) {
    Log log;
    event::Event event = log.take(cri("used " + token.substr(0, cut), 'P'));
    CHECK(untagged(event.message) == "used [redacted:github-token]");
    event = log.take(cri(token.substr(cut) + " for it", 'F'));
    CHECK(untagged(event.message) == "used [redacted:github-token] for it");
  }
}

TEST_CASE("a short piece is not completed by a record that begins a line of its own") {
  Log log;
  log.take(cri("prompt> ", 'P'));
  for (const std::string& next : {kLine, std::string("2026-11-21 02:37:06 INFO up"),
                                 std::string("level=info msg=up")}) {
    const event::Event event = log.take(cri(next, 'F'));
    CHECK(event.metadata.find("replaces") == std::string_view::npos);
    CHECK(event.message.find("prompt") == std::string_view::npos);
  }
}

TEST_CASE("a line of any length keeps its bound, and begins anew") {
  Log log;
  const std::string part(64 << 10, 'x');
  size_t longest = 0;
  for (int i = 0; i < 11; ++i) {
    const event::Event event = log.take(cri(part, 'P'));
    longest = std::max(longest, event.message.size());
    CHECK(event.message.size() <= RecordPieces::kLineSizeMax + part.size());
  }
  CHECK(longest > RecordPieces::kLineSizeMax);
  CHECK(log.take(cri("end", 'F')).message.ends_with("xend"));
}

TEST_CASE("after an event log that failed, what had come of a line is forgotten") {
  FixedClock clock;
  Understanding understanding(shared_rules(), clock);
  Arena arena;
  event::Event event;
  event.source = event::SourceKind::kFile;
  const std::string first = cri("first ", 'P');
  event.message = first;
  understanding.understand(event, arena);
  understanding.join(event, arena);
  understanding.forget_open_events();
  event::Event last;
  last.source = event::SourceKind::kFile;
  const std::string second = cri("second", 'F');
  last.message = second;
  understanding.understand(last, arena);
  CHECK(last.message == "second");
}

}  // namespace
}  // namespace gasoline::understand

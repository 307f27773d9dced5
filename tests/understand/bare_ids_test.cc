#include "understand/bare_ids.h"

#include <catch2/catch.hpp>
#include <string>

#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

/// A UUID that no other number gives.
std::string uuid(uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id = "5f0d9c1e-6f0b-4b7a-8a8e-000000000000";
  for (size_t i = 0; i < 12; ++i) id[35 - i] = kDigits[(number * 0x9e3779b1 >> (4 * i)) & 15];
  return id;
}

std::string without_dashes(std::string id) {
  std::erase(id, '-');
  return id;
}

/// Lines of several services that one daemon reads.
class Daemon {
 public:
  std::string id_of(const std::string& service, const std::string& line) {
    event::Event event;
    event.source = event::SourceKind::kFile;
    event.service = service;
    event.timestamp_us = kReadTimeUs;
    event.message = line;
    return std::string(reader_.read(event).correlation_id);
  }

 private:
  Reader reader_;
};

std::string access_line(const std::string& id) {
  return "GET /orders 200 12.3 ms - " + id + " 512b";
}

TEST_CASE("an id that another service shows without doubt is found where it stands alone") {
  Daemon daemon;
  CHECK(daemon.id_of("gateway", access_line(uuid(1))).empty());
  daemon.id_of("shop", "loaded request_id=" + uuid(1));
  CHECK(daemon.id_of("gateway", access_line(uuid(1))) == uuid(1));
  CHECK(daemon.id_of("gateway", access_line(without_dashes(uuid(1)))) == without_dashes(uuid(1)));
  CHECK(daemon.id_of("gateway", access_line(uuid(2))).empty());
}

TEST_CASE("a column whose values are ids elsewhere is a column of ids, also where it comes first") {
  Daemon daemon;
  std::string last;
  for (uint64_t i = 1; i <= 40; ++i) {
    last = daemon.id_of("gateway", access_line(uuid(i)));
    daemon.id_of("shop", "loaded request_id=" + uuid(i));
  }
  CHECK(last == uuid(40));
  CHECK(daemon.id_of("gateway", access_line(uuid(1000))) == uuid(1000));
  CHECK(daemon.id_of("gateway", "order " + uuid(1001) + " loaded").empty());
  CHECK(daemon.id_of("other", access_line(uuid(1002))).empty());
}

TEST_CASE("a field whose name says nothing is a column too") {
  Daemon daemon;
  const auto line = [](uint64_t i) {
    return "{\"m\":\"loaded in " + std::to_string(i) + " ms\",\"c\":\"" + uuid(i) + "\"}";
  };
  for (uint64_t i = 1; i <= 40; ++i) {
    daemon.id_of("worker", line(i));
    daemon.id_of("shop", "loaded request_id=" + uuid(i));
  }
  CHECK(daemon.id_of("worker", line(1000)) == uuid(1000));
}

TEST_CASE("a column of things that are no ids, or of one value, is none") {
  Daemon daemon;
  for (uint64_t i = 1; i <= 200; ++i) {
    // Orders have ids of their own; a few are requests' by chance.
    const std::string order = i % 4 == 0 ? uuid(i) : uuid(i + 5000);
    daemon.id_of("shop", "loaded request_id=" + uuid(i));
    const std::string got = daemon.id_of("shop", "order " + order + " loaded");
    CHECK(got == (i % 4 == 0 ? order : ""));
    CHECK(daemon.id_of("session", "session " + uuid(9999) + " alive").empty());
  }
}

/// `source` has learnt that lines like access_line() have a column of ids.
void teach(BareIds& ids, uint64_t source) {
  for (uint64_t i = 1; i <= 40; ++i) {
    ids.note_id(uuid(i));
    ids.find(source, access_line(uuid(i)));
  }
}

TEST_CASE("what was learnt of columns goes over to another one") {
  BareIds before;
  CHECK(before.judged() == 0);
  teach(before, 7);
  CHECK(before.judged() > 0);
  const std::string columns = before.columns();
  for (uint64_t i = 1; i <= 40; ++i) CHECK(columns.find(uuid(i).substr(24)) == std::string::npos);

  BareIds after;
  CHECK(after.find(7, access_line(uuid(1000))).empty());
  REQUIRE(after.recall(columns));
  CHECK(after.find(7, access_line(uuid(1001))) == uuid(1001));
  CHECK(after.find(7, "order " + uuid(1002) + " loaded").empty());
  CHECK(after.find(8, access_line(uuid(1003))).empty());
}

TEST_CASE("a text that is not what was learnt teaches nothing") {
  BareIds before;
  teach(before, 7);
  const std::string columns = before.columns();
  for (const std::string& text :
       {std::string(), std::string("columns 2\n"), "columns 2" + columns.substr(9),
        columns.substr(0, columns.size() - 3), columns + "x", columns + "1 2 3\n",
        columns + "1 2 65 3 3\n", columns + "1 2 5 6 3\n", columns + "1 2 5 3 6\n",
        columns + "1 2 -5 3 3\n"}) {
    BareIds after;
    INFO(text);
    CHECK_FALSE(after.recall(text));
    CHECK(after.find(7, access_line(uuid(1001))).empty());
  }
  std::string many = columns;
  for (size_t i = 0; i <= BareIds::kSourcesMax * BareIds::kColumnsMax; ++i) many += "1 2 5 3 3\n";
  CHECK_FALSE(BareIds().recall(many));
}

TEST_CASE("of all sources that it knows, as many columns as there are places go over") {
  BareIds before;
  for (uint64_t source = 1; source <= 2 * BareIds::kSourcesMax; ++source) teach(before, source);
  const std::string columns = before.columns();
  CHECK(columns.size() < 1536 * 1024);
  BareIds after;
  REQUIRE(after.recall(columns));
  CHECK(after.columns().size() == columns.size());
  CHECK(after.find(2 * BareIds::kSourcesMax, access_line(uuid(1001))) == uuid(1001));
}

TEST_CASE("ids are remembered within bounds, and sources too") {
  BareIds ids;
  const std::string line = access_line(uuid(1));
  ids.note_id(uuid(1));
  CHECK(ids.find(1, line) == uuid(1));
  for (uint64_t i = 2; i < 20 * BareIds::kKnownMax; ++i) ids.note_id(uuid(i));
  CHECK(ids.find(1, line).empty());
  for (uint64_t source = 0; source < 2 * BareIds::kSourcesMax; ++source) ids.find(source, line);
}

}  // namespace
}  // namespace gasoline::understand

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

#include "source/container/record_reader.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace gasoline::source::container {
namespace {

constexpr const char* kStamp = "2026-11-21T02:32:17.793144969Z";

std::string frame(char stream, const std::string& text) {
  const auto size = static_cast<uint32_t>(text.size());
  std::string bytes{stream, '\0', '\0', '\0'};
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((size >> shift) & 0xff);
  return bytes + text;
}

struct Taken {
  bool is_stderr;
  int64_t time_ns;
  std::string text;
  bool operator==(const Taken&) const = default;
};

std::vector<Taken> read(RecordReader& reader, std::string_view bytes, bool& is_good) {
  std::vector<Taken> taken;
  is_good =
      reader
          .feed(bytes,
                [&](const Record& record) {
                  taken.push_back({record.is_stderr, record.time_ns, std::string(record.text)});
                })
          .has_value();
  return taken;
}

TEST_CASE("stamps are read to the nanosecond, with any number of digits and any offset") {
  CHECK(parse_time_ns("1970-01-01T00:00:01Z") == 1'000'000'000);
  CHECK(parse_time_ns(kStamp) == 1'795'228'337'793'144'969);
  CHECK(parse_time_ns("2026-11-21T02:32:17.5Z") == 1'795'228'337'500'000'000);
  CHECK(parse_time_ns("2026-11-21T03:32:17+01:00") == 1'795'228'337'000'000'000);
  CHECK(parse_time_ns("2024-02-29T00:00:00Z") == 1'709'164'800'000'000'000);
  for (const char* bad :
       {"", "2026", "2026-11-21T02:32:17", "2026-11-21 02:32:17Z", "x026-11-21T02:32:17Z",
        "2026-13-21T02:32:17Z", "2026-11-21T02:32:17+1", "2026-11-21T02:32:17Zx"}) {
    CHECK_FALSE(parse_time_ns(bad));
  }
}

TEST_CASE("frames are records of their stream, however the bytes are cut") {
  const std::string stamp = kStamp;
  const std::string bytes =
      frame(1, stamp + " out\n") + frame(2, stamp + " err\n") + frame(1, stamp + " ");
  const int64_t time_ns = *parse_time_ns(stamp);
  const std::vector<Taken> wanted{
      {false, time_ns, "out\n"}, {true, time_ns, "err\n"}, {false, time_ns, ""}};
  bool is_good = false;
  RecordReader whole(false);
  CHECK(read(whole, bytes, is_good) == wanted);
  RecordReader bytewise(false);
  std::vector<Taken> taken;
  for (const char byte : bytes) {
    for (Taken& record : read(bytewise, {&byte, 1}, is_good)) taken.push_back(std::move(record));
    REQUIRE(is_good);
  }
  CHECK(taken == wanted);
}

TEST_CASE("what is no frame, too large or without a time is an error") {
  bool is_good = true;
  for (const std::string& bytes :
       {std::string("HTTP/1.1 200 OK"), std::string("\1\0\0\1\0\0\0\1", 8),
        std::string("\3\0\0\0\0\0\0\1", 8), std::string("\1\0\0\0\x7f\0\0\0", 8),
        frame(1, "no time\n"), frame(1, "")}) {
    RecordReader reader(false);
    read(reader, bytes, is_good);
    CHECK_FALSE(is_good);
  }
}

TEST_CASE("a terminal's lines lose the stamps that stand within them, and nothing else") {
  const std::string stamp = kStamp;
  const std::string part(16 * 1024, 'x');
  const std::string bytes = stamp + " one\r\n" + stamp + " " + part + stamp + " " + part + stamp +
                            " rest\r\n" + stamp + " last\r\n";
  RecordReader reader(true);
  bool is_good = false;
  const auto taken = read(reader, bytes, is_good);
  REQUIRE(taken.size() == 3);
  CHECK(taken[0].text == "one\r\n");
  CHECK(taken[1].text == part + part + "rest\r\n");
  CHECK(taken[2].text == "last\r\n");
}

TEST_CASE("a terminal's line without an end is given in pieces, and memory stays bounded") {
  RecordReader reader(true);
  bool is_good = false;
  size_t given = 0;
  size_t fed = 0;
  const std::string part(100'000, 'x');
  std::string next = std::string(kStamp) + " ";
  for (int i = 0; i < 50; ++i) {
    for (const Taken& record : read(reader, next, is_good)) given += record.text.size();
    fed += part.size();
    next = part;
    CHECK(fed - given <= RecordReader::kTerminalLineBytesMax + 2 * part.size());
  }
}

}  // namespace
}  // namespace gasoline::source::container

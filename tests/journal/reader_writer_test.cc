#include <catch2/catch.hpp>

#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::Writer;
using journal::WriterOptions;

struct Fixture {
  TemporaryDirectory temporary;
  io::RealFileSystem files;
  ManualClock clock;
  SeededRandom random{1};
  std::string directory = temporary / "state/journal";

  std::unique_ptr<Writer> open(WriterOptions options = {}) {
    return value_of(Writer::open(files, directory, options, clock, random));
  }
};

WriterOptions small_segments(uint64_t size = 1000) {
  WriterOptions options;
  options.segment_size_bytes = size;
  return options;
}

}  // namespace

TEST_CASE("records come back in order with the sequences that append gave") {
  Fixture at;
  auto writer = at.open();
  REQUIRE(value_of(writer->append("one")) == 1);
  const std::string_view parts[] = {"t", "", "wo"};
  REQUIRE(value_of(writer->append(parts)) == 2);
  REQUIRE(value_of(writer->append("")) == 3);
  const ReadBack back = read_all(at.files, at.directory);
  REQUIRE(back.corruptions.empty());
  REQUIRE(back.records ==
          std::vector<std::pair<uint64_t, std::string>>{{1, "one"}, {2, "two"}, {3, ""}});
}

TEST_CASE("segments rotate, and sequences go on over a reopening") {
  Fixture at;
  for (uint64_t next = 1; next <= 300;) {
    auto writer = at.open(small_segments());
    REQUIRE(writer->next_sequence() == next);
    REQUIRE(writer->first_sequence() == 1);
    for (int i = 0; i < 60; ++i, ++next) {
      REQUIRE(value_of(writer->append(payload_of(next, next % 97))) == next);
    }
  }
  const ReadBack back = read_all(at.files, at.directory);
  REQUIRE(back.corruptions.empty());
  REQUIRE(back.records.size() == 300);
  for (uint64_t i = 1; i <= 300; ++i) {
    REQUIRE(back.records[i - 1].first == i);
    REQUIRE(back.records[i - 1].second == payload_of(i, i % 97));
  }
  REQUIRE(read_all(at.files, at.directory, 250).records.front().first == 250);
}

TEST_CASE("released segments are recycled and their old records never come back") {
  Fixture at;
  auto writer = at.open(small_segments(2000));
  auto reader = value_of(journal::Reader::open(at.files, at.directory));
  uint64_t seen = 0;
  for (uint64_t i = 1; i <= 5000; ++i) {
    REQUIRE(value_of(writer->append(payload_of(i, i % 150))) == i);
    if (i % 7 != 0) continue;
    const ReadBack back = read_on(*reader);
    REQUIRE(back.corruptions.empty());
    for (const auto& [sequence, payload] : back.records) {
      REQUIRE(sequence == ++seen);
      REQUIRE(payload == payload_of(sequence, sequence % 150));
    }
    must(writer->release_before(seen));
  }
  REQUIRE(seen >= 4990);
  REQUIRE(value_of(at.files.list(at.directory)).size() <= 6);
}

TEST_CASE("sequences survive the release of every segment") {
  Fixture at;
  {
    auto writer = at.open(small_segments());
    for (uint64_t i = 1; i <= 100; ++i) value_of(writer->append(payload_of(i, 50)));
    must(writer->rotate());
    must(writer->release_before(101));
    REQUIRE(writer->first_sequence() == 101);
  }
  auto writer = at.open(small_segments());
  REQUIRE(writer->next_sequence() == 101);
  REQUIRE(value_of(writer->append("next")) == 101);
}

}  // namespace gasoline::test

#include <time.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "understand/fixture.h"
#include "understand/nasty_lines.h"

namespace gasoline::understand {
namespace {

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// A line of a log file, or a piece of a line of one.
event::Event event_of(std::string_view line, std::string_view metadata) {
  event::Event event;
  event.source = event::SourceKind::kFile;
  event.timestamp_us = kReadTimeUs;
  event.message = line;
  event.metadata = metadata;
  return event;
}

/// The least of a few runs: what the work itself costs.
double cost_of(Reader& reader, std::string_view line, std::string_view metadata, int runs) {
  double least = 1e9;
  for (int run = 0; run < runs; ++run) {
    const double start = cpu_seconds();
    reader.read(event_of(line, metadata));
    least = std::min(least, cpu_seconds() - start);
  }
  return least;
}

// Sixteen times the input may cost about sixteen times the work; a quadratic step would show as
// 256. The bound lies far from both, and the least of several runs is compared, so a busy machine
// is no reason to fail.
void check_proportion(const Nasty& nasty, std::string_view metadata) {
  Reader reader;
  const std::string small = nasty.of_size(64 * 1024);
  const std::string large = nasty.of_size(1024 * 1024);
  const double small_cost = cost_of(reader, small, metadata, 4);
  double large_cost = cost_of(reader, large, metadata, 2);
  for (int again = 0; again < 3 && large_cost >= 72 * std::max(small_cost, 80e-6); ++again) {
    large_cost = std::min(large_cost, cost_of(reader, large, metadata, 2));
  }
  INFO(nasty.head << " + " << nasty.piece << ": " << small_cost << " s, " << large_cost << " s");
  CHECK(large_cost < 72 * std::max(small_cost, 80e-6));
}

TEST_CASE("any line becomes an event whose parts are well formed") {
  Reader reader;
  std::vector<std::string> lines = {std::string("a\0b\0request_id=r1234\0", 20),
                                    "{\"a\":1e999999}",
                                    "{\"time\":99999999999999999999999}",
                                    "{\"level\":-1,\"msg\":7}",
                                    "\xef\xbb\xbf{\"msg\":\"bom\"}",
                                    "\x1e{\"msg\":\"sequence\"}",
                                    "<>",
                                    "<999>x",
                                    "[",
                                    "]",
                                    "=",
                                    "9999-99-99T99:99:99Z x",
                                    "E9999 99:99:99.999999 1 a.go:1] x"};
  for (const Nasty& nasty : kNasties) {
    for (const size_t size : {1u, 17u, 300u, 5000u}) {
      lines.push_back(nasty.of_size(size));
    }
  }
  for (const std::string& line : lines) {
    INFO(line.substr(0, 80));
    const event::Event event = reader.read(line);
    CHECK(event.message.data() != nullptr);
    CHECK(are_json_members(event.metadata));
    CHECK(event.correlation_id.size() <= event::kCorrelationIdSizeMax);
    CHECK(event.timestamp_us > 0);
  }
  CHECK(reader.read("\xef\xbb\xbf{\"msg\":\"bom\"}").message == "bom");
  CHECK(reader.read("\x1e{\"msg\":\"sequence\"}").message == "sequence");
}

TEST_CASE("random bytes become events") {
  const uint64_t seed = 99;
  INFO("seed " << seed);
  SeededRandom random(seed);
  constexpr std::string_view kBytes = "{}[]()\"'\\=:,.-_/|<>@#$ \t\x1b\r012345abcdefTZidINFO";
  Reader reader;
  for (int round = 0; round < 20'000; ++round) {
    std::string line;
    const size_t size = random.next_u64() % 120;
    for (size_t i = 0; i < size; ++i) line.push_back(kBytes[random.next_u64() % kBytes.size()]);
    const event::Event event = reader.read(line);
    INFO(line);
    REQUIRE(are_json_members(event.metadata));
  }
}

TEST_CASE("a long line costs in proportion to its length, however nasty", "[times]") {
  for (const Nasty& nasty : kNasties) check_proportion(nasty, "");
}

TEST_CASE("a piece of a long line costs in proportion to its length too", "[times]") {
  for (const Nasty& nasty : kNasties) {
    if (nasty.may_be_secret) check_proportion(nasty, "\"continued\":true");
  }
}

TEST_CASE("the lines of a private key cost in proportion to their length", "[times]") {
  for (const Nasty& nasty : kNasties) {
    Reader reader;
    const std::string marker = std::string(5, '-') + "BEGIN PRIVATE" + " KEY-----";
    const auto cost = [&](size_t size) {
      const std::string line = nasty.of_size(size);
      double least = 1e9;
      for (int run = 0; run < 3; ++run) {
        reader.read(event_of(marker, ""));
        least = std::min(least, cost_of(reader, line, "", 1));
      }
      return least;
    };
    const double small_cost = cost(64 * 1024);
    const double large_cost = cost(1024 * 1024);
    INFO(nasty.head << " + " << nasty.piece << ": " << small_cost << " s, " << large_cost << " s");
    CHECK(large_cost < 72 * std::max(small_cost, 80e-6));
  }
}

}  // namespace
}  // namespace gasoline::understand

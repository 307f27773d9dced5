#include <time.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

std::string repeated(std::string_view piece, size_t size) {
  std::string text;
  text.reserve(size + piece.size());
  while (text.size() < size) text.append(piece);
  text.resize(size);
  return text;
}

/// Texts that make careless parsers quadratic or deep.
struct Nasty {
  std::string_view head;
  std::string_view piece;
};

constexpr Nasty kNasties[] = {
    {"", "["},
    {"", "{"},
    {"", "{\"a\":"},
    {"{\"a\":", "["},
    {"{\"msg\":\"", "\\\""},
    {"", "\x1b]"},
    {"", "\x1b["},
    {"", "\x1b[31m"},
    {"", " "},
    {"x", "\r"},
    {"", "="},
    {"", "id="},
    {"", "request_id="},
    {"", "trace_id: "},
    {"", "a=\""},
    {"a=b c=\"", "\\"},
    {"", "4bf92f3577b34da6a3ce929d0e0e4736 "},
    {"[", "4bf92f3577b34da6,"},
    {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-"},
    {"", "a1b2c3d4e5f6a7b8"},
    {"", "password="},
    {"", "password=\""},
    {"", "token:"},
    {"", "token=a "},
    {"", "://a:"},
    {"", "eyJ"},
    {"", "eyJaaaaaaaa."},
    {"", "ghp_"},
    {"", "AKIAAKIA"},
    {"", "-----BEGIN PRIVATE KEY-----\""},
    {"", "-----BEGIN PRIVATE KEY "},
    {"", "Authorization: "},
    {"", "bearer "},
    {"2026-11-21T02:37:06Z ", "INFO "},
    {"", "2026-11-21T02:37:06Z "},
    {"INFO ", "[a] "},
    {"", "api | "},
    {"", "x {\"a\":1} "},
    {"{\"log\":\"", "{\\\"log\\\":\\\""},
    {"127.0.0.1 - - [21/Nov/2026:02:37:06 +0000] \"GET / HTTP/1.1\" ",
     "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a  "},
};

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// The least of a few runs: what the work itself costs.
double cost_of(Reader& reader, std::string_view line, int runs) {
  double least = 1e9;
  for (int run = 0; run < runs; ++run) {
    const double start = cpu_seconds();
    reader.read(line);
    least = std::min(least, cpu_seconds() - start);
  }
  return least;
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
      lines.push_back(std::string(nasty.head) + repeated(nasty.piece, size));
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

// Sixteen times the input may cost about sixteen times the work; a quadratic step would show as
// 256. The bound lies far from both, and the least of several runs is compared, so a busy machine
// is no reason to fail.
TEST_CASE("a long line costs in proportion to its length, however nasty") {
  Reader reader;
  for (const Nasty& nasty : kNasties) {
    const std::string small = std::string(nasty.head) + repeated(nasty.piece, 16 * 1024);
    const std::string large = std::string(nasty.head) + repeated(nasty.piece, 256 * 1024);
    reader.read(large);
    const double small_cost = cost_of(reader, small, 5);
    const double large_cost = cost_of(reader, large, 2);
    INFO(nasty.head << " + " << nasty.piece << ": " << small_cost << " s, " << large_cost << " s");
    CHECK(large_cost < 72 * std::max(small_cost, 20e-6));
  }
}

}  // namespace
}  // namespace gasoline::understand

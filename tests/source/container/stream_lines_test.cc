#include "source/container/stream_lines.h"

#include <catch2/catch.hpp>
#include <string>

namespace gasoline::source::container {
namespace {

using Lines = LineQueue;

std::string texts(const Lines& lines) {
  std::string all;
  for (const ContainerLine& line : lines.lines()) all += line.text + "|";
  return all;
}

TEST_CASE(
    "equal lines of one stamp are all kept, and get the same numbers when they are read again") {
  StreamLines stream(0);
  Lines first;
  for (int i = 0; i < 20; ++i) stream.take(5'000'000'000, "same\n", first);
  stream.take(6'000'000'000, "next\n", first);
  REQUIRE(first.lines().size() == 21);
  for (size_t i = 1; i < first.lines().size(); ++i)
    CHECK(first.lines()[i].seq > first.lines()[i - 1].seq);

  // Another reader, that knows that the first nine are taken.
  StreamLines again(first.lines()[8].seq);
  Lines rest;
  for (int i = 0; i < 20; ++i) again.take(5'000'000'000, "same\n", rest);
  again.take(6'000'000'000, "next\n", rest);
  REQUIRE(rest.lines().size() == 12);
  CHECK(rest.lines().front().seq == first.lines()[9].seq);
  CHECK(rest.lines().back().seq == first.lines().back().seq);

  stream.restart();
  Lines none;
  for (int i = 0; i < 20; ++i) stream.take(5'000'000'000, "same\n", none);
  CHECK(none.lines().empty());
}

TEST_CASE("parts are joined; a part that nobody finished is a line of its own") {
  StreamLines stream(0);
  Lines lines;
  stream.take(10, "a", lines);
  stream.take(10, "b", lines);
  CHECK(lines.lines().empty());
  stream.take(10, "c\n", lines);
  stream.take(20, "unfinished", lines);
  stream.take(30, "new\n", lines);
  stream.take(40, "end", lines);
  stream.finish(lines);
  CHECK(texts(lines) == "abc|unfinished|new|end|");
}

TEST_CASE("what the engine repeats after a rotation is dropped and counted, also its last line") {
  StreamLines stream(0);
  Lines lines;
  for (int i = 0; i < 10; ++i) stream.take(i * 100, std::to_string(i) + "\n", lines);
  for (int i = 6; i < 10; ++i) stream.take(i * 100, std::to_string(i) + "\n", lines);
  stream.take(1000, "10\n", lines);
  CHECK(texts(lines) == "0|1|2|3|4|5|6|7|8|9|10|");
  CHECK(stream.repeats() == 1);
}

TEST_CASE("a clock that was set back loses no line") {
  StreamLines stream(0);
  Lines lines;
  stream.take(1'000'000, "before\n", lines);
  stream.take(500'000, "after\n", lines);
  stream.take(500'001, "and more\n", lines);
  CHECK(texts(lines) == "before|after|and more|");
  CHECK(lines.lines()[2].seq > lines.lines()[1].seq);
}

TEST_CASE("a line without an end is cut into pieces that say so") {
  StreamLines stream(0);
  Lines lines;
  const std::string part(16 * 1024, 'x');
  for (size_t size = 0; size < 2 * StreamLines::kLineBytesMax + 100; size += part.size()) {
    stream.take(7, part, lines);
  }
  stream.take(7, "end\n", lines);
  REQUIRE(lines.lines().size() == 3);
  for (const ContainerLine& line : lines.lines()) CHECK(line.is_piece);
  stream.take(8, "whole\n", lines);
  CHECK_FALSE(lines.lines().back().is_piece);
}

TEST_CASE("lines that were offered and not taken are offered again, those that were taken are not") {
  StreamLines stream(0);
  Lines lines;
  for (int64_t i = 1; i <= 5; ++i) stream.take(i, "line\n", lines);
  lines.offer(4);
  CHECK(lines.drop_up_to(lines.lines()[1].seq).lines == 2);
  CHECK(lines.offered() == 2);
  lines.offer_again();
  CHECK(lines.offered() == 0);
  CHECK(lines.unoffered_bytes() == lines.bytes());
  CHECK(lines.lines().front().time_ns == 3);
}

TEST_CASE("a record that is larger than a line may be goes in pieces too") {
  StreamLines stream(0);
  Lines lines;
  stream.take(7, std::string(3 * StreamLines::kLineBytesMax, 'x') + "\n", lines);
  REQUIRE(lines.lines().size() == 4);
  size_t size = 0;
  for (const ContainerLine& line : lines.lines()) {
    CHECK(line.is_piece);
    CHECK(line.text.size() <= StreamLines::kLineBytesMax);
    size += line.text.size();
  }
  CHECK(size == 3 * StreamLines::kLineBytesMax);
  lines.offer(3);
  CHECK(lines.unoffered_bytes() ==
        lines.lines().back().text.size() + LineQueue::kOverheadBytes);
  const LineQueue::Dropped dropped = lines.drop_up_to(lines.lines().back().seq);
  CHECK(dropped.lines == 4);
  CHECK(dropped.text_bytes == size);
  CHECK(lines.bytes() == 0);
  CHECK(lines.unoffered_bytes() == 0);
  CHECK(lines.offered() == 0);
}

}  // namespace
}  // namespace gasoline::source::container

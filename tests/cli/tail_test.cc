#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sse_reader.h"
#include "tail_view.h"

namespace gasoline::cli {
namespace {

std::string event_json(int number) {
  return R"({"timestamp":1763700005000.250,"level":"info","source":"stdout","service":"shop",)"
         R"("message":"line )" +
         std::to_string(number) + R"(","metadata":{}})";
}

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

ViewOptions terminal() {
  ViewOptions options;
  options.is_terminal = true;
  return options;
}

TEST_CASE("server-sent events are read whole, however they are cut") {
  const std::string stream =
      ": hello\nretry: 1000\n\nid: 1\ndata: one\n\nevent: lost\r\ndata: two\ndata:three\n\n:\n\n"
      "id: 2\ndata: \n\nid: 3\ndata: cut off";
  for (size_t piece = 1; piece <= stream.size(); ++piece) {
    CAPTURE(piece);
    SseReader reader;
    std::vector<std::string> read;
    for (size_t at = 0; at < stream.size(); at += piece) {
      REQUIRE(reader.feed(std::string_view(stream).substr(at, piece), [&](const auto& message) {
        read.push_back(std::string(message.type) + "|" + std::string(message.id) + "|" +
                       std::string(message.data));
        return true;
      }));
    }
    CHECK(read == std::vector<std::string>{"|1|one", "lost|1|two\nthree", "|2|"});
  }
  SseReader stopped;
  CHECK_FALSE(stopped.feed(stream, [](const auto&) { return false; }));
}

TEST_CASE("a line or a message that is too long is dropped as a whole, and what follows is read") {
  const std::string chunk(1 << 20, 'x');
  for (const bool as_one_line : {true, false}) {
    CAPTURE(as_one_line);
    SseReader reader;
    std::vector<std::string> read;
    const auto feed = [&](std::string_view piece) {
      REQUIRE(reader.feed(piece, [&](const SseReader::Message& message) {
        read.emplace_back(message.data);
        return true;
      }));
    };
    feed("data: ");
    for (size_t fed = 0; fed <= SseReader::kLineSizeMax; fed += chunk.size()) {
      feed(chunk);
      if (!as_one_line) feed("\ndata: ");
    }
    feed("the end of it\n\ndata: next\n\n");
    CHECK(read == std::vector<std::string>{"next"});
  }
}

TEST_CASE("a terminal shows so many lines a moment and counts the rest, a pipe gets all") {
  TailView view(terminal());
  TailView pipe(ViewOptions{});
  const int events = 1000;
  std::string shown;
  std::string piped;
  for (int i = 0; i < events; ++i) {
    shown += view.draw(event_json(i), TailView::kFrameUs);
    piped += pipe.draw(event_json(i), TailView::kFrameUs);
  }
  CHECK(count_of(shown, "INFO  line ") == TailView::kFrameEventsMax);
  CHECK(count_of(piped, "shop stdout line ") == events);
  CHECK(view.pass_time(TailView::kFrameUs + 1).empty());
  CHECK(view.pass_time(2 * TailView::kFrameUs).find("! 900 events skipped") != std::string::npos);
  CHECK(view.pass_time(3 * TailView::kFrameUs).empty());
  CHECK(view.draw(event_json(7), 3 * TailView::kFrameUs).ends_with("shop INFO  line 7\n"));
}

TEST_CASE("what a reader was too slow for is said with its number") {
  CHECK(TailView(terminal()).draw_lost(12'345).find("! 12,345 events lost") != std::string::npos);
  CHECK(TailView(ViewOptions{}).draw_lost(1) ==
        "gasoline: 1 event lost: this reader was too slow\n");
  CHECK(TailView(terminal()).draw("not JSON", 1).empty());
}

}  // namespace
}  // namespace gasoline::cli

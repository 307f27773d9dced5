#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "digest_view.h"
#include "search_view.h"
#include "sources_view.h"
#include "status_view.h"
#include "timeline_view.h"

namespace gasoline::cli {
namespace {

std::string read_golden(const std::string& name) {
  std::ifstream file(GOLDEN_DIRECTORY "/" + name);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Holds `text` against a golden file. GASOLINE_WRITE_GOLDEN=1 writes the file instead, to be read
/// over before it is committed.
void check_golden(const std::string& name, const std::string& text) {
  if (std::getenv("GASOLINE_WRITE_GOLDEN") != nullptr) {
    std::ofstream(GOLDEN_DIRECTORY "/" + name) << text;
  }
  CHECK(text == read_golden(name));
}

View timeline_of(const std::string& golden_json, const ViewOptions& options) {
  setenv("TZ", "UTC", 1);
  const std::string json = read_golden(golden_json);
  Result<View> view = render_timeline({&json, 1}, options);
  REQUIRE(view.has_value());
  return std::move(*view);
}

ViewOptions terminal(size_t width, bool is_coloured = false) {
  ViewOptions options;
  options.is_terminal = true;
  options.is_coloured = is_coloured;
  options.width = width;
  return options;
}

TEST_CASE("a terminal shows lanes, relative times and what is missing") {
  const View view = timeline_of("timeline.json", terminal(100));
  CHECK(view.found);
  CHECK(view.notes.empty());
  check_golden("timeline_terminal.txt", view.text);
}

TEST_CASE("colours mark lanes, levels and notes") {
  check_golden("timeline_colour.txt", timeline_of("timeline.json", terminal(100, true)).text);
}

TEST_CASE("a narrow terminal is kept to its width") {
  check_golden("timeline_narrow.txt", timeline_of("timeline.json", terminal(60)).text);
}

TEST_CASE("a whole view cuts nothing") {
  ViewOptions options = terminal(60);
  options.is_whole = true;
  CHECK(timeline_of("timeline.json", options).text.find("end of the long message") !=
        std::string::npos);
}

TEST_CASE("a pipe gets one line per event, and the notes apart") {
  const View view = timeline_of("timeline.json", {});
  check_golden("timeline_plain.txt", view.text);
  check_golden("timeline_plain_notes.txt", view.notes);
}

TEST_CASE("two pages are shown as one timeline") {
  setenv("TZ", "UTC", 1);
  const std::string page = read_golden("timeline.json");
  const std::vector<std::string> pages = {page, page};
  const Result<View> view = render_timeline(pages, terminal(100));
  REQUIRE(view.has_value());
  CHECK(view->text.find("10 events, 3 sources") != std::string::npos);
  const std::string note = "12 lines of stderr:auth";
  CHECK(view->text.find(note) == view->text.rfind(note));
}

TEST_CASE("candidates are listed where an id is not unique") {
  const View view = timeline_of("candidates.json", terminal(100));
  CHECK_FALSE(view.found);
  check_golden("candidates.txt", view.notes + view.text);
}

TEST_CASE("nothing found is said with what may have been lost") {
  const View view = timeline_of("nothing.json", {});
  CHECK_FALSE(view.found);
  CHECK(view.text.empty());
  check_golden("nothing.txt", view.notes);
}

TEST_CASE("text that is no answer is an error, not a crash") {
  for (const std::string bad : {"", "{", "[]", "null", "{\"events\":3}x", "<html>"}) {
    INFO(bad);
    CHECK_FALSE(render_timeline({&bad, 1}, {}).has_value());
    CHECK_FALSE(render_status(bad, {}).has_value());
    CHECK_FALSE(render_stats(bad, {}).has_value());
  }
  CHECK_FALSE(render_sources("{}", {}, 0).has_value());
  const std::string odd = R"({"events":[{"timestamp":"x","message":7}],"ids":5,"gaps":null})";
  CHECK(render_timeline({&odd, 1}, terminal(80)).has_value());
}

TEST_CASE("relative times grow from milliseconds to minutes") {
  CHECK(format_relative(0) == "+0.0 ms");
  CHECK(format_relative(12'345) == "+12.3 ms");
  CHECK(format_relative(-500) == "-0.5 ms");
  CHECK(format_relative(12'345'678) == "+12.346 s");
  CHECK(format_relative(725'000'000) == "+12 m 05 s");
}

TEST_CASE("a search shows days, lanes, and how to go on") {
  setenv("TZ", "UTC", 1);
  const Result<TimelineAnswer> page = read_timeline_answer(read_golden("search.json"));
  REQUIRE(page.has_value());
  SearchView view(terminal(80));
  const std::string text = view.draw(*page);
  CHECK(view.events() == 2);
  check_golden("search_terminal.txt", text + view.notes(*page));
  SearchView plain(ViewOptions{});
  check_golden("search_plain.txt", plain.draw(*page));
  CHECK(SearchView(ViewOptions{}).notes({}) == "nothing found\n");
}

TEST_CASE("inferred members are dimmed and marked, and clocks that differ are told") {
  check_golden("inferred_colour.txt", timeline_of("inferred.json", terminal(100, true)).text);
  const View plain = timeline_of("inferred.json", {});
  check_golden("inferred_plain.txt", plain.text + plain.notes);
}

TEST_CASE("a digest is shown with what was cut and how to go on") {
  const std::string json =
      R"({"digest":1,"start":"2025-11-21T04:40:00Z","errors":["+0.1 error pay: no"],"lines":)"
      R"(["+0.2..+9.0 x50 info shop: GET /orders/#"],"ids":[],"candidates":[],"cut":{"events":7,)"
      R"("errors":2},"missing":{"truncated_sources":1,"gaps":0},"next_cursor":"1.a.b.c"})";
  const Result<View> view = render_digest(json);
  REQUIRE(view.has_value());
  CHECK(view->found);
  CHECK(view->notes.empty());
  CHECK(view->text ==
        "start 2025-11-21T04:40:00Z\n+0.1 error pay: no\n"
        "+0.2..+9.0 x50 info shop: GET /orders/#\ncut 7, errors 2\nmissing 1, gaps 0\n"
        "more: --cursor 1.a.b.c\n");
  CHECK(view->text.size() <= json.size());
  CHECK_FALSE(render_digest("{}").has_value());
  CHECK_FALSE(render_digest("[").has_value());
}

TEST_CASE("sources are a table on a terminal and fields in a pipe") {
  const std::string json = read_golden("sources.json");
  const Result<View> table = render_sources(json, terminal(100), 1'763'700'060'000'000);
  REQUIRE(table.has_value());
  check_golden("sources_terminal.txt", table->text);
  const Result<View> plain = render_sources(json, {}, 1'763'700'060'000'000);
  REQUIRE(plain.has_value());
  check_golden("sources_plain.txt", plain->text);
  const Result<View> none = render_sources("{\"sources\":[]}", {}, 0);
  REQUIRE(none.has_value());
  CHECK_FALSE(none->found);
  const std::string followed =
      R"({"sources":[{"source":"file:app","run_id":"file-1-0","place":"path:/x/app.log","events":0}]})";
  CHECK(render_sources(followed, {}, 0)->text == "file:app file-1-0 0 - path:/x/app.log\n");
  CHECK(render_sources(followed, terminal(100), 0)->text.find("  path:/x/app.log") !=
        std::string::npos);
}

TEST_CASE("status says in words what is wrong and what to do") {
  const Result<View> view = render_status(read_golden("status.json"), terminal(100));
  REQUIRE(view.has_value());
  check_golden("status.txt", view->text);
}

TEST_CASE("counters are words on a terminal and names in a pipe") {
  const std::string json = R"({"events":1234567,"secrets_masked":3,"sources":[]})";
  CHECK(render_stats(json, {})->text == "events 1234567\nsecrets_masked 3\n");
  CHECK(render_stats(json, terminal(80))->text.find("1,234,567") != std::string::npos);
}

}  // namespace
}  // namespace gasoline::cli

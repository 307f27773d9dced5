#include "daemon/run_marks.h"

#include <catch2/catch.hpp>

#include "daemon/daemon_rig.h"

namespace gasoline::daemon {
namespace {

constexpr int64_t kNowUs = 1'700'000'000'000'000;

TEST_CASE("a mark never goes back, in number or in time") {
  RunMarks marks;
  CHECK(marks.last_seq("run") == 0);
  marks.advance("run", 10, kNowUs);
  marks.advance("run", 5, kNowUs - 1);
  CHECK(marks.last_seq("run") == 10);
  CHECK(marks.last_seq("other") == 0);
  CHECK(marks.size() == 1);
  marks.for_each([&](std::string_view run_id, const RunMarks::Mark& mark) {
    CHECK(run_id == "run");
    CHECK(mark.seq == 10);
    CHECK(mark.time_us == kNowUs);
  });
}

TEST_CASE("a mark that did not move for seven days is forgotten") {
  RunMarks marks;
  marks.advance("old", 1, kNowUs - RunMarks::kKeptUs - 1);
  marks.advance("just kept", 2, kNowUs - RunMarks::kKeptUs);
  marks.advance("moved", 3, kNowUs - RunMarks::kKeptUs - 1);
  marks.advance("moved", 4, kNowUs);
  marks.expire(kNowUs);
  CHECK(marks.last_seq("old") == 0);
  CHECK(marks.last_seq("just kept") == 2);
  CHECK(marks.last_seq("moved") == 4);
}

TEST_CASE("beyond the bound the marks that moved last are kept") {
  RunMarks marks;
  constexpr uint64_t kTooMany = 50;
  for (uint64_t i = 0; i < RunMarks::kRunsMax + kTooMany; ++i) {
    marks.advance("run " + std::to_string(i), 1, kNowUs - static_cast<int64_t>(i));
  }
  marks.expire(kNowUs);
  CHECK(marks.size() == RunMarks::kRunsMax);
  CHECK(marks.last_seq("run 0") == 1);
  CHECK(marks.last_seq("run " + std::to_string(RunMarks::kRunsMax)) == 0);
}

TEST_CASE("a run that began more than seven days ago is beyond the marks") {
  CHECK_FALSE(is_beyond_marks(test::new_run_id(kNowUs), kNowUs));
  CHECK_FALSE(is_beyond_marks(test::new_run_id(kNowUs - RunMarks::kKeptUs), kNowUs));
  CHECK(is_beyond_marks(test::new_run_id(kNowUs - RunMarks::kKeptUs - 1'000), kNowUs));
  CHECK_FALSE(is_beyond_marks("no ULID", kNowUs));
}

}  // namespace
}  // namespace gasoline::daemon

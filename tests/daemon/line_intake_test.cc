#include "daemon/line_intake.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>

#include "daemon/daemon_rig.h"
#include "source/gap_batch.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

using source::LineBatch;
using source::Taken;
using test::messages_of;

/// "file-1", with lines that end at 10, 20 ... as if each had ten bytes.
LineBatch lines_of(const std::vector<std::string>& messages, uint64_t first) {
  LineBatch batch;
  batch.run_id = "file-1";
  batch.service = "shop";
  batch.metadata = "\"path\":\"/var/log/shop.log\"";
  batch.tags = {"file:/var/log/shop.log"};
  for (const std::string& message : messages) {
    LineBatch::Line line;
    line.offset = static_cast<uint32_t>(batch.text.size());
    line.size = static_cast<uint32_t>(message.size());
    line.seq = 10 * (first + batch.lines.size());
    line.time_us = SystemClock().wall_us() + static_cast<int64_t>(batch.lines.size());
    batch.text += message;
    batch.lines.push_back(line);
  }
  return batch;
}

struct Rig {
  explicit Rig(Pipeline::Options options = {})
      : files(std::make_unique<test::FaultFileSystem>(1)), options_(std::move(options)) {
    open();
  }
  ~Rig() {
    rig->pipeline.reset();
    rig->log.reset();
  }

  void open() {
    rig = std::make_unique<test::PipelineRig>(*files, "/events", options_);
    intake = std::make_unique<LineIntake>(*rig->pipeline, *rig->log);
  }
  Taken take(LineBatch batch) {
    auto promise = std::make_shared<std::promise<Taken>>();
    std::future<Taken> future = promise->get_future();
    GASOLINE_ASSERT(intake->try_submit(batch, [promise](Taken taken) { promise->set_value(taken); }));
    return future.get();
  }
  void restart() {
    intake.reset();
    rig->pipeline.reset();
    rig->log.reset();
    open();
    rig->pipeline->start();
    REQUIRE(test::eventually([this] { return intake->is_ready(); }));
  }

  std::unique_ptr<test::FaultFileSystem> files;
  Pipeline::Options options_;
  std::unique_ptr<test::PipelineRig> rig;
  std::unique_ptr<LineIntake> intake;
};

TEST_CASE("lines of an origin become events with all that the batch says of them") {
  Rig rig;
  rig.rig->pipeline->start();
  CHECK(rig.take(lines_of({"first", "ERROR bad \xff byte"}, 1)) == Taken::kYes);
  const auto answer = rig.rig->store->timeline({});
  REQUIRE(answer.has_value());
  REQUIRE(answer->events.size() == 2);
  const event::Event& last = answer->events.back();
  CHECK(last.message == "bad \xef\xbf\xbd byte");
  CHECK(last.level == event::Level::kError);
  CHECK(last.source == event::SourceKind::kFile);
  CHECK(last.service == "shop");
  CHECK(last.run_id == "file-1");
  CHECK(last.seq == 20);
  CHECK(last.metadata.find("\"path\":\"/var/log/shop.log\"") != std::string_view::npos);
  REQUIRE(last.tags.size() == 1);
  CHECK(last.tags[0] == "file:/var/log/shop.log");
}

TEST_CASE("lines that are offered again are taken once, across a restart too") {
  Rig rig;
  rig.rig->pipeline->start();
  REQUIRE(test::eventually([&] { return rig.intake->is_ready(); }));
  CHECK(rig.intake->last_seq("file-1") == 0);
  CHECK(rig.take(lines_of(messages_of("line", 1, 3), 1)) == Taken::kYes);
  CHECK(rig.intake->last_seq("file-1") == 30);
  CHECK(rig.take(lines_of(messages_of("line", 2, 3), 2)) == Taken::kYes);
  rig.restart();
  CHECK(rig.intake->last_seq("file-1") == 40);
  CHECK(rig.take(lines_of(messages_of("line", 1, 6), 1)) == Taken::kYes);
  CHECK(rig.rig->stored() == messages_of("line", 1, 6));
}

/// Bytes 20 to 90 of "file-1" are gone, with a line that shows the id of a request before them.
LineBatch gap_behind(const LineBatch& lines) {
  LineBatch batch = lines_of({}, 1);
  batch.after_seq = lines.lines.back().seq;
  event::Gap gap;
  gap.bytes = 70;
  gap.from_us = lines.lines.back().time_us;
  gap.to_us = gap.from_us + 1000;
  gap.reason = "a \"rotation\"";
  source::make_gap_batch(gap, 90, event::SourceKind::kFile, batch);
  return batch;
}

TEST_CASE("what a source lost is a gap in its timeline, told once and across a restart") {
  Rig rig;
  rig.rig->pipeline->start();
  REQUIRE(test::eventually([&] { return rig.intake->is_ready(); }));
  const LineBatch lines = lines_of({"one", "GET / request_id=9f8e7d6c5b4a39281706f5e4d3c2b1a0"}, 1);
  CHECK(rig.take(gap_behind(lines)) == Taken::kTryAgain);  // not before the lines before it
  CHECK(rig.take(lines) == Taken::kYes);
  CHECK(rig.take(gap_behind(lines)) == Taken::kYes);
  CHECK(rig.intake->last_seq("file-1") == 90);
  LineBatch next = lines_of({"request_id=9f8e7d6c5b4a39281706f5e4d3c2b1a0 in the next file"}, 1);
  next.run_id = "file-2";
  next.lines[0].time_us = lines.lines[1].time_us + 2000;
  CHECK(rig.take(next) == Taken::kYes);
  const auto check = [&] {
    for (const char* id : {"", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"}) {
      CAPTURE(id);
      store::Query query;
      query.correlation_id = id;
      const auto answer = rig.rig->store->timeline(query);
      REQUIRE(answer.has_value());
      REQUIRE(answer->gaps.size() == 1);
      CHECK(answer->gaps[0].source == "file:shop");
      CHECK(answer->gaps[0].run_id == "file-1");
      CHECK(answer->gaps[0].lines == 0);
      CHECK(answer->gaps[0].bytes == 70);
      CHECK(answer->gaps[0].to_us == lines.lines[1].time_us + 1000);
    }
    const auto all = rig.rig->store->timeline({});
    REQUIRE(all->events.size() == 4);
    const event::Event& gap = all->events[2];
    CHECK(gap.message == event::kGapMessage);
    CHECK(gap.level == event::Level::kWarn);
    CHECK(gap.metadata.find("\"path\":\"/var/log/shop.log\"") != std::string_view::npos);
  };
  check();
  rig.restart();
  CHECK(rig.take(gap_behind(lines)) == Taken::kYes);
  check();
}

TEST_CASE("a full queue leaves the batch with its source") {
  Pipeline::Options options;
  options.queued_bytes_max = 100;
  Rig rig(options);
  std::atomic<int> answers{0};
  const auto done = [&](Taken) { ++answers; };
  LineBatch first = lines_of({"first"}, 1);
  REQUIRE(rig.intake->try_submit(first, done));
  LineBatch second = lines_of({std::string(100, 'x')}, 2);
  CHECK_FALSE(rig.intake->try_submit(second, done));
  CHECK(second.text == std::string(100, 'x'));
  CHECK(second.lines.size() == 1);
  rig.rig->pipeline->start();
  REQUIRE(test::eventually([&] { return answers == 1; }));
  CHECK(rig.intake->try_submit(second, done));
  REQUIRE(test::eventually([&] { return answers == 2; }));
}

TEST_CASE("while the event log cannot be written the source is told to try again") {
  Rig rig;
  rig.rig->pipeline->start();
  CHECK(rig.take(lines_of(messages_of("line", 1, 1), 1)) == Taken::kYes);
  rig.files->set_capacity(0);
  // What the journal has reserved is used up first.
  Taken taken = Taken::kYes;
  uint64_t next = 2;
  for (; taken == Taken::kYes && next < 10'000; ++next) {
    taken = rig.take(lines_of({std::string(1 << 20, 'x')}, next));
  }
  CHECK(taken == Taken::kTryAgain);
  const uint64_t refused = next - 1;
  CHECK(rig.intake->last_seq("file-1") == 10 * (refused - 1));
  rig.files->set_capacity(UINT64_MAX);
  CHECK(rig.take(lines_of({"again"}, refused)) == Taken::kYes);
  CHECK(rig.intake->last_seq("file-1") == 10 * refused);
}

TEST_CASE("lines are not taken before the lines in front of them") {
  Rig rig;
  rig.rig->pipeline->start();
  LineBatch late = lines_of(messages_of("line", 3, 2), 3);
  late.after_seq = 20;
  for (LineBatch::Line& line : late.lines) line.time_us += 60'000'000;  // what comes later is later
  CHECK(rig.take(late) == Taken::kTryAgain);
  CHECK(rig.intake->last_seq("file-1") == 0);
  CHECK(rig.take(lines_of(messages_of("line", 1, 2), 1)) == Taken::kYes);
  CHECK(rig.take(late) == Taken::kYes);
  std::vector<std::string> stored = rig.rig->stored();
  std::sort(stored.begin(), stored.end());
  CHECK(stored == messages_of("line", 1, 4));
}

TEST_CASE("the mark of an origin that is held outlives seven quiet days, others do not") {
  Rig rig;
  rig.rig->pipeline->start();
  CHECK(rig.take(lines_of(messages_of("line", 1, 3), 1)) == Taken::kYes);
  LineBatch other = lines_of({"other"}, 1);
  other.run_id = "file-2";
  CHECK(rig.take(std::move(other)) == Taken::kYes);
  rig.intake->hold("file-1", true);
  RunMarks& marks = rig.rig->log->marks();
  const int64_t later_us = rig.rig->clock.wall_us() + RunMarks::kKeptUs + 60'000'000;
  marks.expire(later_us);
  CHECK(marks.last_seq("file-1") == 30);
  CHECK(marks.last_seq("file-2") == 0);
  rig.intake->hold("file-1", false);
  marks.expire(later_us);
  CHECK(marks.last_seq("file-1") == 0);
}

}  // namespace
}  // namespace gasoline::daemon

#include "source/container/engine_watch.h"

#include <catch2/catch.hpp>
#include <string>

#include "source/container/container_source.h"
#include "source/container/engine_rig.h"

namespace gasoline::source::container {
namespace {

using test::EngineRig;

/// True if of each container all lines came, once each and in order.
bool is_all_there(const EngineRig& rig, size_t lines) {
  size_t complete = 0;
  for (const auto& container : rig.containers) {
    const auto found = rig.intake.lines.find("container-" + container.id + "-1");
    if (found == rig.intake.lines.end()) continue;
    bool is_good = found->second.size() == lines;
    for (size_t i = 0; is_good && i < lines; ++i) {
      is_good = found->second[i].text == "line " + std::to_string(i);
    }
    if (is_good) ++complete;
  }
  return complete == rig.containers.size();
}

void write_lines(EngineRig& rig, size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    for (size_t c = 0; c < rig.containers.size(); ++c) rig.write(c, "line " + std::to_string(i));
  }
}

TEST_CASE("no more containers are followed at once than allowed; the others wait for one to end") {
  EngineWatch::Options options;
  options.streams_max = 3;
  EngineRig rig(options);
  for (int i = 0; i < 10; ++i) rig.add_container("c" + std::to_string(i));
  write_lines(rig, 0, 5);
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 15; }));
  REQUIRE(rig.eventually(
      [&] { return rig.watch->snapshot().note.find("some wait") != std::string::npos; }));
  rig.run_for(300'000);
  CHECK(rig.open_streams() == 3);
  CHECK(rig.streams_begun == 3);
  for (auto& container : rig.containers) container.is_running = false;
  REQUIRE(rig.eventually([&] { return is_all_there(rig, 5); }));
  CHECK(rig.streams_begun == 10);
  CHECK(rig.streams_most == 3);
}

TEST_CASE("details of a container are asked for once, and again when they are old") {
  EngineRig rig({});
  rig.add_container("a");
  rig.add_container("b");
  write_lines(rig, 0, 1);
  REQUIRE(rig.eventually([&] { return is_all_there(rig, 1); }));
  const size_t asked = rig.details_asked;
  rig.run_for(300'000);
  CHECK(rig.details_asked == asked);

  EngineWatch::Options options;
  options.details_ttl_us = 50'000;
  EngineRig forgetful(options);
  forgetful.add_container("a");
  REQUIRE(forgetful.eventually([&] { return forgetful.details_asked >= 4; }));
  write_lines(forgetful, 0, 1);
  REQUIRE(forgetful.eventually([&] { return is_all_there(forgetful, 1); }));
  CHECK(forgetful.streams_begun == 1);
}

TEST_CASE("a stream that is silent beyond its deadline is read anew, and no line comes twice") {
  EngineWatch::Options options;
  options.limits.read_deadline_us = 100'000;
  EngineRig rig(options);
  rig.add_container("a");
  rig.add_container("b");
  write_lines(rig, 0, 20);
  REQUIRE(rig.eventually([&] { return is_all_there(rig, 20) && rig.streams_begun >= 8; }));
  write_lines(rig, 20, 20);
  REQUIRE(rig.eventually([&] { return is_all_there(rig, 40); }));
  CHECK(rig.open_streams() <= 2);
  CHECK(rig.watch->snapshot().problem.empty());
  CHECK(rig.watch->snapshot().losses == 0);
}

TEST_CASE("a stream that never falls silent is read anew once it has lived long enough") {
  EngineWatch::Options options;
  options.limits.read_deadline_us = 150'000;
  options.limits.whole_us = 200'000;
  EngineRig rig(options);
  rig.add_container("a");
  size_t written = 0;
  REQUIRE(rig.eventually([&] {
    write_lines(rig, written++, 1);
    return rig.streams_begun >= 4;
  }));
  REQUIRE(rig.eventually([&] { return is_all_there(rig, written); }));
}

TEST_CASE("limits that contradict each other are refused when the source is made") {
  EngineRig rig({});
  EngineWatch::Options options;
  options.limits.read_deadline_us = options.limits.whole_us;
  const Surroundings around{rig.intake, rig.files, rig.clock,
                            rig.random, rig.log,   rig.directory.path()};
  const auto made = make_container_source(rig.settings, around, options);
  REQUIRE_FALSE(made);
  CHECK(made.error().code == Error::kInvalid);
  CHECK(make_container_source(rig.settings, around, {}).has_value());
}

TEST_CASE("a pipeline that does not answer gets few batches, and the engine is read no further") {
  EngineRig rig({});
  rig.intake.is_silent = true;
  rig.add_container("a");
  constexpr size_t kLines = 60'000;
  write_lines(rig, 0, kLines);
  REQUIRE(rig.eventually(
      [&] { return rig.intake.undelivered() == ContainerStream::kBatchesOfOneMax; }));
  rig.run_for(300'000);
  CHECK(rig.intake.undelivered() == ContainerStream::kBatchesOfOneMax);
  // What is read, on its way in sockets and in the engine's hands is far from all of it.
  REQUIRE(rig.open_streams() == 1);
  CHECK(rig.following[0].sent < rig.containers[0].log.size());
  rig.intake.is_silent = false;
  REQUIRE(rig.eventually([&] { return is_all_there(rig, kLines); }));
  CHECK(rig.intake.repeated_lines == 0);
}

TEST_CASE("lines of a container that the event log could not take are offered until it can") {
  EngineRig rig({});
  uint64_t asked = 0;
  rig.intake.is_failing = [&] { return ++asked % 3 != 0; };
  rig.intake.is_full = [&] { return asked % 5 == 4 && ++asked > 0; };
  rig.add_container("a");
  write_lines(rig, 0, 5'000);
  REQUIRE(rig.eventually([&] { return is_all_there(rig, 5'000); }));
  CHECK(rig.watch->snapshot().rejected_full > 0);
}

}  // namespace
}  // namespace gasoline::source::container

#include <catch2/catch.hpp>
#include <cerrno>

#include "daemon/daemon_rig.h"
#include "daemon/pipeline.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

using test::PipelineRig;
using test::run_body;
using Messages = std::vector<std::string>;

const std::string kTrace =
    "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in run\n    pay()\n"
    "KeyError: 'card'";

TEST_CASE("a trace that comes in several batches is one event") {
  test::FaultFileSystem files(1);
  PipelineRig rig(files, "/events");
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  rig.submit(run_body(run, 1, {"before", "Traceback (most recent call last):"}));
  rig.submit(run_body(run, 3, {"  File \"/srv/a.py\", line 3, in run"}));
  CHECK(rig.stored().size() == 2);
  rig.submit(run_body(run, 4, {"    pay()", "KeyError: 'card'", "after"}));
  CHECK(rig.stored() == Messages{"before", kTrace, "after"});
}

TEST_CASE("a trace is one event after a restart, and goes on if its lines come only then") {
  test::FaultFileSystem files(1);
  std::string run;
  {
    PipelineRig rig(files, "/events");
    rig.pipeline->start();
    run = test::new_run_id(rig.clock.wall_us());
    rig.submit(run_body(run, 1,
                        {"Traceback (most recent call last):",
                         "  File \"/srv/a.py\", line 3, in run", "    pay()"}));
    rig.pipeline.reset();
  }
  PipelineRig rig(files, "/events");
  rig.pipeline->start();
  CHECK(test::eventually([&] { return rig.pipeline->is_ready(); }));
  CHECK(rig.stored() == Messages{kTrace.substr(0, kTrace.rfind('\n'))});
  // The last of the lines that were taken comes again, as after a lost answer.
  const Outcome outcome = rig.submit(run_body(run, 3, {"    pay()", "KeyError: 'card'", "after"}));
  CHECK(outcome.duplicates == 1);
  CHECK(rig.stored() == Messages{kTrace, "after"});
}

TEST_CASE("a trace whose beginning could not be logged is whole once the run delivers it again") {
  test::FaultFileSystem files(1);
  PipelineRig rig(files, "/events");
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  const std::string body = run_body(
      run, 1, {"Traceback (most recent call last):", "  File \"/srv/a.py\", line 3, in run",
               "    pay()", "KeyError: 'card'"});
  rig.submit(run_body(test::new_run_id(rig.clock.wall_us()), 1, {"other"}));
  files.fail(test::FaultFileSystem::kWrite | test::FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  CHECK(rig.submit(body).code == Outcome::Code::kUnavailable);
  files.fail(0, 0, 0, 0);
  CHECK(rig.submit(body).code == Outcome::Code::kTaken);
  CHECK(rig.stored() == Messages{"other", kTrace});
}

}  // namespace
}  // namespace gasoline::daemon

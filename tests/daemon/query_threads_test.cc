#include "daemon/query_threads.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "daemon/daemon_rig.h"

namespace gasoline::daemon {
namespace {

TEST_CASE("queries run side by side, and one more than may wait is refused and counted") {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> running{0};
  std::atomic<int> finished{0};
  QueryThreads threads(2, 3);
  const auto query = [&] {
    ++running;
    released.wait();
    ++finished;
  };
  REQUIRE(threads.try_run(query));
  REQUIRE(threads.try_run(query));
  REQUIRE(test::eventually([&] { return running == 2; }));
  for (int i = 0; i < 3; ++i) CHECK(threads.try_run(query));
  CHECK_FALSE(threads.try_run(query));
  CHECK_FALSE(threads.try_run(query));
  CHECK(threads.refused_total() == 2);
  CHECK(running == 2);
  release.set_value();
  REQUIRE(test::eventually([&] { return finished == 5; }));
  CHECK(threads.try_run(query));
}

TEST_CASE("destruction finishes the query that runs and drops those that wait") {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> started{0};
  std::atomic<int> finished{0};
  auto threads = std::make_unique<QueryThreads>(1, 10);
  const auto query = [&] {
    ++started;
    released.wait();
    ++finished;
  };
  for (int i = 0; i < 5; ++i) REQUIRE(threads->try_run(query));
  REQUIRE(test::eventually([&] { return started == 1; }));
  std::thread closer([&] { threads.reset(); });
  // The destructor drops the queue first; only then may the running one end.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  release.set_value();
  closer.join();
  CHECK(finished == started);
  CHECK(started < 5);
}

}  // namespace
}  // namespace gasoline::daemon

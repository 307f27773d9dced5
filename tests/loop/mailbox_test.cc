#include "loop/mailbox.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "loop/loop.h"

using namespace gasoline::loop;

TEST_CASE("functions of one thread run in their order, on the loop's thread") {
  Loop loop;
  std::optional<Mailbox> mailbox;
  mailbox.emplace(loop, 1000);
  std::vector<int> order;
  const std::thread::id loop_thread = std::this_thread::get_id();
  int accepted = 0;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) {
      accepted += mailbox->try_post([&, i] {
        if (std::this_thread::get_id() == loop_thread) order.push_back(i);
      });
    }
  });
  while (order.size() < 1000) loop.run_once();
  poster.join();
  mailbox.reset();
  CHECK(loop.run());
  CHECK(accepted == 1000);
  REQUIRE(order.size() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(order[static_cast<size_t>(i)] == i);
}

TEST_CASE("a full mailbox says no and counts it, and takes again once it was emptied") {
  Loop loop;
  Mailbox mailbox(loop, 2);
  mailbox.set_keeps_loop_alive(false);
  int runs = 0;
  CHECK(mailbox.try_post([&] { ++runs; }));
  CHECK(mailbox.try_post([&] { ++runs; }));
  CHECK_FALSE(mailbox.try_post([&] { ++runs; }));
  CHECK_FALSE(mailbox.try_post([&] { ++runs; }));
  CHECK(mailbox.refused_total() == 2);
  mailbox.set_keeps_loop_alive(true);
  while (runs < 2) loop.run_once();
  CHECK(mailbox.try_post([&] { ++runs; }));
  while (runs < 3) loop.run_once();
  CHECK(mailbox.refused_total() == 2);
}

TEST_CASE("many threads post at once and nothing is lost or run twice") {
  Loop loop;
  std::optional<Mailbox> mailbox;
  mailbox.emplace(loop, 64);
  constexpr int kThreads = 4;
  constexpr int kPosts = 5000;
  int runs = 0;  // the loop's thread only
  std::atomic<int> accepted = 0;
  std::atomic<int> posters_left = kThreads;
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) {
        while (!mailbox->try_post([&] { ++runs; })) std::this_thread::yield();
        ++accepted;
      }
      --posters_left;
    });
  }
  while (posters_left > 0 || runs < accepted) loop.run_ready();
  for (std::thread& poster : posters) poster.join();
  while (runs < kThreads * kPosts) loop.run_ready();
  CHECK(runs == kThreads * kPosts);
}

TEST_CASE("what a mailbox has not run when it goes is dropped, also from its own callback") {
  const auto witness = std::make_shared<int>(0);
  int runs = 0;
  {
    Loop loop;
    std::optional<Mailbox> mailbox;
    mailbox.emplace(loop, 10);
    CHECK(mailbox->try_post([&, witness] {
      ++runs;
      mailbox.reset();
    }));
    CHECK(mailbox->try_post([&, witness] { ++runs; }));
    CHECK(loop.run());
    CHECK(runs == 1);
    Mailbox unread(loop, 10);
    CHECK(unread.try_post([&, witness] { ++runs; }));
  }
  CHECK(runs == 1);
  CHECK(witness.use_count() == 1);
}

#include <catch2/catch.hpp>

#include "capture/sender_rig.h"
#include "support/seed.h"

namespace gasoline::capture {
namespace {

using test::eventually;
using test::RawAnswer;
using test::ReceivedBatch;
using test::SenderRig;

/// One of the things that can happen to a batch. Whatever it is, an answer that says "taken" was
/// preceded by storing the batch.
RawAnswer any_answer(uint64_t chance) {
  RawAnswer raw;
  switch (chance % 8) {
    case 0:
      return test::problem_answer(503, "log_unavailable");
    case 1:
      return test::problem_answer(413, "body_too_large");
    case 2:
      return test::answer(200, "{\"status\":\"ok\"}");
    case 3:
      raw = test::answer(500, "oops");
      break;
    case 4:  // stored, and the answer is lost on its way
      raw = test::taken();
      raw.bytes.resize(chance / 8 % raw.bytes.size());
      raw.closes = true;
      return raw;
    case 5:
      raw.bytes = "\0\0\0 what?";
      break;
    case 6:
      break;
    default:
      return test::taken();
  }
  raw.closes = true;
  return raw;
}

TEST_CASE(
    "whatever the daemon answers, every event is stored once and none is acknowledged before") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 5; ++round) {
    SenderRig rig;
    // At most a few bad answers a round, since each costs its time of waiting.
    const uint64_t answers_seed = random.next_u64();
    std::atomic<int> bad_answers_left{4};
    rig.listen([&](const ReceivedBatch& batch) {
      const uint64_t chance = SeededRandom(answers_seed + batch.number).next_u64();
      // A single event may be refused for good: then it is not to be found.
      if (batch.messages.size() == 1 || bad_answers_left-- <= 0) return test::taken();
      return any_answer(chance);
    });
    rig.start();
    std::atomic<bool> is_checking{true};
    uint64_t ahead = 0;
    std::thread checker([&] {
      // Records hold one line each here, so the record's number says how many events are below it.
      while (is_checking) {
        const uint64_t acknowledged = rig.acknowledged;
        const auto stored = rig.daemon->stored();
        for (uint64_t seq = 1; seq < acknowledged; ++seq) {
          if (!stored.contains(rig.own.run().run_id + "/" + std::to_string(seq))) ++ahead;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    const uint64_t lines = 20 + random.next_u64() % 100;
    for (uint64_t i = 0; i < lines; ++i) {
      rig.add_lines({"line " + std::to_string(i)});
      if (random.next_u64() % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const bool is_done = eventually([&] { return rig.is_all_acknowledged(); });
    is_checking = false;
    checker.join();
    REQUIRE(is_done);
    CHECK(ahead == 0);
    CHECK(rig.daemon->stored() == rig.expected());
    CHECK(rig.daemon->contradictions() == 0);
    CHECK(rig.sender->finish(3'600'000'000, 3'600'000'000));
  }
}

}  // namespace
}  // namespace gasoline::capture

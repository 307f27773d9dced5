#include "process/write_order.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "process/fixture.h"
#include "process/pty.h"

namespace gasoline::process {
namespace {

constexpr size_t kOut = 0;
constexpr size_t kErr = 1;

/// Two pseudo-terminals, and what comes out if whoever can go takes the next turn.
struct Rig {
  /// `patience_us`: long, unless it is what the test is about, for a machine that is busy.
  explicit Rig(int64_t patience_us = 20'000'000)
      : ptys{std::move(*open_pty(-1)), std::move(*open_pty(-1))} {
    auto made = WriteOrder::create({ptys[0].master.get(), ptys[1].master.get()},
                                   {ptys[0].slave.get(), ptys[1].slave.get()}, patience_us);
    REQUIRE(made);
    order = std::move(*made);
    for (const Pty& pty : ptys) ::fcntl(pty.master.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  }
  void write(size_t stream, std::string_view text) {
    REQUIRE(::write(ptys[stream].slave.get(), text.data(), text.size()) ==
            static_cast<ssize_t>(text.size()));
    written_bytes += text.size();
  }
  /// One turn as a reader takes it; false if it found nothing.
  bool turn(size_t stream) {
    if (!order->begin(stream, abandoned)) return false;
    std::string& held = held_bytes[stream];
    if (held.empty()) {
      char bytes[4096];
      const ssize_t got = ::read(ptys[stream].master.get(), bytes, sizeof bytes);
      if (got <= 0) {
        order->end(stream, false);
        return false;
      }
      held.assign(bytes, static_cast<size_t>(got));
    }
    const size_t size = order->portion(stream, held);
    shown += held.substr(0, size);
    shown_bytes += size;
    held.erase(0, size);
    order->end(stream, !held.empty());
    return true;
  }
  /// Both readers, each on a thread, until all that was written has come: it may take the kernel a
  /// while to get it to the other side.
  std::string show() {
    const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto read_all = [this, give_up_at](size_t stream) {
      while (shown_bytes < written_bytes && std::chrono::steady_clock::now() < give_up_at) {
        if (!turn(stream)) std::this_thread::yield();
      }
    };
    std::thread other(read_all, kErr);
    read_all(kOut);
    other.join();
    return shown;
  }

  std::array<Pty, 2> ptys;
  std::unique_ptr<WriteOrder> order;
  std::atomic<bool> abandoned{false};
  std::array<std::string, 2> held_bytes;
  std::string shown;
  size_t written_bytes = 0;
  std::atomic<size_t> shown_bytes{0};
};

TEST_CASE("what was written to the other stream first comes out first") {
  for (int i = 0; i < 100; ++i) {
    Rig rig;
    rig.write(kErr, "trace\n");
    rig.write(kErr, "back\n");
    rig.write(kOut, "prompt");
    CHECK(rig.show() == "trace\nback\nprompt");
  }
}

TEST_CASE("lines that alternate keep their order, however late they are read") {
  Rig rig;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string out = "out " + std::to_string(i) + "\n";
    const std::string err = "err " + std::to_string(i) + "\n";
    rig.write(kOut, out);
    rig.write(kErr, err);
    expected += out + err;
  }
  CHECK(rig.show() == expected);
  CHECK(rig.order->given_up() == 0);
}

TEST_CASE("what is no line is not lost") {
  Rig rig;
  rig.write(kOut, "a");
  rig.write(kErr, "b");
  rig.write(kOut, "c");
  rig.write(kErr, "d");
  const std::string shown = rig.show();
  CHECK(shown.size() == 4);
  CHECK(shown.find('a') < shown.find('c'));
  CHECK(shown.find('b') < shown.find('d'));
}

TEST_CASE("a reader that does not come is waited for no longer than its patience") {
  Rig rig(WriteOrder::kPatienceUs);
  rig.write(kErr, "never read\n");
  rig.write(kOut, "shown\n");
  CHECK(rig.turn(kOut));
  CHECK(rig.shown == "shown\n");
  CHECK(rig.order->given_up() == 1);
}

TEST_CASE("nobody waits for a stream that is at its end") {
  Rig rig;
  rig.write(kErr, "never read\n");
  rig.order->leave(kErr);
  rig.write(kOut, "shown\n");
  CHECK(rig.turn(kOut));
  CHECK(rig.order->given_up() == 0);
}

TEST_CASE("one who waits for the other's turn to end can be told to give up") {
  Rig rig;
  REQUIRE(rig.order->begin(kErr, rig.abandoned));
  std::thread waiter([&] { CHECK_FALSE(rig.order->begin(kOut, rig.abandoned)); });
  rig.abandoned.store(true);
  waiter.join();
  rig.abandoned.store(false);
  rig.order->end(kErr, false);
  CHECK(rig.order->begin(kOut, rig.abandoned));
}

TEST_CASE("times never run backwards over both streams") {
  Rig rig;
  CHECK(rig.order->not_before_last_us(5) == 5);
  CHECK(rig.order->not_before_last_us(3) == 5);
  CHECK(rig.order->not_before_last_us(6) == 6);
}

}  // namespace
}  // namespace gasoline::process

#include "spool/held_run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>

#include "io/real_file_system.h"
#include "spool/ring_directory.h"
#include "spool/spool_fixture.h"
#include "support/temporary_directory.h"

namespace gasoline::spool {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read_end = FileDescriptor(ends[0]);
    write_end = FileDescriptor(ends[1]);
  }
  /// Whether anybody could read what is written.
  bool has_reader() const { return ::write(write_end.get(), "x", 1) == 1; }
  FileDescriptor read_end;
  FileDescriptor write_end;
};

/// The receiving ends in the hands of another process, as its own descriptors.
HeldParts parts_of(const HeldRun& held) {
  HeldParts parts;
  for (const int end : held.receiving_ends()) parts.emplace_back(::dup(end));
  return parts;
}

HeldSettings some_settings() {
  HeldSettings settings;
  settings.ring_directory = "/rings/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  settings.holder_path = "/run/with\nanything\\in it";
  settings.url = "http://127.0.0.1:7890";
  settings.spool_size_bytes_max = 1ull << 40;
  settings.sync_policy = 2;
  settings.is_lossless = true;
  return settings;
}

TEST_CASE("a holder finds all that a dead wrapper left, once") {
  auto held = HeldRun::make();
  REQUIRE(held);
  Pipe child;
  Pipe staging;
  const HeldParts parts = parts_of(*held);
  CHECK_FALSE(is_left(parts));
  REQUIRE(held->put_settings(some_settings(), child.read_end.get()));
  REQUIRE(held->put_child(4711, "\"run_started\":{\"cwd\":\"/a b\"}", child.read_end.get()));
  REQUIRE(held->put_stream(Stream::kStderr, child.read_end.get(), staging.read_end.get(),
                           staging.write_end.get()));
  child.read_end.reset();
  CHECK(is_left(parts));
  auto run = take_run(parts);
  REQUIRE(run);
  CHECK(run->settings.ring_directory == some_settings().ring_directory);
  CHECK(run->settings.holder_path == some_settings().holder_path);
  CHECK(run->settings.url == some_settings().url);
  CHECK(run->settings.spool_size_bytes_max == 1ull << 40);
  CHECK(run->settings.sync_policy == 2);
  CHECK(run->settings.is_lossless);
  CHECK(run->child == 4711);
  CHECK(run->started == "\"run_started\":{\"cwd\":\"/a b\"}");
  CHECK_FALSE(run->terminal);
  REQUIRE(run->streams.size() == 1);
  CHECK(run->streams[0].stream == Stream::kStderr);
  CHECK(child.has_reader());
  CHECK_FALSE(is_left(parts));
  CHECK_FALSE(take_run(parts));
}

TEST_CASE("what is withdrawn is closed at once, whatever the holder does") {
  ::signal(SIGPIPE, SIG_IGN);
  auto held = HeldRun::make();
  REQUIRE(held);
  Pipe out;
  Pipe err;
  Pipe staging;
  const HeldParts parts = parts_of(*held);
  for (const auto& [stream, pipe] : {std::pair{Stream::kStdout, &out}, {Stream::kStderr, &err}}) {
    REQUIRE(held->put_stream(stream, pipe->read_end.get(), staging.read_end.get(),
                             staging.write_end.get()));
    pipe->read_end.reset();
  }
  REQUIRE(held->put_settings(some_settings(), staging.read_end.get()));
  CHECK(out.has_reader());
  held->withdraw_stream(Stream::kStdout);
  CHECK_FALSE(out.has_reader());
  CHECK(err.has_reader());
  CHECK(is_left(parts));
  held->withdraw();
  CHECK_FALSE(err.has_reader());
  CHECK_FALSE(is_left(parts));
}

TEST_CASE("of a terminal's modes the last ones count") {
  auto held = HeldRun::make();
  REQUIRE(held);
  Pipe any;
  termios before{};
  before.c_lflag = ECHO;
  termios made{};
  for (int i = 1; i <= 1000; ++i) {
    made.c_iflag = static_cast<tcflag_t>(i);
    REQUIRE(held->put_terminal(any.read_end.get(), before, made));
  }
  REQUIRE(held->put_settings(some_settings(), any.read_end.get()));
  auto run = take_run(parts_of(*held));
  REQUIRE(run);
  REQUIRE(run->terminal);
  CHECK(run->terminal->before.c_lflag == ECHO);
  CHECK(run->terminal->made.c_iflag == 1000);
}

TEST_CASE("a message of another kind is refused") {
  auto held = HeldRun::make();
  REQUIRE(held);
  auto ends = make_socket_pair();
  REQUIRE(ends);
  HoldRequest request{"01ARZ3NDEKTSV4RRFFQ69G5FAV", "shop", 3, 17};
  const auto receiving_ends = held->receiving_ends();
  SECTION("whole") {
    REQUIRE(send_hold_request(ends->first.get(), request, receiving_ends));
    auto message = receive_message(ends->second.get());
    REQUIRE((message && message->has_value()));
    const auto parsed = parse_hold_request(**message);
    REQUIRE(parsed);
    CHECK(parsed->run_id == request.run_id);
    CHECK(parsed->service == "shop");
    CHECK(parsed->takeovers == 3);
    CHECK(parsed->since_us == 17);
    for (size_t size = 0; size < (*message)->text.size(); ++size) {
      DescriptorMessage cut;
      cut.text = (*message)->text.substr(0, size);
      cut.descriptors = parts_of(*held);
      CHECK_FALSE(parse_hold_request(cut));
    }
  }
  SECTION("with a descriptor too few") {
    REQUIRE(send_hold_request(ends->first.get(), request, std::span(receiving_ends).first(4)));
    auto message = receive_message(ends->second.get());
    REQUIRE((message && message->has_value()));
    CHECK_FALSE(parse_hold_request(**message));
  }
  SECTION("with a name that leads elsewhere") {
    request.run_id = "../../etc";
    REQUIRE(send_hold_request(ends->first.get(), request, receiving_ends));
    auto message = receive_message(ends->second.get());
    REQUIRE((message && message->has_value()));
    CHECK_FALSE(parse_hold_request(**message));
  }
}

TEST_CASE("messages over the bounds are not sent") {
  auto ends = make_socket_pair();
  REQUIRE(ends);
  const std::string longest(kMessageSizeBytesMax, 'x');
  CHECK(send_message(ends->first.get(), longest, {}));
  CHECK(send_message(ends->first.get(), longest + "x", {}).error().code == Error::kTooLarge);
  const std::array<int, kDescriptorsMax + 1> many{};
  CHECK(send_message(ends->first.get(), "x", many).error().code == Error::kTooLarge);
  auto message = receive_message(ends->second.get());
  REQUIRE((message && message->has_value()));
  CHECK((*message)->text.size() == kMessageSizeBytesMax);
  Status sent;
  for (int i = 0; i < 10'000 && sent; ++i) sent = send_message(ends->first.get(), longest, {});
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == EAGAIN);
}

TEST_CASE("rings are adopted with their lock, and only those that it belongs to") {
  const gasoline::test::TemporaryDirectory place;
  io::RealFileSystem files;
  const RunDescription run = test::some_run();
  auto made = RingDirectory::create(files, place / "rings", {run, {place / "spool"}, 100});
  REQUIRE(made);
  FileDescriptor lock(::fcntl(made->lock_descriptor(), F_DUPFD_CLOEXEC, 0));
  const std::string path = made->path();
  {
    const RingDirectory dies = std::move(*made);
  }
  // The wrapper is gone, and still nobody else gets it.
  const auto other = RingDirectory::open(files, path);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Error::kLocked);
  SECTION("its own") {
    auto adopted = RingDirectory::adopt(files, path, std::move(lock));
    REQUIRE(adopted);
    CHECK(adopted->ring_run().run.run_id == run.run_id);
    CHECK(RingDirectory::open(files, path).error().code == Error::kLocked);
  }
  SECTION("another file's") {
    FileDescriptor wrong(::open((place / "wrong").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    CHECK(RingDirectory::adopt(files, path, std::move(wrong)).error().code == Error::kInvalid);
  }
  SECTION("under another name") {
    REQUIRE(::rename(path.c_str(), (place / "rings/other").c_str()) == 0);
    const auto adopted = RingDirectory::adopt(files, place / "rings/other", std::move(lock));
    CHECK(adopted.error().code == Error::kInvalid);
  }
  SECTION("removed meanwhile") {
    REQUIRE(::unlink((path + "/run").c_str()) == 0);
    CHECK(RingDirectory::adopt(files, path, std::move(lock)).error().code == ENOENT);
  }
}

}  // namespace
}  // namespace gasoline::spool

#include "source/ssh/far_side.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "source/ssh/ssh_process.h"
#include "source/ssh/ssh_rig.h"
#include "support/noise.h"
#include "support/seed.h"

namespace gasoline::source::ssh {
namespace {

/// Talks to the far side in a shell of this machine.
struct Talk {
  explicit Talk(const std::string& shell) : rig(shell) {
    Link::Events events;
    events.received = [this](std::string_view bytes) {
      Status fed = dialogue.feed(bytes);
      if (!fed) problem = fed.error().to_string();
    };
    events.ended = [this](const LinkEnd& end) { ended = end; };
    auto started = SshProcess::start(rig.loop, {rig.script}, std::move(events));
    REQUIRE(started);
    link = std::move(*started);
    link->write(far_program("abc"));
    wait([this] { return dialogue.has_greeted(); });
  }
  ~Talk() {
    link.reset();
    rig.loop.run_ready();
  }
  void wait(const std::function<bool()>& claim) {
    const int64_t give_up_us = rig.clock.monotonic_us() + 20'000'000;
    bool holds = claim();
    while (!holds && rig.clock.monotonic_us() < give_up_us) {
      rig.loop.run_once();
      holds = claim();
    }
    INFO(problem);
    REQUIRE(holds);
  }
  template <typename Reply>
  Reply ask(const std::string& text) {
    link->write(text);
    std::optional<FarDialogue::Reply> reply;
    wait([&] { return (reply = dialogue.take()).has_value(); });
    return std::get<Reply>(std::move(*reply));
  }
  ReadReply read(const ReadRequest& request) { return ask<ReadReply>(dialogue.ask_read(request)); }
  ScanReply scan(bool with_siblings) { return ask<ScanReply>(dialogue.ask_scan(with_siblings)); }

  test::HostRig rig;
  FarDialogue dialogue{"abc"};
  std::unique_ptr<Link> link;
  std::optional<LinkEnd> ended;
  std::string problem;
};

/// The shells that are here, among them the poorest.
std::vector<std::string> shells() {
  std::vector<std::string> found;
  for (const auto& [program, command] :
       {std::pair("/bin/dash", "dash -s"), std::pair("/bin/bash", "bash --posix -s"),
        std::pair("/bin/busybox", "busybox sh -s")}) {
    if (::access(program, X_OK) == 0) found.emplace_back(command);
  }
  return found;
}

/// A PATH with busybox's dd, head, cat, ls and sleep, and nothing else: no stat at all.
std::string shell_without_stat(const std::string& directory) {
  ::mkdir(directory.c_str(), 0700);
  for (const char* name : {"dd", "head", "cat", "ls", "sleep"}) {
    const std::string link = directory + "/" + name;
    if (::symlink("/bin/busybox", link.c_str()) != 0) return {};
  }
  return "env PATH=" + directory + " /bin/dash -s";
}

TEST_CASE("every shell reads any part of a file, with its beginning, byte for byte") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (const std::string& shell : shells()) {
    INFO(shell);
    Talk talk(shell);
    const std::string bytes = test::noise(random, 700'000, 60);
    talk.rig.append("a.log", bytes);
    for (int i = 0; i < 25; ++i) {
      ReadRequest request;
      request.path = talk.rig.path("a.log");
      request.head_bytes = static_cast<uint32_t>(random.next_u64() % 1025);
      const uint64_t most = i % 3 == 0 ? bytes.size() : 3'000;
      request.offset = random.next_u64() % most;
      const uint64_t rest = std::min<uint64_t>(bytes.size() - request.offset, most);
      request.size_bytes = static_cast<uint32_t>(1 + random.next_u64() % rest);
      const ReadReply reply = talk.read(request);
      INFO(request.head_bytes << " " << request.offset << " " << request.size_bytes);
      REQUIRE(reply.problem.empty());
      REQUIRE(reply.head == bytes.substr(0, request.head_bytes));
      REQUIRE((reply.bytes == bytes.substr(request.offset, request.size_bytes)));
      REQUIRE(reply.after);
      REQUIRE(reply.after->size_bytes == bytes.size());
    }
  }
}

TEST_CASE("a look finds paths and globs, tells their numbers, and says what is wrong") {
  std::vector<std::string> all = shells();
  test::TemporaryDirectory tools;
  all.push_back(shell_without_stat(tools.path() + "/bin"));
  for (const std::string& shell : all) {
    INFO(shell);
    Talk talk(shell);
    talk.rig.append("a.log", "one\n");
    talk.rig.append("b.log", "three\n");
    talk.rig.append("a.log.1", "two\n");
    talk.link->write(watch_request(talk.rig.path("*.log")));
    talk.link->write(watch_request(talk.rig.path("none")));
    talk.link->write(sibling_request(talk.rig.path("*.log.*")));
    const ScanReply reply = talk.scan(true);
    REQUIRE(reply.files.size() == 2);
    struct stat status {};
    REQUIRE(::stat(talk.rig.path("b.log").c_str(), &status) == 0);
    CHECK(reply.files[1].path == talk.rig.path("b.log"));
    CHECK(reply.files[1].size_bytes == 6);
    CHECK(reply.files[1].id.ends_with(":" + std::to_string(status.st_ino)));
    REQUIRE(reply.siblings.size() == 1);
    CHECK(reply.siblings[0].path == talk.rig.path("a.log.1"));
    REQUIRE(reply.problems.size() == 1);
    CHECK(reply.problems[0].find("No such file") != std::string::npos);
    CHECK(talk.scan(false).siblings.empty());

    ReadRequest request;
    request.path = talk.rig.path("none");
    request.size_bytes = 10;
    CHECK(talk.read(request).problem == "No such file or directory");
    request.path = talk.rig.directory.path();
    CHECK(talk.read(request).problem == "Is not a regular file");
    CHECK(talk.scan(false).files.size() == 2);
  }
}

TEST_CASE("nothing in a path is ever run, and strange names are names") {
  for (const std::string& shell : shells()) {
    INFO(shell);
    Talk talk(shell);
    const std::string marker = talk.rig.path("x");
    for (const std::string& name :
         {std::string("a'; touch " + marker + " '"), std::string("$(touch " + marker + ")"),
          std::string("`touch " + marker + "`"), std::string("  spaces  "), std::string("-rf"),
          std::string("a\\b"), std::string("a;b&c|d"), std::string("\xc3\xa4\xff")}) {
      std::string file = name;
      std::replace(file.begin(), file.end(), '/', '_');
      INFO(file);
      talk.rig.append(file, "text of " + file);
      talk.link->write(watch_request(talk.rig.path(file)));
      ReadRequest request;
      request.path = talk.rig.path(file);
      request.size_bytes = 5;
      CHECK(talk.read(request).bytes == "text ");
    }
    CHECK(talk.scan(false).files.size() == 8);
    CHECK(::access(marker.c_str(), F_OK) != 0);
    CHECK(::access("touch", F_OK) != 0);
  }
}

TEST_CASE("a file that is shorter than asked is filled up, and the size behind it tells") {
  Talk talk("sh -s");
  talk.rig.append("a.log", "short\n");
  ReadRequest request;
  request.path = talk.rig.path("a.log");
  request.head_bytes = 100;
  request.offset = 90;
  request.size_bytes = 400'000;
  const ReadReply reply = talk.read(request);
  CHECK(reply.bytes.size() == 400'000);
  CHECK(reply.head.starts_with("short\n"));
  REQUIRE(reply.after);
  CHECK(reply.after->size_bytes == 6);
}

TEST_CASE("what a login says before our program is passed over, but not without end") {
  FarDialogue dialogue("abc");
  REQUIRE(dialogue.feed("Welcome to web1\n\ngasoline 1 wrong\npart"));
  CHECK_FALSE(dialogue.has_greeted());
  REQUIRE(dialogue.feed(" of a line\n\ngasoline 1 a"));
  REQUIRE(dialogue.feed("bc\n"));
  CHECK(dialogue.has_greeted());

  FarDialogue endless("abc");
  const std::string noise(10'000, 'x');
  size_t fed = 0;
  while (endless.feed(noise)) fed += noise.size();
  CHECK(fed <= FarDialogue::kNoiseBytesMax);
  CHECK(fed + noise.size() >= FarDialogue::kNoiseBytesMax);
}

TEST_CASE("a far side that does not keep to its words is an error") {
  const auto fed = [](std::string_view text) {
    FarDialogue dialogue("abc");
    static_cast<void>(dialogue.feed("gasoline 1 abc\n"));
    static_cast<void>(dialogue.ask_scan(false));
    return dialogue.feed(text).has_value();
  };
  CHECK(fed("f 1:2 3 4 /a\n.\n"));
  CHECK_FALSE(fed("f 1:2 3 4\n"));
  CHECK_FALSE(fed("f 1:2 x 4 /a\n"));
  CHECK_FALSE(fed(".\n.\n"));
  CHECK_FALSE(fed(std::string(FarDialogue::kLineBytesMax + 1, 'x')));
  std::string many;
  for (size_t i = 0; i <= FarDialogue::kFilesMax; ++i) many += "f 1:2 3 4 /a\n";
  CHECK_FALSE(fed(many));
}

TEST_CASE("the far side ends with its input and leaves nothing behind") {
  Talk talk("sh -s");
  std::ifstream file(talk.rig.state.path() + "/pid");
  pid_t pid = 0;
  REQUIRE(file >> pid);
  talk.link.reset();
  CHECK(::kill(pid, 0) != 0);
  talk.rig.loop.run_ready();
}

}  // namespace
}  // namespace gasoline::source::ssh

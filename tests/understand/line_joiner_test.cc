#include "understand/line_joiner.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

using event::SourceKind;

/// Lines of one run as the daemon takes them.
class Run {
 public:
  Run() : understanding_(shared_rules(), clock_) {}

  /// The id of the event that the line belongs to: its own, or that of the one it continues.
  std::string take(std::string_view text, SourceKind source = SourceKind::kStderr) {
    event::Event event;
    event.source = source;
    event.run_id = run_id;
    event.timestamp_us = now_us;
    event.service = service;
    event.message = text;
    return take(event);
  }
  std::string take(event::Event event) {
    const std::string id = std::to_string(next_++);
    arena_.reset();
    const std::string raw(event.message);
    event.message = raw;
    event.event_id = id;
    understanding_.understand(event, arena_);
    understanding_.join(event, arena_);
    last_level = event.level;
    last_metadata = event.metadata;
    last_correlation_id = event.correlation_id;
    constexpr std::string_view kKey = "\"continues\":\"";
    const size_t at = last_metadata.find(kKey);
    if (at == std::string::npos) return id;
    const std::string rest = last_metadata.substr(at + kKey.size());
    return rest.substr(0, rest.find('"'));
  }
  /// How many lines each event got, in the order of their first lines.
  std::vector<size_t> sizes(const std::vector<std::string>& lines) {
    std::vector<std::string> heads;
    std::map<std::string, size_t> counts;
    for (const std::string& line : lines) {
      const std::string head = take(line);
      if (counts[head]++ == 0) heads.push_back(head);
    }
    std::vector<size_t> all;
    for (const std::string& head : heads) all.push_back(counts[head]);
    return all;
  }

  std::string run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  std::string service;
  int64_t now_us = kReadTimeUs;
  event::Level last_level = event::Level::kInfo;
  std::string last_metadata;
  std::string last_correlation_id;
  const Counters& counters() const { return understanding_.counters(); }
  void resume(const event::Event& event) { understanding_.resume(event); }
  void forget() { understanding_.forget_open_events(); }

 private:
  FixedClock clock_;
  Understanding understanding_;
  Arena arena_;
  uint64_t next_ = 1;
};

using Sizes = std::vector<size_t>;

TEST_CASE("a stack trace of Node is one event, with its cause, its fields and the last line") {
  Run run;
  CHECK(run.sizes({"listening on 3000", "Error: connect ECONNREFUSED",
                   "    at charge (/srv/app.js:23:26)",
                   "    at process.processTicksAndRejections (node:internal:95:5) {",
                   "  code: 'ECONNREFUSED',", "  [cause]: TypeError: bad dsn",
                   "      at /srv/app.js:9:3", "}", "listening again"}) == Sizes{1, 7, 1});
}

TEST_CASE("what Node prints before it dies is one event") {
  Run run;
  CHECK(run.sizes({"starting", "/srv/app.js:2", "throw new Error('boom');", "^", "",
                   "Error: boom", "    at Object.<anonymous> (/srv/app.js:2:7)",
                   "    at Module._compile (node:internal/modules/cjs/loader:1554:14)", "",
                   "Node.js v20.20.2"}) == Sizes{1, 9});
}

TEST_CASE("traces of further languages are one event") {
  struct Trace {
    std::string_view language;
    std::vector<std::string> lines;
  };
  const std::vector<Trace> traces = {
      {"Elixir",
       {"** (RuntimeError) oops", "    (shop 0.1.0) lib/shop.ex:3: Shop.charge/1",
        "    (elixir 1.15.0) lib/enum.ex:2: Enum.map/2"}},
      {"Elixir, logged",
       {"02:37:06.115 [error] GenServer Shop.Worker terminating", "** (RuntimeError) boom",
        "    (shop 0.1.0) lib/shop/worker.ex:9: Shop.Worker.handle_call/3",
        "Last message (from #PID<0.150.0>): :go", "State: %{n: 1}"}},
      {"Lua",
       {"lua: a.lua:1: attempt to index a nil value", "stack traceback:",
        "\ta.lua:1: in main chunk", "\t[C]: in ?"}},
      {"Perl",
       {"boom at a.pl line 3.", "\tmain::f(1) called at a.pl line 7",
        "\tmain::run() called at a.pl line 9"}},
      {"OCaml",
       {"Fatal error: exception Failure(\"boom\")",
        "Raised at Stdlib.failwith in file \"stdlib.ml\", line 29, characters 17-33",
        "Called from Dune__exe__A in file \"a.ml\", line 1, characters 9-24"}},
      {"Crystal",
       {"Unhandled exception: boom (Exception)", "  from a.cr:2:3 in 'f'",
        "  from a.cr:5:1 in '__crystal_main'"}},
      {"Haskell",
       {"shop: boom", "CallStack (from HasCallStack):", "  error, called at a.hs:3:8 in main:Main"}},
      {"Rust with anyhow",
       {"Error: failed to read config", "", "Caused by:", "    0: open /etc/x", "    1: No such file",
        "", "Stack backtrace:", "   0: anyhow::error::msg", "   1: shop::main"}},
      {"Python, a group",
       {"  + Exception Group Traceback (most recent call last):",
        "  |   File \"/srv/a.py\", line 2, in <module>", "  | ExceptionGroup: g (1 sub-exception)",
        "  +-+---------------- 1 ----------------", "    | ValueError: 1",
        "    +------------------------------------"}},
      {"PHP with Monolog",
       {"[2026-11-21 02:37:06] local.ERROR: Undefined {\"exception\":\"[object] (E(code: 0): x",
        "[stacktrace]", "#0 /srv/app/x.php(3): App->f()", "#1 {main}", "\"}"}},
      {"Node, a warning",
       {"(node:42) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.",
        "(Use `node --trace-deprecation ...` to show where the warning was created)"}}};
  for (const Trace& trace : traces) {
    Run run;
    std::vector<std::string> lines = {"listening on 3000"};
    lines.insert(lines.end(), trace.lines.begin(), trace.lines.end());
    lines.emplace_back("listening again");
    INFO(trace.language);
    CHECK(run.sizes(lines) == Sizes{1, trace.lines.size(), 1});
  }
}

TEST_CASE("a traceback of Python ends with the line that is not indented") {
  Run run;
  CHECK(run.sizes({"before", "Traceback (most recent call last):",
                   "  File \"/srv/a.py\", line 3, in run", "    charge(account)",
                   "    ^^^^^^^^^^^^^^^", "  File \"/srv/b.py\", line 9, in charge",
                   "shop.CardDeclined: card declined", "after"}) == Sizes{1, 6, 1});
}

TEST_CASE("tracebacks that are linked are one event, and one behind a logged error belongs to it") {
  Run run;
  CHECK(run.sizes({"2026-11-21 02:37:06,115 ERROR [shop] Exception on /boom",
                   "Traceback (most recent call last):", "  File \"/srv/a.py\", line 3, in run",
                   "    charge(account)", "KeyError: 'card'", "",
                   "During handling of the above exception, another exception occurred:", "",
                   "Traceback (most recent call last):", "  File \"/srv/b.py\", line 3, in run",
                   "    raise Declined()", "shop.Declined", "INFO next"}) == Sizes{12, 1});
}

TEST_CASE("a traceback that begins inside a field goes on in its event") {
  Run run;
  CHECK(run.sizes({"level=error event=\"payment failed\" exception=\"Traceback (most recent call "
                   "last):",
                   "  File \\\"/srv/app.py\\\", line 13, in do_GET", "    charge()",
                   "common.CardDeclined: card declined\"",
                   "level=info event=\"next\""}) == Sizes{4, 1});
}

TEST_CASE("a stack trace of Java is one event with its causes, behind a logged error or alone") {
  Run run;
  const std::vector<std::string> trace = {
      "java.lang.IllegalStateException: card declined",
      "\tat shop.Orders.pay(Orders.java:31)",
      "\tat shop.Orders.lambda$main$0(Orders.java:12)",
      "\tSuppressed: java.io.IOException: close",
      "\t\tat shop.Orders.close(Orders.java:40)",
      "\t\t... 2 more",
      "Caused by: java.sql.SQLException: gone",
      "\tat shop.Db.query(Db.kt:7)",
      "\t... 14 common frames omitted"};
  std::vector<std::string> lines = trace;
  lines.insert(lines.begin(), "2026-11-21 02:37:06.115 ERROR 1 --- [main] shop.Orders : failed");
  lines.emplace_back("2026-11-21 02:37:06.116  INFO 1 --- [main] shop.Orders : next");
  CHECK(run.sizes(lines) == Sizes{10, 1});
  lines = trace;
  lines.insert(lines.begin(), "Exception in thread \"main\" x");
  CHECK(run.sizes(lines) == Sizes{1, 9});
}

TEST_CASE("a panic of Go is one event with all its goroutines") {
  Run run;
  CHECK(run.sizes({"worker starting", "panic: assignment to entry in nil map", "",
                   "goroutine 1 [running]:", "main.(*Orders).pay(0xc000012345, {0x1, 0x2})",
                   "\t/srv/shop/main.go:282 +0xae5", "main.main()",
                   "\t/srv/shop/main.go:12 +0x1d", "", "goroutine 18 [chan receive]:",
                   "net/http.(*conn).serve(...)", "\t/usr/lib/go/src/net/http/server.go:1 +0x2",
                   "created by main.main in goroutine 1", "\t/srv/shop/main.go:9 +0x3",
                   "exit status 2", "worker ended"}) == Sizes{1, 14, 1});
}

TEST_CASE("the functions that zap prints behind an error belong to it") {
  Run run;
  CHECK(run.sizes({"2026-11-21T02:37:06.115Z\tERROR\tshop/main.go:172\tpayment failed",
                   "main.main.func3", "\t/srv/shop/main.go:172", "net/http.(*conn).serve",
                   "\t/usr/lib/go/src/net/http/server.go:1995",
                   "2026-11-21T02:37:06.116Z\tINFO\tshop/main.go:172\tnext"}) == Sizes{5, 1});
}

TEST_CASE("a panic of Rust is one event in both forms, with its backtrace and notes") {
  Run run;
  CHECK(run.sizes({"thread 'main' panicked at src/main.rs:2:5:", "card declined",
                   "stack backtrace:", "   0: rust_begin_unwind",
                   "             at /rustc/1/library/std/src/panicking.rs:597:5",
                   "   1: shop::pay", "             at ./src/main.rs:2:5",
                   "note: Some details are omitted, run with `RUST_BACKTRACE=full`.", "next"}) ==
        Sizes{8, 1});
  CHECK(run.sizes({"thread 'main' panicked at 'card declined', src/main.rs:2:5",
                   "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
                   "next"}) == Sizes{2, 1});
}

TEST_CASE("an exception of .NET is one event, and so is a message of its console logger") {
  Run run;
  CHECK(run.sizes({"Unhandled exception. System.InvalidOperationException: card declined",
                   " ---> System.Net.Sockets.SocketException (111): Connection refused",
                   "   at Shop.Db.Open() in /srv/Db.cs:line 9",
                   "   --- End of inner exception stack trace ---",
                   "   at Shop.Program.Main() in /srv/Program.cs:line 4", "next"}) ==
        Sizes{5, 1});
  CHECK(run.sizes({"fail: Shop.Orders[0]", "      payment failed",
                   "      System.Exception: card declined", "         at Shop.Orders.Pay()",
                   "info: Shop.Orders[0]", "      next"}) == Sizes{4, 2});
}

TEST_CASE("an exception of Ruby is one event, alone and from a logger") {
  Run run;
  CHECK(run.sizes({"app.rb:4:in `pay': card declined (ArgumentError)",
                   "\tfrom app.rb:9:in `block in run'", "\tfrom app.rb:12:in `<main>'", "next"}) ==
        Sizes{3, 1});
  CHECK(run.sizes({"2026-11-21 02:46:57 - ArgumentError - card declined:",
                   "\t/srv/app.rb:4:in `block in <class:S>'",
                   "\t/srv/base.rb:1696:in 'Sinatra::Base#call'", "next"}) == Sizes{3, 1});
}

TEST_CASE("an uncaught exception of PHP is one event with the one before it") {
  Run run;
  CHECK(run.sizes({"PHP Fatal error:  Uncaught Exception: card declined in /srv/pay.php:3",
                   "Stack trace:", "#0 /srv/index.php(9): pay()", "#1 {main}", "",
                   "Next RuntimeException: no payment in /srv/index.php:11", "Stack trace:",
                   "#0 {main}", "  thrown in /srv/index.php on line 11", "next"}) ==
        Sizes{9, 1});
}

TEST_CASE("fields and wrapped text below a line with a time belong to it") {
  Run run;
  CHECK(run.sizes({"[02:37:06.115] INFO: order loaded",
                   "    request_id: \"330272ef-1740-4f2a-8231-0281b3948ab3\"",
                   "    items: 1", "[02:37:06.116] INFO: next"}) == Sizes{3, 1});
}

TEST_CASE("an object over several lines belongs to the line that opens it") {
  Run run;
  CHECK(run.sizes({"user {", "  id: 1,", "  roles: [ 'a' ]", "}", "  indented, but no part"}) ==
        Sizes{4, 1});
}

TEST_CASE("lines that are only indented, or only named like errors, are events of their own") {
  Run run;
  CHECK(run.sizes({"  VITE v5.4.0  ready in 300 ms", "", "  ->  Local:   http://localhost:5173/",
                   "  ->  press h to show help"}) == Sizes{1, 1, 1, 1});
  CHECK(run.sizes({"2026-11-21 02:37:06 INFO served", "TimeoutError: retrying",
                   "ConnectionError: retrying"}) == Sizes{1, 1, 1});
  CHECK(run.sizes({"2026-11-21 02:37:06 INFO served", "at the end of the day", "#1 priority",
                   "package.json", "}"}) == Sizes{1, 1, 1, 1, 1});
}

TEST_CASE("a logged line that speaks of an exception is no part of the one before it") {
  Run run;
  CHECK(run.sizes({"[2:37:06 AM] [orders] warn      slow",
                   "[2:37:06 AM] [orders] error     TypeError: x",
                   "    at a (/srv/a.js:1:1)", "[2:37:06 AM] [orders] error     TypeError: y"}) ==
        Sizes{1, 2, 1});
}

TEST_CASE("a line of JSON neither takes a trace nor ends one") {
  Run run;
  CHECK(run.sizes({"Error: boom", "    at a (/srv/a.js:1:1)",
                   R"({"level":30,"time":1795228626115,"msg":"served"})",
                   "    at b (/srv/b.js:2:2)"}) == Sizes{3, 1});
}

TEST_CASE("traces on stdout and stderr that come mixed line by line stay apart") {
  Run run;
  const std::string error = run.take("Error: one", SourceKind::kStderr);
  const std::string traceback =
      run.take("Traceback (most recent call last):", SourceKind::kStdout);
  CHECK(run.take("    at a (/srv/a.js:1:1)", SourceKind::kStderr) == error);
  CHECK(run.take("  File \"/srv/a.py\", line 3, in run", SourceKind::kStdout) == traceback);
  CHECK(run.take("    at b (/srv/a.js:1:1)", SourceKind::kStderr) == error);
  CHECK(run.take("    pay()", SourceKind::kStdout) == traceback);
  CHECK(run.take("KeyError: 'card'", SourceKind::kStdout) == traceback);
}

TEST_CASE("processes that share a stream under prefixes are joined each for itself") {
  Run run;
  const std::string api = run.take("api  | Error: one");
  const std::string web = run.take("web  | Error: two");
  CHECK(run.take("api  |     at a (/srv/a.js:1:1)") == api);
  CHECK(run.take("web  |     at b (/srv/b.js:1:1)") == web);
  CHECK(run.take("api  |     at c (/srv/a.js:1:1)") == api);
}

TEST_CASE("runs and services are told apart, and what is no source of lines is not joined") {
  Run run;
  run.take("Error: one");
  run.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
  CHECK(run.sizes({"    at a (/srv/a.js:1:1)"}) == Sizes{1});
  CHECK(run.last_metadata.find("continues") == std::string::npos);
  run.run_id.clear();
  run.service = "a";
  run.take("Error: one", SourceKind::kFile);
  run.service = "b";
  run.take("    at a (/srv/a.js:1:1)", SourceKind::kFile);
  CHECK(run.last_metadata.find("continues") == std::string::npos);
  run.take("Error: one", SourceKind::kApi);
  run.take("    at a (/srv/a.js:1:1)", SourceKind::kApi);
  CHECK(run.last_metadata.find("continues") == std::string::npos);
}

TEST_CASE("a trace goes on in the next generation of a followed file, and in no other file") {
  Run run;
  const auto take = [&](std::string_view metadata, std::string_view run_id, std::string_view text,
                        SourceKind kind = SourceKind::kFile) {
    event::Event line;
    line.source = kind;
    line.timestamp_us = run.now_us;
    line.metadata = metadata;
    line.run_id = run_id;
    line.message = text;
    return run.take(line);
  };
  constexpr std::string_view kFile = R"("path":"/x/a\".log")";
  const std::string head = take(kFile, "file-1", "Error: one");
  CHECK(take(kFile, "file-2", "    at a (/srv/a.js:1:1)") == head);
  CHECK(take(R"("path":"/x/a\".log.1")", "file-3", "    at b (/srv/a.js:2:1)") != head);
  constexpr std::string_view kFar = R"("host":"web1","file":"/x/a.log")";
  const std::string far = take(kFar, "ssh-1", "Error: one", SourceKind::kSsh);
  CHECK(take(kFar, "ssh-2", "    at a (/srv/a.js:1:1)", SourceKind::kSsh) == far);
  CHECK(take(R"("host":"web2","file":"/x/a.log")", "ssh-3", "    at b (/srv/a.js:2:1)",
             SourceKind::kSsh) != far);
}

TEST_CASE("a later line has the level of its event, and links an id of its own to the event's") {
  Run run;
  run.take("2026-11-21 02:37:06.115 ERROR [req:7f3f1d2c9a] payment failed");
  CHECK(run.last_correlation_id == "7f3f1d2c9a");
  run.take("    trace_id: \"4931f24cf0719a0ce9c48897fade1234\"");
  CHECK(run.last_level == event::Level::kError);
  CHECK(run.last_correlation_id == "7f3f1d2c9a");
}

TEST_CASE("an unfinished line is no part, and leaves the event open") {
  Run run;
  const std::string head = run.take("Error: one");
  event::Event unfinished;
  unfinished.source = SourceKind::kStderr;
  unfinished.run_id = run.run_id;
  unfinished.timestamp_us = run.now_us;
  unfinished.message = "    at a (/srv";
  unfinished.metadata = "\"partial\":true";
  CHECK(run.take(unfinished) != head);
  CHECK(run.take("    at a (/srv/a.js:1:1)") == head);
}

TEST_CASE("a line that comes late continues nothing") {
  Run run;
  const std::string head = run.take("Error: one");
  run.now_us += LineJoiner::kPauseMaxUs;
  CHECK(run.take("    at a (/srv/a.js:1:1)") == head);
  run.now_us += LineJoiner::kPauseMaxUs + 1;
  CHECK(run.take("    at b (/srv/a.js:1:1)") != head);
}

TEST_CASE("an event is cut at 500 lines, and at 64 KiB; the rest is an event of its own") {
  Run run;
  std::vector<std::string> lines(1 + 750, "    at a (/srv/a.js:1:1)");
  lines.front() = "Error: recursion";
  CHECK(run.sizes(lines) == Sizes{500, 251});
  CHECK(run.counters().joins_cut == 1);
  CHECK(run.counters().lines_joined == 749);
  lines.assign(1 + 40, "    at a (" + std::string(4000, 'x') + ":1:1)");
  lines.front() = "Error: long";
  const Sizes sizes = run.sizes(lines);
  REQUIRE(sizes.size() == 3);
  CHECK((sizes[0] - 1) * 4016 <= LineJoiner::kBytesMax);
  CHECK(sizes[0] * 4016 > LineJoiner::kBytesMax - 16);
}

TEST_CASE("after a restart a trace goes on where it stood") {
  Run run;
  event::Event head;
  head.source = SourceKind::kStderr;
  head.run_id = run.run_id;
  head.event_id = "head";
  head.message = "Traceback (most recent call last):";
  run.resume(head);
  event::Event part = head;
  part.event_id = "part";
  part.message = "  File \"/srv/a.py\", line 3, in run";
  part.metadata = "\"continues\":\"head\"";
  run.resume(part);
  CHECK(run.take("KeyError: 'card'") == "head");
  CHECK(run.take("next") != "head");
}

TEST_CASE("what never reached the event log is continued by nothing") {
  Run run;
  const std::string head = run.take("Error: one");
  run.forget();
  CHECK(run.take("    at a (/srv/a.js:1:1)") != head);
}

TEST_CASE("only so many sources are remembered") {
  SourceTable<int> table(8);
  for (uint64_t source = 1; source <= 100; ++source) {
    table.of(source) = static_cast<int>(source);
    CHECK(table.size() <= 8);
  }
  CHECK(table.of(100) == 100);
  CHECK(table.of(97) == 97);
  CHECK(table.of(1) == 0);
}

}  // namespace
}  // namespace gasoline::understand

#include <catch2/catch.hpp>

#include "source/kept_text.h"
#include "source/retry.h"
#include "source/ssh/generation.h"
#include "source/ssh/line_batch.h"
#include "source/ssh/rotated_name.h"
#include "source/ssh/ssh_checkpoint.h"
#include "source/ssh/ssh_command.h"
#include "source/ssh/ssh_rig.h"

namespace gasoline::source::ssh {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

TEST_CASE("retries come after 0.5 s, then every second, then from 5 to 120 s, and start over") {
  Retry retry(1);
  CHECK(retry.fail(0) == kSecondUs / 2);
  for (int i = 2; i < 10; ++i) {
    CHECK_FALSE(retry.is_open());
    CHECK(retry.fail(0) == kSecondUs);
  }
  for (const int64_t seconds : {5, 10, 20, 40, 80, 120, 120, 120}) {
    const int64_t wait_us = retry.fail(0);
    CHECK(retry.is_open());
    CHECK(wait_us >= seconds * kSecondUs * 9 / 10);
    CHECK(wait_us <= seconds * kSecondUs * 11 / 10);
  }
  retry.succeed();
  CHECK(retry.failures() == 0);
  CHECK(retry.fail(7) == 7 + kSecondUs / 2);
}

TEST_CASE("the breaker's waits differ by chance") {
  Retry one(1);
  Retry other(2);
  for (int i = 0; i < 9; ++i) {
    static_cast<void>(one.fail(0));
    static_cast<void>(other.fail(0));
  }
  CHECK(one.fail(0) != other.fail(0));
}

TEST_CASE("names of rotated files are read as what they were rotated from") {
  const auto only = [](std::string_view path) {
    const auto names = rotated_names(path);
    REQUIRE(names.size() == 1);
    return names.front();
  };
  CHECK(only("/l/app.log.1").base == "/l/app.log");
  CHECK(only("/l/app.log.12").number == 12);
  CHECK(only("/l/app.log.2.gz").base == "/l/app.log");
  CHECK(only("/l/app.log.2.gz").is_compressed);
  CHECK(only("/l/app.log-20261121").base == "/l/app.log");
  CHECK(only("/l/app.log-20261121").is_date);
  CHECK(only("/l/app.log-20261121-1795277439").number == 202611211795277439u);
  CHECK(only("/l/app-20261121.log").base == "/l/app.log");
  CHECK(only("/l/app.1.log").base == "/l/app.log");
  CHECK(only("/l/app.1.log").is_sure);
  CHECK_FALSE(only("/l/worker-1.log").is_sure);
  CHECK(only("/l/syslog.1").base == "/l/syslog");
  CHECK(rotated_names("/l/app.log").empty());
  CHECK(rotated_names("/l/20261121").empty());
  CHECK(rotated_names("/l/-1").empty());
  CHECK(rotated_names("/l/app.log2").empty());
  CHECK(rotated_names("").empty());
}

TEST_CASE("of counts the smaller is newer, of dates the greater") {
  const auto name = [](std::string_view path) { return rotated_names(path).front(); };
  CHECK(is_newer(name("a.log.1"), 0, name("a.log.2"), 9));
  CHECK_FALSE(is_newer(name("a.log.2"), 9, name("a.log.1"), 0));
  CHECK(is_newer(name("a.log-20261122"), 0, name("a.log-20261121"), 9));
  CHECK(is_newer(name("a.log.1"), 9, name("a.log-20261121"), 0));
}

TEST_CASE("a checkpoint comes back as it was, strange paths too, and damage is noticed") {
  Checkpoint checkpoint;
  checkpoint.seen = {"/var/log/*.log", "/tmp/end 0"};
  Generation file;
  file.origin = "ssh-1";
  file.watched = "/tmp/a'; touch x '";
  file.path = "/tmp/ spaces ";
  file.id = "65024:77";
  file.fingerprint = Fingerprint::of("hello");
  file.committed = uint64_t{5} << 40;
  file.size_bytes = uint64_t{6} << 40;
  file.modified_s = -1;
  file.place = Generation::Place::kDetached;
  checkpoint.files.push_back(file);
  const std::string text = checkpoint.to_text();
  const auto parsed = Checkpoint::parse(text);
  REQUIRE(parsed);
  CHECK(parsed->to_text() == text);
  CHECK(parsed->files[0].committed == file.committed);
  CHECK(parsed->files[0].fingerprint.matches("hello world"));
  const std::string sealed = seal_text(text);
  REQUIRE(unseal_text(sealed));
  CHECK(*unseal_text(sealed) == text);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string damaged = sealed;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(unseal_text(damaged));
    CHECK_FALSE(unseal_text(sealed.substr(0, i)));
  }
}

TEST_CASE("a fingerprint recognises a file that grew, not one that is shorter or another") {
  const Fingerprint fingerprint = Fingerprint::of("one\n");
  CHECK(fingerprint.matches("one\ntwo\n"));
  CHECK_FALSE(fingerprint.matches("one"));
  CHECK_FALSE(fingerprint.matches("two\none\n"));
  CHECK(Fingerprint().matches(""));
  const std::string large(5000, 'x');
  CHECK(Fingerprint::of(large).size_bytes == Fingerprint::kBytesMax);
}

TEST_CASE("batches hold whole lines, numbered by the offset behind them") {
  Generation file;
  file.committed = 100;
  file.pending = "one\r\n\n20%\r100%\nrest";
  LineBatch batch;
  bool is_piece = true;
  CHECK(fill_batch(file, false, 5, batch, is_piece) == 15);
  REQUIRE(batch.lines.size() == 3);
  const auto text = [&](size_t i) {
    return batch.text.substr(batch.lines[i].offset, batch.lines[i].size);
  };
  CHECK(text(0) == "one");
  CHECK(batch.lines[0].seq == 105);
  CHECK(text(1).empty());
  CHECK(batch.lines[1].seq == 106);
  CHECK(text(2) == "100%");
  CHECK(batch.lines[2].seq == 115);
  CHECK_FALSE(is_piece);
  file.commit(115);
  LineBatch last;
  CHECK(fill_batch(file, false, 5, last, is_piece) == 0);
  CHECK(fill_batch(file, true, 5, last, is_piece) == 4);
  CHECK(last.text == "rest");
}

TEST_CASE("a line over its bound goes in pieces that say so, whole lines around it do not") {
  Generation file;
  file.pending = "a\n" + std::string(Generation::kLineBytesMax + 10, 'x') + "\nb\n";
  using Cut = std::vector<std::pair<size_t, bool>>;
  const auto offer_all = [&] {
    Cut cut;
    for (;;) {
      LineBatch batch;
      bool is_piece = false;
      const size_t used = fill_batch(file, false, 0, batch, is_piece);
      if (used == 0) return cut;
      cut.emplace_back(batch.lines.size(), is_piece);
      file.offered += used;
    }
  };
  CHECK(offer_all() == Cut{{1, false}, {1, true}, {1, true}, {1, false}});
  CHECK(file.unoffered().empty());
  // The first piece of the long line was taken, what followed was not.
  file.commit(2 + Generation::kLineBytesMax);
  file.offer_again();
  CHECK(offer_all() == Cut{{1, true}, {1, false}});
  file.commit(Generation::kLineBytesMax + 15);
  CHECK(file.committed == Generation::kLineBytesMax + 15);
  CHECK(file.unsent().empty());
}

TEST_CASE(
    "what must hold stands before the user's options, which stand before what we would choose") {
  config::SourceSettings settings;
  settings.host = "me@web1";
  settings.ssh_options = {"-p", "2222", "-o", "StrictHostKeyChecking=no", "-o", "ConnectTimeout=9"};
  const auto command = connect_command(settings);
  const auto at = [&](const std::string& word) {
    return std::find(command.begin(), command.end(), word) - command.begin();
  };
  CHECK(at("StrictHostKeyChecking=yes") < at("StrictHostKeyChecking=no"));
  CHECK(at("ConnectTimeout=9") < at("ConnectTimeout=3"));
  CHECK(at("--") + 1 == at("me@web1"));
  CHECK(command.back() == "exec sh -s");
}

TEST_CASE("hosts and paths that could be misunderstood are refused") {
  config::SourceSettings settings;
  settings.host = "web1";
  settings.paths = {"/var/log/a'; touch /tmp/x '", "~/app.log"};
  CHECK(check_settings(settings));
  for (const char* host : {"", "-oProxyCommand=x", "a b", "a\nb"}) {
    config::SourceSettings bad = settings;
    bad.host = host;
    CHECK_FALSE(check_settings(bad));
  }
  for (const char* path : {"", "relative", "/a\nb", "~user/x"}) {
    config::SourceSettings bad = settings;
    bad.paths = {path};
    CHECK_FALSE(check_settings(bad));
  }
}

TEST_CASE("refusals that time does not heal are told from those that it does") {
  const auto explain = [](const std::string& said, int code = 255, bool has_greeted = false) {
    LinkEnd end;
    end.code = code;
    end.said = said;
    return explain_end(end, has_greeted, "web1");
  };
  CHECK(explain("@@@\nREMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.\n")
            .remedy.find("ssh-keygen -R web1") != std::string::npos);
  CHECK(explain("Host key verification failed.\r\n").is_permanent);
  CHECK(explain("me@web1: Permission denied (publickey).\r\n").is_permanent);
  CHECK(explain("sh: not found", 127).is_permanent);
  CHECK_FALSE(explain("ssh: connect to host web1 port 22: Connection refused\r\n").is_permanent);
  CHECK_FALSE(
      explain("ssh: Could not resolve hostname web1: Name or service not known").is_permanent);
  CHECK_FALSE(explain("Timeout, server web1 not responding.", 255, true).is_permanent);
  CHECK_FALSE(explain("cat: x: Permission denied (really)", 1, true).is_permanent);
  CHECK_FALSE(explain("").what.empty());
  CHECK(explain("").remedy.empty());
  CHECK(explain("", 1).what.find("before it said a word") != std::string::npos);
  CHECK(explain("ssh: connect to host web1 port 22: Connection refused\r\n").remedy ==
        "sudo systemctl start ssh on web1, or correct Port in ~/.ssh/config");
  CHECK(explain("ssh: connect to host web1 port 22: Connection timed out").to_string() ==
        "ssh: connect to host web1 port 22: Connection timed out; is web1 up, and no firewall "
        "between? ssh web1 true");
}

TEST_CASE("the files that a refusal may depend on are those that ssh names") {
  const auto files = files_that_matter(
      "user me\nidentityfile ~/.ssh/id_ed25519\nidentityfile /keys/k\n"
      "userknownhostsfile ~/.ssh/known_hosts /etc/more\ncertificatefile none\n",
      "/home/me");
  for (const char* file : {"/home/me/.ssh/id_ed25519", "/keys/k", "/home/me/.ssh/known_hosts",
                           "/etc/more", "/home/me/.ssh/config"}) {
    CHECK(std::find(files.begin(), files.end(), file) != files.end());
  }
}

}  // namespace
}  // namespace gasoline::source::ssh

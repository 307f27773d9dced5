#include "understand/line_mask.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

using event::SourceKind;

constexpr std::string_view kBase64Set =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kAlnumSet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string made_of(std::string_view set, size_t size, uint64_t seed) {
  SeededRandom random(seed);
  std::string made;
  for (size_t i = 0; i < size; ++i) made.push_back(set[random.next_u64() % set.size()]);
  made[size / 2] = '7';
  return made;
}

/// Not a literal, so that no scanner takes this file for a key.
const std::string kDashes(5, '-');
const std::string kBegin = kDashes + "BEGIN RSA PRIVATE" + " KEY" + kDashes;
const std::string kEnd = kDashes + "END RSA PRIVATE" + " KEY" + kDashes;

std::vector<std::string> key_lines(uint64_t seed) {
  return {kBegin, made_of(kBase64Set, 64, seed), made_of(kBase64Set, 64, seed + 1),
          made_of(kBase64Set, 22, seed + 2) + "==", kEnd};
}

/// Lines of one run, one after the other.
class Run {
 public:
  event::Event take(const std::string& text, SourceKind source = SourceKind::kStdout,
                    const std::string& metadata = "") {
    event::Event event;
    event.source = source;
    event.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    event.metadata = metadata;
    event.message = text;
    event.timestamp_us = kReadTimeUs;
    return reader_.read(event);
  }
  std::string message(const std::string& text, SourceKind source = SourceKind::kStdout,
                      const std::string& metadata = "") {
    return untagged(take(text, source, metadata).message);
  }

 private:
  Reader reader_;
};

TEST_CASE("a private key that is printed line by line is masked up to its end marker") {
  Run run;
  for (const std::string& line : key_lines(1)) {
    const event::Event event = run.take("  " + line);
    CHECK(untagged(event.message) == "  [redacted:private-key]");
    CHECK((event.metadata == "\"in_private_key\":true") == (line != kEnd));
  }
  const std::string word = made_of(kBase64Set, 64, 9);
  CHECK(run.message(word) == word);
}

TEST_CASE("each source prints keys of its own, and other lines between are left alone") {
  Run run;
  run.take(kBegin, SourceKind::kStderr);
  const std::string digest = made_of(kBase64Set, 64, 2);
  CHECK(run.message(digest, SourceKind::kStdout) == digest);
  CHECK(run.message("GET /health 200", SourceKind::kStderr) == "GET /health 200");
  CHECK(run.message("", SourceKind::kStderr).empty());
  CHECK(run.message(digest, SourceKind::kStderr) == "[redacted:private-key]");
}

TEST_CASE("a key is masked behind prefixes, times and inside wrapped lines") {
  for (const auto& [before, behind] : std::vector<std::pair<std::string, std::string>>{
           {"api  | ", ""},
           {"[0] ", ""},
           {"2026-11-21T02:37:06.115Z INFO ", ""},
           {"2026-11-21T02:37:06.115000000Z stdout F ", ""},
           {"{\"log\":\"", "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-21T02:37:06.1Z\"}"}}) {
    Run run;
    INFO(before);
    for (const std::string& line : key_lines(3)) {
      const event::Event event = run.take(before + line + behind);
      INFO(line);
      CHECK(event.message.find(line.substr(0, 16)) == std::string_view::npos);
      CHECK(untagged(event.message).find("[redacted:private-key]") != std::string::npos);
    }
    CHECK(run.message("done") == "done");
  }
}

TEST_CASE("a key without an end is given up after so many other lines") {
  Run run;
  run.take(kBegin);
  for (uint32_t i = 0; i <= LineMask::kStrangersMax; ++i) {
    CHECK(run.message("served in " + std::to_string(i) + " ms").starts_with("served"));
  }
  const std::string digest = made_of(kBase64Set, 64, 5);
  CHECK(run.message(digest) == digest);
}

TEST_CASE("after a restart a key goes on being masked") {
  const std::vector<std::string> lines = key_lines(6);
  FixedClock clock;
  Arena arena;
  Understanding before(shared_rules(), clock);
  Understanding after(shared_rules(), clock);
  for (size_t i = 0; i < 2; ++i) {
    event::Event event;
    event.source = SourceKind::kStdout;
    event.message = lines[i];
    before.understand(event, arena);
    after.resume(event);
  }
  for (size_t i = 2; i < lines.size(); ++i) {
    event::Event event;
    event.source = SourceKind::kStdout;
    event.message = lines[i];
    after.understand(event, arena);
    CHECK(untagged(event.message) == "[redacted:private-key]");
  }
}

/// All places at which the pieces of a line may part, and the ways in which a secret stands there.
TEST_CASE("a secret that lies in two pieces of a long line shows in neither") {
  const std::string token = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 7);
  const std::string password = "Aa7!" + made_of(kAlnumSet, 20, 8);
  const std::string jwt = "ey" + std::string("J") + made_of(kAlnumSet, 30, 9) + "." +
                          made_of(kAlnumSet, 60, 10) + "." + made_of(kAlnumSet, 43, 11);
  const std::vector<std::pair<std::string, std::string>> secrets = {
      {"used ", token},
      {"{\"password\":\"", password},
      {"Authorization: Bearer ", made_of(kAlnumSet, 40, 12)},
      {"postgres://app:", password},
      {"session=", jwt}};
  for (const auto& [before, secret] : secrets) {
    const std::string behind = before.starts_with("post") ? "@db/shop done" : "\" done";
    const std::string line = before + secret + behind;
    for (size_t cut = before.size() + 1; cut < before.size() + secret.size(); ++cut) {
      Run run;
      const std::string first =
          run.message(line.substr(0, cut), SourceKind::kStdout, "\"unterminated\":true");
      const std::string second =
          run.message(line.substr(cut), SourceKind::kStdout, "\"continued\":true");
      INFO(first << " / " << second << " at " << cut << " of " << line);
      // A few characters of what leads to a secret tell nothing; the rest of it does.
      const size_t shown = cut - before.size();
      if (shown >= 5) CHECK(first.find(secret.substr(shown - 3, 3)) == std::string::npos);
      CHECK(second.find(secret.substr(secret.size() - 6)) == std::string::npos);
      if (cut < before.size() + secret.size() - 6) {
        CHECK(second.find(line.substr(cut, 6)) == std::string::npos);
      }
      CHECK(second.find("done") != std::string::npos);
    }
  }
}

TEST_CASE("a secret over many pieces is masked in each") {
  Run run;
  const std::string secret = made_of(kAlnumSet, 400, 13);
  CHECK(run.message("token=" + secret.substr(0, 100), SourceKind::kStdout,
                    "\"unterminated\":true") == "token=[redacted:token]");
  for (size_t at = 100; at < 400; at += 100) {
    CHECK(run.message(secret.substr(at, 100), SourceKind::kStdout, "\"continued\":true") ==
          "[redacted:token]");
  }
  CHECK(run.message(" next", SourceKind::kStdout, "\"continued\":true") == " next");
}

TEST_CASE("an unfinished line shows no beginning of a secret, and changes nothing") {
  Run run;
  const std::string token = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 14);
  CHECK(run.message("used " + token.substr(0, 12), SourceKind::kStdout, "\"partial\":true") ==
        "used [redacted:github-token]");
  const std::string word = token.substr(12);
  CHECK(run.message(word) == word);
}

TEST_CASE("a secret that is split by escapes of JSON is masked") {
  Run run;
  const std::string token = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 15);
  const std::string escaped = token.substr(0, 9) + "\\u001b[1m" + token.substr(9, 6) +
                              "\\u001b[0;32m" + token.substr(15);
  const event::Event event =
      run.take("{\"msg\":\"used " + escaped + "\",\"t\":\"" + escaped + "\",\"n\":\"a\\u0026b\"}");
  CHECK(untagged(event.message) == "used [redacted:github-token]");
  CHECK(untagged(event.metadata) == R"("t":"[redacted:github-token]","n":"a&b")");
  std::string spelled;
  for (const char c : token) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    spelled += "\\u00";
    spelled += kDigits[static_cast<size_t>(c) / 16];
    spelled += kDigits[static_cast<size_t>(c) % 16];
  }
  CHECK(run.message("{\"msg\":\"used " + spelled + "\"}") == "used [redacted:github-token]");
  CHECK(run.message("{\"url\":\"postgres:\\/\\/app:" + made_of(kAlnumSet, 12, 16) +
                    "@db\\/shop\",\"msg\":\"x\"}") == "x");
}

TEST_CASE("escapes that split no secret stay as they were written") {
  Run run;
  const event::Event event = run.take(R"({"msg":"a\u0041\/\u001b[1mb","n":"\u0041"})");
  CHECK(event.message == "aA/b");
  CHECK(event.metadata == R"("n":"\u0041")");
}

TEST_CASE("tags are masked, also when they come again") {
  Reader reader;
  const std::string token = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 17);
  const std::string secret_tag = "deploy:" + token;
  const std::vector<std::string_view> tags = {"env:dev", secret_tag};
  for (int i = 0; i < 3; ++i) {
    event::Event event;
    event.message = "x";
    event.tags = tags;
    event = reader.read(event);
    REQUIRE(event.tags.size() == 2);
    CHECK(event.tags[0] == "env:dev");
    CHECK(untagged(event.tags[1]) == "deploy:[redacted:github-token]");
  }
  event::Event other;
  other.message = "x";
  const std::vector<std::string_view> plain = {"env:dev"};
  other.tags = plain;
  CHECK(reader.read(other).tags[0] == "env:dev");
}

TEST_CASE("the same secret has the same mask wherever it stands, and another has another") {
  Reader reader;
  const std::string token = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 18);
  const std::string other = "gh" + std::string("p_") + made_of(kAlnumSet, 36, 19);
  const std::string mask = reader.mask(token);
  CHECK(mask.size() == std::string("[redacted:github-token#0000]").size());
  CHECK(reader.mask("a " + token + " b") == "a " + mask + " b");
  CHECK(reader.mask("{\"t\":\"" + token + "\"}") == "{\"t\":\"" + mask + "\"}");
  CHECK(reader.mask(other) != mask);
  const uint16_t tag = mask_tag(shared_rules().mask_key(), token);
  CHECK(std::stoul(mask.substr(mask.size() - 5, 4), nullptr, 16) == tag);
}

TEST_CASE("masks of two machines have nothing in common") {
  SeededRandom random(1);
  const MaskKey one = MaskKey::make(random);
  const MaskKey two = MaskKey::make(random);
  size_t same = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string secret = "secret " + std::to_string(i);
    CHECK(mask_tag(one, secret) == mask_tag(one, secret));
    if (mask_tag(one, secret) == mask_tag(two, secret)) ++same;
  }
  CHECK(same <= 2);
  CHECK(mask_tag(one, "a\\/b") == mask_tag(one, "a/b"));
}

TEST_CASE("the keyed hash is SipHash-2-4") {
  // The reference's first test values: key 00..0f, messages of 0, 1 and 15 bytes 00, 01, ...
  const MaskKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string message;
  for (char c = 0; c < 15; ++c) message.push_back(c);
  CHECK(sip_hash(key, "") == 0x726fdb47dd0e0e31);
  CHECK(sip_hash(key, message.substr(0, 1)) == 0x74f839c593dc67fd);
  CHECK(sip_hash(key, message) == 0xa129ca6149be45e5);
  CHECK(MaskKey::parse("00112233445566778899aabbccddeeff").has_value());
  CHECK_FALSE(MaskKey::parse("0011").has_value());
  CHECK_FALSE(MaskKey::parse("0011223344556677889zaabbccddeeff").has_value());
}

}  // namespace
}  // namespace gasoline::understand

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "understand/fixture.h"
#include "understand/secret_table.h"

namespace gasoline::understand {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kUpperNum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view kAlnumSet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kBase64Set =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Invented values, made while the test runs: none stands in this file.
class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  std::string text(std::string_view set, size_t size) {
    std::string made;
    for (size_t i = 0; i < size; ++i) made.push_back(set[random_.next_u64() % set.size()]);
    // A digit and both cases, so that it is random-looking for certain.
    if (size >= 4 && set.size() > 16) {
      made[1] = '7';
      made[2] = set[0];
      if (set.size() > 36) made[3] = 'q';
    }
    return made;
  }

 private:
  SeededRandom random_;
};

struct Shape {
  std::string_view kind;
  std::string_view prefix;
  std::string_view set;
  size_t size;  // behind the prefix
};

constexpr Shape kShapes[] = {
    {"aws-access-key", "AKIA", kUpperNum, 16},
    {"aws-access-key", "ASIA", kUpperNum, 16},
    {"google-api-key", "AIza", kAlnumSet, 35},
    {"google-oauth-secret", "GOCSPX-", kAlnumSet, 28},
    {"digitalocean-token", "dop_v1_", kHex, 64},
    {"github-token", "ghp_", kAlnumSet, 36},
    {"github-token", "github_pat_", kAlnumSet, 82},
    {"gitlab-token", "glpat-", kAlnumSet, 20},
    {"npm-token", "npm_", kAlnumSet, 36},
    {"pypi-token", "pypi-AgEIcHlwaS5vcmc", kAlnumSet, 120},
    {"docker-token", "dckr_pat_", kAlnumSet, 27},
    {"postman-key", "PMAK-", kHex, 59},
    {"anthropic-key", "sk-ant-api03-", kAlnumSet, 95},
    {"openai-key", "sk-proj-", kAlnumSet, 60},
    {"huggingface-token", "hf_a", kAlnumSet, 33},
    {"slack-token", "xoxb-", kAlnumSet, 50},
    {"slack-webhook", "https://hooks.slack.com/services/", kAlnumSet, 44},
    {"discord-webhook", "https://discord.com/api/webhooks/", kAlnumSet, 80},
    {"sendgrid-key", "SG.", kAlnumSet, 66},
    {"mailgun-key", "key-", kHex, 32},
    {"stripe-key", "sk_live_", kAlnumSet, 24},
    {"stripe-key", "rk_live_", kAlnumSet, 24},
    {"shopify-token", "shpat_", kHex, 32},
    {"vault-token", "hvs.", kAlnumSet, 90},
    {"doppler-token", "dp.pt.", kAlnumSet, 43},
    {"age-key", "AGE-SECRET-KEY-1", kUpperNum, 58},
    {"grafana-token", "glsa_", kAlnumSet, 41},
    {"linear-key", "lin_api_", kAlnumSet, 40},
    {"databricks-token", "dapi", kHex, 32},
    {"heroku-api-key", "HRKU-", kHex, 36},
    {"password", "password=", kAlnumSet, 14},
    {"password", "DB_PASSWORD: ", kAlnumSet, 14},
    {"password", "\"password\":\"", kAlnumSet, 14},
    {"client-secret", "client_secret=", kAlnumSet, 36},
    {"api-key", "api_key=", kAlnumSet, 32},
    {"api-key", "\"apiKey\": \"", kAlnumSet, 32},
    {"api-key", "X-API-Key: ", kAlnumSet, 40},
    {"token", "token=", kAlnumSet, 40},
    {"bearer-token", "Authorization: Bearer ", kAlnumSet, 40},
    {"basic-auth", "Authorization: Basic ", kBase64Set, 24},
    {"aws-secret-key", "AWS_SECRET_ACCESS_KEY=", kBase64Set, 40},
    {"azure-storage-key", "AccountKey=", kBase64Set, 86},
    {"datadog-key", "DD_API_KEY=", kHex, 32},
    {"azure-client-secret", "ab18Q~", kAlnumSet, 34},
    {"terraform-token", "a1b2c3d4e5f6g7.atlasv1.", kAlnumSet, 67},
    {"infracost-key", "ico-", kAlnumSet, 32},
    {"dbt-token", "dbtc_", kAlnumSet, 40},
    {"elevenlabs-key", "sk_", kHex, 48},
    {"pinecone-key", "pcsk_", kAlnumSet, 60},
    {"firebase-key", "AAAAb1c2d3e:APA91b", kAlnumSet, 134},
    {"klaviyo-key", "pk_", kHex, 34},
    {"plaid-token", "access-production-", kHex, 36},
    {"salesforce-session", "00Da1b2c3d4e5f6!AQ", kAlnumSet, 94},
    {"intra42-secret", "s-s4t2ud-", kHex, 64},
    {"kubernetes-key", "client-key-data: ", kBase64Set, 120},
    {"authorization", "Authorization: SSWS 00", kAlnumSet, 40},
    {"authorization", "\"Authorization\":[\"GenieKey ", kAlnumSet, 36},
    {"basic-auth", "Authorization:[Basic ", kBase64Set, 24},
    {"api-key", "Ocp-Apim-Subscription-Key: ", kHex, 32},
    {"command-password", "psql --token ", kAlnumSet, 24},
    {"command-password", "wget --http-password ", kAlnumSet, 16},
    {"command-password", "curl -u admin:", kAlnumSet, 16},
    {"command-password", "mysql -u root -p", kAlnumSet, 16},
    {"command-password", "docker login -u bob -p ", kAlnumSet, 16},
    {"command-password", "redis-cli -a ", kAlnumSet, 16},
    {"netrc-password", "machine x login bob password ", kAlnumSet, 16},
    {"password", "passwordConfirmation=", kAlnumSet, 12},
};

TEST_CASE("secrets of many kinds are masked with their kind, in many surroundings") {
  const uint64_t seed = 4711;
  INFO("seed " << seed);
  Maker maker(seed);
  Reader reader;
  for (const Shape& shape : kShapes) {
    for (const auto& [before, behind] :
         std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                          {"using ", " for it"},
                                                          {"2026-11-21T02:37:06Z INFO x ", ""},
                                                          {"[api] (", ")"}}) {
      const std::string value = maker.text(shape.set, shape.size);
      const std::string quote = shape.prefix.ends_with('"') ? "\"" : "";
      const std::string line = before + std::string(shape.prefix) + value + quote + behind;
      const std::string masked = untagged(reader.mask(line));
      INFO(shape.kind << " " << shape.prefix << " -> " << masked);
      CHECK(masked.find(value.substr(value.size() - 8)) == std::string::npos);
      CHECK(masked.find("[redacted:" + std::string(shape.kind) + "]") != std::string::npos);
      CHECK(masked.starts_with(before));
      CHECK(masked.ends_with(quote + behind));
    }
  }
}

TEST_CASE("tokens with structure are masked whole") {
  Maker maker(4712);
  Reader reader;
  const std::string jwt = "ey" + std::string("J") + maker.text(kAlnumSet, 30) + "." +
                          maker.text(kAlnumSet, 60) + "." + maker.text(kAlnumSet, 43);
  CHECK(untagged(reader.mask("cookie session=" + jwt + "; path=/")) ==
        "cookie session=[redacted:jwt]; path=/");

  const std::string dashes = "-----";
  const std::string pem = dashes + "BEGIN RSA PRIVATE KEY" + dashes + "\n" +
                          maker.text(kBase64Set, 64) + "\n" + maker.text(kBase64Set, 30) + "\n" +
                          dashes + "END RSA PRIVATE KEY" + dashes;
  CHECK(untagged(reader.mask("key: " + pem + " end")) == "key: [redacted:private-key] end");
  const std::string cut =
      dashes + "BEGIN PRIVATE KEY" + dashes + "\\n" + maker.text(kBase64Set, 64);
  CHECK(untagged(reader.mask("{\"key\":\"" + cut + "\"}")) == "{\"key\":\"[redacted:private-key]\"}");

  const std::string password = maker.text(kAlnumSet, 12);
  CHECK(untagged(reader.mask("postgres://app:" + password + "@db:5432/shop failed")) ==
        "postgres://app:[redacted:url-password]@db:5432/shop failed");
  CHECK(untagged(reader.mask("redis://:" + password + "@cache/0")) ==
        "redis://:[redacted:url-password]@cache/0");
  CHECK(untagged(reader.mask("open app:" + password + "@tcp(db:3306)/shop failed")) ==
        "open app:[redacted:dsn-password]@tcp(db:3306)/shop failed");
}

TEST_CASE("a token is found by what stands in its middle or at its end") {
  Maker maker(4716);
  Reader reader;
  const std::string key = maker.text(kHex, 32) + "-us12";
  CHECK(untagged(reader.mask("using " + key + " now")) == "using [redacted:mailchimp-key] now");
  CHECK(reader.mask("x" + key) == "x" + key);
  CHECK(reader.mask("bucket-us1") == "bucket-us1");
  const std::string secret = maker.text(kAlnumSet, 3) + "8Q~" + maker.text(kAlnumSet, 33);
  CHECK(untagged(reader.mask("\"" + secret + "\"")) == "\"[redacted:azure-client-secret]\"");
  CHECK(reader.mask("8Q~" + secret.substr(6)) == "8Q~" + secret.substr(6));
}

TEST_CASE("cookies are masked together if one of them may be a session") {
  Maker maker(4715);
  Reader reader;
  const std::string id = maker.text(kAlnumSet, 32);
  CHECK(untagged(reader.mask("Cookie: theme=dark; sid=" + id + "; lang=de done")) ==
        "Cookie: [redacted:cookie] done");
  CHECK(untagged(reader.mask("{\"set-cookie\":[\"sid=s%3A" + id + "; Path=/; HttpOnly\"]}")) ==
        "{\"set-cookie\":[\"[redacted:cookie]; HttpOnly\"]}");
  for (const std::string_view line :
       {"Set-Cookie: theme=dark; Path=/", "cookie: none", "cookies=3", "Cookie: consent=2026-11-21"}) {
    CHECK(reader.mask(line) == line);
  }
}

TEST_CASE("what stands for a secret, or only speaks of one, is left alone") {
  Reader reader;
  for (const std::string_view line :
       {"invalid password for user2680",
        "password: null",
        "passwd=false",
        "token=-",
        "Authorization: Bearer [FILTERED]",
        "Authorization: Basic ***",
        "token=<redacted>",
        "DATABASE_URL=postgres://app:${PGPASSWORD}@db/shop",
        "password: $DB_PASSWORD",
        "api_key = os.environ[\"API_KEY\"]",
        "password: !vault prod/db",
        "password=xxxxxxxx",
        "prompt_tokens=3967 completion_tokens=558 total_tokens=3651",
        "pass: 90 fail: 0",
        "--password-file /run/secrets/db_password",
        "no private key found in keyring 7652",
        "commit 347dce5a338fddf1194f5d5651bc4a336d7a733e",
        "ghp_ prefix not allowed (51)",
        "GET http://localhost:3000/a@b",
        "AIzawa Taro logged in",
        "eyJ-like prefix",
        "request_id=21081142-a327-4ad8-9223-2d0eefd036ac",
        "[redacted:password]",
        "secret santa",
        "the token: expired",
        "task-runner finished",
        "PWD=/home/bob/src",
        "pwd=/srv/app",
        "where password=:password and name=?",
        "Authorization header: missing",
        "Authorization: required scope admin",
        "chown -u root:wheel",
        "login failed password wrong",
        "mysqld --port=3306 -p",
        "cache_key=orders/5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a/v2",
        "user:%s@tcp(localhost:3306)",
        "flags: --token expired",
        "password: [redacted:password]",
        "sha256:4f9a19f19e3532184e11bcc320b69ec3f9d2fb5b7f3a865f3dc4f060db038ae2"}) {
    INFO(line);
    CHECK(reader.mask(line) == line);
  }
}

TEST_CASE("secrets are masked in the message, in fields, and behind colours and escapes") {
  Maker maker(4713);
  Reader reader;
  const std::string token = "gh" + std::string("p_") + maker.text(kAlnumSet, 36);
  event::Event event = reader.read("{\"level\":30,\"msg\":\"used " + token +
                                   "\",\"auth\":{\"t\":\"" + token + "\"}}");
  CHECK(untagged(event.message) == "used [redacted:github-token]");
  CHECK(event.metadata.find(token) == std::string_view::npos);
  CHECK(are_json_members(event.metadata));

  event =
      reader.read("used \x1b[32m" + token.substr(0, 9) + "\x1b[1m" + token.substr(9) + "\x1b[0m");
  CHECK(untagged(event.message) == "used [redacted:github-token]");

  // PHP writes "/" as "\/" in JSON.
  std::string base64 = maker.text(kBase64Set, 40);
  base64[10] = '/';
  std::string escaped = base64;
  escaped.replace(10, 1, "\\/");
  event = reader.read("{\"msg\":\"x\",\"aws_secret_access_key\":\"" + escaped + "\"}");
  CHECK(untagged(event.metadata) == R"("aws_secret_access_key":"[redacted:aws-secret-key]")");

  event::Event stated;
  stated.message = "x";
  const std::string metadata = "\"password\":\"" + maker.text(kAlnumSet, 10) + "\"";
  stated.metadata = metadata;
  stated.timestamp_us = kReadTimeUs;
  CHECK(untagged(reader.read(stated).metadata) == R"("password":"[redacted:password]")");
}

TEST_CASE("masking can be switched off") {
  SilentLog log;
  Options options;
  options.mask_secrets = false;
  Result<std::unique_ptr<Rules>> rules = Rules::create(options, log);
  REQUIRE(rules.has_value());
  FixedClock clock;
  Understanding understanding(**rules, clock);
  Arena arena;
  CHECK(understanding.mask("password=abcdef123", arena) == "password=abcdef123");
}

TEST_CASE("masking a text twice changes nothing more") {
  Maker maker(4714);
  Reader reader;
  for (const Shape& shape : kShapes) {
    const std::string once =
        reader.mask("x " + std::string(shape.prefix) + maker.text(shape.set, shape.size) + " y");
    INFO(once);
    CHECK(reader.mask(once) == once);
  }
}

TEST_CASE("the table of secrets is sound") {
  std::set<std::string> triggers;
  for (const SecretKind& kind : secret_kinds()) {
    INFO(kind.kind << " " << kind.trigger);
    CHECK_FALSE(kind.kind.empty());
    CHECK(kind.size_min <= kind.size_max);
    CHECK(std::all_of(kind.kind.begin(), kind.kind.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }));
    CHECK(triggers.insert(std::string(kind.trigger) + (kind.caseless ? "i" : "")).second);
  }
  CHECK(secret_kinds().size() >= 150);
}

}  // namespace
}  // namespace gasoline::understand

#include "capture/acknowledgement.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace gasoline::capture {
namespace {

struct Case {
  const char* what;
  int status;
  std::string body;
  Verdict verdict;
};

std::ostream& operator<<(std::ostream& out, const Case& example) {
  return out << example.status << " " << example.what;
}

TEST_CASE("only an answer that can come from our daemon says that events were taken or refused") {
  const Case example = GENERATE(values<Case>({
      {"with ack", 200, R"({"status":"ok","ack":"written"})", Verdict::kTaken},
      {"memory", 200, R"({"ack":"memory"})", Verdict::kTaken},
      {"synced", 200, R"({"ack":"synced"})", Verdict::kTaken},
      {"replicated", 200, R"( { "ack" : "replicated" } )", Verdict::kTaken},
      {"without ack", 200, R"({"status":"ok"})", Verdict::kNotOurs},
      {"ack of an unknown level", 200, R"({"ack":"perhaps"})", Verdict::kNotOurs},
      {"ack of the wrong type", 200, R"({"ack":true})", Verdict::kNotOurs},
      {"ack null", 200, R"({"ack":null})", Verdict::kNotOurs},
      {"ack as an array", 200, R"({"ack":["written"]})", Verdict::kNotOurs},
      {"ack deeper down", 200, R"({"answer":{"ack":"written"}})", Verdict::kNotOurs},
      {"ack within a string", 200, R"({"text":"\"ack\":\"written\""})", Verdict::kNotOurs},
      {"an array", 200, R"(["ack","written"])", Verdict::kNotOurs},
      {"HTML", 200, "<html><body>It works! \"ack\":\"written\"</body></html>", Verdict::kNotOurs},
      {"nothing", 200, "", Verdict::kNotOurs},
      {"cut", 200, R"({"ack":"writ)", Verdict::kNotOurs},
      {"created", 201, R"({"ack":"written"})", Verdict::kNotOurs},
      {"no content", 204, "", Verdict::kNotOurs},
      {"a redirection", 302, R"({"ack":"written"})", Verdict::kNotOurs},
      {"with code", 400, R"({"code":"no_event_taken"})", Verdict::kTooMuch},
      {"without code", 400, R"({"error":"bad"})", Verdict::kNotOurs},
      {"HTML", 400, "<html>Bad Request</html>", Verdict::kNotOurs},
      {"with code", 413, R"({"code":"body_too_large"})", Verdict::kTooMuch},
      {"without code", 413, "too large", Verdict::kNotOurs},
      {"with code", 422, R"({"code":"too_old"})", Verdict::kTooMuch},
      {"without code", 422, "{}", Verdict::kNotOurs},
      {"with code", 401, R"({"code":"token_required"})", Verdict::kNotOurs},
      {"with code", 403, R"({"code":"forbidden"})", Verdict::kNotOurs},
      {"with code", 404, R"({"code":"not_found"})", Verdict::kNotOurs},
      {"with code", 405, R"({"code":"method_not_allowed"})", Verdict::kNotOurs},
      {"with code", 421, R"({"code":"misdirected"})", Verdict::kNotOurs},
      {"timeout", 408, "", Verdict::kLater},
      {"busy", 429, R"({"code":"busy"})", Verdict::kLater},
      {"broken", 500, "", Verdict::kLater},
      {"HTML of a proxy", 502, "<html>Bad Gateway</html>", Verdict::kLater},
      {"log away", 503, R"({"code":"log_unavailable"})", Verdict::kLater},
  }));
  CAPTURE(example);
  http::Response response;
  response.status = example.status;
  response.body = example.body;
  CHECK(read_acknowledgement(response).verdict == example.verdict);
}

TEST_CASE("Retry-After counts in whole seconds within an hour, and rubbish counts as nothing") {
  struct Wait {
    const char* text;
    int64_t us;
  };
  const Wait wait = GENERATE(values<Wait>({{"0", 0},
                                           {"1", 1'000'000},
                                           {"120", 120'000'000},
                                           {"999999999", 3'600'000'000},
                                           {"99999999999999999999999", 0},
                                           {"-5", 0},
                                           {"soon", 0},
                                           {"Fri, 31 Dec 1999 23:59:59 GMT", 0},
                                           {"", 0}}));
  CAPTURE(wait.text);
  http::Response response;
  response.status = 429;
  response.headers.push_back({"retry-after", wait.text});
  const Acknowledgement answer = read_acknowledgement(response);
  CHECK(answer.verdict == Verdict::kLater);
  CHECK(answer.retry_after_us == wait.us);
}

TEST_CASE("refused events are handed on as they were told, and an empty list is none") {
  http::Response response;
  response.body = R"({"ack":"written","failed":[{"index":3,"error":"no message"}],"count":9})";
  CHECK(read_acknowledgement(response).failed == R"([{"index":3,"error":"no message"}])");
  response.body = R"({"ack":"written","failed":[]})";
  CHECK(read_acknowledgement(response).failed.empty());
  response.body = R"({"ack":"written"})";
  CHECK(read_acknowledgement(response).failed.empty());
}

}  // namespace
}  // namespace gasoline::capture

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "understand/fixture.h"
#include "understand/id_key.h"
#include "understand/id_shape.h"

namespace gasoline::understand {
namespace {

// Ids of the specifications' own examples, and invented ones.
#define UUID "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a"
#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define XRAY "1-5759e988-bd862e3fe1be46a994272793"

struct Row {
  std::string_view line;
  std::string_view correlation_id;
};

constexpr Row kRowsWithId[] = {
    {"done request_id=" UUID " in 4ms", UUID},
    {"done requestId: " UUID, UUID},
    {"done X-Request-ID: abc-123", "abc-123"},
    {"[req:a1b2c3d4e5f6] done", "a1b2c3d4e5f6"},
    {"[request-id:" UUID "]: done", UUID},
    {"done trace=" TRACE, TRACE},
    {"headers {\"X-Trace-ID\":\"" TRACE "\"} sent", TRACE},
    {"escaped {\\\"request_id\\\":\\\"r1b2c3\\\"}", "r1b2c3"},
    {"headers: { 'x-request-id': '" UUID "', host: 'x' }", UUID},
    {"select 1 /*traceparent='00-" TRACE "-" SPAN "-01'*/", TRACE},
    {"saw 00-" TRACE "-" SPAN "-01 somewhere", TRACE},
    {"X-Amzn-Trace-Id: Root=" XRAY ";Parent=53995c3f42cd8ad8;Sampled=1", XRAY},
    {"segment " XRAY " closed", XRAY},
    {"b3: " TRACE "-" SPAN "-1", TRACE},
    {"X-B3-TraceId: 463ac35c9f6413ad", "463ac35c9f6413ad"},
    {"uber-trace-id: 463ac35c9f6413ad:00f067aa0ba902b7:0:1", "463ac35c9f6413ad"},
    {"[" UUID "] order loaded", UUID},
    {"INFO [" TRACE "] order loaded", TRACE},
    {"Request " UUID " failed", UUID},
    {"trace id: " TRACE " seen", TRACE},
    {"request id = 42ab99", "42ab99"},
    {"GET /orders?traceId=" TRACE " 200", TRACE},
    {"dd.trace_id=1234567890123456789 dd.span_id=987654321098765432 x", "1234567890123456789"},
    {"request_id=XTaICG4mgceWHvVUxlaFl", "XTaICG4mgceWHvVUxlaFl"},
    {"request_id={" UUID "}", UUID},
    {"request_id=urn:uuid:" UUID, UUID},
    {R"({"req":{"id":"r-1"},"msg":"x"})", "r-1"},
    {R"({"trace":{"id":")" TRACE R"("},"msg":"x"})", TRACE},
    {R"({"headers":{"x-request-id":["r-12"]},"msg":"x"})", "r-12"},
    {R"({"logging.googleapis.com/trace":"projects/p/traces/)" TRACE R"(","msg":"x"})", TRACE},
    {R"({"msg":"x [request-id=r12345]"})", "r12345"},
    {"done {:request-id \"" UUID "\"}", UUID},
    {"done {:user 5, :trace-id #uuid \"" UUID "\"}", UUID},
    {"X-Cloud-Trace-Context: " TRACE "/746184812814233841;o=1", TRACE},
    {"headers={host=[x], x-correlation-id=[" UUID "], accept=[*/*]}", UUID},
    {"map[Accept:[*/*] X-Request-Id:[" UUID "] Host:[x]]", UUID},
    {"Handled request (" UUID ") in 4ms", UUID},
    {"metadata=[('x-request-id', '" UUID "'), ('user-agent', 'x')]", UUID},
    {"rawHeaders [ \"X-Request-Id\", \"" UUID "\" ]", UUID},
    {"headers [(b'x-correlation-id', b'" UUID "')]", UUID},
    {"INFO  [" TRACE "]", TRACE},
    {"GET /orders call-id=" UUID, UUID},
    {R"({"operation_Id":")" TRACE R"(","operation_ParentId":"a1304f0fccceaf2a"})", TRACE},
};

constexpr std::string_view kRowsWithoutId[] = {
    "merge request id: 254692 opened",
    "Pull request id: 254692 opened",
    "Compacted (" UUID ") 4 tables",
    "default: app.job('x') (" UUID ")",
    "metadata=[('x-tenant-id', '" UUID "'), ('user-agent', 'x')]",
    "x-request-id, '" UUID "'",
    "INFO " TRACE "  dist/app.js",
    "INFO " TRACE " *file.bin",
    "2026-11-21 02:37:06 INFO c.shop.Ctl - {" UUID "}",
    "User (" UUID ") logged in",
    "map[Accept:[*/*] X-Client-Id:[" UUID "] Host:[x]]",
    "headers={x-device-id=[" UUID "], accept=[*/*]}",
    "done {:user \"" UUID "\"}",
    "call-id=5",
    "operation_id=create",
    "request failed",
    "request: failed",
    "request_id=failed",
    "request_id= next",
    "request_id=-",
    "request_id=null trace_id=undefined",
    "trace_id=00000000000000000000000000000000 x",
    "requestId: none",
    "parent_id=" UUID " parentSpanId=" SPAN,
    "commit 4bf92f3577b34da6a3ce929d0e0e47364bf92f35",
    "image sha256:6d1dfa6ac2a63a8985c49e32779999add5ea48c365e294919b4ee28fc82655a1",
    "etag: \"4bf92f3577b34da6a3ce929d0e0e4736\"",
    "user " UUID " logged in",
    "user [" UUID "] logged in",
    "order (" UUID ") loaded",
    "orders[" UUID "] loaded",
    "session_id=" UUID " user_id=" UUID,
    "GET /users/" UUID "/profile 200",
    "sent file_" UUID ".pdf",
    "at 0x7ffd16febcbe 59:65:b8:11:0f:e1 fe80::edec",
    "pull_request_id=1234567",
    "could not open (request: 32184)",
    "304a2434630faf2c52162fa48c8937d9  f1",
    "cache key user:" UUID,
    "stack trace: at line 5",
    R"({"user_id":")" UUID R"(","etag":")" TRACE R"(","msg":"x"})",
    R"({"request_id":"","trace_id":null,"msg":"x"})",
};

TEST_CASE("ids in standard forms are found in any text") {
  Reader reader;
  for (const Row& row : kRowsWithId) {
    INFO(row.line);
    CHECK(std::string(reader.read(row.line).correlation_id) == std::string(row.correlation_id));
  }
}

TEST_CASE("what only looks like an id is none") {
  Reader reader;
  for (const std::string_view line : kRowsWithoutId) {
    INFO(line);
    CHECK(std::string(reader.read(line).correlation_id).empty());
  }
}

TEST_CASE("what is longer than an id may be is none, under any name") {
  Reader reader;
  const std::string value = "a1" + std::string(event::kCorrelationIdSizeMax, 'b');
  for (const std::string name :
       {"trace_id", "trace", "request_id", "correlation_id", "req", "x-amzn-trace-id"}) {
    INFO(name);
    CHECK(reader.read("{\"" + name + "\":\"" + value + "\",\"msg\":\"x\"}").correlation_id.empty());
    CHECK(reader.read("done " + name + "=" + value + " in time").correlation_id.size() <=
          event::kCorrelationIdSizeMax);
  }
}

TEST_CASE("trace, span and request ids are told apart") {
  Reader reader;
  event::Event event =
      reader.read("x trace_id=" TRACE " span_id=" SPAN " request_id=" UUID " done");
  CHECK(event.trace_id == TRACE);
  CHECK(event.span_id == SPAN);
  CHECK(event.request_id == UUID);
  event = reader.read("traceparent: 00-" TRACE "-" SPAN "-01");
  CHECK(event.trace_id == TRACE);
  CHECK(event.span_id == SPAN);
  event = reader.read(
      "2026-11-21 02:37:06.115  INFO [shop,463ac35c9f6413ad,a2fb4a1d1a96d312,true] 1 --- x : hi");
  CHECK(event.trace_id == "463ac35c9f6413ad");
  CHECK(event.span_id == "a2fb4a1d1a96d312");
}

TEST_CASE("a proxy's own request id and its client's are both shown") {
  Reader reader;
  const event::Event event =
      reader.read(R"({"request_id":")" TRACE R"(","x_request_id":")" UUID R"(","msg":"x"})");
  CHECK(event.request_id == TRACE);
  CHECK(event.correlation_id == UUID);
}

TEST_CASE("an id is found wherever it stands relative to the blocks of sixteen bytes") {
  Reader reader;
  for (size_t before = 0; before < 40; ++before) {
    for (size_t behind = 0; behind < 20; behind += 7) {
      const std::string pad(before, '.');
      const std::string tail(behind, '!');
      INFO(before << " " << behind);
      CHECK(reader.read(pad + " request_id=r4711" + tail).request_id == "r4711");
      CHECK(reader.read(pad + "[" UUID "]" + tail).correlation_id == UUID);
      CHECK(reader.read(pad + " " XRAY " " + tail).trace_id == XRAY);
    }
  }
}

TEST_CASE("names of fields have roles by their last words") {
  CHECK(classify_id_key("X-Request-ID") == IdRole::kRequest);
  CHECK(classify_id_key("http.request.id") == IdRole::kRequest);
  CHECK(classify_id_key("traceId") == IdRole::kTrace);
  CHECK(classify_id_key("otel.trace_id") == IdRole::kTrace);
  CHECK(classify_id_key("X-Amzn-Trace-Id") == IdRole::kXray);
  CHECK(classify_id_key("parent_span_id") == IdRole::kNone);
  CHECK(classify_id_key("stacktrace") == IdRole::kNone);
  CHECK(classify_id_key("backtraceid") == IdRole::kNone);
  CHECK(classify_id_key("id") == IdRole::kNone);
  CHECK(classify_id_key("trace", "id") == IdRole::kTrace);
  CHECK(classify_id_key("user", "id") == IdRole::kNone);
}

TEST_CASE("shapes are exact") {
  CHECK(id_shape(UUID) == IdShape::kUuid);
  CHECK(id_shape(TRACE) == IdShape::kHex128);
  CHECK(id_shape(XRAY) == IdShape::kXray);
  CHECK(id_shape("00-" TRACE "-" SPAN "-01") == IdShape::kTraceparent);
  CHECK(id_shape("ff-" TRACE "-" SPAN "-01") == IdShape::kNone);
  CHECK(id_shape(TRACE "-" SPAN) == IdShape::kTraceAndSpan);
  CHECK(id_shape(TRACE "-" SPAN "-d") == IdShape::kB3);
  CHECK(id_shape(TRACE "-" SPAN "-x") == IdShape::kNone);
  CHECK(id_shape("5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7g") == IdShape::kNone);
  CHECK(id_shape("00000000000000000000000000000000") == IdShape::kNone);
}

TEST_CASE("a group in brackets that names itself a request is its id") {
  Reader reader;
  CHECK(reader.read("INFO [req-6b071b227696] loaded").request_id == "req-6b071b227696");
  CHECK(reader.read("[request_01JD8ZK3] loaded").request_id == "request_01JD8ZK3");
  for (const std::string_view line :
       {"INFO [req-timeout] loaded", "INFO [req-1] loaded", "INFO [required-123456] x",
        "INFO [request] 1234567", "INFO [req-123456 x", "[req"}) {
    INFO(line);
    CHECK(reader.read(line).correlation_id.empty());
  }
}

}  // namespace
}  // namespace gasoline::understand

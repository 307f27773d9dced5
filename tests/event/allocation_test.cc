#include <catch2/catch.hpp>
#include <string>

#include "event/correlation_id.h"
#include "event/event_codec.h"
#include "event/event_json.h"
#include "event/event_reader.h"
#include "support/counting_new.h"

namespace gasoline::event {
namespace {

std::string batch_of(size_t events) {
  std::string text =
      R"({"run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","service":"web","host":"h","tags":["env:dev"],)"
      R"("seq":1,"events":[)";
  for (size_t i = 0; i < events; ++i) {
    if (i > 0) text += ",";
    text += R"({"timestamp":1763700000123.456,"level":"WARN","msg":"a \"b\" )" + std::to_string(i) +
            R"(","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","request_id":77,"tags":["a","b"],)"
            R"("pid":17,"deep":{"a":[1,2.5,{"b":"a text that fits no small string"}]}})";
  }
  text += "]}";
  text.reserve(text.size() + EventReader::kPaddingBytes);
  return text;
}

TEST_CASE("once warm, reading a batch allocates nothing per event") {
  const std::string few = batch_of(100);
  const std::string many = batch_of(2000);
  EventReader reader;
  Arena arena;
  ParsedBatch batch;
  const auto allocations_of = [&](const std::string& body) {
    arena.reset();
    const size_t before = gasoline::test::allocations();
    REQUIRE(reader.read(body, BatchForm::kBatch, arena, batch));
    REQUIRE(batch.failures.empty());
    return gasoline::test::allocations() - before;
  };
  allocations_of(many);
  CHECK(allocations_of(many) == 0);
  CHECK(allocations_of(few) == 0);
}

TEST_CASE("once warm, reading NDJSON allocates nothing per event") {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += R"({"message":"a text that fits no small string","pid":1})"
            "\n";
  text.reserve(text.size() + EventReader::kPaddingBytes);
  EventReader reader;
  Arena arena;
  ParsedBatch batch;
  for (int warm = 0; warm < 2; ++warm) {
    arena.reset();
    REQUIRE(reader.read(text, BatchForm::kNdjson, arena, batch));
  }
  arena.reset();
  const size_t before = gasoline::test::allocations();
  REQUIRE(reader.read(text, BatchForm::kNdjson, arena, batch));
  CHECK(gasoline::test::allocations() == before);
  CHECK(batch.events.size() == 500);
}

TEST_CASE("once warm, writing, encoding and decoding events allocates nothing") {
  const std::string body = batch_of(100);
  EventReader reader;
  Arena arena;
  ParsedBatch batch;
  REQUIRE(reader.read(body, BatchForm::kBatch, arena, batch));
  std::string json;
  std::string binary;
  Arena tags;
  const auto use = [&] {
    json.clear();
    binary.clear();
    tags.reset();
    for (const Event& event : batch.events) {
      append_json(json, event);
      append_encoded(binary, event);
    }
    std::string_view from = binary;
    Event taken;
    while (take_encoded(from, taken, tags)) continue;
    return from.empty();
  };
  REQUIRE(use());
  const size_t before = gasoline::test::allocations();
  const bool is_whole = use();
  CHECK(gasoline::test::allocations() == before);
  CHECK(is_whole);
}

TEST_CASE("normalizing an id allocates nothing") {
  const std::string id = "{4BF92F35-77B3-4DA6-A3CE-929D0E0E4736}";
  char to[kCorrelationIdSizeMax];
  const size_t before = gasoline::test::allocations();
  const size_t size = normalize_correlation_id(id, to, sizeof to);
  CHECK(gasoline::test::allocations() == before);
  CHECK(size == 32);
}

}  // namespace
}  // namespace gasoline::event

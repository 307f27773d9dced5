#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "understand/fixture.h"
#include "understand/secret_slices.h"
#include "understand/secret_table.h"

namespace gasoline::understand {
namespace {

std::string random_word(Random& random, size_t size) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string word;
  while (word.size() < size) word += kLetters[random.next_u64() % kLetters.size()];
  return word;
}

/// A line of plain words, of a trigger that leads to nothing, or with a secret.
std::string random_line(Random& random) {
  std::string line = "GET /orders/" + random_word(random, 1 + random.next_u64() % 90);
  switch (random.next_u64() % 8) {
    case 0:
      return line + " token=null";
    case 1:
      return line + " password=" + random_word(random, 20) + " retry";
    case 2:
      return std::string("gh") + "p_" + random_word(random, 36);
    case 3:
      return line + " at https://user:" + random_word(random, 9) + "@host/";
    case 4:
      return "\x1b[31mapi_key=\x1b[0m" + random_word(random, 32);
    default:
      return line;
  }
}

/// Lines one behind the other, as they lie in a batch.
struct Batch {
  std::string bytes;
  std::vector<std::pair<size_t, size_t>> places;

  void add(std::string_view line) {
    places.emplace_back(bytes.size(), line.size());
    bytes += line;
    bytes += '\n';
  }
  std::string_view line(size_t i) const {
    return std::string_view(bytes).substr(places[i].first, places[i].second);
  }
};

/// Masks every line of the batch, expected and not; returns the number of masked ones.
size_t check_same(const Batch& batch) {
  const FixedClock clock;
  Understanding one_by_one(shared_rules(), clock);
  Understanding ahead(shared_rules(), clock);
  Arena arena;
  size_t masked = 0;
  const auto expectation = ahead.expect(batch.bytes);
  for (size_t i = 0; i < batch.places.size(); ++i) {
    const std::string_view wanted = one_by_one.mask(batch.line(i), arena);
    REQUIRE(ahead.mask(batch.line(i), arena) == wanted);
    if (i % 7 == 0) REQUIRE(ahead.mask(batch.line(i), arena) == wanted);  // asked again
    if (wanted != batch.line(i)) ++masked;
  }
  return masked;
}

TEST_CASE("lines are masked alike, whether their bytes were expected or not") {
  SeededRandom random(11);
  Batch batch;
  while (batch.bytes.size() < 4 * SecretSlices::kSliceSize) batch.add(random_line(random));
  batch.add(std::string(2 * SecretSlices::kSliceSize, 'x') + " password=" +
            random_word(random, 20));  // longer than a slice
  batch.add(random_line(random));
  CHECK(check_same(batch) > batch.places.size() / 4);
}

TEST_CASE("no trigger looks beyond what it matches, so that it is found within any text") {
  for (const SecretKind& kind : secret_kinds()) {
    const std::string_view trigger = kind.trigger;
    INFO(trigger);
    for (size_t at = 0; at < trigger.size(); ++at) {
      const char before = at > 0 ? trigger[at - 1] : '\0';
      if (trigger[at] == '^') CHECK(before == '[');
      if (trigger[at] == '$') CHECK(before == '\\');
      if (before == '\\') CHECK(std::string_view("bBAzZ").find(trigger[at]) == trigger.npos);
    }
  }
}

TEST_CASE("a secret is found wherever the end of a slice cuts through it") {
  SeededRandom random(12);
  const std::string secret = "password=" + random_word(random, 24);
  for (size_t before = SecretSlices::kSliceSize - secret.size() - 2;
       before <= SecretSlices::kSliceSize; ++before) {
    Batch batch;
    batch.add(std::string(before, '.'));
    batch.add(secret);
    CHECK(check_same(batch) == 1);
  }
}

TEST_CASE("behind more triggers than a slice keeps, every secret is still found") {
  SeededRandom random(13);
  Batch batch;
  for (size_t i = 0; i < SecretSlices::kHitsMax + 50; ++i) batch.add("token=");
  for (size_t i = 0; i < 10; ++i) batch.add("password=" + random_word(random, 20));
  REQUIRE(batch.bytes.size() < SecretSlices::kSliceSize);
  CHECK(check_same(batch) == 10);
}

TEST_CASE("what was found in expected bytes is forgotten with the expectation") {
  SeededRandom random(14);
  const FixedClock clock;
  Understanding understanding(shared_rules(), clock);
  Arena arena;
  std::string bytes(40, '.');
  {
    const auto expectation = understanding.expect(bytes);
    CHECK(understanding.mask(bytes, arena) == bytes);
  }
  bytes.replace(5, 29, "password=" + random_word(random, 20));
  CHECK(understanding.mask(bytes, arena) != bytes);
}

}  // namespace
}  // namespace gasoline::understand

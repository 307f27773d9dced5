#include <catch2/catch.hpp>
#include <random>
#include <map>
#include <set>

#include "base/random.h"
#include "store/event_filter.h"
#include "store/hash_table.h"
#include "store/id_hash.h"
#include "store/id_links.h"
#include "store/metadata_member.h"
#include "store/cell_pool.h"
#include "store/text_packer.h"
#include "store/page.h"
#include "store/posting_index.h"

namespace gasoline::store {
namespace {

struct Number {
  uint64_t hash = 0;
  uint64_t value = 0;
};

TEST_CASE("a hash table holds what a set holds, through growing and shrinking") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  HashTable<Number> table;
  std::set<uint64_t> model;
  for (int step = 0; step < 200'000; ++step) {
    // Few upper bits differ, so that single parts grow large and probe sequences meet.
    const uint64_t hash = ((random.next_u64() % 3) << 62) | (1 + random.next_u64() % 3000);
    const bool grows = step < 100'000 ? random.next_u64() % 3 != 0 : random.next_u64() % 3 == 0;
    if (grows) {
      REQUIRE(table.insert(hash).second == model.insert(hash).second);
    } else {
      REQUIRE(table.erase(hash) == (model.erase(hash) == 1));
    }
    REQUIRE(table.size() == model.size());
  }
  for (const uint64_t hash : model) REQUIRE(table.find(hash) != nullptr);
  for (const uint64_t hash : model) REQUIRE(table.erase(hash));
  CHECK(table.size() == 0);
}

TEST_CASE("a hash table gives memory back when it empties") {
  HashTable<Number> table;
  SeededRandom random(1);
  std::vector<uint64_t> hashes;
  for (int i = 0; i < 100'000; ++i) hashes.push_back(random.next_u64() | 1);
  for (const uint64_t hash : hashes) table.insert(hash);
  const size_t full_bytes = table.held_bytes();
  for (const uint64_t hash : hashes) table.erase(hash);
  CHECK(table.held_bytes() * 3 < full_bytes);
}

TEST_CASE("postings are those of live blocks, newest first, and dead ones are never many") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  PostingIndex index;
  std::map<uint32_t, uint32_t> live;  // serial to its postings
  std::map<uint64_t, std::vector<uint32_t>> model;
  const auto is_live = [&](uint32_t serial) { return live.contains(serial); };
  const auto live_postings = [&] {
    uint64_t sum = 0;
    for (const auto& [serial, postings] : live) sum += postings;
    return sum;
  };
  for (uint32_t serial = 1; serial <= 600; ++serial) {
    live[serial] = 0;
    for (int i = 0; i < 50; ++i) {
      const uint64_t id = hash_bytes(std::to_string(random.next_u64() % (1 + serial % 400)));
      live[serial] += index.add(id, serial, id % 2 == 0);
      std::vector<uint32_t>& serials = model[id];
      if (serials.empty() || serials.back() != serial) serials.push_back(serial);
    }
    if (live.size() <= 100) continue;
    auto evicted = live.begin();
    std::advance(evicted, random.next_u64() % 10);
    const uint32_t postings = evicted->second;
    live.erase(evicted);
    index.forget(postings, is_live);
    REQUIRE(index.postings() == live_postings());
  }
  for (const auto& [id, serials] : model) {
    std::vector<uint32_t> expected;
    for (const uint32_t serial : serials) {
      if (is_live(serial)) expected.insert(expected.begin(), serial);
    }
    std::vector<uint32_t> found;
    index.for_each(id, [&](uint32_t serial) {
      if (is_live(serial)) found.push_back(serial);
      return true;
    });
    REQUIRE(found == expected);
    size_t visited = 0;
    index.for_each(id, [&](uint32_t) { return ++visited < 3; });
    REQUIRE(visited <= 3);
    if (!expected.empty()) REQUIRE(index.may_be_linked(id) == (id % 2 == 0));
  }
  while (index.sweep_next(is_live)) {
  }
  size_t ids = 0;
  for (const auto& [id, serials] : model) {
    ids += std::any_of(serials.begin(), serials.end(), is_live) ? size_t{1} : 0;
  }
  CHECK(index.ids() == ids);
  while (!live.empty()) {
    const uint32_t postings = live.begin()->second;
    live.erase(live.begin());
    index.forget(postings, is_live);
  }
  CHECK(index.ids() == 0);
  CHECK(index.postings() == 0);
}

TEST_CASE("cells give back what was kept, and all memory when nothing is") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  CellPool pool;
  std::vector<std::pair<Cells, std::string>> kept;
  std::string read;
  for (int step = 0; step < 5'000; ++step) {
    if (random.next_u64() % 5 < 3 || kept.empty()) {
      std::string bytes(1 + random.next_u64() % 4'000, static_cast<char>(step));
      bytes.back() = static_cast<char>(step + 1);
      const Cells cells = pool.keep(bytes);
      REQUIRE(cells.first != nullptr);
      kept.emplace_back(cells, std::move(bytes));
      continue;
    }
    const size_t at = random.next_u64() % kept.size();
    kept[at].first.copy_to(read, 0, kept[at].first.size_bytes);
    REQUIRE(read == kept[at].second);
    pool.give_back(kept[at].first);
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(at));
  }
  CHECK(pool.resident_bytes() > CellPool::kSlabSizeBytes);
  for (auto& [cells, bytes] : kept) {
    cells.copy_to(read, 0, cells.size_bytes);
    REQUIRE(read == bytes);
    pool.give_back(cells);
    CHECK(cells.first == nullptr);
  }
  CHECK(pool.resident_bytes() == 0);
}

TEST_CASE("hashes of near texts differ") {
  std::set<uint64_t> hashes;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    hashes.insert(hash_bytes(text));
    text += 'a';
  }
  for (int i = 0; i < 1000; ++i) hashes.insert(hash_bytes("req-" + std::to_string(i)));
  CHECK(hashes.size() == 1200);
}

TEST_CASE("members of metadata are found at the top level only") {
  const std::string_view metadata =
      R"("a":{"partial":true}, "b":"\"partial\":true" ,"partial" : true,"list":[1,{"x":"]"}],"n":12)";
  CHECK(find_member(metadata, "partial") == "true");
  CHECK(find_member(metadata, "n") == "12");
  CHECK(find_member(metadata, "list") == R"([1,{"x":"]"}])");
  CHECK(find_member(metadata, "x").empty());
  CHECK(find_member(R"("a":{"partial":true})", "partial").empty());
  CHECK(find_member("", "a").empty());
  for (const char* broken : {"\"a", "\"a\":", "\"a\":{", "a:1", "\"a\":\"x", "\"a\":1,,\"b\":2"}) {
    INFO(broken);
    CHECK(find_member(broken, "b").empty());
  }
}

TEST_CASE("a gap's times are read in milliseconds, and without them are those of its event") {
  const MetadataNotes notes = read_notes(
      R"("gap":{"lines":3,"bytes":99,"from":1763700000123.456,"to":1763700001000,"reason":"ring"})",
      5);
  REQUIRE(notes.gap.has_value());
  CHECK(notes.gap->from_us == 1763700000123456);
  CHECK(notes.gap->to_us == 1763700001000000);
  CHECK(notes.gap->lines == 3);
  CHECK(notes.gap->bytes == 99);
  CHECK(notes.gap->reason == "ring");
  const MetadataNotes bare = read_notes(R"("gap":{})", 5);
  REQUIRE(bare.gap.has_value());
  CHECK(bare.gap->from_us == 5);
  CHECK_FALSE(read_notes(R"("gap":"mind it")", 5).gap.has_value());
}

TEST_CASE("spans of time merge and stay apart as they should") {
  TimeSpans spans;
  spans.add(10, 20);
  spans.add(40, 50);
  spans.add(15, 25);
  CHECK(spans.contains(10));
  CHECK(spans.contains(24));
  CHECK_FALSE(spans.contains(25));
  CHECK_FALSE(spans.contains(39));
  spans.add(20, 45);
  CHECK(spans.contains(30));
  CHECK_FALSE(spans.contains(50));
  CHECK_FALSE(spans.contains(9));
  for (int64_t i = 0; i < 3000; ++i) spans.add(i * 100, i * 100 + 10);
  CHECK(spans.contains(299'905));
}

TEST_CASE("a page keeps the first places of any number") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  std::vector<Place> all;
  Page page(10);
  for (uint64_t i = 0; i < 5000; ++i) {
    all.push_back({{static_cast<int64_t>(random.next_u64() % 100), i}, 0, 0});
    page.add(all.back());
  }
  std::sort(all.begin(), all.end());
  const std::vector<Place>& kept = page.finish();
  REQUIRE(kept.size() == 11);
  for (size_t i = 0; i < kept.size(); ++i) CHECK(kept[i].position == all[i].position);
}

TEST_CASE("text is found whatever its case") {
  CHECK(contains_ignoring_case("Payment DECLINED", "declined"));
  CHECK(contains_ignoring_case("x", ""));
  CHECK_FALSE(contains_ignoring_case("", "x"));
  CHECK_FALSE(contains_ignoring_case("decline", "declined"));
}

TEST_CASE("packed text comes back whole, with and without a dictionary, and is smaller with one") {
  TextDictionary dictionary;
  std::string said;
  for (int i = 0; i < 400; ++i) said += "GET /orders/" + std::to_string(i * 7919) + " in 5 ms\n";
  for (uint32_t block = 1; block <= TextDictionary::kBlocksBefore + 1; ++block) {
    const bool has_one = block > TextDictionary::kBlocksBefore;
    CHECK(dictionary.text().empty() == !has_one);
    CHECK(dictionary.note_packed(said) == (block == TextDictionary::kBlocksBefore));
  }
  REQUIRE(dictionary.text().size() == TextDictionary::kSizeBytes);
  TextPacker packer;
  for (const std::string& text : {std::string("GET /orders/1 in 5 ms\n"), std::string(70'000, '\n'),
                                  std::string("x"), said}) {
    std::string plain = "before";
    std::string with = "before";
    REQUIRE(packer.append_packed(plain, text, {}));
    REQUIRE(packer.append_packed(with, text, dictionary.text()));
    CHECK(with.size() <= plain.size());
    std::string back(text.size(), '\0');
    REQUIRE(unpack_text(std::string_view(plain).substr(6), {}, back));
    CHECK(back == text);
    back.assign(text.size(), '\0');
    REQUIRE(unpack_text(std::string_view(with).substr(6), dictionary.text(), back));
    CHECK(back == text);
    std::string other(text.size() + 1, '\0');
    CHECK_FALSE(unpack_text(std::string_view(with).substr(6), dictionary.text(), other));
  }
}

}  // namespace
}  // namespace gasoline::store

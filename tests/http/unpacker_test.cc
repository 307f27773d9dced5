#include "http/unpacker.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "http/fixture.h"

using namespace gasoline;
using namespace gasoline::http;

namespace {

using Verdict = Unpacker::Verdict;
using Coding = Unpacker::Coding;

Verdict unpack(Coding coding, std::string_view packed, size_t piece, size_t size_max,
               std::string& text, bool& is_at_end) {
  Unpacker unpacker(coding, size_max);
  Verdict verdict = Verdict::kOk;
  while (!packed.empty() && verdict == Verdict::kOk) {
    verdict = unpacker.append(packed.substr(0, piece), text);
    packed.remove_prefix(std::min(piece, packed.size()));
  }
  is_at_end = unpacker.is_at_end();
  return verdict;
}

std::string sample() {
  SeededRandom random(7);
  std::string text;
  for (int i = 0; i < 50'000; ++i)
    text += "event " + std::to_string(random.next_u64() % 1000) + ' ';
  return text;
}

}  // namespace

TEST_CASE("what was packed comes out again, whatever the pieces") {
  const std::string text = sample();
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const std::string packed = coding == Coding::kGzip ? gzip(text) : zstd(text);
    for (const size_t piece : {size_t{1}, size_t{1000}, packed.size()}) {
      std::string out = "before ";
      bool is_at_end = false;
      REQUIRE(unpack(coding, packed, piece, text.size(), out, is_at_end) == Verdict::kOk);
      CHECK(is_at_end);
      CHECK(out == "before " + text);
    }
  }
}

TEST_CASE("several members or frames in a row are one body") {
  const std::string text = sample();
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const std::string packed = coding == Coding::kGzip ? gzip(text) : zstd(text);
    std::string out;
    bool is_at_end = false;
    REQUIRE(unpack(coding, packed + packed, 777, 2 * text.size(), out, is_at_end) == Verdict::kOk);
    CHECK(is_at_end);
    CHECK(out == text + text);
  }
}

TEST_CASE("one byte more than allowed is too large") {
  const std::string text = sample();
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const std::string packed = coding == Coding::kGzip ? gzip(text) : zstd(text);
    std::string out;
    bool is_at_end = false;
    CHECK(unpack(coding, packed, 1000, text.size() - 1, out, is_at_end) == Verdict::kTooLarge);
    CHECK(out.size() < text.size());
  }
}

TEST_CASE("a packed body that is cut short is not at its end") {
  const std::string text = sample();
  for (const Coding coding : {Coding::kGzip, Coding::kZstd}) {
    const std::string packed = coding == Coding::kGzip ? gzip(text) : zstd(text);
    std::string out;
    bool is_at_end = true;
    static_cast<void>(
        unpack(coding, packed.substr(0, packed.size() - 1), 1000, text.size(), out, is_at_end));
    CHECK_FALSE(is_at_end);
  }
}

TEST_CASE("a zstd window larger than servers need take is refused") {
  // Frame header: magic, descriptor without single segment, window of 2^41 bytes.
  const std::string frame("\x28\xb5\x2f\xfd\x00\xf8\x01\x00\x00", 9);
  std::string out;
  bool is_at_end = false;
  CHECK(unpack(Coding::kZstd, frame, 100, 1000, out, is_at_end) == Verdict::kBad);
}

TEST_CASE("codings are told apart by name, in any case") {
  CHECK(Unpacker::coding("") == Coding::kIdentity);
  CHECK(Unpacker::coding("Identity") == Coding::kIdentity);
  CHECK(Unpacker::coding("GZIP") == Coding::kGzip);
  CHECK(Unpacker::coding("x-gzip") == Coding::kGzip);
  CHECK(Unpacker::coding("zstd") == Coding::kZstd);
  CHECK(Unpacker::coding("deflate") == Coding::kUnknown);
  CHECK(Unpacker::coding("gzip, gzip") == Coding::kUnknown);
}

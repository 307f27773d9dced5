#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "journal/format.h"
#include "journal/journal_fixture.h"
#include "support/fault_file_system.h"

namespace gasoline::test {
namespace {

using journal::kRecordHeaderSize;
using journal::kSegmentHeaderSize;

constexpr const char* kDirectory = "/j";

struct Placed {
  uint64_t sequence;
  uint64_t begin;  // of the record's header
  uint64_t end;
};

struct Sample {
  std::string name;
  std::string bytes;
  std::vector<Placed> records;
};

/// A journal of several segments in a fault file system, and where each of its records stands.
class Journal {
 public:
  Journal(uint64_t seed, uint64_t segment_size, size_t payload_size_max, uint64_t records)
      : disk(seed), payload_size_max_(payload_size_max) {
    journal::WriterOptions options;
    options.segment_size_bytes = segment_size;
    SeededRandom ids(seed);
    ManualClock clock;
    auto writer = value_of(journal::Writer::open(disk, kDirectory, options, clock, ids));
    uint64_t offset = kSegmentHeaderSize;
    for (uint64_t i = 1; i <= records; ++i) {
      const uint64_t size = kRecordHeaderSize + payload(i).size();
      const bool is_next = offset > kSegmentHeaderSize && offset + size > segment_size;
      if (is_next || segments.empty()) {
        offset = kSegmentHeaderSize;
        segments.push_back({std::string(kDirectory) + "/" + journal::segment_file_name(i), {}, {}});
      }
      REQUIRE(value_of(writer->append(payload(i))) == i);
      segments.back().records.push_back({i, offset, offset + size});
      offset += size;
    }
    for (Sample& segment : segments) {
      segment.bytes = disk.contents(segment.name);
      REQUIRE(segment.bytes.size() == segment.records.back().end);
    }
    next_sequence = records + 1;
    for (uint64_t i = 0; i < next_sequence; ++i) payloads_.push_back(payload(i));
  }

  std::string payload(uint64_t sequence) const {
    return payload_of(sequence, sequence * 37 % payload_size_max_);
  }

  /// Reads everything with [begin, end) of `segment` damaged: every record that does not touch it
  /// must come back, no other byte may, and exactly what is gone must be reported. At the end of
  /// the newest segment damage looks like a record being written and needs no report.
  void check(const Sample& segment, uint64_t begin, uint64_t end) {
    const std::string wrong = wrong_with(segment, begin, end);
    if (!wrong.empty()) FAIL(wrong);
  }

  void put(const Sample& segment, uint64_t offset, const std::string& bytes) {
    disk.damage(segment.name, offset, bytes);
  }
  void restore(const Sample& segment) { disk.damage(segment.name, 0, segment.bytes); }

  FaultFileSystem disk;
  std::vector<Sample> segments;
  uint64_t next_sequence = 1;

 private:
  /// What is wrong, if anything. Bytes of one journal are damaged thousands of times, so nothing here
  /// is a REQUIRE of its own.
  std::string wrong_with(const Sample& segment, uint64_t begin, uint64_t end) {
    const ReadBack back = read_all(disk, kDirectory);
    std::vector<bool> is_gone(next_sequence);
    for (const Placed& record : segment.records) {
      if (record.begin < end && record.end > begin) is_gone[record.sequence] = true;
    }
    std::vector<bool> is_found(next_sequence);
    uint64_t end_of_intact = 1;
    for (const auto& [sequence, bytes] : back.records) {
      if (sequence < end_of_intact || sequence >= next_sequence) return "records out of order";
      if (bytes != payloads_[sequence]) return "other bytes in record " + std::to_string(sequence);
      is_found[sequence] = true;
      end_of_intact = sequence + 1;
    }
    std::vector<bool> is_reported(next_sequence);
    for (const journal::Corruption& corruption : back.corruptions) {
      if (corruption.is_released) return "damage is called a release";
      for (uint64_t i = corruption.first_missing; i < corruption.end_missing; ++i) {
        if (i >= next_sequence || is_reported[i]) return "reported twice";
        is_reported[i] = true;
      }
    }
    for (uint64_t i = 1; i < next_sequence; ++i) {
      const bool is_due = is_gone[i] && i < end_of_intact;
      if (is_found[i] == is_gone[i] || is_reported[i] != is_due) {
        return "record " + std::to_string(i) + (is_found[i] ? " is found" : " is not found") +
               (is_reported[i] ? " and reported" : " and not reported");
      }
    }
    const bool is_header_hit = begin < kSegmentHeaderSize && &segment != &segments.back();
    return is_header_hit && back.corruptions.empty() ? "a damaged header is not reported" : "";
  }

  const size_t payload_size_max_;
  std::vector<std::string> payloads_;  // by sequence
};

/// The bytes that really differ, so that an overwrite with the same bytes counts as none.
std::pair<uint64_t, uint64_t> difference(const std::string& before, const std::string& after) {
  const auto first = std::mismatch(before.begin(), before.end(), after.begin()).first;
  if (first == before.end()) return {0, 0};
  const auto last = std::mismatch(before.rbegin(), before.rend(), after.rbegin()).first;
  return {static_cast<uint64_t>(first - before.begin()),
          static_cast<uint64_t>(last.base() - before.begin())};
}

}  // namespace

TEST_CASE("any flipped byte costs the record it is in and no other") {
  Journal journal(1, 900, 90, 40);
  REQUIRE(journal.segments.size() >= 3);
  SeededRandom random(2);
  for (const Sample& segment : journal.segments) {
    for (uint64_t at = 0; at < segment.bytes.size(); ++at) {
      const auto flip = static_cast<char>(1 << random.next_u64() % 8);
      INFO(segment.name << " at " << at);
      journal.put(segment, at, std::string(1, static_cast<char>(segment.bytes[at] ^ flip)));
      journal.check(segment, at, at + 1);
      journal.restore(segment);
    }
  }
}

TEST_CASE("a block of zeros or of random bytes costs the records it touches and no other") {
  SeededRandom random(3);
  for (const size_t payload_size_max : {20u, 300u, 9000u}) {
    Journal journal(payload_size_max, 64 * 1024, payload_size_max, 200);
    for (int i = 0; i < 150; ++i) {
      const Sample& segment = journal.segments[random.next_u64() % journal.segments.size()];
      const uint64_t at = random.next_u64() % segment.bytes.size() / 512 * 512;
      std::string block(std::min<uint64_t>(4096, segment.bytes.size() - at), '\0');
      if (i % 2 == 1) {
        for (char& byte : block) byte = static_cast<char>(random.next_u64());
      }
      INFO(segment.name << " at " << at << ", try " << i);
      journal.put(segment, at, block);
      const auto [begin, end] = difference(segment.bytes, journal.disk.contents(segment.name));
      journal.check(segment, begin, end);
      journal.restore(segment);
    }
  }
}

TEST_CASE("a block from another place of the journal is recognised") {
  SeededRandom random(4);
  for (const size_t payload_size_max : {20u, 300u, 9000u}) {
    Journal journal(payload_size_max + 1, 64 * 1024, payload_size_max, 200);
    for (int i = 0; i < 150; ++i) {
      const Sample& segment = journal.segments[random.next_u64() % journal.segments.size()];
      const Sample& source = journal.segments[random.next_u64() % journal.segments.size()];
      const uint64_t at = random.next_u64() % segment.bytes.size() / 512 * 512;
      const uint64_t from = random.next_u64() % source.bytes.size() / 512 * 512;
      const uint64_t size =
          std::min({uint64_t{4096}, segment.bytes.size() - at, source.bytes.size() - from});
      INFO(segment.name << " at " << at << ", from " << source.name << " at " << from);
      journal.put(segment, at, source.bytes.substr(from, size));
      const auto [begin, end] = difference(segment.bytes, journal.disk.contents(segment.name));
      if (end > begin) journal.check(segment, begin, end);
      journal.restore(segment);
    }
  }
}

TEST_CASE("a truncation at any byte costs what stood behind it") {
  Journal journal(5, 900, 90, 40);
  for (const Sample& segment : journal.segments) {
    for (uint64_t size = 0; size < segment.bytes.size(); size += 1 + size % 3) {
      INFO(segment.name << " cut to " << size);
      must(value_of(journal.disk.open(segment.name, io::OpenMode::kReadWrite))->truncate(size));
      journal.check(segment, size, segment.bytes.size());
      auto file = value_of(journal.disk.open(segment.name, io::OpenMode::kReadWrite));
      must(file->write_at(segment.bytes, 0));
    }
  }
}

TEST_CASE("a segment that is gone is reported as missing, not as released") {
  Journal journal(6, 900, 90, 60);
  const Sample& victim = journal.segments[2];
  must(journal.disk.unlink(victim.name));
  const ReadBack back = read_all(journal.disk, kDirectory);
  REQUIRE(back.corruptions.size() == 1);
  REQUIRE(back.corruptions[0].first_missing == victim.records.front().sequence);
  REQUIRE(back.corruptions[0].end_missing == victim.records.back().sequence + 1);
  REQUIRE(!back.corruptions[0].is_released);
}

TEST_CASE("inspection counts what is there, and repair leaves nothing to stumble over") {
  SeededRandom random(7);
  for (int i = 0; i < 60; ++i) {
    Journal journal(100 + static_cast<uint64_t>(i), 2000, 200, 80);
    auto intact = value_of(journal::inspect(journal.disk, kDirectory));
    REQUIRE(intact.records == 80);
    REQUIRE(!intact.is_damaged());
    REQUIRE(intact.torn_tail_bytes == 0);
    REQUIRE(intact.next_sequence == 81);
    for (int damages = 0; damages < 3; ++damages) {
      const Sample& segment = journal.segments[random.next_u64() % journal.segments.size()];
      const uint64_t at = random.next_u64() % segment.bytes.size();
      journal.put(segment, at, std::string(1 + random.next_u64() % 300, '\0'));
    }
    const ReadBack before = read_all(journal.disk, kDirectory);
    const auto found = value_of(journal::inspect(journal.disk, kDirectory));
    REQUIRE(found.records == before.records.size());
    uint64_t missing = 0;
    for (const auto& one : before.corruptions) missing += one.end_missing - one.first_missing;
    REQUIRE(found.missing_records == missing);

    const auto repair = value_of(journal::repair(journal.disk, kDirectory));
    const auto& repaired = repair.after;
    REQUIRE(!repaired.is_damaged());
    REQUIRE(repaired.torn_tail_bytes == 0);
    REQUIRE(repaired.records == found.records);
    REQUIRE(repaired.missing_records == missing);
    REQUIRE(read_all(journal.disk, kDirectory).records == before.records);

    SeededRandom ids(9);
    ManualClock clock;
    auto writer = value_of(journal::Writer::open(journal.disk, kDirectory, {}, clock, ids));
    const uint64_t next = value_of(writer->append("after"));
    REQUIRE(read_all(journal.disk, kDirectory).records.back() ==
            std::pair<uint64_t, std::string>{next, "after"});
    REQUIRE(journal::repair(journal.disk, kDirectory).error().code == Error::kLocked);
  }
}

TEST_CASE("a writer that opens a damaged journal goes on behind all that is intact") {
  SeededRandom random(8);
  for (int i = 0; i < 200; ++i) {
    Journal journal(300 + static_cast<uint64_t>(i), 2000, 200, 60);
    const Sample& segment = journal.segments[random.next_u64() % journal.segments.size()];
    const uint64_t at = i % 3 == 0 ? 0 : random.next_u64() % segment.bytes.size();
    journal.put(segment, at, std::string(1 + random.next_u64() % 300, '\x7f'));
    const ReadBack before = read_all(journal.disk, kDirectory);
    SeededRandom ids(9);
    ManualClock clock;
    journal::WriterOptions options;
    options.segment_size_bytes = 2000;
    INFO("try " << i << ", " << segment.name << " at " << at);
    auto writer = value_of(journal::Writer::open(journal.disk, kDirectory, options, clock, ids));
    REQUIRE(writer->next_sequence() > before.records.back().first);
    const uint64_t next = value_of(writer->append("after"));
    ReadBack after = read_all(journal.disk, kDirectory);
    REQUIRE(after.records.back() == std::pair<uint64_t, std::string>{next, "after"});
    after.records.pop_back();
    REQUIRE(after.records == before.records);
  }
}

}  // namespace gasoline::test

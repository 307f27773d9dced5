#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "io/real_file_system.h"
#include "journal/format.h"
#include "journal/journal_fixture.h"
#include "support/seed.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::kRecordHeaderSize;
using journal::kSegmentHeaderSize;

constexpr uint64_t kBlockSize = 4096;
constexpr uint64_t kSegmentSize = 4 << 20;
constexpr uint64_t kJournalSize = 64 << 20;

struct Placed {
  uint64_t begin;  // of the record's header
  uint64_t end;
};

struct Segment {
  std::string path;
  uint64_t first_sequence;
  std::string bytes;
  std::string former_bytes;  // what the file held in its earlier life
  std::vector<Placed> records;
};

/// A journal of 64 MiB on the real file system, whose files were all written before and recycled.
class RealJournal {
 public:
  RealJournal() {
    journal::WriterOptions options;
    options.segment_size_bytes = kSegmentSize;
    options.sync = journal::SyncPolicy::kNever;
    options.recycled_segments_max = 100;
    SystemClock clock;
    SeededRandom ids(1);
    auto writer = value_of(journal::Writer::open(files, directory, options, clock, ids));
    append_until(*writer, kJournalSize);
    std::map<uint64_t, std::string> former;  // by inode
    for (const std::string& name : segment_names()) former[inode_of(name)] = contents(name);
    must(writer->rotate());
    must(writer->release_before(writer->next_sequence()));
    append_until(*writer, kJournalSize);
    writer.reset();
    for (const std::string& name : segment_names()) {
      segments.push_back({directory + "/" + name, *journal::first_sequence_of(name), contents(name),
                          former[inode_of(name)], {}});
      place_records(segments.back());
    }
    REQUIRE(segments.size() >= 16);
    uint64_t former_count = 0;
    for (const Segment& segment : segments) former_count += segment.former_bytes.empty() ? 0u : 1u;
    REQUIRE(former_count >= 16);
  }

  /// Reads the damaged segment and the one behind it. Says what was wrong, if anything.
  std::string check(size_t index, uint64_t begin, uint64_t end) {
    const Segment& segment = segments[index];
    const bool is_newest = index + 1 == segments.size();
    std::set<uint64_t> gone;
    for (size_t i = 0; i < segment.records.size(); ++i) {
      const Placed& record = segment.records[i];
      if (record.begin < end && record.end > begin) gone.insert(segment.first_sequence + i);
    }
    auto reader = value_of(journal::Reader::open(files, directory, segment.first_sequence));
    uint64_t expected = segment.first_sequence;
    std::set<uint64_t> reported;
    for (;;) {
      journal::ReadResult result = reader->read_next();
      if (std::holds_alternative<journal::EndOfLog>(result)) break;
      if (const auto* error = std::get_if<Error>(&result)) return error->to_string();
      if (const auto* damage = std::get_if<journal::Corruption>(&result)) {
        if (damage->is_released) return "damage is called a release";
        if (damage->first_missing != expected) return "a report does not fit its place";
        for (uint64_t i = damage->first_missing; i < damage->end_missing; ++i) reported.insert(i);
        expected = damage->end_missing;
        continue;
      }
      const auto& record = std::get<journal::Record>(result);
      if (record.sequence != expected++) return "record " + std::to_string(record.sequence);
      if (record.payload != payload_at(index, record.sequence)) {
        return "other bytes in record " + std::to_string(record.sequence);
      }
      if (!is_newest && record.sequence > segments[index + 1].first_sequence) break;
    }
    if (is_newest) {
      // What is damaged at the very end reads as being written.
      while (!gone.empty() && *gone.rbegin() >= expected) gone.erase(std::prev(gone.end()));
    }
    if (reported != gone) {
      return std::to_string(reported.size()) + " records reported, " + std::to_string(gone.size()) +
             " gone";
    }
    const uint64_t end_of_segment = segment.first_sequence + segment.records.size();
    if (!is_newest && expected < end_of_segment) return "reading ends early";
    return "";
  }

  TemporaryDirectory temporary;
  io::RealFileSystem files;
  const std::string directory = temporary / "j";
  std::vector<Segment> segments;

 private:
  void append_until(journal::Writer& writer, uint64_t bytes) {
    const uint64_t before = writer.size_bytes();
    while (writer.size_bytes() < before + bytes) {
      const uint64_t next = writer.next_sequence();
      // Lines, chunks of them, and now and then one larger than a block.
      const size_t size = next % 10 < 8 ? next * 7919 % 400 : next * 7919 % 20'000;
      REQUIRE(writer.append(payload_of(next, size)));
    }
  }
  std::vector<std::string> segment_names() {
    std::vector<std::string> names = value_of(files.list(directory));
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".seg"); });
    std::sort(names.begin(), names.end());
    return names;
  }
  uint64_t inode_of(const std::string& name) {
    return value_of(files.status(directory + "/" + name)).inode;
  }
  std::string contents(const std::string& name) {
    auto file = value_of(files.open(directory + "/" + name, io::OpenMode::kRead));
    std::string bytes(value_of(file->status()).size_bytes, '\0');
    REQUIRE(value_of(file->read_at(bytes.data(), bytes.size(), 0)) == bytes.size());
    return bytes;
  }
  void place_records(Segment& segment) {
    uint64_t at = kSegmentHeaderSize;
    const uint64_t id = journal::decode_segment_header(segment.bytes)->segment_id;
    while (at + kRecordHeaderSize <= segment.bytes.size()) {
      const auto header = journal::decode_record_header(segment.bytes.data() + at);
      if (header.segment_id != id) break;  // of the earlier life
      segment.records.push_back({at, at + kRecordHeaderSize + header.payload_size});
      at = segment.records.back().end;
    }
    REQUIRE(segment.records.size() > 10);
  }
  std::string_view payload_at(size_t index, uint64_t sequence) const {
    const bool is_next = index + 1 < segments.size() &&
                         sequence >= segments[index + 1].first_sequence;
    const Segment& segment = segments[is_next ? index + 1 : index];
    const Placed& place = segment.records.at(sequence - segment.first_sequence);
    return std::string_view(segment.bytes)
        .substr(place.begin + kRecordHeaderSize, place.end - place.begin - kRecordHeaderSize);
  }
};

enum class Kind { kFlip, kZeros, kOlder, kElsewhere, kRandom, kTruncation };

struct Damage {
  Kind kind;
  uint64_t offset;
  std::string bytes;  // empty for a truncation
};

Damage some_damage(const Segment& segment, Random& random) {
  Damage damage;
  damage.kind = static_cast<Kind>(random.next_u64() % 6);
  const uint64_t end = segment.records.back().end;
  damage.offset = random.next_u64() % end;
  if (damage.kind == Kind::kTruncation) return damage;
  if (damage.kind == Kind::kFlip) {
    const char byte = segment.bytes[damage.offset];
    damage.bytes.assign(1, static_cast<char>(byte ^ (1 << random.next_u64() % 8)));
    return damage;
  }
  damage.offset -= damage.offset % kBlockSize;
  const uint64_t size = std::min(kBlockSize, segment.bytes.size() - damage.offset);
  damage.bytes.assign(size, '\0');
  if (damage.kind == Kind::kOlder && segment.former_bytes.size() >= damage.offset + size) {
    damage.bytes = segment.former_bytes.substr(damage.offset, size);
  } else if (damage.kind == Kind::kElsewhere) {
    const uint64_t from = random.next_u64() % end;
    segment.bytes.copy(damage.bytes.data(), size, from - from % kBlockSize);
  } else if (damage.kind == Kind::kRandom) {
    for (char& byte : damage.bytes) byte = static_cast<char>(random.next_u64());
  }
  return damage;
}

uint64_t damages() {
  const char* asked = std::getenv("GASOLINE_JOURNAL_DAMAGES");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 1000;
}

}  // namespace

TEST_CASE("a real journal of 64 MiB with a damaged place gives every record outside of it") {
  RealJournal journal;
  const uint64_t seed = new_seed();
  INFO(seed_note(seed));
  SeededRandom random(seed);
  for (uint64_t i = 0; i < damages(); ++i) {
    // The newest segment is one in four, since it is read by other rules.
    const size_t count = journal.segments.size();
    const size_t index = random.next_u64() % 4 == 0 ? count - 1 : random.next_u64() % count;
    const Segment& segment = journal.segments[index];
    const Damage damage = some_damage(segment, random);
    if (segment.bytes.substr(damage.offset, damage.bytes.size()) == damage.bytes &&
        damage.kind != Kind::kTruncation) {
      continue;  // the block was put where it came from
    }
    auto file = value_of(journal.files.open(segment.path, io::OpenMode::kReadWrite));
    uint64_t begin = damage.offset;
    uint64_t end = segment.bytes.size();
    if (damage.kind == Kind::kTruncation) {
      must(file->truncate(damage.offset));
    } else {
      must(file->write_at(damage.bytes, damage.offset));
      // Bytes that are the same as before are not damaged.
      const std::string_view before =
          std::string_view(segment.bytes).substr(begin, damage.bytes.size());
      const auto first = std::mismatch(before.begin(), before.end(), damage.bytes.begin()).first;
      const auto last = std::mismatch(before.rbegin(), before.rend(), damage.bytes.rbegin()).first;
      end = begin + static_cast<uint64_t>(last.base() - before.begin());
      begin += static_cast<uint64_t>(first - before.begin());
    }
    INFO("damage " << i << " of kind " << static_cast<int>(damage.kind) << " at " << damage.offset
                   << " of segment " << index << " of " << count);
    if (const std::string wrong = journal.check(index, begin, end); !wrong.empty()) FAIL(wrong);
    must(file->write_at(segment.bytes, 0));
  }
  const auto report = value_of(journal::inspect(journal.files, journal.directory));
  REQUIRE(report.missing_records == 0);
  REQUIRE(!report.is_damaged());
}

}  // namespace gasoline::test

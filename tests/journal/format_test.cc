#include "journal/format.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "journal/segment_scanner.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

const std::string kSource = GASOLINE_SOURCE_DIR;
const std::string kGoldenName = "00000000000000000001.seg";
const std::string kGolden = kSource + "/tests/journal/golden/v1/" + kGoldenName;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> golden_payloads() {
  return {"GET /health 200", "", "\xf0\x9f\x9a\x80 launch", payload_of(4, 300)};
}

/// The cells of the first table below the line `heading`, without its two head rows.
std::vector<std::vector<std::string>> table_below(const std::string& text,
                                                  const std::string& heading) {
  std::istringstream lines(text.substr(text.find("\n" + heading + "\n") + 1));
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) {
      if (!rows.empty()) break;
      continue;
    }
    std::vector<std::string> cells;
    std::istringstream parts(line.substr(1));
    for (std::string cell; std::getline(parts, cell, '|');) {
      cells.push_back(cell.substr(1, cell.size() - 2));
    }
    rows.push_back(std::move(cells));
  }
  REQUIRE(rows.size() > 2);
  rows.erase(rows.begin(), rows.begin() + 2);
  return rows;
}

const std::vector<std::string>& row_named(const std::vector<std::vector<std::string>>& rows,
                                          size_t column, const std::string& name) {
  for (const auto& row : rows) {
    if (row[column] == name) return row;
  }
  FAIL("no row " << name);
  return rows.front();
}

uint64_t little_endian(const std::string& bytes, const std::vector<std::string>& row) {
  uint64_t value = 0;
  const size_t size = std::min<size_t>(std::stoul(row[1]), 8);
  std::memcpy(&value, bytes.data() + std::stoul(row[0]), size);
  return value;
}

}  // namespace

TEST_CASE("the golden segment of version 1 is read as ever") {
  TemporaryDirectory at;
  std::ofstream(at / kGoldenName, std::ios::binary) << read_file(kGolden);
  io::RealFileSystem files;
  const ReadBack back = read_all(files, at.path());
  REQUIRE(back.corruptions.empty());
  REQUIRE(back.records.size() == golden_payloads().size());
  for (size_t i = 0; i < back.records.size(); ++i) {
    REQUIRE(back.records[i].first == i + 1);
    REQUIRE(back.records[i].second == golden_payloads()[i]);
  }
}

TEST_CASE("golden journals are never edited: what a version wrote, it wrote") {
  const std::pair<const char*, uint32_t> files[] = {
      {"v1/00000000000000000001.seg", 0x9E0F7647},
      {"v1-used/00000000000000000006.seg", 0xDED361E9},
      {"v1-used/00000000000000000011.seg", 0xD4C77DB7},
      {"v1-used/00000000000000000015.seg", 0xFF6E47D6},
      {"v1-used/00000000000000000018.seg", 0x73126B0E},
  };
  for (const auto& [name, crc] : files) {
    const std::string bytes = read_file(kSource + "/tests/journal/golden/" + name);
    INFO(name);
    REQUIRE(crc32c(bytes.data(), bytes.size()) == crc);
  }
}

TEST_CASE("a golden journal that was released, recycled and repaired is read as ever") {
  TemporaryDirectory at;
  for (const uint64_t first : {6u, 11u, 15u, 18u}) {
    const std::string name = journal::segment_file_name(first);
    std::ofstream(at / name, std::ios::binary)
        << read_file(kSource + "/tests/journal/golden/v1-used/" + name);
  }
  io::RealFileSystem files;
  const ReadBack back = read_all(files, at.path());
  uint64_t expected = 6;
  for (const auto& [sequence, payload] : back.records) {
    if (expected == 7) ++expected;  // lost before its segment was repaired
    REQUIRE(sequence == expected++);
    REQUIRE(payload == payload_of(sequence, sequence < 13 ? 100 : sequence * 10));
  }
  REQUIRE(expected == 19);
  REQUIRE(back.corruptions.size() == 1);
  REQUIRE(back.corruptions[0].first_missing == 7);
  REQUIRE(back.corruptions[0].end_missing == 8);
  REQUIRE(back.corruptions[0].bytes == 0);
  const auto report = value_of(journal::inspect(files, at.path()));
  REQUIRE(report.records == 12);
  REQUIRE(report.missing_records == 1);
  REQUIRE(!report.is_damaged());
}

TEST_CASE("the writer still writes the golden segment, byte by byte") {
  TemporaryDirectory at;
  io::RealFileSystem files;
  SeededRandom random(20261121);
  ManualClock clock;
  auto writer = value_of(journal::Writer::open(files, at / "j", {}, clock, random));
  for (const std::string& payload : golden_payloads()) REQUIRE(writer->append(payload));
  REQUIRE((read_file(at / "j/" + kGoldenName) == read_file(kGolden)));
}

TEST_CASE("the tables of docs/JOURNAL.md describe the segment header") {
  const auto rows = table_below(read_file(kSource + "/docs/JOURNAL.md"), "Segment header:");
  journal::SegmentHeader header;
  header.flags = 0x01020304;
  header.segment_id = 0x1122334455667788;
  header.journal_id = {0x99, 0xAA};
  header.first_sequence = 77;
  header.creation_us = 1'700'000'000'000'000;
  const journal::SegmentHeaderBytes encoded = journal::encode(header);
  const std::string bytes(encoded.data(), encoded.size());
  uint64_t end = 0;
  for (const auto& row : rows) {
    REQUIRE(std::stoul(row[0]) == end);  // no gap, no overlap
    end += std::stoul(row[1]);
  }
  REQUIRE(end == journal::kSegmentHeaderSize);
  REQUIRE(bytes.substr(0, std::stoul(row_named(rows, 2, "magic")[1])) == journal::kMagic);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "version")) == journal::kFormatVersion);
  REQUIRE(row_named(rows, 2, "version")[3] == std::to_string(journal::kFormatVersion));
  REQUIRE(little_endian(bytes, row_named(rows, 2, "flags")) == header.flags);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "segment_id")) == header.segment_id);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "journal_id")) == header.journal_id.high);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "first_sequence")) == 77);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "creation_us")) == 1'700'000'000'000'000);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "reserved")) == 0);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "crc")) == crc32c(bytes.data(), 60));
}

TEST_CASE("the tables of docs/JOURNAL.md describe the record header") {
  const auto rows = table_below(read_file(kSource + "/docs/JOURNAL.md"),
                                "Record header, followed by the payload:");
  const std::string_view payload = "payload";
  const journal::RecordHeaderBytes encoded = journal::make_record_header(
      0x1122334455667788, 4711, 42, 7, std::span<const std::string_view>(&payload, 1));
  const std::string bytes(encoded.data(), encoded.size());
  uint64_t end = 0;
  for (const auto& row : rows) {
    REQUIRE(std::stoul(row[0]) == end);
    end += std::stoul(row[1]);
  }
  REQUIRE(end == journal::kRecordHeaderSize);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "payload_size")) == 7);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "sequence")) == 42);
  REQUIRE(little_endian(bytes, row_named(rows, 2, "segment_id")) == 0x1122334455667788);
  std::string covered(8, '\0');
  store_le<uint64_t>(covered.data(), 4711);
  covered += bytes.substr(4);
  covered += payload;
  REQUIRE(little_endian(bytes, row_named(rows, 2, "crc")) ==
          crc32c(covered.data(), covered.size()));
}

TEST_CASE("the limits of docs/JOURNAL.md are those of the code") {
  const auto rows = table_below(read_file(kSource + "/docs/JOURNAL.md"), "## Limits");
  const auto number = [&](const std::string& name) {
    const std::string& cell = row_named(rows, 0, name)[1];
    const size_t to = cell.find(" to ");
    return std::stoull(to == std::string::npos ? cell : cell.substr(to + 4));
  };
  const journal::WriterOptions defaults;
  REQUIRE(number("payload of a record") == journal::kPayloadSizeMax);
  REQUIRE(number("header of a record") == journal::kRecordHeaderSize);
  REQUIRE(number("header of a segment") == journal::kSegmentHeaderSize);
  REQUIRE(number("format version") == journal::kFormatVersion);
  REQUIRE(number("parts of one append") == journal::Writer::kPartsMax);
  REQUIRE(number("closed segments that may wait for a sync") ==
          journal::WriterOptions().unsynced_segments_max);
  REQUIRE(number("segment size, default") == defaults.segment_size_bytes);
  REQUIRE(number("sync interval, default") * 1000 ==
          static_cast<uint64_t>(defaults.sync_interval_us));
  REQUIRE(number("emptied segments kept for reuse, default") == defaults.recycled_segments_max);
  REQUIRE(number("memory of a reader") * 1024 == journal::SegmentScanner::kReadSizeMax);
  REQUIRE(number("overhead of a record") == journal::kRecordHeaderSize);
}

TEST_CASE("the worked example of docs/JOURNAL.md is the beginning of the golden segment") {
  const std::string page = read_file(kSource + "/docs/JOURNAL.md");
  const size_t begin = page.find("\n## Example\n");
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(page.substr(begin, page.find("\n## ", begin + 1) - begin));
  const std::string golden = read_file(kGolden);
  size_t compared = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 58 || line.substr(8, 2) != ": ") continue;
    REQUIRE(std::stoul(line.substr(0, 8), nullptr, 16) == compared);
    for (size_t i = 0; i < 16; ++i, ++compared) {
      REQUIRE(std::stoi(line.substr(10 + 3 * i, 2), nullptr, 16) ==
              static_cast<unsigned char>(golden[compared]));
    }
  }
  REQUIRE(compared >= 160);
}

TEST_CASE("segment names are read as strictly as they are written") {
  REQUIRE(journal::segment_file_name(42) == "00000000000000000042.seg");
  REQUIRE(journal::first_sequence_of("00000000000000000042.seg") == 42);
  REQUIRE(journal::first_sequence_of(journal::segment_file_name(UINT64_MAX)) == UINT64_MAX);
  for (const char* name : {"", "42.seg", "00000000000000000000.seg", "0000000000000000004x.seg",
                           "-0000000000000000042.seg", "99999999999999999999.seg",
                           "00000000000000000042.sega", "00000000000000000042"}) {
    REQUIRE(!journal::first_sequence_of(name));
  }
}

TEST_CASE("zero bytes are neither a segment nor a record") {
  const std::string zeros(4096, '\0');
  REQUIRE(!journal::decode_segment_header(zeros));
  TemporaryDirectory at;
  io::RealFileSystem files;
  auto file = value_of(files.open(at / "f", io::OpenMode::kCreateExclusive));
  must(file->write_at(zeros, 0));
  journal::SegmentScanner scanner;
  scanner.attach(*file, 0);
  REQUIRE(!value_of(scanner.frame_at(0)));
  REQUIRE(!value_of(scanner.find_frame(0, 4096, 0)));
  REQUIRE(!value_of(scanner.find_segment_id(0, UINT64_MAX)));
}

}  // namespace gasoline::test

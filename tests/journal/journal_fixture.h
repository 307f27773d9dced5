#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "io/file_system.h"
#include "journal/inspect.h"
#include "journal/reader.h"
#include "journal/writer.h"

namespace gasoline::test {

/// A clock that moves only when it is told to.
class ManualClock final : public Clock {
 public:
  int64_t wall_us() const override { return 1'700'000'000'000'000 + now_us; }
  int64_t monotonic_us() const override { return now_us; }
  int64_t now_us = 0;
};

/// A payload that says which record it belongs to and so cannot be taken for another one.
inline std::string payload_of(uint64_t sequence, size_t size) {
  SeededRandom random(sequence * 1'000'003 + size);
  std::string payload = std::to_string(sequence) + ":";
  const size_t named = payload.size();
  payload.resize(std::max(size, named));
  for (size_t at = named; at < payload.size(); at += sizeof(uint64_t)) {
    const uint64_t chance = random.next_u64();
    std::memcpy(payload.data() + at, &chance, std::min(sizeof chance, payload.size() - at));
  }
  return payload;
}

/// Everything that a journal gives from `from_sequence` to its end.
struct ReadBack {
  std::vector<std::pair<uint64_t, std::string>> records;
  std::vector<journal::Corruption> corruptions;
};

inline ReadBack read_on(journal::Reader& reader, size_t results_max = SIZE_MAX) {
  ReadBack back;
  for (size_t i = 0; i < results_max; ++i) {
    journal::ReadResult result = reader.read_next();
    if (const auto* record = std::get_if<journal::Record>(&result)) {
      back.records.emplace_back(record->sequence, record->payload);
    } else if (const auto* corruption = std::get_if<journal::Corruption>(&result)) {
      back.corruptions.push_back(*corruption);
    } else if (const auto* error = std::get_if<Error>(&result)) {
      FAIL(error->to_string());
    } else {
      break;
    }
  }
  return back;
}

inline ReadBack read_all(io::FileSystem& files, const std::string& directory,
                         uint64_t from_sequence = 1) {
  auto reader = journal::Reader::open(files, directory, from_sequence);
  if (!reader) FAIL(reader.error().to_string());
  return read_on(**reader);
}

template <typename T>
T value_of(Result<T> result) {
  if (!result) FAIL(result.error().to_string());
  return std::move(result).value();
}

inline void must(const Status& status) {
  if (!status) FAIL(status.error().to_string());
}

}  // namespace gasoline::test

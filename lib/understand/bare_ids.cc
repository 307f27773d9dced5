#include "understand/bare_ids.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "understand/blocks.h"
#include "understand/chars.h"
#include "understand/id_shape.h"

namespace gasoline::understand {

namespace {

constexpr size_t kIdSizeMin = 32;
constexpr size_t kUuidSize = 36;
constexpr size_t kBeforeSize = 6;
constexpr uint32_t kLinesMin = 4;
constexpr uint32_t kKnownMin = 3;
constexpr auto kAgreeingMin = 2;    // of the three ways to say where a value stands
constexpr uint32_t kLinesMax = 64;  // then the past counts half

uint64_t mix(uint64_t value) {
  value ^= value >> 31;
  value *= 0x9e3779b97f4a7c15;
  return value ^ (value >> 29);
}

uint64_t word_at(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word | 0x2020202020202020;  // digits stay, letters become lower case
}

/// A number for a UUID or 32 hex digits, the same for both forms.
uint64_t number_of(std::string_view id) {
  std::array<char, kIdSizeMin> digits;
  if (id.size() == kIdSizeMin) {
    std::memcpy(digits.data(), id.data(), kIdSizeMin);
  } else {
    std::memcpy(digits.data(), id.data(), 8);
    std::memcpy(digits.data() + 8, id.data() + 9, 4);
    std::memcpy(digits.data() + 12, id.data() + 14, 4);
    std::memcpy(digits.data() + 16, id.data() + 19, 4);
    std::memcpy(digits.data() + 20, id.data() + 24, 12);
  }
  uint64_t number = 0;
  for (size_t i = 0; i < kIdSizeMin; i += 8) number = mix(number + word_at(digits.data() + i));
  return number | 1;
}

bool is_id_shape(std::string_view id) {
  const IdShape shape = id_shape(id);
  return shape == IdShape::kUuid || shape == IdShape::kHex128;
}

/// What stands before a value, with all numbers alike.
uint64_t context_key(std::string_view line, size_t at) {
  uint64_t key = 3;
  for (size_t i = at - std::min(at, kBeforeSize); i < at; ++i) {
    const char c = is(line[i], kDigit) ? '0' : line[i];
    key = mix(key + static_cast<uint8_t>(c));
  }
  return key;
}

/// The end of the next run of letters, digits and dashes that is as long as an id, from `at` on,
/// where none goes on; npos if there is none. So long a run covers a whole block wherever it lies.
size_t next_run(std::string_view line, size_t at, size_t& start) {
  uint32_t before = 0;  // the run characters of the last block
  for (; at + Block::kSize <= line.size(); at += Block::kSize) {
    const uint32_t here = Block(line.data() + at).run_chars();
    if (here == 0xffff) {
      start = at - static_cast<size_t>(std::countl_one(before << Block::kSize));
      const size_t end = end_of_run_chars(line, at + Block::kSize);
      if (end - start >= kIdSizeMin) return end;
      at = end;
      before = 0;
      if (at + Block::kSize > line.size()) break;
      before = Block(line.data() + at).run_chars();
    } else {
      before = here;
    }
  }
  return std::string_view::npos;
}

constexpr std::string_view kColumnsForm = "columns 1\n";  // of the text; others are not read

void append_number(std::string& to, uint64_t number, int base, char behind) {
  std::array<char, 20> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  to.append(digits.data(), written.ptr);
  to.push_back(behind);
}

/// A number and the character behind it.
template <typename Number>
bool take_number(std::string_view& text, Number& number, int base, char behind) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || rest == end || *rest != behind) return false;
  text.remove_prefix(static_cast<size_t>(rest - text.data()) + 1);
  return true;
}

}  // namespace

std::string BareIds::columns() const {
  std::string text(kColumnsForm);
  sources_.for_each([&text](uint64_t key, const Source& source) {
    for (const Column& column : source.columns) {
      if (column.lines == 0) continue;
      append_number(text, key, 16, ' ');
      append_number(text, column.key, 16, ' ');
      append_number(text, column.lines, 10, ' ');
      append_number(text, column.changes, 10, ' ');
      append_number(text, column.known, 10, '\n');
    }
  });
  return text;
}

bool BareIds::recall(std::string_view text) {
  if (!text.starts_with(kColumnsForm)) return false;
  text.remove_prefix(kColumnsForm.size());
  std::vector<std::pair<uint64_t, Column>> read;
  while (!text.empty()) {
    uint64_t source = 0;
    Column column;
    if (read.size() >= kSourcesMax * kColumnsMax || !take_number(text, source, 16, ' ') ||
        !take_number(text, column.key, 16, ' ') || !take_number(text, column.lines, 10, ' ') ||
        !take_number(text, column.changes, 10, ' ') || !take_number(text, column.known, 10, '\n') ||
        column.lines > kLinesMax || column.changes > column.lines || column.known > column.lines) {
      return false;
    }
    read.emplace_back(source, column);
  }
  for (const auto& [source, column] : read) {
    auto& columns = sources_.of(source).columns;
    auto free = std::find_if(columns.begin(), columns.end(),
                             [](const Column& each) { return each.lines == 0; });
    if (free != columns.end()) *free = column;
  }
  return true;
}

void BareIds::note_id(std::string_view id) {
  if (id.size() != kIdSizeMin && id.size() != kUuidSize) return;
  const uint64_t number = number_of(id);
  known_[number % kKnownMax] = number;
}

size_t BareIds::find_candidates(std::string_view line, Candidates& found) {
  size_t count = 0;
  size_t start = 0;
  uint64_t blanks = 0;
  size_t counted = 0;
  for (size_t end = next_run(line, 0, start); end != std::string_view::npos && count < found.size();
       end = next_run(line, end, start)) {
    const std::string_view value = line.substr(start, end - start);
    if (!is_id_shape(value)) continue;
    blanks += count_in_blocks(line.substr(counted, start - counted), ' ');
    counted = start;
    const uint64_t blanks_behind = count_in_blocks(line.substr(end), ' ');
    const uint64_t before = start == 0 ? 0 : static_cast<uint8_t>(line[start - 1]);
    const uint64_t after = end == line.size() ? 0 : static_cast<uint8_t>(line[end]);
    const uint64_t around = before << 8 | after;
    found[count++] = {value,
                      number_of(value),
                      {mix(mix(1 + blanks) + around), mix(mix(~blanks_behind) + around),
                       mix(context_key(line, start) + after)}};
  }
  return count;
}

/// By now the id has been shown elsewhere or will not be.
void BareIds::judge(Source& source, const Pending& pending) {
  ++judged_;
  for (const uint64_t key : pending.columns) {
    auto column = std::find_if(source.columns.begin(), source.columns.end(),
                               [key](const Column& each) { return each.key == key; });
    if (column == source.columns.end()) {
      column = std::min_element(source.columns.begin(), source.columns.end(),
                                [](const Column& a, const Column& b) { return a.lines < b.lines; });
      *column = {};
      column->key = key;
    }
    ++column->lines;
    if (column->last_id != pending.id) ++column->changes;
    if (is_known(pending.id)) ++column->known;
    column->last_id = pending.id;
    if (column->lines < kLinesMax) continue;
    column->lines /= 2;
    column->changes /= 2;
    column->known /= 2;
  }
}

bool BareIds::is_id_column(const Source& source, uint64_t key) {
  return std::any_of(source.columns.begin(), source.columns.end(), [key](const Column& column) {
    return column.key == key && column.lines >= kLinesMin && column.known >= kKnownMin &&
           2 * column.known > column.lines && 2 * column.changes > column.lines;
  });
}

std::string_view BareIds::find(uint64_t source_key, std::string_view line) {
  if (line.size() < kIdSizeMin) return {};
  Candidates found;
  const size_t count = find_candidates(line.substr(0, kLineSizeMax), found);
  if (count == 0) return {};
  Source& source = sources_.of(source_key);
  std::string_view id;
  std::string_view in_column;
  for (size_t i = 0; i < count; ++i) {
    const Candidate& candidate = found[i];
    if (id.empty() && is_known(candidate.id)) id = candidate.value;
    const auto agreeing =
        std::count_if(candidate.columns.begin(), candidate.columns.end(),
                      [&source](uint64_t key) { return is_id_column(source, key); });
    if (in_column.empty() && agreeing >= kAgreeingMin) in_column = candidate.value;
    Pending& pending = source.pending[source.next];
    if (pending.id != 0) judge(source, pending);
    pending = {candidate.id, candidate.columns};
    source.next = (source.next + 1) % kPendingMax;
  }
  return id.empty() ? in_column : id;
}

}  // namespace gasoline::understand

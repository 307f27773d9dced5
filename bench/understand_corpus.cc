#include "understand_corpus.h"

#include <simdjson.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace gasoline::bench {

namespace {

using simdjson::dom::element;

Result<std::string> read_file(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files too
  if (file == nullptr) return Error::from_errno(errno, "open " + path);
  std::string bytes;
  std::array<char, 65536> chunk;
  int got = 0;
  while ((got = gzread(file, chunk.data(), chunk.size())) > 0) {
    bytes.append(chunk.data(), static_cast<size_t>(got));
  }
  gzclose(file);
  if (got < 0) return Error::of(Error::kInvalid, "read " + path, "damaged gzip data");
  return bytes;
}

std::optional<std::string> text_of(element object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

bool flag_of(element object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS && flag;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

std::string from_base64(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) continue;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>((bits >> held) & 0xff));
  }
  return bytes;
}

/// The byte offset of the `points`th code point.
size_t byte_offset(std::string_view text, int64_t points) {
  size_t at = 0;
  while (points > 0 && at < text.size()) {
    ++at;
    while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) ++at;
    --points;
  }
  return at;
}

void read_expectations(element expect, LabelledLine& line) {
  int64_t number = 0;
  if (expect["timestamp_ms"].get(number) == simdjson::SUCCESS) line.timestamp_ms = number;
  double real = 0;
  if (!line.timestamp_ms && expect["timestamp_ms"].get(real) == simdjson::SUCCESS) {
    line.timestamp_ms = static_cast<int64_t>(real);
  }
  line.level = text_of(expect, "level");
  line.correlation_id = text_of(expect, "correlation_id");
  line.trace_id = text_of(expect, "trace_id");
  line.span_id = text_of(expect, "span_id");
  line.request_id = text_of(expect, "request_id");
  line.message = text_of(expect, "message");
}

void read_secrets(simdjson::dom::array secrets, LabelledLine& line) {
  line.is_secret_line = true;
  for (const element secret : secrets) {
    int64_t start = 0;
    int64_t end = 0;
    if (secret["start"].get(start) != simdjson::SUCCESS) continue;
    if (secret["end"].get(end) != simdjson::SUCCESS) continue;
    line.secrets.push_back({byte_offset(line.raw, start), byte_offset(line.raw, end),
                            text_of(secret, "kind").value_or("")});
  }
}

LabelledLine read_line(element object) {
  LabelledLine line;
  line.id = text_of(object, "id").value_or("");
  if (const auto raw = text_of(object, "raw")) {
    line.raw = *raw;
  } else {
    line.raw = from_base64(text_of(object, "raw_b64").value_or(""));
  }
  element expect;
  const bool has_expect = object["expect"].get(expect) == simdjson::SUCCESS;
  if (has_expect) read_expectations(expect, line);
  simdjson::dom::array array;
  const auto take_accepted = [&line](element value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) line.accept.emplace_back(text);
  };
  for (const element holder : {object, has_expect ? expect : object}) {
    if (holder["accept"].get(array) != simdjson::SUCCESS) continue;
    for (const element value : array) take_accepted(value);
  }
  line.id_context = text_of(object, "id_context").value_or("");
  line.timestamp_assumed = text_of(object, "ts_assumed").value_or("");
  int64_t zone = 0;
  if (object["ts_zone_min"].get(zone) == simdjson::SUCCESS) line.zone_minutes = zone;
  line.standard = flag_of(object, "std");
  line.doubtful = flag_of(object, "doubtful");
  line.continues = flag_of(object, "cont");
  line.variant = text_of(object, "variant").value_or("");
  int64_t group = 0;
  if (object["group"].get(group) == simdjson::SUCCESS) line.group = group;
  line.negative_kind = text_of(object, "neg_kind").value_or("");
  if (object["secrets"].get(array) == simdjson::SUCCESS) read_secrets(array, line);
  return line;
}

}  // namespace

Result<std::vector<LabelledLine>> read_corpus(const std::string& path) {
  Result<std::string> bytes = read_file(path);
  if (!bytes) return std::move(bytes).error();
  std::vector<LabelledLine> lines;
  simdjson::dom::parser parser;
  std::string_view rest = *bytes;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (text.empty()) continue;
    element object;
    if (parser.parse(text.data(), text.size(), true).get(object) != simdjson::SUCCESS) {
      return Error::of(Error::kInvalid, "read " + path,
                       "line " + std::to_string(lines.size() + 1) + " is not a JSON object");
    }
    lines.push_back(read_line(object));
  }
  return lines;
}

}  // namespace gasoline::bench

#include "event/correlation_id.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "event/event.h"

namespace gasoline::event {
namespace {

constexpr std::string_view kUuidPrefix = "urn:uuid:";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

void strip_pair(std::string_view& id, char open, char close) {
  if (id.size() >= 2 && id.front() == open && id.back() == close) id = id.substr(1, id.size() - 2);
}

bool has_uuid_prefix(std::string_view id) {
  return id.size() > kUuidPrefix.size() &&
         std::equal(kUuidPrefix.begin(), kUuidPrefix.end(), id.begin(),
                    [](char a, char b) { return a == lower(b); });
}

/// True for 8-4-4-4-12 hexadecimal digits, lower case.
bool is_uuid(std::string_view id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !is_hex(id[i])) return false;
  }
  return true;
}

}  // namespace

bool is_correlation_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > kCorrelationIdSizeMax) return false;
  bool only_zeros = true;
  for (const char c : id) {
    if (c <= ' ' || c > '~') return false;
    if (c != '0' && c != '-') only_zeros = false;
  }
  return !only_zeros;
}

size_t normalize_correlation_id(std::string_view id, char* to, size_t capacity) noexcept {
  // Until nothing changes, so that an id in normal form is its own normal form.
  for (size_t size_before = 0; size_before != id.size();) {
    size_before = id.size();
    strip_pair(id, '"', '"');
    strip_pair(id, '\'', '\'');
    if (has_uuid_prefix(id)) id.remove_prefix(kUuidPrefix.size());
    strip_pair(id, '{', '}');
  }
  if (!is_correlation_id(id) || id.size() > capacity) return 0;
  std::array<char, kCorrelationIdSizeMax> lowered;
  std::transform(id.begin(), id.end(), lowered.begin(), lower);
  const std::string_view text(lowered.data(), id.size());
  if (!is_uuid(text)) {
    std::memcpy(to, text.data(), text.size());
    return text.size();
  }
  return static_cast<size_t>(std::remove_copy(text.begin(), text.end(), to, '-') - to);
}

}  // namespace gasoline::event

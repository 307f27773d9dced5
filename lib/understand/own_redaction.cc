#include "understand/own_redaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace gasoline::understand {
namespace {

constexpr std::string_view kStructure = "{}[],: \t\r\n";
constexpr size_t kUnicodeEscapeSize = 6;

bool is_continuation(char c) {
  return (static_cast<uint8_t>(c) & 0xc0) == 0x80;
}

/// The number of backslashes right before `at`.
size_t backslashes_before(std::string_view text, size_t at) {
  size_t count = 0;
  while (count < at && text[at - 1 - count] == '\\') ++count;
  return count;
}

/// Moves `start` out of the middle of an escape, to its backslash.
size_t before_escape(std::string_view text, size_t start) {
  const size_t back = std::min(start, kUnicodeEscapeSize - 1);
  for (size_t at = start - back; at < start; ++at) {
    if (text[at] != '\\' || backslashes_before(text, at) % 2 != 0) continue;
    const bool is_unicode = at + 1 < text.size() && text[at + 1] == 'u';
    if (start < at + (is_unicode ? kUnicodeEscapeSize : 2)) return at;
  }
  return start;
}

/// Moves `end` behind an escape whose backslash is the last byte before it.
size_t behind_escape(std::string_view text, size_t end) {
  return backslashes_before(text, end) % 2 != 0 ? std::min(end + 1, text.size()) : end;
}

template <typename Value>
void list_values(std::string_view text, std::vector<Value>& values) {
  values.clear();
  for (size_t at = 0; at < text.size();) {
    if (kStructure.find(text[at]) != std::string_view::npos) {
      ++at;
    } else if (text[at] == '"') {
      size_t end = at + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2u : 1u;
      end = std::min(end, text.size());
      if (end > at + 1) values.push_back({at + 1, end, true});
      at = end + 1;
    } else {
      const size_t end = std::min(text.find_first_of("{}[],: \t\r\n\"", at), text.size());
      values.push_back({at, end, false});
      at = end;
    }
  }
}

std::string mask_of(const MaskKey& key, std::string_view name, std::string_view secret) {
  return fmt::format("[redacted:{}#{:04x}]", name, mask_tag(key, secret));
}

}  // namespace

Result<OwnRedactionRules> OwnRedactionRules::compile(std::vector<std::string> names,
                                                     std::vector<std::string> regexes,
                                                     const std::string& cache_directory,
                                                     Log& log) {
  auto patterns = pattern::UserPatterns::compile(regexes, cache_directory, log);
  if (!patterns) return patterns.error();
  std::vector<size_t> secret_groups;
  for (size_t i = 0; i < regexes.size(); ++i) {
    const std::vector<std::string>& groups = patterns->group_names(i);
    const auto secret = std::find(groups.begin(), groups.end(), "secret");
    secret_groups.push_back(
        secret == groups.end() ? 0 : static_cast<size_t>(secret - groups.begin()) + 1);
  }
  return OwnRedactionRules{std::move(names), std::move(regexes), std::move(*patterns),
                           std::move(secret_groups)};
}

OwnRedaction::OwnRedaction(const OwnRedactionRules& rules, const MaskKey& key)
    : rules_(rules), key_(key), memory_(rules.patterns) {}

std::string_view OwnRedaction::mask(std::string_view text, Form form, Arena& arena,
                                    uint64_t& masked) {
  found_.clear();
  found_alone_ = 0;
  if (text.empty()) return text;
  if (form == Form::kJson) {
    list_values(text, values_);
    for (const auto& [start, end, is_string] : values_) {
      const std::string_view value = text.substr(start, end - start);
      if (!rules_.patterns.scan(value, memory_)) continue;
      for (uint32_t rule = 0; rule < rules_.names.size(); ++rule) {
        if (rules_.patterns.may_occur(rule, memory_)) find_in(value, start, rule, Form::kText);
      }
    }
    merge_overlaps();
    found_alone_ = found_.size();
  }
  if (rules_.patterns.scan(text, memory_)) {
    for (uint32_t rule = 0; rule < rules_.names.size(); ++rule) {
      if (rules_.patterns.may_occur(rule, memory_)) find_in(text, 0, rule, form);
    }
  }
  if (found_.empty()) return text;
  merge_overlaps();
  masked += found_.size();
  return with_masks(text, form, arena);
}

void OwnRedaction::find_in(std::string_view text, size_t offset, uint32_t rule, Form form) {
  const size_t group = rules_.secret_groups[rule];
  for (size_t window = 0; window < text.size(); window += kWindowSize - kOverlapSize) {
    const size_t until = std::min(window + kWindowSize, text.size());
    size_t from = window;
    size_t matches = 0;
    while (from < until && rules_.patterns.find(rule, text, from, until, memory_)) {
      const std::string_view whole = memory_.groups[0];
      const std::string_view secret = memory_.groups[group];
      const auto end = static_cast<size_t>(whole.data() - text.data()) + whole.size();
      if (!secret.empty()) {
        const auto start = static_cast<size_t>(secret.data() - text.data());
        add_found(offset + start, offset + start + secret.size(), rule, form);
      }
      from = std::max(end, from + (whole.empty() ? 1 : 0));
      while (from < until && is_continuation(text[from])) ++from;
      if (++matches < kMatchesMax) continue;
      add_found(offset + from, offset + until, rule, form);
      break;
    }
    if (until == text.size()) return;
  }
}

/// In JSON only values are masked, and not those where a rule has been found by itself.
void OwnRedaction::add_found(size_t start, size_t end, uint32_t rule, Form form) {
  if (start >= end) return;
  if (form == Form::kText) return found_.push_back({start, end, rule});
  const auto alone_end = found_.begin() + static_cast<std::ptrdiff_t>(found_alone_);
  const auto known = std::lower_bound(found_.begin(), alone_end, start,
                                      [](const Found& each, size_t at) { return each.end <= at; });
  if (known != alone_end && known->start < end) return;
  auto value = std::lower_bound(values_.begin(), values_.end(), start,
                                [](const Value& each, size_t at) { return each.end <= at; });
  for (; value != values_.end() && value->start < end; ++value) {
    found_.push_back({std::max(start, value->start), std::min(end, value->end), rule});
  }
}

/// Sorts by start and lets the earlier of two overlapping places swallow the later.
void OwnRedaction::merge_overlaps() {
  if (found_.empty()) return;
  std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
    return std::tie(a.start, b.end, a.rule) < std::tie(b.start, a.end, b.rule);
  });
  size_t kept = 0;
  for (size_t i = 1; i < found_.size(); ++i) {
    if (found_[i].start < found_[kept].end) {
      found_[kept].end = std::max(found_[kept].end, found_[i].end);
    } else {
      found_[++kept] = found_[i];
    }
  }
  found_.resize(kept + 1);
}

std::string_view OwnRedaction::with_masks(std::string_view text, Form form, Arena& arena) const {
  std::string clean;
  size_t at = 0;
  size_t value = 0;
  for (Found found : found_) {
    bool is_bare = false;
    if (form == Form::kJson) {
      while (values_[value].end <= found.start) ++value;
      is_bare = !values_[value].is_string;
      if (is_bare) {
        found.start = values_[value].start;
        found.end = std::max(found.end, values_[value].end);
      } else {
        found.start = std::max(before_escape(text, found.start), values_[value].start);
        found.end = behind_escape(text, found.end);
      }
    }
    if (found.start < at) continue;  // a number that was masked as a whole
    const std::string mask =
        mask_of(key_, rules_.names[found.rule], text.substr(found.start, found.end - found.start));
    clean += text.substr(at, found.start - at);
    clean += is_bare ? "\"" + mask + "\"" : mask;
    at = found.end;
  }
  clean += text.substr(at);
  return arena.copy(clean);
}

}  // namespace gasoline::understand

#include "store/event_marks.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "store/id_hash.h"
#include "store/metadata_member.h"

namespace gasoline::store {
namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "POST", "PUT",    "DELETE",
                                                      "PATCH", "HEAD", "OPTIONS"};
constexpr std::array<std::string_view, 6> kThreadNames = {
    "thread", "thread_id", "threadName", "thread_name", "threadId", "tid"};
constexpr std::array<std::string_view, 4> kProcessNames = {"pid", "process_id", "processId",
                                                           "process"};
constexpr std::array<std::string_view, 3> kLoggerNames = {"logger", "logger_name", "loggerName"};
constexpr size_t kPathSizeMax = 512;

/// The text of the first of the members that is there; empty for an object or a list.
std::string_view first_of(std::string_view metadata, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string_view value = find_member(metadata, name);
    if (value.empty() || value == "null" || value.front() == '{' || value.front() == '[') continue;
    return to_text(value);
  }
  return {};
}

Actor make_actor(Actor::Kind kind, std::string_view word, const event::Event& event,
                 std::string_view outer, std::string_view inner) {
  Actor actor;
  actor.kind = kind;
  std::string text(word);
  for (const std::string_view part : {event.service, event.run_id, outer, inner}) {
    append_sized(text, part);
  }
  actor.hash = hash_bytes(text);
  actor.name.append(word).append(" ").append(inner);
  return actor;
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

std::string_view path_at(std::string_view text) {
  if (!text.starts_with('/')) return {};
  return text.substr(0, std::min(text.find_first_of("?# \t\r\n\"'<>,;"), kPathSizeMax));
}

}  // namespace

Actor find_actor(const event::Event& event) {
  if (event.metadata.empty()) return {};
  const std::string_view process = first_of(event.metadata, kProcessNames);
  if (const auto thread = first_of(event.metadata, kThreadNames); !thread.empty()) {
    return make_actor(Actor::Kind::kThread, "thread", event, process, thread);
  }
  if (!process.empty()) return make_actor(Actor::Kind::kProcess, "process", event, {}, process);
  if (const auto logger = first_of(event.metadata, kLoggerNames); !logger.empty()) {
    return make_actor(Actor::Kind::kLogger, "logger", event, {}, logger);
  }
  return {};
}

std::string find_method_and_path(const event::Event& event) {
  constexpr std::array<std::string_view, 4> kPathNames = {"path", "url", "uri", "target"};
  constexpr std::array<std::string_view, 2> kMethodNames = {"method", "http_method"};
  if (!event.metadata.empty()) {
    const std::string_view method = first_of(event.metadata, kMethodNames);
    const std::string_view path = path_at(first_of(event.metadata, kPathNames));
    const bool is_method = std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
    if (is_method && !path.empty()) return std::string(method) + " " + std::string(path);
  }
  const std::string_view text = event.message;
  for (const std::string_view method : kMethods) {
    for (size_t at = text.find(method); at != std::string_view::npos;
         at = text.find(method, at + 1)) {
      const size_t end = at + method.size();
      const bool is_whole = (at == 0 || !is_word(text[at - 1])) && end < text.size() &&
                            text[end] == ' ';
      if (!is_whole) continue;
      const std::string_view path = path_at(text.substr(end + 1));
      if (!path.empty()) return std::string(method) + " " + std::string(path);
    }
  }
  return {};
}

uint64_t template_hash(std::string_view message) noexcept {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](char c) { hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3; };
  for (size_t at = 0; at < message.size();) {
    size_t end = at;
    bool has_digit = false;
    while (end < message.size() && is_word(message[end])) {
      has_digit = has_digit || (message[end] >= '0' && message[end] <= '9');
      ++end;
    }
    if (has_digit) {
      add('#');
    } else {
      for (size_t i = at; i < end; ++i) add(message[i]);
    }
    if (end == at) add(message[end++]);
    at = end;
  }
  return hash;
}

}  // namespace gasoline::store

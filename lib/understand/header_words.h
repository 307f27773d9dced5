#pragma once

#include <string_view>

#include "event/event.h"

namespace gasoline::understand {

/// What the words of a line's header are told by. None of them may be empty.

/// The bracket that closes `open`, or NUL for any other character.
constexpr char closing_of(char open) {
  return open == '[' ? ']' : open == '(' ? ')' : open == '<' ? '>' : '\0';
}

/// The level that syslog's priority says: its last three bits.
event::Level level_of_priority(unsigned priority);

/// name: or name[pid]: of syslog. `needs_pid` asks for the second form.
bool is_syslog_tag(std::string_view word, bool needs_pid);

/// A qualified name, a number, a group or a field; a plain word only as the `first`.
bool is_name_part(std::string_view word, bool first);

/// com.example.Service, Shop.Orders, shop::orders
bool is_qualified_name(std::string_view word);

/// main.go:274
bool is_caller(std::string_view word);

/// The time of the Common Log Format, 21/Nov/2026, begins here.
bool is_access_log_time(std::string_view text);

}  // namespace gasoline::understand

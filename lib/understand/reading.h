#pragma once

#include <string_view>

#include "event/event.h"
#include "understand/ids.h"
#include "understand/printed_time.h"

namespace gasoline::understand {

/// What the parsers have read from one line so far.
struct Reading {
  std::string_view message;
  bool has_message = false;
  bool has_time = false;
  bool has_level = false;
  PrintedTime time;
  event::Level level = event::Level::kInfo;
  std::string_view level_word;
  std::string_view service;
  std::string_view process;  ///< who printed the line, of several that share its source
  bool is_browser = false;   ///< said by a browser's console, printed by a dev server
  bool has_header = false;   ///< a text line with a time or a level before its message
  std::string_view own_form;  ///< the name of the user's form that the line has
  Ids ids;

  /// The first time that is read stays: wrappers around a line offer theirs last.
  void offer_time(const PrintedTime& printed) {
    if (has_time) return;
    time = printed;
    has_time = true;
  }
  void offer_level(event::Level read, std::string_view word) {
    if (has_level) return;
    level = read;
    level_word = word;
    has_level = true;
  }
};

}  // namespace gasoline::understand

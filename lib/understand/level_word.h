#pragma once

#include <string_view>

#include "event/event.h"

namespace gasoline::understand {

/// Reads a word for a level of at least three letters: what event::parse_level knows, and the
/// clipped forms that loggers print (dbug, eror, INF, WRN, ERRO, FATA ...).
bool read_level_word(std::string_view word, event::Level& level);

/// Reads the value of a level's field: a word, or a number of pino, bunyan or syslog.
bool read_level_value(std::string_view value, event::Level& level);

}  // namespace gasoline::understand

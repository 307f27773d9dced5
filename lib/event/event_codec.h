#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "event/event.h"

namespace gasoline::event {

/// The binary form of an event, used in the event log and in the rings. Integers are varints,
/// strings are varint-sized; docs/JOURNAL.md has the table. Version byte first, so that old logs
/// stay readable.
///
/// Appends to `to`; allocates only when `to` grows.
void append_encoded(std::string& to, const Event& event);

/// Takes one encoded event off the front of `from`. Its strings are views into the bytes of `from`;
/// the tag array is placed in `arena`. False, with `from` unchanged, if the bytes are not an event:
/// never reads past the end, whatever the bytes.
bool take_encoded(std::string_view& from, Event& event, Arena& arena);

/// The message of the encoded event that `from` begins with, without reading the rest of it. Empty
/// if the bytes are not an event.
std::string_view encoded_message(std::string_view from) noexcept;

}  // namespace gasoline::event

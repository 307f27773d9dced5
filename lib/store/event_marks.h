#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event/event.h"

namespace gasoline::store {

/// Who in a service said a line, as far as it tells: a thread works on one request at a time, a
/// process or a logger may work on many.
struct Actor {
  enum class Kind { kNone, kLogger, kProcess, kThread };
  Kind kind = Kind::kNone;
  uint64_t hash = 0;  ///< of the service, its run, and what names the actor; 0 for none
  std::string name;   ///< "thread worker-3"
};

/// From the metadata's thread, thread_id, threadName, tid, pid, process_id, logger, loggerName, name
/// of logger ... : the narrowest that is there.
Actor find_actor(const event::Event& event);

/// "GET /orders/17", from the metadata's method and path (url, uri, target) or from the message;
/// without a query. Empty if there is none.
std::string find_method_and_path(const event::Event& event);

/// A hash of the message in which numbers and hexadecimal words count alike.
uint64_t template_hash(std::string_view message) noexcept;

}  // namespace gasoline::store

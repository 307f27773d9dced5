#pragma once

#include <cstdint>
#include <string_view>

namespace gasoline::understand {

/// What the name of a field says about its value.
enum class IdRole : uint8_t {
  kNone,
  kCorrelation,
  kTrace,
  kRequest,
  kSpan,
  kTraceparent,
  kB3,
  kUber,
  kXray,         ///< a header that holds "Root=...;Parent=..."
  kXrayRoot,     ///< the word Root, telling only before an X-Ray id
  kWeakTrace,    ///< the word trace alone: believed only with a telling value
  kWeakRequest,  ///< req, request, rid
  kWeakAny       ///< tp and the like: believed only before a telling shape
};

/// False if no name that ends as `text` does has a role: looks at the last letters only.
bool may_end_id_key(std::string_view text);

/// The role of a field's name, in any of the usual spellings: request_id, requestId, X-Request-ID,
/// http.request.id, dd.trace_id, logging.googleapis.com/trace ... A name counts by its last words,
/// so that prefixes of headers and namespaces do not matter; parent ids, ids of pull requests and
/// the like have no role.
IdRole classify_id_key(std::string_view key);

/// True for the words that make an id one of something else: pull request id, parent id.
bool is_word_of_others(std::string_view word);

/// The role of the member `key` of an object that is itself the member `parent`:
/// {"trace":{"id":x}}.
IdRole classify_id_key(std::string_view parent, std::string_view key);

}  // namespace gasoline::understand

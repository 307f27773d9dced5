#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "event/event.h"

namespace gasoline::event {

/// What reading one batch of JSON events gave.
struct ParsedBatch {
  struct Failure {
    size_t index;       ///< of the event in the batch as sent
    std::string error;  ///< what was wrong and what would be accepted
  };
  std::vector<Event> events;    ///< the good ones, in their order
  std::vector<size_t> indexes;  ///< events[i] was element indexes[i] of the batch
  std::vector<Failure> failures;
  size_t total = 0;  ///< elements seen, good and bad
  std::string_view texts;  ///< bytes in which all messages lie, in their order; empty if they do not

  std::string_view run_id;  ///< of the envelope; empty without one
  uint64_t first_seq = 0;   ///< of the envelope: element i has the number first_seq + i
  int64_t sent_at_us = 0;   ///< of the envelope: the sender's clock when it sent; 0 without one

  void clear();
};

/// Form of a request body.
enum class BatchForm {
  kObject,  ///< one event
  kBatch,   ///< {"events":[...]} with optional run_id, seq, service, host and tags; or a bare array
  kNdjson   ///< one event per line; blank lines are passed over
};

/// Reads JSON events as docs/API.md describes them: generous in names, units and forms of time.
///
/// What it does not know goes to Event::metadata. Keeps its buffers warm between calls; nothing is
/// allocated per event once it is. One thread at a time.
class EventReader {
 public:
  static constexpr size_t kEventsMax = 10'000;
  /// Levels of objects and arrays in one event, itself included; a deeper one is a Failure.
  static constexpr size_t kDepthMax = 64;
  /// Readable bytes that must follow the body in its allocation; their value does not matter.
  static constexpr size_t kPaddingBytes = 64;

  EventReader();
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  /// Fills `batch`. Its strings live in `body`, in `arena` or in the reader, and are good until the
  /// next read(). A body that is not JSON of this form is an Error (kInvalid), one with more than
  /// kEventsMax events too (kTooLarge); a bad event in a good body is a Failure and stops nothing.
  Status read(std::string_view body, BatchForm form, Arena& arena, ParsedBatch& batch);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace gasoline::event

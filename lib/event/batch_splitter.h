#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::event {

/// A batch cut into its parts, as raw JSON.
struct SplitBatch {
  /// The batch's own members ("run_id", "seq" ...) with an empty "events"; empty for a bare array.
  std::string envelope;
  bool has_events = false;                 ///< there is a list of events, be it empty
  std::vector<std::string_view> elements;  ///< views into the body, in their order
};

/// Cuts a batch by its structure alone, so that one element that no parser takes (a number too big
/// for any type, too deep a nesting) costs the batch only that element. The slow way, for batches
/// that the fast way refused. Keeps its buffers warm. One thread at a time. Private to lib/event.
class BatchSplitter {
 public:
  BatchSplitter();
  ~BatchSplitter();
  BatchSplitter(const BatchSplitter&) = delete;
  BatchSplitter& operator=(const BatchSplitter&) = delete;

  /// False if `body` is neither an object with "events" nor an array, as far as its structure
  /// shows. Stops behind `elements_max` + 1 elements. EventReader::kPaddingBytes must be readable
  /// behind it.
  bool split(std::string_view body, size_t elements_max, SplitBatch& batch);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace gasoline::event

#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "event/event_json.h"
#include "event/event_reader.h"

namespace gasoline::event::test {

/// One body read, with all that its events point to.
class ReadBody {
 public:
  explicit ReadBody(std::string_view body, BatchForm form = BatchForm::kBatch) {
    // A heap block of exactly body and padding, so that a sanitizer sees a read past it.
    bytes_.assign(body.begin(), body.end());
    bytes_.resize(body.size() + EventReader::kPaddingBytes, '\xAA');
    status = reader_.read({bytes_.data(), body.size()}, form, arena_, batch);
  }

  /// The only event, which must be good.
  const Event& event() const {
    INFO((status ? "" : status.error().to_string()));
    INFO((batch.failures.empty() ? "" : batch.failures[0].error));
    REQUIRE(status.has_value());
    REQUIRE(batch.events.size() == 1);
    REQUIRE(batch.failures.empty());
    return batch.events[0];
  }
  /// What was wrong with the only event.
  const std::string& failure() const {
    REQUIRE(status.has_value());
    REQUIRE(batch.events.empty());
    REQUIRE(batch.failures.size() == 1);
    return batch.failures[0].error;
  }

  Status status;
  ParsedBatch batch;

 private:
  std::vector<char> bytes_;
  Arena arena_;
  EventReader reader_;
};

inline ReadBody read_object(std::string_view body) {
  return ReadBody(body, BatchForm::kObject);
}

inline std::string json_of(const Event& event) {
  std::string text;
  append_json(text, event);
  return text;
}

}  // namespace gasoline::event::test

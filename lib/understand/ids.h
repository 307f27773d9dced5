#pragma once

#include <cstdint>
#include <string_view>

#include "understand/id_key.h"

namespace gasoline::understand {

/// How an id was shown. A lower one is believed first; of equals, the first in the line.
enum class IdRank : uint8_t {
  kField,      ///< an explicit field
  kHeader,     ///< traceparent, X-Ray, B3, Jaeger
  kWeakField,  ///< a short field name with a telling value
  kPlace,      ///< a telling shape where an id is expected
  kLearnt,     ///< a telling shape that other lines tell to be an id (bare_ids.h)
  kNone
};

/// The ids that one line shows.
struct Ids {
  struct Slot {
    std::string_view value;
    IdRank rank = IdRank::kNone;

    void offer(std::string_view id, IdRank id_rank) {
      if (id_rank >= rank || id.empty()) return;
      value = id;
      rank = id_rank;
    }
  };

  Slot correlation;
  Slot trace;
  Slot span;
  Slot request;
  Slot other_request;  ///< a second, different request id, such as a proxy's own and its client's
  Slot unnamed;        ///< of no stated kind: [uuid]

  bool empty() const {
    return correlation.value.empty() && trace.value.empty() && request.value.empty() &&
           unnamed.value.empty();
  }
};

/// Where a value was found: decides how much it must prove.
enum class IdPlace : uint8_t {
  kStructured,  ///< the value of a JSON or logfmt field: an explicit name is proof enough
  kText         ///< running text: words are no ids, so a digit or a telling shape is asked for
};

/// Takes what `value` holds according to its field's role. Returns true if it was an id.
bool take_id(IdRole role, std::string_view value, IdPlace place, Ids& ids);

}  // namespace gasoline::understand

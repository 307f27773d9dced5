#include "source/source.h"

namespace gasoline::source {

std::string_view to_string(Followed::State state) noexcept {
  switch (state) {
    case Followed::State::kFollowing:
      return "following";
    case Followed::State::kWaiting:
      return "waiting";
    case Followed::State::kFailing:
      return "failing";
    case Followed::State::kEnded:
      return "ended";
  }
  return "waiting";
}

}  // namespace gasoline::source

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline::source::ssh {

/// How a link ended, and what was said on the way.
struct LinkEnd {
  int code = 0;  ///< ssh's exit code: 255 for its own failures, else that of the far side
  bool by_signal = false;
  std::string said;  ///< the last of what came on stderr, at most kSaidBytesMax
  static constexpr size_t kSaidBytesMax = 8 * 1024;
};

/// A running connection to a far host: bytes to the program there and back. Destroying it cuts it,
/// with everything that it started, and calls nobody. Loop thread only.
class Link {
 public:
  struct Events {
    /// Must not destroy the Link.
    std::function<void(std::string_view)> received;
    /// Once; nothing comes after it. The Link may be destroyed in it.
    std::function<void(const LinkEnd&)> ended;
  };

  virtual ~Link() = default;
  /// Bytes are kept until they can be sent; the caller bounds them by what it leaves unanswered.
  virtual void write(std::string_view bytes) = 0;
};

/// Begins to connect. An Error means that not even the ssh client could be started.
using LinkMaker = std::function<Result<std::unique_ptr<Link>>(Link::Events events)>;

}  // namespace gasoline::source::ssh

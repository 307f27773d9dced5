#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline::source {

/// Tells when files and directories change. One thread.
class Watcher {
 public:
  struct Notice {
    enum class Kind {
      kWritten,   ///< a watched file has more bytes, or fewer
      kNames,     ///< something came to, left or changed its rights in a watched directory
      kEnded,     ///< the watch is gone, with what it watched
      kOverflow,  ///< notices were lost: look at everything
    };
    Kind kind = Kind::kWritten;
    int watch = -1;
    std::string_view name;  ///< of kNames: in the directory; empty for the directory itself
  };

  virtual ~Watcher() = default;
  /// The same watch for the same file, however often it is asked for. ENOSPC: the limit of watches
  /// is reached.
  virtual Result<int> watch_file(int fd) = 0;
  virtual Result<int> watch_directory(const std::string& path) = 0;
  virtual void remove(int watch) = 0;
  /// Readable when there are notices.
  virtual int fd() const = 0;
  /// Hands over what has come; never waits.
  virtual void read(const std::function<void(const Notice&)>& use) = 0;
};

/// By inotify(7). EMFILE: the limit of instances is reached.
Result<std::unique_ptr<Watcher>> make_inotify_watcher();

}  // namespace gasoline::source

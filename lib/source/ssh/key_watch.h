#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"

namespace gasoline::source::ssh {

/// Notices that something changed on which a refused connection may depend: ssh's configuration,
/// the keys and lists of known hosts that it names (asked of `ssh -G`), the agent's socket. What an
/// agent holds, and what the far host accepts, cannot be seen from here.
class KeyWatch {
 public:
  static constexpr int kDescribeMs = 3'000;  ///< longest wait for `ssh -G`

  explicit KeyWatch(const config::SourceSettings& settings);

  /// A number that differs once one of the files does. May wait for kDescribeMs when called first
  /// or after a change.
  uint64_t look();

 private:
  uint64_t signature() const;
  std::string describe() const;

  const std::vector<std::string> command_;
  std::vector<std::string> files_;
  uint64_t last_ = 0;
};

}  // namespace gasoline::source::ssh

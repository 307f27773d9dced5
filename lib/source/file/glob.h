#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gasoline::source {

/// What a pattern matched, and where its answer could change.
struct GlobMatches {
  std::vector<std::string> paths;        ///< sorted; of anything but directories
  std::vector<std::string> directories;  ///< that were read, or the nearest one that exists
  bool is_cut = false;                   ///< there were more than kPathsMax, or it went too deep
};

inline constexpr size_t kGlobPathsMax = 100'000;
inline constexpr size_t kGlobDepthMax = 16;  ///< directories that one ** passes through

/// Expands `pattern` as a shell does: * ? [..] within a component, where a leading dot must be
/// matched by a dot, and ** as a component of its own for any number of directories. A pattern
/// without any of them matches itself if it exists. Symbolic links are followed, but not by **.
GlobMatches expand_glob(const std::string& pattern);

/// True if `path` is excluded by `pattern`: the whole path, or its last part if the pattern has no
/// slash.
bool is_excluded(const std::string& path, const std::string& pattern);

}  // namespace gasoline::source

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::source::ssh {

/// What a rotation made of a file's name.
///
///     app.log.1  app.log.2.gz  app.log-20261121  app.log-20261121-1795277439.gz   of app.log
///     app-20261121.log  app.1.log  app-1.log (which may be no rotation at all)    of app.log
struct RotatedName {
  std::string base;      ///< the path that was rotated
  bool is_sure = true;   ///< false for worker-1.log, which may be a file in its own right
  bool is_date = false;  ///< a date or time rather than a count
  uint64_t number = 0;   ///< the count, or the digits of the date as far as 18 of them
  bool is_compressed = false;
};

/// Every reading of `path` as the name of a rotated file: none, one or two.
std::vector<RotatedName> rotated_names(std::string_view path);

/// The globs under which files rotated away from `path`, itself perhaps a glob, are found.
std::vector<std::string> sibling_patterns(std::string_view path);

/// True if the first was rotated away after the second. `modified_s` decides where the names
/// cannot.
bool is_newer(const RotatedName& name, int64_t modified_s, const RotatedName& than,
              int64_t than_modified_s);

}  // namespace gasoline::source::ssh

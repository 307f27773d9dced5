#pragma once

#include <string_view>

namespace gasoline::source {

/// True if `name` is one that a rotation gives the file `followed` (both without directory), or a
/// compressed form of it: the name with a number, a date or "old" at its end or before its
/// extension.
///
///   app.log -> app.log.1  app.log.2.gz  app.log-20261121  app-20261121.log.zst  app.1.log
///              app.log.2026-11-21  app.log.old
bool is_rotated_name(std::string_view name, std::string_view followed);

/// True if the names differ in digits only, as the targets that a symbolic link is switched
/// between.
bool has_same_form(std::string_view name, std::string_view other);

/// `name` without the ending of a compressed file.
std::string_view without_packing(std::string_view name);

/// What a service is called that writes this file: the name without extension, and without what a
/// rotation or a date of its own adds. "/var/log/shop-2026-11-21.log" -> "shop".
std::string_view service_of_path(std::string_view path);

}  // namespace gasoline::source

#include "io/file_system.h"

#include <cerrno>

namespace gasoline::io {
namespace {

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status sync_parent(FileSystem& files, const std::string& path) {
  Status synced = files.sync_directory(parent_of(path));
  // A parent that we may enter but not read cannot be synced by us; its file system will in time.
  if (!synced && synced.error().code == EACCES) return {};
  return synced;
}

Status make_missing(FileSystem& files, const std::string& path) {
  Status made = files.make_directory(path);
  if (!made && made.error().code == ENOENT) {
    const std::string parent = parent_of(path);
    if (parent == path) return made;
    if (Status above = make_missing(files, parent); !above) return above;
    made = files.make_directory(path);
  }
  if (!made) return made.error().code == EEXIST ? Status{} : made;
  Status synced = sync_parent(files, path);
  // Made anew next time: an ancestor that is found is taken for durable.
  if (!synced) static_cast<void>(files.remove_directory(path).has_value());
  return synced;
}

}  // namespace

Status make_directories(FileSystem& files, const std::string& path) {
  if (Status made = make_missing(files, path); !made) return made;
  // Also if it was there: whoever made it may have died before this.
  return sync_parent(files, path);
}

}  // namespace gasoline::io

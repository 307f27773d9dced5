#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/file_system_kind.h"

namespace gasoline {

bool is_in_memory(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) == 0) return status.f_type == TMPFS_MAGIC;
  const size_t slash = path.rfind('/');
  return slash != std::string::npos && slash > 0 && is_in_memory(path.substr(0, slash));
}

}  // namespace gasoline

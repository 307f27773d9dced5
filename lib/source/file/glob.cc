#include "source/file/glob.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

namespace gasoline::source {
namespace {

bool has_wildcard(std::string_view part) {
  return part.find_first_of("*?[") != std::string_view::npos;
}

bool is_directory(const std::string& path, bool follow) {
  struct stat status {};
  const int got = follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status);
  return got == 0 && S_ISDIR(status.st_mode);
}

/// Takes the part up to the next slash off the front.
std::string take_part(std::string_view& rest) {
  const size_t slash = rest.find('/');
  std::string part(rest.substr(0, slash));
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return part;
}

class Expansion {
 public:
  GlobMatches matches;

  /// `base` is "" or ends with a slash.
  void expand(const std::string& base, std::string_view rest, size_t depth) {
    if (matches.is_cut) return;
    const std::string part = take_part(rest);
    if (part.empty() && !rest.empty()) {
      std::string root = base;
      if (root.empty()) root.push_back('/');
      return expand(root, rest, depth);
    }
    if (part == "**") return expand_any_depth(base, rest, depth);
    if (has_wildcard(part)) return expand_wildcard(base, part, rest, depth);
    if (!rest.empty()) return expand(base + part + "/", rest, depth);
    note_directory(base);
    const std::string path = base + part;
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) take(path);
  }

 private:
  template <typename Use>
  void for_each_name(const std::string& base, Use use) {
    note_directory(base);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(
        ::opendir(base.empty() ? "." : base.c_str()), &::closedir);
    if (directory == nullptr) return;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") use(entry->d_name, entry->d_type);
    }
  }

  void expand_wildcard(const std::string& base, const std::string& part, std::string_view rest,
                       size_t depth) {
    for_each_name(base, [&](const char* name, unsigned char type) {
      if (::fnmatch(part.c_str(), name, FNM_PERIOD) != 0) return;
      const std::string path = base + name;
      if (rest.empty()) {
        if (type != DT_DIR) take(path);
      } else if (type == DT_DIR || is_directory(path, true)) {
        expand(path + "/", rest, depth);
      }
    });
  }

  void expand_any_depth(const std::string& base, std::string_view rest, size_t depth) {
    if (depth >= kGlobDepthMax) {
      matches.is_cut = true;
      return;
    }
    expand(base, rest.empty() ? "*" : rest, depth);
    std::vector<std::string> below;
    for_each_name(base, [&](const char* name, unsigned char type) {
      const std::string path = base + name;
      const bool is_below = type == DT_DIR || (type == DT_UNKNOWN && is_directory(path, false));
      if (is_below && name[0] != '.') below.push_back(path + "/");
    });
    for (const std::string& path : below) expand_any_depth(path, rest, depth + 1);
  }

  void take(const std::string& path) {
    if (matches.paths.size() >= kGlobPathsMax) {
      matches.is_cut = true;
      return;
    }
    matches.paths.push_back(path);
  }

  /// `base` itself, or the nearest one above it that exists.
  void note_directory(const std::string& base) {
    std::string path = base.empty() ? "." : base;
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    while (!is_directory(path, true)) {
      const size_t slash = path.rfind('/');
      if (slash == std::string::npos) {
        path.assign(1, '.');
        break;
      }
      path.resize(std::max<size_t>(slash, 1));
    }
    matches.directories.push_back(path);
  }
};

void make_unique_and_sorted(std::vector<std::string>& paths) {
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
}

}  // namespace

GlobMatches expand_glob(const std::string& pattern) {
  Expansion expansion;
  expansion.expand("", pattern, 0);
  make_unique_and_sorted(expansion.matches.paths);
  make_unique_and_sorted(expansion.matches.directories);
  return std::move(expansion.matches);
}

bool is_excluded(const std::string& path, const std::string& pattern) {
  const bool is_whole = pattern.find('/') != std::string::npos;
  const std::string subject = is_whole ? path : path.substr(path.rfind('/') + 1);
  return ::fnmatch(pattern.c_str(), subject.c_str(), 0) == 0;
}

}  // namespace gasoline::source

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "event/event.h"

namespace gasoline::source {

/// What is said of the lines of one file, for files whose names say little.
struct FileLabels {
  bool is_wanted = true;
  event::SourceKind kind = event::SourceKind::kFile;
  std::string service;
  std::vector<std::string> tags;
  std::string metadata;  ///< members of a JSON object, without braces; may be empty
};

/// Reads what stands beside a file, perhaps; never waits for anything else.
using LabelFile = std::function<FileLabels(const std::string& path)>;

/// What was said of files, asked for once each. One thread.
class KnownLabels {
 public:
  static constexpr size_t kFilesMax = 4096;  ///< beyond, all is forgotten and asked for again

  /// Without `ask` nothing is said of any.
  explicit KnownLabels(LabelFile ask = {}) : ask_(std::move(ask)) {}
  /// Null if nothing is said of files. Good until the next call.
  const FileLabels* of(const std::string& path);

 private:
  LabelFile ask_;
  std::map<std::string, FileLabels> known_;
};

}  // namespace gasoline::source

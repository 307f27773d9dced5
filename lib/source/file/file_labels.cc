#include "source/file/file_labels.h"

namespace gasoline::source {

const FileLabels* KnownLabels::of(const std::string& path) {
  if (!ask_) return nullptr;
  const auto known = known_.find(path);
  if (known != known_.end()) return &known->second;
  if (known_.size() >= kFilesMax) known_.clear();
  return &known_.emplace(path, ask_(path)).first->second;
}

}  // namespace gasoline::source

#include "spool/spool_directory.h"

#include <algorithm>

#include "base/ids.h"
#include "journal/segment_directory.h"

namespace gasoline::spool {

std::string pool_directory(const std::string& root) {
  return root + "/pool";
}

Status write_run_description(io::FileSystem& files, const std::string& directory,
                             const RunDescription& run) {
  const std::string path = directory + "/" + kRunFileName;
  const std::string unfinished = path + ".new";
  auto file = files.open(unfinished, io::OpenMode::kCreateIfMissing);
  if (!file) return file.error();
  const std::string text = to_text(run);
  if (Status cut = file.value()->truncate(0); !cut) return cut;
  if (Status written = file.value()->write_at(text, 0); !written) return written;
  if (Status synced = file.value()->sync_data(); !synced) return synced;
  if (Status renamed = files.rename(unfinished, path); !renamed) return renamed;
  return files.sync_directory(directory);
}

Result<RunDescription> read_run_description(io::FileSystem& files, const std::string& directory) {
  auto file = files.open(directory + "/" + kRunFileName, io::OpenMode::kRead);
  if (!file) return file.error();
  constexpr size_t kSizeBytesMax = 64 * 1024;
  std::string text(kSizeBytesMax, '\0');
  auto size = file.value()->read_at(text.data(), text.size(), 0);
  if (!size) return size.error();
  text.resize(*size);
  return parse_run_description(text);
}

Status sync_run(io::FileSystem& files, const std::string& directory) {
  Status all;
  const auto note = [&all](const Status& status) {
    if (all && !status) all = status;
  };
  auto names = files.list(directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    auto file = files.open(directory + "/" + name, io::OpenMode::kRead);
    note(file ? file.value()->sync_data() : Status(file.error()));
  }
  constexpr int kLevels = 3;  // RUN-ID, spool, gasoline: those that a wrapper may have made
  std::string path = directory;
  for (int i = 0; i < kLevels && !path.empty(); ++i) {
    note(files.sync_directory(path));
    path.resize(path.rfind('/'));
  }
  return all;
}

std::vector<std::string> list_runs(io::FileSystem& files, const std::string& root) {
  std::vector<std::string> directories;
  auto names = files.list(root);
  if (!names) return directories;
  std::sort(names.value().begin(), names.value().end());  // a ULID sorts by time
  for (const std::string& name : *names) {
    if (is_ulid(name)) directories.push_back(root + "/" + name);
  }
  return directories;
}

Status remove_run(io::FileSystem& files, const std::string& directory,
                  journal::SegmentPool* pool) {
  auto names = files.list(directory);
  bool has_cut_off = false;
  if (!names) return names.error();
  // The description last: if we die before, somebody else still knows it for a run's and goes on.
  std::stable_partition(names.value().begin(), names.value().end(),
                        [](const std::string& name) { return name != kRunFileName; });
  bool has_rejected = false;
  for (const std::string& name : *names) {
    // A journal's own names are its own business; ours are the three below.
    const bool is_segment = name.ends_with(".seg") || name.starts_with("spare-");
    const bool is_ours = is_segment || name == "lock" || name == "next.tmp" ||
                         name.ends_with(".new") || name == kRunFileName;
    if (is_ours) {
      const std::string path = directory + "/" + name;
      Status gone = is_segment && pool != nullptr ? pool->give(path) : files.unlink(path);
      if (!gone) return gone;
    }
    has_rejected = has_rejected || name == kRejectedFileName;
    has_cut_off =
        has_cut_off || name.find(journal::SegmentDirectory::kCutOffInfix) != std::string::npos;
  }
  // What the daemon refused, and what a repair cut off, stays for its reader.
  return has_rejected || has_cut_off ? Status() : files.remove_directory(directory);
}

}  // namespace gasoline::spool

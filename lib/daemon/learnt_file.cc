#include "daemon/learnt_file.h"

#include "source/kept_text.h"

namespace gasoline::daemon {
namespace {

Status replace_file(io::FileSystem& files, const std::string& path, const std::string& bytes) {
  const std::string beside = path + ".new";
  auto file = files.open(beside, io::OpenMode::kCreateIfMissing);
  if (!file) return file.error();
  if (Status cut = (*file)->truncate(0); !cut) return cut;
  if (Status written = (*file)->write_at(bytes, 0); !written) return written;
  return files.rename(beside, path);
}

}  // namespace

std::string load_learnt(io::FileSystem& files, const std::string& path, Log& diary) {
  Result<std::string> learnt = source::load_kept_text(files, path);
  if (learnt) return std::move(*learnt);
  diary.warn(path + ": " + learnt.error().to_string() + "; columns of ids are learnt again");
  return {};
}

void save_learnt(io::FileSystem& files, const std::string& path, const std::string& learnt,
                 Log& diary) {
  const Status saved = replace_file(files, path, source::seal_text(learnt));
  if (!saved) diary.warn("keep what was learnt: " + saved.error().to_string());
}

}  // namespace gasoline::daemon

#include "spool/ring_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "io/real_file.h"

namespace gasoline::spool {
namespace {

constexpr char kDescriptionName[] = "run";
constexpr char kUnfinishedName[] = "run.new";
constexpr std::string_view kSpoolMember = "spool";
constexpr std::string_view kLineMember = "line_size_bytes_max";

std::string to_text(const RingRun& ring_run) {
  std::string text = to_text(ring_run.run);
  for (const std::string& directory : ring_run.spool_directories) {
    append_text_member(text, kSpoolMember, directory);
  }
  append_text_member(text, kLineMember, std::to_string(ring_run.line_size_bytes_max));
  return text;
}

Result<RingRun> parse_ring_run(std::string_view text) {
  auto run = parse_run_description(text);
  if (!run) return run.error();
  RingRun ring_run;
  ring_run.run = std::move(*run);
  for_each_text_member(text, [&ring_run](std::string_view name, const std::string& value) {
    if (name == kSpoolMember) ring_run.spool_directories.push_back(value);
    if (name == kLineMember) {
      std::from_chars(value.data(), value.data() + value.size(), ring_run.line_size_bytes_max);
    }
  });
  if (!ring_run.spool_directories.empty() && ring_run.line_size_bytes_max > 0) return ring_run;
  return Error::of(Error::kInvalid, "read the description of a run's rings",
                   "it does not name a spool and the longest line");
}

Result<RingRun> read_ring_run(io::File& file) {
  constexpr size_t kSizeBytesMax = 64 * 1024;
  std::string text(kSizeBytesMax, '\0');
  auto size = file.read_at(text.data(), text.size(), 0);
  if (!size) return size.error();
  text.resize(*size);
  return parse_ring_run(text);
}

Result<std::unique_ptr<io::File>> make_locked(io::FileSystem& files, const std::string& directory,
                                              const RingRun& ring_run) {
  const std::string unfinished = directory + "/" + kUnfinishedName;
  auto file = files.open(unfinished, io::OpenMode::kCreateExclusive);
  if (!file) return file;
  if (Status locked = file.value()->try_lock(); !locked) return locked.error();
  if (Status written = file.value()->write_at(to_text(ring_run), 0); !written) {
    return written.error();
  }
  // Under its name only once it is locked and whole: nobody takes us for dead before we live.
  const Status renamed = files.rename(unfinished, directory + "/" + kDescriptionName);
  if (!renamed) return renamed.error();
  return file;
}

}  // namespace

Result<RingDirectory> RingDirectory::create(io::FileSystem& files, const std::string& root,
                                            const RingRun& ring_run) {
  if (Status made = io::make_directories(files, root); !made) return made.error();
  const std::string path = root + "/" + ring_run.run.run_id;
  if (Status made = files.make_directory(path); !made) return made.error();
  auto lock = make_locked(files, path, ring_run);
  if (!lock) {
    static_cast<void>(files.unlink(path + "/" + kUnfinishedName));
    static_cast<void>(files.remove_directory(path));
    return lock.error();
  }
  return RingDirectory(files, path, std::move(*lock), ring_run);
}

Result<RingDirectory> RingDirectory::open(io::FileSystem& files, const std::string& directory) {
  const std::string description = directory + "/" + kDescriptionName;
  auto file = files.open(description, io::OpenMode::kReadWrite);
  if (!file) return file.error();
  if (Status locked = file.value()->try_lock(); !locked) return locked.error();
  // Its wrapper, or somebody who recovered it, may have removed it before we had the lock.
  if (auto there = files.status(description); !there) return there.error();
  auto ring_run = read_ring_run(**file);
  if (!ring_run) return ring_run.error();
  return RingDirectory(files, directory, std::move(*file), std::move(*ring_run));
}

Result<RingDirectory> RingDirectory::adopt(io::FileSystem& files, const std::string& directory,
                                           FileDescriptor lock) {
  const std::string description = directory + "/" + kDescriptionName;
  struct stat owner {};
  const bool is_ours = ::fstat(lock.get(), &owner) == 0 && owner.st_uid == ::geteuid();
  auto file = std::make_unique<io::RealFile>(std::move(lock), description);
  auto named = files.status(description);
  if (!named) return named.error();
  auto held = file->status();
  if (!held) return held.error();
  const bool is_same = is_ours && held->kind == io::FileKind::kRegular &&
                       held->device == named->device && held->inode == named->inode;
  if (!is_same) return Error::of(Error::kInvalid, "take " + directory, "it is not what was held");
  if (Status locked = file->try_lock(); !locked) return locked.error();
  auto ring_run = read_ring_run(*file);
  if (!ring_run) return ring_run.error();
  if (!directory.ends_with("/" + ring_run->run.run_id)) {
    return Error::of(Error::kInvalid, "take " + directory, "it is another run's");
  }
  return RingDirectory(files, directory, std::move(file), std::move(*ring_run));
}

std::string RingDirectory::ring_path(Stream stream) const {
  return path_ + "/" + std::string(to_string(stream));
}

Status RingDirectory::remove() {
  // The description last: without it nobody would find what is left.
  const std::array<std::string, 3> paths{ring_path(Stream::kStdout), ring_path(Stream::kStderr),
                                         path_ + "/" + kDescriptionName};
  for (const std::string& path : paths) {
    const Status gone = files_->unlink(path);
    if (!gone && gone.error().code != ENOENT) return gone;
  }
  return files_->remove_directory(path_);
}

}  // namespace gasoline::spool

#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>

#include "base/places.h"
#include "daemon/state_directory.h"

namespace gasoline::daemon {

Result<StateDirectory> StateDirectory::open(io::FileSystem& files, const std::string& path) {
  if (Status made = make_private_directories(path); !made) return made.error();
  auto lock = files.open(path + "/daemon.lock", io::OpenMode::kCreateIfMissing);
  if (!lock) return lock.error();
  if (Status locked = lock.value()->try_lock(); !locked) {
    if (locked.error().code != Error::kLocked) return locked.error();
    return Error::of(Error::kLocked, "take the state directory " + path,
                     "another gasolined has it; stop that one first, or set XDG_STATE_HOME");
  }
  return StateDirectory(files, path, std::move(*lock));
}

Result<std::string> StateDirectory::token(Random& random) {
  return read_or_make(token_path(), 64, random);
}

Result<std::string> StateDirectory::mask_key(Random& random) {
  return read_or_make(mask_key_path(), 32, random);
}

/// Hex digits that only this user may read. A file that holds fewer is written anew.
Result<std::string> StateDirectory::read_or_make(const std::string& path, size_t digits,
                                                 Random& random) {
  auto file = files_->open(path, io::OpenMode::kCreateIfMissing);
  if (!file) return file.error();
  std::string text(digits, '\0');
  const auto size = file.value()->read_at(text.data(), text.size(), 0);
  if (!size) return size.error();
  const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (*size == digits && is_hex) return text;
  text.clear();
  while (text.size() < digits) text += fmt::format("{:016x}", random.next_u64());
  if (Status written = file.value()->write_at(text + "\n", 0); !written) return written.error();
  if (Status synced = file.value()->sync_data(); !synced) return synced.error();
  return text;
}

bool StateDirectory::is_on_network() const {
  // Magic numbers of statfs(2): NFS, SMB, SMB2, CIFS, AFS, Ceph, 9p.
  constexpr std::array<uint32_t, 7> kNetwork{0x6969,     0x517B,     0xFE534D42, 0xFF534D42,
                                             0x5346414F, 0x00C36400, 0x01021997};
  struct statfs status {};
  if (::statfs(path_.c_str(), &status) != 0) return false;
  for (const uint32_t magic : kNetwork) {
    if (static_cast<uint32_t>(status.f_type) == magic) return true;
  }
  return false;
}

}  // namespace gasoline::daemon

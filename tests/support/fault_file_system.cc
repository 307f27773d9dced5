#include "support/fault_file_system.h"

#include <algorithm>
#include <cerrno>

namespace gasoline::test {
namespace {

constexpr uint64_t kSectorSize = 512;

struct Piece {
  uint64_t offset;
  uint64_t size;
};

enum class Fate { kLose, kKeep, kMix };

Fate fate_from(uint64_t chance) {
  return chance % 4 == 0 ? Fate::kLose : chance % 4 == 1 ? Fate::kKeep : Fate::kMix;
}

}  // namespace

struct FaultFileSystem::NameChange {
  enum class Kind { kLink, kUnlink, kRename } kind;
  std::string name;
  std::string new_name;
  std::shared_ptr<Node> node;
};

struct FaultFileSystem::Node {
  uint64_t inode = 0;
  bool is_directory = false;
  // A file.
  std::string current;
  std::string durable;
  std::vector<Piece> unsynced;
  uint64_t size_min = 0;  // the smallest since the last sync
  const void* lock_owner = nullptr;
  // A directory.
  Names names;
  Names durable_names;
  std::vector<NameChange> changes;
  std::vector<std::weak_ptr<Node>> joined;  // files were moved to or from there

  /// With those that a file was moved to or from: a move is one change for a real disk too.
  void make_names_durable() {
    for (const NameChange& change : changes) apply(change, durable_names);
    changes.clear();
    for (const std::weak_ptr<Node>& other : std::exchange(joined, {})) {
      if (const std::shared_ptr<Node> node = other.lock()) node->make_names_durable();
    }
  }

  void make_durable() {
    durable.resize(std::min<uint64_t>(durable.size(), size_min));
    durable.resize(current.size());
    for (const Piece& piece : unsynced) take(piece);
    unsynced.clear();
    size_min = current.size();
  }
  /// Only what lies within `range`; the size as far as that is needed to read it.
  void make_durable(const Piece& range) {
    const uint64_t end = std::min<uint64_t>(range.offset + range.size, current.size());
    if (durable.size() < end) durable.resize(end);
    size_min = std::max(size_min, end);
    take(range);
    forget(range);
  }
  void forget(const Piece& range) {
    std::erase_if(unsynced, [&range](const Piece& piece) {
      return piece.offset >= range.offset &&
             piece.offset + piece.size <= range.offset + range.size;
    });
  }
  void take(const Piece& piece) {
    if (piece.offset >= current.size() || piece.offset >= durable.size()) return;
    const uint64_t size =
        std::min(piece.size, std::min<uint64_t>(current.size(), durable.size()) - piece.offset);
    durable.replace(piece.offset, size, current, piece.offset, size);
  }
};

class FaultFile final : public io::File {
 public:
  using Node = FaultFileSystem::Node;

  FaultFile(FaultFileSystem& disk, std::shared_ptr<Node> node, std::string path)
      : disk_(disk), node_(std::move(node)), path_(std::move(path)), power_(disk.generation_) {}
  ~FaultFile() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (node_->lock_owner == this) node_->lock_owner = nullptr;
  }

  Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("read " + path_);
    if (offset >= node_->current.size()) return size_t{0};
    size = std::min<uint64_t>(size, node_->current.size() - offset);
    if (disk_.is_short_) size = std::min<size_t>(size, 1 + disk_.random_.next_u64() % 40);
    node_->current.copy(static_cast<char*>(to), size, offset);
    return size;
  }

  Result<size_t> write_some_at(std::span<const std::string_view> parts, uint64_t offset) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("write " + path_);
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    if (disk_.is_short_)
      bytes.resize(std::min<size_t>(bytes.size(), 1 + disk_.random_.next_u64() % 40));
    const Status begun = disk_.begin(FaultFileSystem::kWrite, "write " + path_);
    if (!begun) {
      // A cut may leave all of the bytes behind; a call that fails has written fewer.
      const size_t choices = disk_.is_cut_ ? bytes.size() + 1 : std::max<size_t>(bytes.size(), 1);
      bytes.resize(disk_.random_.next_u64() % choices);
    }
    const uint64_t end = offset + bytes.size();
    if (end > node_->current.size()) {
      const uint64_t growth = end - node_->current.size();
      if (disk_.used_bytes() + growth > disk_.capacity_) {
        return Error::from_errno(ENOSPC, "write " + path_);
      }
      node_->current.resize(end);
    }
    node_->current.replace(offset, bytes.size(), bytes);
    for (uint64_t at = offset; at < end;) {
      const uint64_t next = std::min(end, (at / kSectorSize + 1) * kSectorSize);
      node_->unsynced.push_back({at, next - at});
      at = next;
    }
    if (!begun) return begun.error();
    return bytes.size();
  }

  Result<size_t> write_some_durably_at(std::string_view bytes, uint64_t offset) override {
    Result<size_t> wrote =
        write_some_at(std::span<const std::string_view>(&bytes, 1), offset);
    if (!wrote) return wrote;
    const std::scoped_lock lock(disk_.mutex_);
    if (Status begun = disk_.begin(FaultFileSystem::kSync, "fdatasync " + path_); !begun) {
      if (!disk_.is_cut_) node_->forget({offset, *wrote});
      return std::move(begun).error();
    }
    if (!disk_.ignores_file_syncs_) node_->make_durable({offset, *wrote});
    return wrote;
  }

  Status sync_data() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("fdatasync " + path_);
    if (Status begun = disk_.begin(FaultFileSystem::kSync, "fdatasync " + path_); !begun) {
      if (!disk_.is_cut_) node_->unsynced.clear();
      return begun;
    }
    if (!disk_.ignores_file_syncs_) node_->make_durable();
    return {};
  }

  Status allocate(uint64_t offset, uint64_t size) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (Status begun = disk_.begin(FaultFileSystem::kResize, "fallocate " + path_); !begun) {
      return begun;
    }
    if (offset + size > node_->current.size()) node_->current.resize(offset + size);
    return {};
  }

  Status truncate(uint64_t size) override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("truncate " + path_);
    if (Status begun = disk_.begin(FaultFileSystem::kResize, "truncate " + path_); !begun) {
      return begun;
    }
    node_->current.resize(size);
    node_->size_min = std::min(node_->size_min, size);
    return {};
  }

  Result<io::FileStatus> status() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("stat " + path_);
    return status_of(*node_);
  }

  Status try_lock() override {
    const std::scoped_lock lock(disk_.mutex_);
    if (!has_power()) return disk_.no_power("lock " + path_);
    if (node_->lock_owner != nullptr && node_->lock_owner != this) {
      return Error::of(Error::kLocked, "lock " + path_, "in use");
    }
    node_->lock_owner = this;
    return {};
  }

  static io::FileStatus status_of(const Node& node) {
    io::FileStatus status;
    status.kind = node.is_directory ? io::FileKind::kDirectory : io::FileKind::kRegular;
    status.size_bytes = status.allocated_bytes = node.current.size();
    status.device = 1;
    status.inode = node.inode;
    return status;
  }

 private:
  bool has_power() const { return !disk_.is_cut_ && power_ == disk_.generation_; }

  FaultFileSystem& disk_;
  const std::shared_ptr<Node> node_;
  const std::string path_;
  const uint64_t power_;
};

FaultFileSystem::FaultFileSystem(uint64_t seed) : random_(seed), root_(std::make_shared<Node>()) {
  root_->is_directory = true;
}

FaultFileSystem::~FaultFileSystem() = default;

uint64_t FaultFileSystem::operations() const {
  const std::scoped_lock lock(mutex_);
  return operations_;
}

void FaultFileSystem::cut_power_at(uint64_t operation) {
  const std::scoped_lock lock(mutex_);
  cut_at_ = operation;
}

bool FaultFileSystem::is_power_cut() const {
  const std::scoped_lock lock(mutex_);
  return is_cut_;
}

void FaultFileSystem::fail(unsigned kinds, int code, uint64_t first, uint64_t times) {
  const std::scoped_lock lock(mutex_);
  fail_kinds_ = kinds;
  fail_code_ = code;
  fail_first_ = first;
  fail_times_ = times;
}

uint64_t FaultFileSystem::failures() const {
  const std::scoped_lock lock(mutex_);
  return failures_;
}

void FaultFileSystem::make_transfers_short(bool is_short) {
  const std::scoped_lock lock(mutex_);
  is_short_ = is_short;
}

void FaultFileSystem::set_capacity(uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  capacity_ = bytes;
}

void FaultFileSystem::ignore_syncs(bool of_files, bool of_directories) {
  const std::scoped_lock lock(mutex_);
  ignores_file_syncs_ = of_files;
  ignores_directory_syncs_ = of_directories;
}

void FaultFileSystem::damage(const std::string& path, uint64_t offset, const std::string& bytes) {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = find(path);
  for (std::string* copy : {&node->current, &node->durable}) {
    if (offset < copy->size()) {
      copy->replace(offset, std::min(bytes.size(), copy->size() - offset), bytes, 0,
                    std::min(bytes.size(), copy->size() - offset));
    }
  }
}

std::string FaultFileSystem::contents(const std::string& path) const {
  const std::scoped_lock lock(mutex_);
  const std::shared_ptr<Node> node = find(path);
  return node == nullptr ? std::string() : node->current;
}

Error FaultFileSystem::no_power(const std::string& what) const {
  return Error::from_errno(EIO, what);
}

uint64_t FaultFileSystem::used_bytes() const {
  uint64_t sum = 0;
  std::vector<const Node*> rest{root_.get()};
  while (!rest.empty()) {
    const Node* node = rest.back();
    rest.pop_back();
    sum += node->current.size();
    for (const auto& [name, child] : node->names) rest.push_back(child.get());
  }
  return sum;
}

Status FaultFileSystem::begin(Kind kind, const std::string& what) {
  if (is_cut_) return no_power(what);
  ++operations_;
  if (operations_ >= cut_at_) {
    is_cut_ = true;
    return no_power(what);
  }
  if ((fail_kinds_ & kind) != 0 && operations_ >= fail_first_ && fail_times_ > 0) {
    --fail_times_;
    ++failures_;
    return Error::from_errno(fail_code_, what);
  }
  return {};
}

void FaultFileSystem::apply(const NameChange& change, Names& names) {
  switch (change.kind) {
    case NameChange::Kind::kLink:
      names[change.name] = change.node;
      return;
    case NameChange::Kind::kUnlink:
      names.erase(change.name);
      return;
    case NameChange::Kind::kRename:
      if (const auto found = names.find(change.name); found != names.end()) {
        const std::shared_ptr<Node> node = found->second;
        names.erase(found);
        names[change.new_name] = node;
      }
      return;
  }
}

void FaultFileSystem::lose_unsynced(Node& node) {
  if (node.is_directory) {
    const Fate fate = fate_from(random_.next_u64());
    size_t kept = fate == Fate::kLose ? 0 : node.changes.size();
    if (fate == Fate::kMix) kept = random_.next_u64() % (node.changes.size() + 1);
    for (size_t i = 0; i < kept; ++i) apply(node.changes[i], node.durable_names);
    node.changes.clear();
    node.names = node.durable_names;
    for (const auto& [name, child] : node.names) lose_unsynced(*child);
    return;
  }
  const Fate fate = fate_from(random_.next_u64());
  if (fate == Fate::kKeep) node.make_durable();
  if (fate == Fate::kMix) {
    if (random_.next_u64() % 2 == 0) {
      node.durable.resize(std::min<uint64_t>(node.durable.size(), node.size_min));
    }
    if (node.current.size() > node.durable.size()) {
      const uint64_t growth = node.current.size() - node.durable.size();
      node.durable.resize(node.durable.size() + random_.next_u64() % (growth + 1));
    }
    for (Piece piece : node.unsynced) {
      const uint64_t chance = random_.next_u64() % 10;
      if (chance < 4) continue;
      if (chance == 8) piece.size = random_.next_u64() % (piece.size + 1);
      node.take(piece);
      if (chance != 9) continue;
      for (uint64_t at = piece.offset; at < piece.offset + piece.size; ++at) {
        if (at < node.durable.size()) node.durable[at] = static_cast<char>(random_.next_u64());
      }
    }
  }
  node.unsynced.clear();
  node.current = node.durable;
  node.size_min = node.current.size();
  node.lock_owner = nullptr;
}

void FaultFileSystem::return_power() {
  const std::scoped_lock lock(mutex_);
  lose_unsynced(*root_);
  ++generation_;
  cut_at_ = UINT64_MAX;
  is_cut_ = false;
  fail_times_ = 0;
}

std::shared_ptr<FaultFileSystem::Node> FaultFileSystem::find(const std::string& path) const {
  std::shared_ptr<Node> node = root_;
  for (size_t at = 0; at < path.size() && node != nullptr;) {
    const size_t slash = std::min(path.find('/', at), path.size());
    const std::string name = path.substr(at, slash - at);
    at = slash + 1;
    if (name.empty() || name == ".") continue;
    const auto found = node->names.find(name);
    node = found == node->names.end() ? nullptr : found->second;
  }
  return node;
}

Result<FaultFileSystem::Place> FaultFileSystem::place_of(const std::string& path) const {
  const size_t slash = path.find_last_of('/');
  const std::string parent = slash == std::string::npos ? "" : path.substr(0, slash);
  Place place{find(parent), slash == std::string::npos ? path : path.substr(slash + 1)};
  if (place.directory == nullptr) return Error::from_errno(ENOENT, "find " + path);
  if (!place.directory->is_directory) return Error::from_errno(ENOTDIR, "find " + path);
  return place;
}

Status FaultFileSystem::change_name(const std::string& path, NameChange change) {
  Result<Place> place = place_of(path);
  if (!place) return std::move(place).error();
  if (Status begun = begin(kName, "change name " + path); !begun) {
    // A cut in the middle of a change may leave it done; an error does not.
    if (!is_cut_) return begun;
    apply(change, place->directory->names);
    place->directory->changes.push_back(std::move(change));
    return begun;
  }
  apply(change, place->directory->names);
  place->directory->changes.push_back(std::move(change));
  return {};
}

Result<std::unique_ptr<io::File>> FaultFileSystem::open(const std::string& path,
                                                        io::OpenMode mode) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("open " + path);
  Result<Place> place = place_of(path);
  if (!place) return std::move(place).error();
  std::shared_ptr<Node> node = find(path);
  if (node == nullptr) {
    if (mode == io::OpenMode::kRead || mode == io::OpenMode::kReadWrite) {
      return Error::from_errno(ENOENT, "open " + path);
    }
    if (used_bytes() >= capacity_) return Error::from_errno(ENOSPC, "open " + path);
    node = std::make_shared<Node>();
    node->inode = inode_next_++;
    Status made = change_name(path, {NameChange::Kind::kLink, place->name, "", node});
    if (!made) return std::move(made).error();
  } else if (mode == io::OpenMode::kCreateExclusive) {
    return Error::from_errno(EEXIST, "open " + path);
  } else if (node->is_directory) {
    return Error::from_errno(EINVAL, "open " + path);
  }
  return std::unique_ptr<io::File>(std::make_unique<FaultFile>(*this, node, path));
}

Status FaultFileSystem::rename(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("rename " + from);
  if (find(from) == nullptr) return Error::from_errno(ENOENT, "rename " + from);
  Result<Place> old_place = place_of(from);
  Result<Place> new_place = place_of(to);
  if (!old_place || !new_place) return Error::from_errno(ENOENT, "rename " + from);
  if (old_place->directory != new_place->directory) return move(from, *old_place, *new_place);
  return change_name(from, {NameChange::Kind::kRename, old_place->name, new_place->name, nullptr});
}

/// After a cut it may be under both names, or under none, unless one of the two directories has
/// been synced since.
Status FaultFileSystem::move(const std::string& from, const Place& old_place,
                             const Place& new_place) {
  Status begun = begin(kName, "rename " + from);
  if (!begun && !is_cut_) return begun;
  const NameChange made{NameChange::Kind::kLink, new_place.name, "", find(from)};
  const NameChange gone{NameChange::Kind::kUnlink, old_place.name, "", nullptr};
  apply(made, new_place.directory->names);
  new_place.directory->changes.push_back(made);
  apply(gone, old_place.directory->names);
  old_place.directory->changes.push_back(gone);
  new_place.directory->joined.push_back(old_place.directory);
  old_place.directory->joined.push_back(new_place.directory);
  return begun;
}

Status FaultFileSystem::unlink(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("unlink " + path);
  if (find(path) == nullptr) return Error::from_errno(ENOENT, "unlink " + path);
  return change_name(path, {NameChange::Kind::kUnlink, place_of(path)->name, "", nullptr});
}

Status FaultFileSystem::make_directory(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("mkdir " + path);
  if (find(path) != nullptr) return Error::from_errno(EEXIST, "mkdir " + path);
  Result<Place> place = place_of(path);
  if (!place) return std::move(place).error();
  const auto node = std::make_shared<Node>();
  node->inode = inode_next_++;
  node->is_directory = true;
  return change_name(path, {NameChange::Kind::kLink, place->name, "", node});
}

Status FaultFileSystem::remove_directory(const std::string& path) {
  return unlink(path);
}

Result<std::vector<std::string>> FaultFileSystem::list(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("list " + path);
  const std::shared_ptr<Node> node = find(path);
  if (node == nullptr) return Error::from_errno(ENOENT, "list " + path);
  std::vector<std::string> names;
  for (const auto& [name, child] : node->names) names.push_back(name);
  return names;
}

Status FaultFileSystem::sync_directory(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (Status begun = begin(kSyncDirectory, "fsync " + path); !begun) return begun;
  const std::shared_ptr<Node> node = find(path);
  if (node == nullptr) return Error::from_errno(ENOENT, "fsync " + path);
  if (ignores_directory_syncs_) return {};
  node->make_names_durable();
  return {};
}

Result<io::FileStatus> FaultFileSystem::status(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  if (is_cut_) return no_power("stat " + path);
  const std::shared_ptr<Node> node = find(path);
  if (node == nullptr) return Error::from_errno(ENOENT, "stat " + path);
  return FaultFile::status_of(*node);
}

}  // namespace gasoline::test

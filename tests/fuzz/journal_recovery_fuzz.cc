#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "io/file_system.h"
#include "journal/inspect.h"
#include "journal/reader.h"
#include "journal/writer.h"

/// The input's first byte says how many segments there are; the rest is cut into that many files.
/// Whatever they hold: reading ends, gives rising sequences and the same twice; inspection agrees;
/// repair leaves nothing damaged and every record; and a writer can go on.
namespace {

using namespace gasoline;

void claim(bool is_true, const char* what) {
  if (is_true) return;
  std::fprintf(stderr, "journal_recovery_fuzz: %s\n", what);
  std::abort();
}

/// Files in memory, as simple as can be.
class MemoryFiles final : public io::FileSystem {
 public:
  struct Bytes {
    std::string text;
    uint64_t inode;
    bool is_locked = false;
  };

  class MemoryFile final : public io::File {
   public:
    explicit MemoryFile(std::shared_ptr<Bytes> bytes) : bytes_(std::move(bytes)) {}
    ~MemoryFile() override {
      if (has_lock_) bytes_->is_locked = false;
    }
    Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
      if (offset >= bytes_->text.size()) return size_t{0};
      return bytes_->text.copy(static_cast<char*>(to), size, offset);
    }
    Result<size_t> write_some_at(std::span<const std::string_view> parts,
                                 uint64_t offset) override {
      size_t sum = 0;
      for (const std::string_view part : parts) {
        if (bytes_->text.size() < offset + sum + part.size()) {
          bytes_->text.resize(offset + sum + part.size());
        }
        bytes_->text.replace(offset + sum, part.size(), part);
        sum += part.size();
      }
      return sum;
    }
    Status sync_data() override { return {}; }
    Status allocate(uint64_t, uint64_t) override { return {}; }
    Status truncate(uint64_t size) override {
      bytes_->text.resize(size);
      return {};
    }
    Result<io::FileStatus> status() override { return status_of(*bytes_); }
    Status try_lock() override {
      if (bytes_->is_locked) return Error::of(Error::kLocked, "lock", "in use");
      bytes_->is_locked = has_lock_ = true;
      return {};
    }

   private:
    const std::shared_ptr<Bytes> bytes_;
    bool has_lock_ = false;
  };

  static io::FileStatus status_of(const Bytes& bytes) {
    io::FileStatus status;
    status.kind = io::FileKind::kRegular;
    status.size_bytes = bytes.text.size();
    status.inode = bytes.inode;
    return status;
  }

  void put(const std::string& path, std::string text) {
    files_[path] = std::make_shared<Bytes>(Bytes{std::move(text), ++inodes_});
  }
  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override {
    const bool is_creating =
        mode == io::OpenMode::kCreateExclusive || mode == io::OpenMode::kCreateIfMissing;
    if (!files_.contains(path)) {
      if (!is_creating) return Error::from_errno(2, "open " + path);
      put(path, "");
    } else if (mode == io::OpenMode::kCreateExclusive) {
      return Error::from_errno(17, "open " + path);
    }
    return std::unique_ptr<io::File>(std::make_unique<MemoryFile>(files_[path]));
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (!files_.contains(from)) return Error::from_errno(2, "rename " + from);
    files_[to] = files_[from];
    files_.erase(from);
    return {};
  }
  Status unlink(const std::string& path) override {
    return files_.erase(path) == 1 ? Status{} : Error::from_errno(2, "unlink " + path);
  }
  Status make_directory(const std::string&) override { return Error::from_errno(17, "mkdir"); }
  Status remove_directory(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list(const std::string& path) override {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : files_) names.push_back(name.substr(path.size() + 1));
    return names;
  }
  Status sync_directory(const std::string&) override { return {}; }
  Result<io::FileStatus> status(const std::string& path) override {
    if (!files_.contains(path)) return Error::from_errno(2, "stat " + path);
    return status_of(*files_[path]);
  }

 private:
  std::map<std::string, std::shared_ptr<Bytes>> files_;
  uint64_t inodes_ = 0;
};

class NoClock final : public Clock {
 public:
  int64_t wall_us() const override { return 0; }
  int64_t monotonic_us() const override { return 0; }
};

std::map<uint64_t, std::string> read_all(MemoryFiles& files) {
  std::map<uint64_t, std::string> records;
  auto reader = journal::Reader::open(files, "/j");
  claim(reader.has_value(), "the reader does not open");
  uint64_t before = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    journal::ReadResult result = (*reader)->read_next();
    if (std::holds_alternative<journal::EndOfLog>(result)) return records;
    claim(!std::holds_alternative<Error>(result), "an error where none can be");
    if (const auto* record = std::get_if<journal::Record>(&result)) {
      claim(record->sequence > before, "sequences do not rise");
      before = record->sequence;
      records.emplace(record->sequence, record->payload);
    }
  }
  claim(false, "reading does not end");
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size < 1 || size > 1 << 20) return 0;
  const size_t segments = 1 + bytes[0] % 3;
  const std::string text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  MemoryFiles files;
  for (size_t i = 0; i < segments; ++i) {
    const size_t part = text.size() / segments;
    const uint64_t first = 1 + i * (1 + bytes[0] / 3);
    files.put("/j/" + journal::segment_file_name(first), text.substr(i * part, part));
  }
  const auto records = read_all(files);
  claim(read_all(files) == records, "reading twice gives two things");
  const auto report = journal::inspect(files, "/j");
  claim(report.has_value(), "inspection fails");
  const auto repaired = journal::repair(files, "/j");
  claim(repaired.has_value(), "repair fails");
  claim(!repaired->after.is_damaged(), "repair leaves damage");
  claim(repaired->after.records >= records.size(), "repair loses records");
  NoClock clock;
  SeededRandom random(size);
  auto writer = journal::Writer::open(files, "/j", {}, clock, random);
  claim(writer.has_value(), "the writer does not open");
  const auto sequence = (*writer)->append("after");
  claim(sequence.has_value(), "append fails");
  const auto after = read_all(files);
  claim(!after.empty() && after.rbegin()->first == *sequence, "the new record is not the last");
  claim(after.rbegin()->second == "after", "the new record has other bytes");
  return 0;
}

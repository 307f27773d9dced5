#include "io/real_file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "support/temporary_directory.h"

namespace gasoline::io {
namespace {

using test::TemporaryDirectory;

std::string contents(File& file) {
  std::string bytes(100'000, '\0');
  bytes.resize(file.read_at(bytes.data(), bytes.size(), 0).value());
  return bytes;
}

/// Takes and gives at most `limit` bytes a call, as the kernel may.
class ShortFile final : public File {
 public:
  explicit ShortFile(size_t limit) : limit_(limit) {}
  Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
    const std::string part =
        bytes.size() > offset ? bytes.substr(offset, std::min(size, limit_)) : "";
    part.copy(static_cast<char*>(to), part.size());
    return part.size();
  }
  Result<size_t> write_some_at(std::span<const std::string_view> parts, uint64_t offset) override {
    std::string all;
    for (const std::string_view part : parts) all += part;
    all.resize(std::min(all.size(), limit_));
    bytes.resize(std::max(bytes.size(), offset + all.size()));
    bytes.replace(offset, all.size(), all);
    return all.size();
  }
  Status sync_data() override { return {}; }
  Status allocate(uint64_t, uint64_t) override { return {}; }
  Status truncate(uint64_t) override { return {}; }
  Result<FileStatus> status() override { return FileStatus{}; }
  Status try_lock() override { return {}; }

  std::string bytes;

 private:
  size_t limit_;
};

}  // namespace

TEST_CASE("short reads and writes are carried on until all is done") {
  const std::string_view parts[] = {"abc", "", "defgh", "i", ""};
  for (size_t limit = 1; limit < 12; ++limit) {
    ShortFile file(limit);
    REQUIRE(file.write_at(parts, 2));
    REQUIRE(file.bytes.substr(2) == "abcdefghi");
    char back[9];
    REQUIRE(file.read_at(back, sizeof back, 2).value() == 9);
    REQUIRE(std::string_view(back, 9) == "abcdefghi");
    REQUIRE(file.read_at(back, sizeof back, 8).value() == 3);
  }
  for (size_t limit = 1; limit < 5; ++limit) {
    ShortFile file(limit);
    REQUIRE(file.write_durably_at("abcd", 1));
    REQUIRE(file.bytes.substr(1) == "abcd");
  }
  ShortFile stuck(0);
  REQUIRE(stuck.write_at("x", 0).error().code == EIO);
  REQUIRE(stuck.write_durably_at("x", 0).error().code == EIO);
}

TEST_CASE("a file is written in parts, read, cut and reserved") {
  TemporaryDirectory at;
  RealFileSystem files;
  auto file = files.open(at / "f", OpenMode::kCreateExclusive).value();
  const std::string_view parts[] = {"head ", "body ", "tail"};
  REQUIRE(file->write_at(parts, 0));
  REQUIRE(contents(*file) == "head body tail");
  REQUIRE(file->sync_data());
  REQUIRE(file->truncate(4));
  REQUIRE(contents(*file) == "head");
  REQUIRE(file->allocate(0, 100'000));
  REQUIRE(file->status().value().size_bytes == 100'000);
  REQUIRE(file->status().value().allocated_bytes >= 100'000);
  REQUIRE(files.open(at / "f", OpenMode::kCreateExclusive).error().code == EEXIST);
  REQUIRE(files.status(at / "f").value().inode == file->status().value().inode);
}

TEST_CASE("parts of any sizes come to lie one behind the other") {
  TemporaryDirectory at;
  RealFileSystem files;
  auto file = files.open(at / "f", OpenMode::kCreateExclusive).value();
  std::string expected;
  for (const size_t size : {0u, 1u, 1000u, 1022u, 1023u, 1024u, 1025u, 5000u}) {
    const std::string large(size, static_cast<char>('a' + size % 26));
    const std::string_view parts[] = {"h", large, ""};
    REQUIRE(file->write_at(parts, expected.size()));
    expected += "h" + large;
    REQUIRE(contents(*file) == expected);
  }
  REQUIRE(file->write_durably_at("durable", 3));
  REQUIRE(contents(*file) == expected.replace(3, 7, "durable"));
}

TEST_CASE("files are made for their owner only") {
  TemporaryDirectory at;
  RealFileSystem files;
  REQUIRE(make_directories(files, at / "a/b/c"));
  REQUIRE(make_directories(files, at / "a/b/c"));
  auto file = files.open(at / "a/b/c/f", OpenMode::kCreateIfMissing);
  REQUIRE(file);
  struct stat found;
  REQUIRE(::stat((at / "a/b").c_str(), &found) == 0);
  REQUIRE((found.st_mode & 0777) == 0700);
  REQUIRE(::stat((at / "a/b/c/f").c_str(), &found) == 0);
  REQUIRE((found.st_mode & 0777) == 0600);
  REQUIRE(files.list(at / "a/b/c").value() == std::vector<std::string>{"f"});
  REQUIRE(files.sync_directory(at / "a/b/c"));
}

TEST_CASE("symbolic links, directories and fifos are not opened as files") {
  TemporaryDirectory at;
  RealFileSystem files;
  REQUIRE(files.open(at / "target", OpenMode::kCreateExclusive));
  REQUIRE(::symlink((at / "target").c_str(), (at / "link").c_str()) == 0);
  REQUIRE(files.open(at / "link", OpenMode::kRead).error().code == ELOOP);
  REQUIRE(files.open(at / "link", OpenMode::kCreateIfMissing).error().code == ELOOP);
  REQUIRE(files.status(at / "link").value().kind == FileKind::kSymbolicLink);
  REQUIRE(::mkfifo((at / "fifo").c_str(), 0600) == 0);
  REQUIRE(files.open(at / "fifo", OpenMode::kReadWrite).error().code == EINVAL);
  REQUIRE(files.make_directory(at / "d"));
  REQUIRE(files.open(at / "d", OpenMode::kRead).error().code == EINVAL);
}

TEST_CASE("a lock is held until its file is closed") {
  TemporaryDirectory at;
  RealFileSystem files;
  auto first = files.open(at / "lock", OpenMode::kCreateIfMissing).value();
  auto second = files.open(at / "lock", OpenMode::kCreateIfMissing).value();
  REQUIRE(first->try_lock());
  REQUIRE(second->try_lock().error().code == Error::kLocked);
  first.reset();
  REQUIRE(second->try_lock());
}

TEST_CASE("errors carry the errno and name the path") {
  TemporaryDirectory at;
  RealFileSystem files;
  const auto missing = files.open(at / "none", OpenMode::kRead);
  REQUIRE(missing.error().code == ENOENT);
  REQUIRE(missing.error().to_string() == "open " + (at / "none") + ": No such file or directory");
  REQUIRE(files.list(at / "none").error().code == ENOENT);
  REQUIRE(files.unlink(at / "none").error().code == ENOENT);
  REQUIRE(files.rename(at / "none", at / "other").error().code == ENOENT);
}

}  // namespace gasoline::io

#include "io/sync_later.h"

#include <catch2/catch.hpp>
#include <cerrno>

#include "support/fault_file_system.h"

namespace gasoline::io {
namespace {

using test::FaultFileSystem;

/// Makes a file in a directory as a careful program does: each call followed by its sync.
Status make_carefully(FileSystem& files, const std::string& directory, const std::string& text) {
  if (Status made = make_directories(files, directory); !made) return made;
  auto file = files.open(directory + "/new", OpenMode::kCreateIfMissing);
  if (!file) return file.error();
  if (Status written = file.value()->write_at(text, 0); !written) return written;
  if (Status synced = file.value()->sync_data(); !synced) return synced;
  if (Status named = files.rename(directory + "/new", directory + "/name"); !named) return named;
  return files.sync_directory(directory);
}

std::string read(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::kRead);
  if (!file) return "(none)";
  std::string text(100, '\0');
  auto size = file.value()->read_at(text.data(), text.size(), 0);
  text.resize(size ? *size : 0);
  return text;
}

TEST_CASE("while noting nothing waits for the disk; the next sync does it all") {
  FaultFileSystem disk(7);
  SyncLaterFileSystem files(disk);
  files.set_noting(true);
  constexpr unsigned kSyncs = FaultFileSystem::kSync | FaultFileSystem::kSyncDirectory;
  disk.fail(kSyncs, EIO, 1, 1000);
  REQUIRE(make_carefully(files, "/a/b", "text"));
  CHECK(disk.failures() == 0);
  disk.fail(kSyncs, EIO, 1, 0);
  files.set_noting(false);
  REQUIRE(files.sync_directory("/"));
  disk.return_power();
  CHECK(read(disk, "/a/b/name") == "text");
}

TEST_CASE("a durable write waits while noting, and otherwise leaves the rest of its file alone") {
  FaultFileSystem disk(8);
  SyncLaterFileSystem files(disk);
  auto file = files.open("/name", OpenMode::kCreateIfMissing);
  REQUIRE(file);
  REQUIRE(files.sync_directory("/"));
  files.set_noting(true);
  disk.fail(FaultFileSystem::kSync, EIO, 1, 1000);
  REQUIRE((*file)->write_durably_at("noted", 0));
  CHECK(disk.failures() == 0);
  disk.fail(FaultFileSystem::kSync, EIO, 1, 0);
  files.set_noting(false);
  REQUIRE((*file)->write_durably_at("durable", 10));
  disk.return_power();
  CHECK(read(disk, "/name") == std::string("noted\0\0\0\0\0durable", 17));
}

TEST_CASE("a power cut at any operation up to a later sync leaves all or a missing beginning") {
  for (uint64_t cut_at = 1;; ++cut_at) {
    FaultFileSystem disk(cut_at);
    SyncLaterFileSystem files(disk);
    disk.cut_power_at(cut_at);
    files.set_noting(true);
    const bool is_made = make_carefully(files, "/a/b", "text").has_value();
    files.set_noting(false);
    const bool is_synced = is_made && files.sync_directory("/a").has_value();
    const bool is_done = !disk.is_power_cut();
    disk.return_power();
    INFO("power cut at operation " << cut_at);
    if (is_synced) REQUIRE(read(disk, "/a/b/name") == "text");
    if (is_done) break;
  }
}

TEST_CASE("a sync that was put off and fails is told, and not tried on the same file again") {
  FaultFileSystem disk(7);
  SyncLaterFileSystem files(disk);
  files.set_noting(true);
  auto file = files.open("/name", OpenMode::kCreateExclusive);
  REQUIRE(file);
  REQUIRE(file.value()->write_at("text", 0));
  REQUIRE(file.value()->sync_data());
  files.set_noting(false);
  disk.fail(FaultFileSystem::kSync, EIO, 1, 1);
  CHECK_FALSE(files.sync_directory("/"));
  CHECK(disk.failures() == 1);
  CHECK(files.sync_directory("/"));
}

TEST_CASE("a directory that is gone when its sync is due needs none") {
  FaultFileSystem disk(7);
  SyncLaterFileSystem files(disk);
  files.set_noting(true);
  REQUIRE(files.make_directory("/gone"));
  REQUIRE(files.sync_directory("/gone"));
  REQUIRE(files.remove_directory("/gone"));
  files.set_noting(false);
  CHECK(files.sync_directory("/"));
}

TEST_CASE("no more than a bounded number of syncs is put off") {
  FaultFileSystem disk(7);
  SyncLaterFileSystem files(disk);
  files.set_noting(true);
  const uint64_t before = disk.operations();
  for (size_t i = 0; i < SyncLaterFileSystem::kNotedMax; ++i) REQUIRE(files.sync_directory("/"));
  CHECK(disk.operations() == before);
  REQUIRE(files.sync_directory("/"));
  CHECK(disk.operations() == before + SyncLaterFileSystem::kNotedMax + 1);
}

}  // namespace
}  // namespace gasoline::io

#include "source/file/checkpoint.h"

#include <catch2/catch.hpp>

#include <cerrno>

#include "support/fault_file_system.h"

namespace gasoline::source {
namespace {

Checkpoint example(uint64_t offset) {
  Checkpoint checkpoint;
  checkpoint.machine = "machine";
  checkpoint.saved_us = 1'700'000'000'000'000;
  checkpoint.patterns = {"/var/log/*.log"};
  Checkpoint::Entry entry;
  entry.id = "file-1-0";
  entry.path = "/var/log/\xff\n.log";
  entry.state = Generation::State::kRotated;
  entry.inode = 7;
  entry.birth_us = 5;
  entry.head = Head::of("the first line\n");
  entry.samples.note(0, std::string(300, 'x'));
  entry.tail = "line\n";
  entry.read_offset = offset;
  entry.taken_offset = offset - 5;
  entry.looked_us = 9;
  checkpoint.generations = {entry};
  return checkpoint;
}

TEST_CASE("a checkpoint comes back as it was") {
  const Checkpoint checkpoint = example(5'000'000'000);
  const auto back = decode_checkpoint(encode(checkpoint));
  REQUIRE(back.has_value());
  CHECK(encode(*back) == encode(checkpoint));
  CHECK(back->generations[0].path == checkpoint.generations[0].path);
  CHECK(back->generations[0].read_offset == 5'000'000'000);
  CHECK(back->generations[0].samples.checksums.size() == 3);
}

TEST_CASE("any byte that is changed or missing is noticed") {
  const std::string bytes = encode(example(100));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(decode_checkpoint(damaged).has_value());
    CHECK_FALSE(decode_checkpoint(bytes.substr(0, i)).has_value());
  }
}

TEST_CASE("after a power cut at any moment the checkpoint is the old one or the new one") {
  for (uint64_t operation = 1;; ++operation) {
    test::FaultFileSystem files(operation);
    REQUIRE(files.make_directory("/state").has_value());
    REQUIRE(files.sync_directory("/").has_value());
    CheckpointFile file(files, "/state/sources", "app");
    REQUIRE(file.save(example(100)).has_value());
    files.cut_power_at(files.operations() + operation);
    const bool is_saved = file.save(example(200)).has_value();
    const bool was_cut = files.is_power_cut();
    files.return_power();
    const auto loaded = CheckpointFile(files, "/state/sources", "app").load();
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->has_value());
    const uint64_t offset = (*loaded)->generations[0].read_offset;
    CHECK((offset == 200 || (offset == 100 && !is_saved)));
    if (!was_cut) break;
  }
}

TEST_CASE("a checkpoint that cannot be written leaves the old one") {
  test::FaultFileSystem files(1);
  REQUIRE(files.make_directory("/state").has_value());
  CheckpointFile file(files, "/state/sources", "app");
  REQUIRE(file.load().has_value());
  CHECK_FALSE(file.load()->has_value());
  REQUIRE(file.save(example(100)).has_value());
  files.fail(test::FaultFileSystem::kWrite, ENOSPC, files.operations() + 1, 100);
  CHECK_FALSE(file.save(example(200)).has_value());
  CHECK((*file.load())->generations[0].read_offset == 100);
}

}  // namespace
}  // namespace gasoline::source

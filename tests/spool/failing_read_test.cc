#include <catch2/catch.hpp>
#include <cerrno>

#include "spool/spool_fixture.h"

namespace gasoline::spool {
namespace {

/// The real file system, whose reads fail from the one numbered `fail_at` on, `times` times.
class FailingReads final : public io::FileSystem {
 public:
  uint64_t reads = 0;
  uint64_t fail_at = UINT64_MAX;
  uint64_t times = 0;

  Result<std::unique_ptr<io::File>> open(const std::string& path, io::OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override {
    return real_.rename(from, to);
  }
  Status unlink(const std::string& path) override { return real_.unlink(path); }
  Status make_directory(const std::string& path) override { return real_.make_directory(path); }
  Status remove_directory(const std::string& path) override { return real_.remove_directory(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return real_.list(path);
  }
  Status sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  Result<io::FileStatus> status(const std::string& path) override { return real_.status(path); }

 private:
  io::RealFileSystem real_;
};

class FailingFile final : public io::File {
 public:
  FailingFile(std::unique_ptr<io::File> real, FailingReads& owner)
      : real_(std::move(real)), owner_(owner) {}

  Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
    const uint64_t number = ++owner_.reads;
    if (number >= owner_.fail_at && number - owner_.fail_at < owner_.times) {
      return Error::from_errno(EIO, "read");
    }
    return real_->read_some_at(to, size, offset);
  }
  Result<size_t> write_some_at(std::span<const std::string_view> parts, uint64_t offset) override {
    return real_->write_some_at(parts, offset);
  }
  Status sync_data() override { return real_->sync_data(); }
  Status allocate(uint64_t offset, uint64_t size) override { return real_->allocate(offset, size); }
  Status truncate(uint64_t size) override { return real_->truncate(size); }
  Result<io::FileStatus> status() override { return real_->status(); }
  Status try_lock() override { return real_->try_lock(); }

 private:
  std::unique_ptr<io::File> real_;
  FailingReads& owner_;
};

Result<std::unique_ptr<io::File>> FailingReads::open(const std::string& path, io::OpenMode mode) {
  auto file = real_.open(path, mode);
  if (!file) return file.error();
  return std::unique_ptr<io::File>(std::make_unique<FailingFile>(std::move(*file), *this));
}

TEST_CASE("whichever read fails, every event comes once, in order") {
  test::TestSpool spool(64 << 10);
  constexpr int64_t kTime = 1'763'700'000'000'000;
  for (int i = 0; i < 60; ++i) {
    const std::vector<std::string> lines(20, std::string(300, 'x') + "\n");
    spool.add_lines(Stream::kStdout, lines, kTime + i * 100);
  }
  uint64_t failing_rounds = 0;
  for (uint64_t fail_at = 1;; ++fail_at) {
    FailingReads files;
    const auto reader = spool.open_reader(&files);
    files.reads = 0;
    files.fail_at = fail_at;
    files.times = 2;
    std::vector<test::SeenEvent> seen;
    SpoolBatch batch;
    uint64_t errors = 0;
    for (;;) {
      const SpoolPosition before = reader->position();
      if (!reader->next_batch({}, batch)) {
        ++errors;
        REQUIRE(errors < 100);
        REQUIRE(reader->position().record == before.record);
        REQUIRE(reader->position().event_index == before.event_index);
        continue;
      }
      if (batch.events == 0) break;
      for (test::SeenEvent& event : test::events_of(batch)) seen.push_back(std::move(event));
    }
    INFO("failing from read " << fail_at);
    test::require_same(seen, spool.expected());
    if (errors == 0 && files.reads < fail_at) break;
    ++failing_rounds;
  }
  CHECK(failing_rounds > 5);
}

}  // namespace
}  // namespace gasoline::spool

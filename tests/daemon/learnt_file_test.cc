#include "daemon/learnt_file.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>

#include "daemon/daemon_rig.h"
#include "io/real_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::daemon {
namespace {

std::string bytes_of(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

TEST_CASE("what was learnt is there again, and no file is nothing to speak of") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::RecordingLog diary;
  const std::string path = directory / "learnt";
  CHECK(load_learnt(files, path, diary).empty());
  save_learnt(files, path, "a long text\nof lines\n", diary);
  CHECK(load_learnt(files, path, diary) == "a long text\nof lines\n");
  save_learnt(files, path, "short\n", diary);
  CHECK(load_learnt(files, path, diary) == "short\n");
  CHECK(diary.count_of("learnt") == 0);
}

TEST_CASE("a file of what was learnt counts as none wherever a byte is missing or changed") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::RecordingLog diary;
  const std::string path = directory / "learnt";
  save_learnt(files, path, "columns 1\n7 8 9 9 9\n", diary);
  const std::string whole = bytes_of(path);
  size_t damaged = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    for (const std::string& bytes : {whole.substr(0, at), changed}) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
      INFO(bytes);
      CHECK(load_learnt(files, path, diary).empty());
      ++damaged;
    }
  }
  CHECK(diary.count_of("learnt again") == damaged);
}

TEST_CASE("a directory that takes no file is reported, and nothing else") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::RecordingLog diary;
  save_learnt(files, directory / "missing/learnt", "x\n", diary);
  CHECK(diary.count_of("keep what was learnt") == 1);
}

}  // namespace
}  // namespace gasoline::daemon

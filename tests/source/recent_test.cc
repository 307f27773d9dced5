#include "source/file/recent.h"

#include <catch2/catch.hpp>

#include <array>
#include <ctime>
#include <fstream>
#include <vector>

#include "support/temporary_directory.h"

namespace gasoline::source {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kNowUs = 1'795'228'626 * kSecondUs;

std::string stamp(int64_t us) {
  const std::time_t seconds = us / kSecondUs;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

uint64_t found(const std::string& text, int64_t since_us) {
  test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/app.log";
  std::ofstream(path, std::ios::binary) << text;
  auto content = open_content(path);
  return find_recent(**content, text.size(), since_us, kNowUs);
}

TEST_CASE("the first line of the wanted time is found, wherever it is") {
  for (const char* before : {"", "[", "{\"time\":\"", "INFO "}) {
    std::string text;
    std::vector<uint64_t> begins;
    constexpr int kLines = 2'000;
    for (int i = 0; i < kLines; ++i) {
      begins.push_back(text.size());
      text += before + stamp(kNowUs - (kLines - i) * kSecondUs) + " message\n";
      for (int j = 0; j < i % 5; ++j) text += "    at a line of a stack trace\n";
    }
    for (const int i : {0, 1, 700, kLines - 1}) {
      CHECK(found(text, kNowUs - (kLines - i) * kSecondUs) == begins[static_cast<size_t>(i)]);
    }
    CHECK(found(text, kNowUs) == text.size());
    CHECK(found(text, 0) == 0);
  }
}

TEST_CASE("without times a small file is read whole and a large one from its end") {
  CHECK(found("no time\nat all\n", kNowUs) == 0);
  const std::string large(2 << 20, 'x');
  CHECK(found(large, kNowUs) == large.size());
  CHECK(found("", kNowUs) == 0);
}

}  // namespace
}  // namespace gasoline::source

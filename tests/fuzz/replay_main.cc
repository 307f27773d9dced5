// Runs a fuzz target without a fuzzer: over every seed, and over prefixes, bit flips, cuts and
// splices of the seeds. The same seed gives the same inputs.
//
//   NAME_fuzz CORPUS_DIR_OR_FILE...
//
// GASOLINE_FUZZ_SEED=n        other mutations (default 1)
// GASOLINE_FUZZ_MUTATIONS=n   so many for each seed file (default 400)
//
// An input that kills the program is left in ./fuzz-crash-<pid>.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

using gasoline::SeededRandom;

constexpr size_t kInputBytesMax = 1024 * 1024;

const std::string* running_input = nullptr;

void keep_running_input() {
  if (running_input == nullptr) return;
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "fuzz-crash-%d", static_cast<int>(getpid()));
  const int fd = open(name.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  static_cast<void>(!write(fd, running_input->data(), running_input->size()));
  close(fd);
  std::fprintf(stderr, "the input that did it: ./%s\n", name.data());
}

void on_deadly_signal(int number) {
  keep_running_input();
  signal(number, SIG_DFL);
  raise(number);
}

/// A heap copy of exactly the input's size, so that a sanitizer sees a read past its end. As
/// libFuzzer's, it has an address even where it is empty.
void run(const std::string& input) {
  running_input = &input;
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[input.size()]);
  std::copy(input.begin(), input.end(), exact.get());
  LLVMFuzzerTestOneInput(exact.get(), input.size());
  running_input = nullptr;
}

size_t below(SeededRandom& random, size_t bound) {
  return bound == 0 ? 0 : static_cast<size_t>(random.next_u64() % bound);
}

std::string mutate(const std::string& from, const std::vector<std::string>& seeds,
                   SeededRandom& random) {
  std::string input = from;
  switch (below(random, 5)) {
    case 0:
      input.resize(below(random, input.size() + 1));
      break;
    case 1:
      for (size_t flips = 1 + below(random, 8); flips > 0 && !input.empty(); --flips) {
        char& byte = input[below(random, input.size())];
        byte = static_cast<char>(byte ^ (1 << below(random, 8)));
      }
      break;
    case 2: {
      const std::string& other = seeds[below(random, seeds.size())];
      input.resize(below(random, input.size() + 1));
      input += other.substr(below(random, other.size() + 1));
      break;
    }
    case 3: {
      const size_t begin = below(random, input.size() + 1);
      const std::string piece = input.substr(begin, below(random, 64));
      // Either gone or twice.
      if (below(random, 2) == 0) {
        input.erase(begin, piece.size());
      } else {
        input.insert(begin, piece);
      }
      break;
    }
    default: {
      const size_t begin = below(random, input.size() + 1);
      for (size_t i = 0, count = 1 + below(random, 16); i < count; ++i) {
        const char byte = static_cast<char>(random.next_u64());
        if (begin + i < input.size()) {
          input[begin + i] = byte;
        } else {
          input += byte;
        }
      }
    }
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
  return input;
}

std::vector<std::string> read_seeds(int count, char** paths) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i) {
    if (!std::filesystem::is_directory(paths[i])) {
      files.emplace_back(paths[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(paths[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> seeds;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return seeds;
}

size_t number_from_environment(const char* name, size_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    signal(number, &on_deadly_signal);
  }
  if (__sanitizer_set_death_callback != nullptr)
    __sanitizer_set_death_callback(&keep_running_input);
  if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
  const std::vector<std::string> seeds = read_seeds(argc, argv);
  if (seeds.empty()) {
    std::fprintf(stderr, "no seeds: give a directory of inputs\n");
    return 1;
  }
  const size_t seed = number_from_environment("GASOLINE_FUZZ_SEED", 1);
  const size_t mutations = number_from_environment("GASOLINE_FUZZ_MUTATIONS", 400);
  SeededRandom random(seed);
  run({});
  for (const std::string& input : seeds) {
    run(input);
    for (size_t i = 0; i < mutations; ++i) run(mutate(input, seeds, random));
  }
  std::printf("%zu seeds, %zu mutations each, seed %zu: no complaint\n", seeds.size(), mutations,
              seed);
  return 0;
}

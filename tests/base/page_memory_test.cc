#include "base/page_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>

namespace gasoline {
namespace {

bool is_mapped(const void* at) {
  unsigned char residence = 0;
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<uintptr_t>(at) / page * page;
  return ::mincore(reinterpret_cast<void*>(address), page, &residence) == 0 || errno != ENOMEM;
}

TEST_CASE("the memory is clear, and goes back to the kernel") {
  const char* at = nullptr;
  {
    const PageMemory memory(1 << 20);
    at = memory.get();
    REQUIRE(memory.size() == 1 << 20);
    CHECK(std::all_of(at, at + memory.size(), [](char byte) { return byte == 0; }));
    std::fill_n(memory.get(), memory.size(), 'x');
    CHECK(is_mapped(at));
  }
  CHECK_FALSE(is_mapped(at));
}

TEST_CASE("memory that is moved belongs to one owner") {
  PageMemory first(4096);
  char* const at = first.get();
  PageMemory second(std::move(first));
  CHECK(first.get() == nullptr);
  CHECK(second.get() == at);
  PageMemory third;
  third = std::move(second);
  CHECK(third.get() == at);
  CHECK(third.size() == 4096);
}

}  // namespace
}  // namespace gasoline

#pragma once

#include <cstddef>

namespace gasoline::test {

/// How often this thread has called operator new since it began. A program that links
/// counting_new.cc replaces the global operators, so that "allocates nothing" can be tested.
size_t allocations() noexcept;

}  // namespace gasoline::test

#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace gasoline {

void assertion_failed(const char* claim, const char* file, int line) noexcept {
  std::fprintf(stderr, "gasoline: assertion failed: %s (%s:%d)\n", claim, file, line);
  std::abort();
}

}  // namespace gasoline

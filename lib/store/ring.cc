#include "store/ring.h"

namespace gasoline::store {

void Rate::advance(int64_t now_us) {
  const int64_t window = now_us / kWindowUs;
  if (window <= window_) return;
  before_ = window == window_ + 1 ? now_ : 0;
  now_ = 0;
  window_ = window;
}

double Rate::per_second(int64_t now_us) const {
  Rate later = *this;
  later.advance(now_us);
  return static_cast<double>(later.before_) * 1e6 / kWindowUs;
}

}  // namespace gasoline::store

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <utility>

namespace gasoline::source {

/// Tells files apart: inode, and when it was made or else written.
using FileKey = std::pair<uint64_t, int64_t>;

/// Copies of one file that need not be looked into again. The one that came first is forgotten when
/// there are too many: it is looked into again, if it is still there.
class KnownCopies {
 public:
  /// More than the siblings of a file that are looked at.
  static constexpr size_t kCopiesMax = 4096;

  void add(FileKey key) {
    if (!keys_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() <= kCopiesMax) return;
    keys_.erase(order_.front());
    order_.pop_front();
  }
  bool contains(FileKey key) const { return keys_.contains(key); }
  size_t size() const { return keys_.size(); }
  void clear() {
    keys_.clear();
    order_ = {};
  }

 private:
  std::set<FileKey> keys_;
  std::deque<FileKey> order_;
};

}  // namespace gasoline::source

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace gasoline::understand {

/// State per source, for at least `sources_max` / 2 and at most `sources_max` sources: those used
/// least recently are forgotten. Two generations: once the young one has half of the bound, it
/// becomes the old one, and what is not asked for until the next turn is gone. A warm table
/// allocates only for sources that it does not know.
template <typename State>
class SourceTable {
 public:
  explicit SourceTable(size_t sources_max) : generation_max_(sources_max / 2) {}

  /// The state of a source, made if there is none. Good until the next call.
  State& of(uint64_t source) {
    if (last_ != nullptr && source == last_source_) return *last_;
    last_source_ = source;
    last_ = &find_or_add(source);
    return *last_;
  }
  void clear() {
    young_.clear();
    old_.clear();
    last_ = nullptr;
  }
  /// Calls `take(source, state)` for all of them: those used longest ago first.
  template <typename Take>
  void for_each(Take take) const {
    for (const auto* generation : {&old_, &young_}) {
      for (const auto& [source, state] : *generation) take(source, state);
    }
  }
  size_t size() const { return young_.size() + old_.size(); }

 private:
  State& find_or_add(uint64_t source) {
    const auto young = young_.find(source);
    if (young != young_.end()) return young->second;
    if (young_.size() >= generation_max_) {
      old_ = std::move(young_);
      young_.clear();
    }
    auto node = old_.extract(source);
    if (!node.empty()) return young_.insert(std::move(node)).position->second;
    return young_[source];
  }

  const size_t generation_max_;
  std::unordered_map<uint64_t, State> young_;
  std::unordered_map<uint64_t, State> old_;
  uint64_t last_source_ = 0;
  State* last_ = nullptr;
};

}  // namespace gasoline::understand

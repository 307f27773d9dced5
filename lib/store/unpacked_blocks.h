#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "store/block.h"
#include "store/block_packer.h"

namespace gasoline::store {

/// A block's events as they were when it was packed. Never changes.
struct UnpackedBlock {
  Block block;
  std::unique_ptr<char[]> memory;
};

/// The packed blocks that were read last, unpacked: a query comes back to its blocks several times.
/// Bounded in bytes, the longest unread goes first; a reader keeps what it holds. Thread-safe;
/// unpacks on the caller's thread, without a lock.
class UnpackedBlocks {
 public:
  struct Stats {
    uint64_t bytes = 0;
    uint64_t hits = 0;
    uint64_t misses = 0;  ///< each an unpacking
  };

  explicit UnpackedBlocks(size_t bytes_max) : bytes_max_(bytes_max) {}

  /// The events of `block`, which the caller has pinned, whose packed form is `packed` and is told
  /// from every other by `serial`.
  std::shared_ptr<const UnpackedBlock> get(const Block& block, const Cells& packed,
                                           uint64_t serial);
  Stats stats() const;

  /// An unpacker of its own for the caller, while it lives.
  class Loan {
   public:
    explicit Loan(UnpackedBlocks& owner) : owner_(owner), unpacker_(owner.take_unpacker()) {}
    ~Loan() { owner_.give_back(std::move(unpacker_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    BlockUnpacker& operator*() const { return *unpacker_; }
    BlockUnpacker* operator->() const { return unpacker_.get(); }

   private:
    UnpackedBlocks& owner_;
    std::unique_ptr<BlockUnpacker> unpacker_;
  };

 private:
  struct Kept {
    uint64_t serial;
    std::shared_ptr<const UnpackedBlock> unpacked;
  };
  static constexpr size_t kUnpackersMax = 4;  // kept; more threads at once make their own

  std::shared_ptr<const UnpackedBlock> find(uint64_t serial);
  void keep(uint64_t serial, std::shared_ptr<const UnpackedBlock> unpacked);
  std::unique_ptr<BlockUnpacker> take_unpacker();
  void give_back(std::unique_ptr<BlockUnpacker> unpacker);

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::list<Kept> by_age_;  // read last in front
  std::unordered_map<uint64_t, std::list<Kept>::iterator> by_serial_;
  std::vector<std::unique_ptr<BlockUnpacker>> unpackers_;
  Stats stats_;
};

}  // namespace gasoline::store

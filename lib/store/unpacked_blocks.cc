#include "store/unpacked_blocks.h"

#include <utility>

namespace gasoline::store {
namespace {

size_t bytes_of(const UnpackedBlock& unpacked) {
  return unpacked.block.size + sizeof(UnpackedBlock);
}

}  // namespace

std::shared_ptr<const UnpackedBlock> UnpackedBlocks::get(const Block& block, const Cells& packed,
                                                         uint64_t serial) {
  if (auto known = find(serial)) return known;
  auto unpacked = std::make_shared<UnpackedBlock>();
  Block& copy = unpacked->block;
  copy.size = (block.used_bytes() + uint32_t{alignof(Entry) - 1}) & ~uint32_t{alignof(Entry) - 1};
  unpacked->memory = std::make_unique_for_overwrite<char[]>(copy.size);
  copy.memory = unpacked->memory.get();
  copy.first_arrival = block.first_arrival;
  copy.identity = block.identity;
  Loan(*this)->unpack(packed, block.published(), copy);
  keep(serial, unpacked);
  return unpacked;
}

std::shared_ptr<const UnpackedBlock> UnpackedBlocks::find(uint64_t serial) {
  const std::lock_guard lock(mutex_);
  const auto found = by_serial_.find(serial);
  if (found == by_serial_.end()) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  by_age_.splice(by_age_.begin(), by_age_, found->second);
  return found->second->unpacked;
}

void UnpackedBlocks::keep(uint64_t serial, std::shared_ptr<const UnpackedBlock> unpacked) {
  const size_t bytes = bytes_of(*unpacked);
  if (bytes > bytes_max_) return;
  std::vector<std::shared_ptr<const UnpackedBlock>> dropped;  // freed behind the lock
  const std::lock_guard lock(mutex_);
  if (by_serial_.contains(serial)) return;
  by_age_.push_front({serial, std::move(unpacked)});
  by_serial_.emplace(serial, by_age_.begin());
  stats_.bytes += bytes;
  while (stats_.bytes > bytes_max_) {
    Kept& oldest = by_age_.back();
    stats_.bytes -= bytes_of(*oldest.unpacked);
    dropped.push_back(std::move(oldest.unpacked));
    by_serial_.erase(oldest.serial);
    by_age_.pop_back();
  }
}

std::unique_ptr<BlockUnpacker> UnpackedBlocks::take_unpacker() {
  {
    const std::lock_guard lock(mutex_);
    if (!unpackers_.empty()) {
      auto unpacker = std::move(unpackers_.back());
      unpackers_.pop_back();
      return unpacker;
    }
  }
  return std::make_unique<BlockUnpacker>();
}

void UnpackedBlocks::give_back(std::unique_ptr<BlockUnpacker> unpacker) {
  const std::lock_guard lock(mutex_);
  if (unpackers_.size() < kUnpackersMax) unpackers_.push_back(std::move(unpacker));
}

UnpackedBlocks::Stats UnpackedBlocks::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace gasoline::store

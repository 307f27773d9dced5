#include <chrono>

#include "store/shelf.h"

namespace gasoline::store {
namespace {

constexpr auto kReaderPause = std::chrono::milliseconds(1);  // for readers to leave a block

}  // namespace

/// Runs until the shelf ends.
void Shelf::run_packer() {
  BlockPacker packer;
  std::unique_lock lock(mutex_);
  while (true) {
    pack_wanted_.wait(lock, [this] { return is_ending_ || warm_bytes_ > options_.warm_bytes; });
    if (is_ending_) return;
    if (!pack_oldest(packer, lock)) pack_wanted_.wait_for(lock, kReaderPause);
  }
}

/// The writer helps when the packer does not keep up: then it takes events in no faster than they
/// are packed, and memory stays bounded.
void Shelf::help_packer() {
  std::unique_lock lock(mutex_);
  for (int tries = 0; tries < kHelpTriesMax && warm_bytes_ > warm_bytes_max(); ++tries) {
    pack_oldest(packer_, lock);
  }
}

/// Takes the block that was full first. False if it goes back behind the others, because a reader
/// is inside or it was changed. Compresses with the lock free.
bool Shelf::pack_oldest(BlockPacker& packer, std::unique_lock<std::mutex>& lock) {
  if (warm_.empty()) return false;
  const WarmBlock warm = warm_.front();
  warm_.pop_front();
  Block& block = blocks_[warm.block];
  if (!is_warm(warm)) return true;
  if (block.pins != 0) {
    warm_.push_back(warm);
    return false;
  }
  // As a reader: so nobody packs it too, and its memory stays if it is evicted.
  ++block.pins;
  const uint32_t changes = block.changes;
  lock.unlock();
  const std::string_view packed = packer.pack(block);
  lock.lock();
  if (!block.evicted && !packed.empty()) make_room_for_cells(packed.size());
  Cells cells;
  if (block.pins == 1 && !block.evicted && block.changes == changes && !packed.empty()) {
    cells = cells_.keep(packed);
  }
  leave(warm.block);
  if (!is_warm(warm)) return true;
  if (cells.first == nullptr) {
    warm_.push_back(warm);
    return false;
  }
  if (block.identity->dictionary->note_packed(packer.messages())) ++dictionaries_;
  block.packed = cells;
  ++block.form;
  pool_.give_back(block.memory, block.size);
  block.memory = nullptr;
  warm_bytes_ -= block.size;
  ++totals_.packed_blocks;
  totals_.packed_bytes += cells.size_bytes;
  return true;
}

bool Shelf::is_warm(const WarmBlock& warm) const {
  const Block& block = blocks_[warm.block];
  return block.serial == warm.serial && !block.evicted && block.memory != nullptr;
}

/// The block with its events in memory, for a change to one of its entries. Readers of the packed
/// form go on with what it says: they asked before the change.
Block& Shelf::block_to_change(uint32_t index) {
  Block& block = blocks_[index];
  ++block.changes;
  if (block.memory != nullptr) return block;
  Block unpacked;
  unpacked.memory = pool_.take(block.size);
  GASOLINE_ASSERT(unpacked.memory != nullptr);
  unpacked.size = block.size;
  unpacked.first_arrival = block.first_arrival;
  unpacked.identity = block.identity;
  unpacker_.unpack(block.packed, block.published(), unpacked);
  GASOLINE_ASSERT(unpacked.payload_used == block.payload_used);
  block.memory = unpacked.memory;
  --totals_.packed_blocks;
  totals_.packed_bytes -= block.packed.size_bytes;
  if (block.pins == 0) cells_.give_back(block.packed);
  add_warm(index);
  return block;
}

void Shelf::add_warm(uint32_t index) {
  warm_.push_back({index, blocks_[index].serial});
  warm_bytes_ += blocks_[index].size;
  // Evicted blocks stay in the queue; there must not be more of them than of others.
  if (warm_.size() > kStaleWarmMax + 2 * warm_bytes_ / pool_.small_size_bytes()) {
    std::erase_if(warm_, [this](const WarmBlock& warm) { return !is_warm(warm); });
  }
  if (warm_bytes_ > options_.warm_bytes) pack_wanted_.notify_one();
}

}  // namespace gasoline::store

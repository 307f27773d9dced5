#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "store/block.h"
#include "store/block_packer.h"
#include "store/block_pool.h"
#include "store/gone_sources.h"
#include "store/hash_table.h"
#include "store/id_hash.h"
#include "store/metadata_member.h"
#include "store/posting_index.h"
#include "store/ring.h"
#include "store/store.h"
#include "store/unpacked_blocks.h"

namespace gasoline::store {

/// Where events stand: rings of blocks, the indexes over them, and the rules of eviction.
///
/// One writer; readers on any thread. They pin blocks and read them without the lock: an evicted one
/// keeps its memory until the last reader has left it. Blocks that were filled last are in memory as
/// they are, those before them are packed by the shelf's own thread, which the writer helps.
class Shelf {
 public:
  Shelf(const Options& options, const Clock& clock);
  ~Shelf();

  void apply(std::span<const event::Event> events);
  void expire();
  void set_bounds(const Options& options);

  /// A block that a query may have to look into.
  struct Span {
    uint32_t block;
    int64_t timestamp_min_us;
    int64_t timestamp_max_us;
  };

  /// Events that arrive from now on have this number or a greater one.
  uint64_t arrival_limit() const;
  /// The oldest receive time that is still within the TTL.
  int64_t receive_cutoff_us() const;
  int64_t monotonic_us() const { return clock_.monotonic_us(); }
  /// Blocks that may hold events of the id, each once, in no order.
  std::vector<uint32_t> blocks_of_id(uint64_t id_hash) const;
  /// Adds the blocks of the events that parts in `blocks` continue. Sorted, each once.
  void add_blocks_of_heads(std::vector<uint32_t>& blocks) const;
  /// About `count_max` of these, the last to get one. The others were begun before event `begun_at`;
  /// if that is 0 there are none.
  std::vector<uint32_t> newest_blocks_of_id(uint64_t id_hash, size_t count_max,
                                            uint64_t& begun_at) const;
  std::vector<Span> spans_of(std::span<const uint32_t> blocks) const;
  /// Blocks that were begun before `begun_at` and hold events of this time or later.
  std::vector<Span> older_blocks_reaching(int64_t timestamp_us, uint64_t begun_at) const;
  /// False if no event shows the id beside another one.
  bool may_be_linked(uint64_t id_hash) const;
  /// Blocks that hold events numbered `from` or greater, and the number after the last one.
  std::vector<uint32_t> blocks_since(uint64_t from, uint64_t& limit) const;
  /// The number of the first event that was received at this time or later; the next to come if
  /// there is none. Looks at whole blocks: some events from there on may be older.
  uint64_t arrival_since(int64_t receive_us) const;
  /// Blocks of rings that `wanted` names with events in [start, end), perhaps. In block_visitor.h.
  template <typename Wanted>
  std::vector<Span> blocks_of_span(int64_t start_us, int64_t end_us, Wanted wanted) const;
  /// Notes of all rings with evictions or gaps, and of those that are gone.
  std::vector<RingNote> ring_notes() const;

  /// A block that stays where it is until unpin(). Null: it is gone.
  struct Pinned {
    const Block* block = nullptr;
    bool aging = false;  ///< some of its events may be past the TTL
    std::shared_ptr<const UnpackedBlock> unpacked;  ///< holds `block` if it is packed
  };
  /// They take the lock once for all of `blocks`; pin() unpacks behind it.
  static constexpr size_t kPinsMax = 16;
  void pin(std::span<const uint32_t> blocks, std::span<Pinned> pinned) const;
  void unpin(std::span<const uint32_t> blocks, std::span<const Pinned> pinned) const;

  /// A packed block that stays as it is until unpin_packed(). All of its messages stand by themselves:
  /// one with joined events, or some that may be past the TTL, is not pinned.
  struct PackedPin {
    Cells cells;
    uint32_t count = 0;   ///< of its events
    uint64_t events = 0;  ///< those not replaced by others
    uint64_t first_arrival = 0;
    int64_t timestamp_min_us = 0;
    int64_t timestamp_max_us = 0;
    std::shared_ptr<const SourceIdentity> identity;
  };
  std::optional<PackedPin> pin_packed(uint32_t block) const;
  void unpin_packed(uint32_t block) const;
  UnpackedBlocks& unpacked_blocks() const { return unpacked_; }

  /// The parts of an event that is_continued(), in their order; none if it is gone.
  std::vector<PartRun> parts_of(const EventPlace& head) const;
  /// The event that an entry is_part() of.
  std::optional<EventPlace> head_of(uint32_t block, uint32_t entry) const;
  std::vector<SourceStats> sources() const;
  Stats stats() const;
  bool contains(std::string_view event_id) const;

 private:
  /// An event on its way in: what can be worked out before taking the lock.
  struct Prepared {
    const event::Event* event;
    uint32_t ring;
    int64_t receive_time_us;
    uint64_t event_id_hash;
    std::array<uint64_t, EventIds::kMax> id_hashes;
    uint32_t id_count;
    size_t encoded_at;
    size_t encoded_size;
    uint8_t flags;
  };
  struct SeenEventId {
    uint64_t hash = 0;
  };
  struct SerialOfBlock {
    uint64_t hash = 0;
    uint32_t block = 0;
  };
  /// A block that takes no more events and is not packed.
  struct WarmBlock {
    uint32_t block;
    uint32_t serial;
  };
  enum class Reason { kCount, kBytes, kTtl };
  static constexpr size_t kSliceEvents = 64;
  static constexpr uint32_t kSmallBlocksMax = 4;
  static constexpr size_t kStaleWarmMax = 64;
  static constexpr int kHelpTriesMax = 4;  // blocks a slice of events, which fills at most a few
  static constexpr size_t kRingsMax = 1 << 14;

  // shelf.cc: events in
  size_t apply_slice(std::span<const event::Event> events);
  Prepared prepare(const event::Event& event, uint32_t ring, int64_t now_us);
  uint32_t find_or_add_ring(const event::Event& event);
  uint32_t add_ring(const event::Event& event, uint64_t hash);
  void begin_generation(uint32_t ring, const event::Event& event);
  void insert(const Prepared& prepared);
  uint32_t open_block(uint32_t ring, size_t encoded_size, uint64_t arrival);
  void apply_notes(Ring& ring, const MetadataNotes& notes, const Prepared& prepared,
                   uint64_t arrival, uint32_t entry);
  bool hide_replaced(Ring& ring, uint64_t seq, uint64_t arrival);
  void hide_replaced_of_run(const SourceIdentity& stream, uint64_t seq, uint64_t arrival);

  // joined_events.cc
  void hide_replaced_event(Ring& ring, uint64_t event_id_hash, uint64_t arrival);
  bool join_part(Ring& ring, uint64_t head_id_hash, const EventPlace& part);
  static size_t joins_bytes(const Block& block);
  uint32_t lines_of(const EventPlace& head) const;
  bool holds(const Ring& ring, const EventPlace& place) const;

  // packing.cc
  void run_packer();
  void help_packer();
  bool pack_oldest(BlockPacker& packer, std::unique_lock<std::mutex>& lock);
  bool is_warm(const WarmBlock& warm) const;
  uint64_t warm_bytes_max() const { return 2 * options_.warm_bytes; }
  Block& block_to_change(uint32_t block);
  void add_warm(uint32_t block);

  // retention.cc: events out
  /// Evicts until a block of this size, or of none, fits into the budget.
  void make_room(uint32_t block_size);
  void make_room_for_cells(size_t size_bytes);
  bool evict_oldest(Reason reason);
  bool evict_below_floor(Reason reason);
  void evict_front(uint32_t ring, Reason reason);
  void evict_block(uint32_t block, Ring& ring);
  void leave(uint32_t block) const;
  void release(uint32_t block) const;
  void forget_event_ids(const Block& block);
  void forget_event_id(std::string_view event_id);
  void sweep_postings();
  static uint64_t hash_of_serial(uint32_t serial) { return serial * 0x9e3779b97f4a7c15; }
  bool is_live(uint32_t serial) const { return serials_.find(hash_of_serial(serial)) != nullptr; }
  void seal(uint32_t ring);
  bool above_floor(const Ring& ring) const;
  void update_floors();
  void update_order(uint32_t ring);
  void update_order_of_all();
  bool expire_some(uint32_t ring, int64_t cutoff_us);
  void drop_ring(uint32_t ring);
  void drop_emptied_rings();
  void drop_stalest_rings();
  bool pinned_by_slice(uint32_t ring) const;
  size_t resident_bytes() const;

  Options options_;  // but for its live bounds as it began
  const Clock& clock_;

  mutable std::mutex mutex_;  // guards all below, but see Block for what pins allow
  mutable BlockPool pool_;
  mutable CellPool cells_;
  mutable UnpackedBlocks unpacked_;  // has a lock of its own, inside of which it takes no other
  mutable std::deque<Block> blocks_;
  mutable std::vector<uint32_t> free_blocks_;
  std::deque<Ring> rings_;
  std::vector<uint32_t> free_rings_;
  std::vector<uint32_t> emptied_rings_;  // that had no event left, at some time
  GoneSources gone_;
  std::unordered_multimap<uint64_t, uint32_t> ring_by_hash_;
  PostingIndex postings_;
  HashTable<SerialOfBlock> serials_;
  HashTable<SeenEventId> event_ids_;
  std::set<std::pair<int64_t, uint32_t>> eviction_order_;  // (newest receive of front, ring)
  uint64_t floor_events_ = 0;
  uint64_t floor_bytes_ = 0;
  std::deque<WarmBlock> warm_;  // longest full first; some of them are gone
  uint64_t warm_bytes_ = 0;
  size_t dictionaries_ = 0;  // of sources that have a ring
  mutable size_t generations_ = 0;  // that have an identity of their own beside that of the ring
  BlockUnpacker unpacker_;
  Arena eviction_arena_;
  std::vector<uint64_t> forgotten_;
  bool is_ending_ = false;
  std::condition_variable pack_wanted_;
  uint64_t next_arrival_ = 1;
  uint32_t last_serial_ = 0;
  uint64_t hidden_ = 0;
  mutable size_t joins_bytes_ = 0;
  Stats totals_;

  // The writer's own: no lock.
  std::string encoded_;
  std::vector<Prepared> slice_;
  uint32_t last_ring_ = Ring::kNoBlock;
  BlockPacker packer_;
  int64_t next_expiry_us_ = 0;

  std::thread packer_thread_;
};

}  // namespace gasoline::store

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "store/block.h"
#include "store/text_packer.h"

namespace gasoline::store {

/// The packed form of a block: its events taken apart into columns, each column compressed by itself,
/// because ids and messages have nothing in common but their events. Messages are packed to be read
/// fast (text_packer.h), the others to be small (zstd).
///
///   offset  size   field
///        0  2 x 4  for each of the columns below: bytes unpacked, bytes packed (little-endian)
///       40  4      1 if the messages refer to the dictionary of the source
///       44  ...    the columns, one after the other
///
///   messages   each with a LF behind it, so that a search can look through all at once
///   facts      for each event, mostly as differences to the event before: level and flags, times,
///              arrival, seq, line, sizes of message and rest, 8 bits of each id's tag
///   event ids  one after the other, sized
///   ids        correlation, trace, span and request id of each event that has them, sized
///   rest       metadata and the tags that are not the source's, sized
///
/// Columns of no bytes have no packed bytes. It never leaves the process: it has no version.
enum class Column : uint8_t { kMessages, kFacts, kEventIds, kIds, kRest };
inline constexpr size_t kColumns = 5;

struct PackedFacts;

/// Makes the packed form. Keeps its buffers warm. For one thread.
class BlockPacker {
 public:
  BlockPacker();
  ~BlockPacker();
  BlockPacker(const BlockPacker&) = delete;
  BlockPacker& operator=(const BlockPacker&) = delete;

  /// The packed form of a block that is in memory and takes no more events; good until the next
  /// call. Empty if the system has no memory.
  std::string_view pack(const Block& block);
  /// Of the block that was packed last.
  std::string_view messages() const { return columns_[static_cast<size_t>(Column::kMessages)]; }

 private:
  struct Contexts;
  std::string& column(Column column) { return columns_[static_cast<size_t>(column)]; }
  void add(const Entry& entry, const event::Event& event, PackedFacts& before);
  void add_texts(const event::Event& event);
  bool compress(std::string_view dictionary);
  bool append_packed(size_t column, std::string_view dictionary);

  std::unique_ptr<Contexts> contexts_;
  TextPacker text_packer_;
  std::array<std::string, kColumns> columns_;
  std::string packed_;
  Arena arena_;
};

/// Reads packed forms. Keeps its buffers warm. For one thread at a time.
class BlockUnpacker {
 public:
  BlockUnpacker();
  ~BlockUnpacker();
  BlockUnpacker(const BlockUnpacker&) = delete;
  BlockUnpacker& operator=(const BlockUnpacker&) = delete;

  /// Puts `count` events back as they were into `to`, whose memory, size, first arrival and
  /// identity are set; of the tags of their ids the lowest 8 bits are left (kShortTags). Publishes
  /// them.
  void unpack(const Cells& packed, uint32_t count, Block& to);

  /// The messages of all events, a LF behind each; good until the next call of this or unpack().
  std::string_view messages(const Cells& packed, const SourceIdentity& identity);
  /// The index entries of all `count` events, but for their offsets, and where in messages() each
  /// one's message ends, behind its LF.
  void read_entries(const Cells& packed, uint32_t count, std::vector<Entry>& entries,
                    std::vector<uint32_t>& message_ends);
  /// The ids of the events that have one, in order; good until the next call.
  const std::vector<std::string_view>& event_ids(const Cells& packed);

 private:
  struct Context;
  std::string_view read(const Cells& packed, Column column, std::string_view dictionary = {});
  event::Event take_event(std::string_view* rests, PackedFacts& facts);

  std::unique_ptr<Context> context_;
  std::string packed_;
  std::array<std::string, kColumns> columns_;
  std::string encoded_;
  std::vector<std::string_view> views_;
  Arena arena_;
};

}  // namespace gasoline::store

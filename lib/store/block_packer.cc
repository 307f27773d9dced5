#include "store/block_packer.h"

#include <zstd.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "event/event_codec.h"
#include "store/packed_facts.h"

namespace gasoline::store {
namespace {

constexpr size_t kSizesBytes = kColumns * 2 * sizeof(uint32_t);
constexpr size_t kHeadBytes = kSizesBytes + sizeof(uint32_t);

using Id = PackedFacts::Id;

/// For columns in which little repeats but letters: a table of matches just large enough for what
/// does, because clearing it is most of the work.
constexpr int kSmallHashLog = 8;

bool is_random(size_t column) {
  return column == static_cast<size_t>(Column::kEventIds) ||
         column == static_cast<size_t>(Column::kIds);
}

Id id_of(std::string_view id, std::string_view correlation_id) {
  if (id.empty()) return Id::kNone;
  return id == correlation_id ? Id::kAsCorrelation : Id::kHere;
}

}  // namespace

struct BlockPacker::Contexts {
  ZSTD_CCtx* texts = ZSTD_createCCtx();
  ZSTD_CCtx* ids = ZSTD_createCCtx();

  Contexts() {
    for (ZSTD_CCtx* each : {texts, ids}) {
      if (each == nullptr) continue;
      ZSTD_CCtx_setParameter(each, ZSTD_c_compressionLevel, 1);
      ZSTD_CCtx_setParameter(each, ZSTD_c_contentSizeFlag, 0);
      ZSTD_CCtx_setParameter(each, ZSTD_c_checksumFlag, 0);
    }
    if (ids != nullptr) ZSTD_CCtx_setParameter(ids, ZSTD_c_hashLog, kSmallHashLog);
  }
  ~Contexts() {
    ZSTD_freeCCtx(texts);
    ZSTD_freeCCtx(ids);
  }
};

BlockPacker::BlockPacker() : contexts_(std::make_unique<Contexts>()) {}
BlockPacker::~BlockPacker() = default;

std::string_view BlockPacker::pack(const Block& block) {
  for (std::string& column : columns_) column.clear();
  PackedFacts before;
  const uint32_t count = block.published();
  for (uint32_t i = 0; i < count; ++i) {
    const Entry& entry = block.entry(i);
    std::string_view bytes = block.bytes_from(entry);
    event::Event event;
    arena_.reset();
    const bool whole = event::take_encoded(bytes, event, arena_);
    GASOLINE_ASSERT(whole);
    add(entry, event, before);
  }
  return compress(block.identity->dictionary->text()) ? std::string_view(packed_)
                                                     : std::string_view();
}

void BlockPacker::add(const Entry& entry, const event::Event& event, PackedFacts& before) {
  const size_t rest_before = column(Column::kRest).size();
  add_texts(event);
  PackedFacts facts;
  facts.entry = entry;
  facts.delay_us = static_cast<uint64_t>(event.receive_time_us);
  facts.seq = event.seq;
  facts.line = event.line;
  facts.message_size = event.message.size();
  facts.rest_size = column(Column::kRest).size() - rest_before;
  facts.level_stated = event.level_stated;
  facts.timestamp_stated = event.timestamp_stated;
  facts.correlation = event.correlation_id.empty() ? Id::kNone : Id::kHere;
  facts.trace = id_of(event.trace_id, event.correlation_id);
  facts.span = event.span_id.empty() ? Id::kNone : Id::kHere;
  facts.request = id_of(event.request_id, event.correlation_id);
  facts.append(column(Column::kFacts), before);
  before = facts;
}

void BlockPacker::add_texts(const event::Event& event) {
  append_sized(column(Column::kEventIds), event.event_id);
  std::string& ids = column(Column::kIds);
  if (!event.correlation_id.empty()) append_sized(ids, event.correlation_id);
  if (id_of(event.trace_id, event.correlation_id) == Id::kHere) append_sized(ids, event.trace_id);
  if (!event.span_id.empty()) append_sized(ids, event.span_id);
  if (id_of(event.request_id, event.correlation_id) == Id::kHere) {
    append_sized(ids, event.request_id);
  }
  column(Column::kMessages).append(event.message).push_back('\n');
  if (event.metadata.empty() && event.tags.empty()) return;
  std::string& rest = column(Column::kRest);
  append_sized(rest, event.metadata);
  for (const std::string_view tag : event.tags) append_sized(rest, tag);
}

bool BlockPacker::compress(std::string_view dictionary) {
  if (contexts_->texts == nullptr || contexts_->ids == nullptr) return false;
  packed_.resize(kHeadBytes);
  store_le(packed_.data() + kSizesBytes, dictionary.empty() ? uint32_t{0} : uint32_t{1});
  for (size_t i = 0; i < kColumns; ++i) {
    const size_t at = packed_.size();
    if (!columns_[i].empty() && !append_packed(i, dictionary)) return false;
    char* const head = packed_.data() + i * 2 * sizeof(uint32_t);
    store_le(head, static_cast<uint32_t>(columns_[i].size()));
    store_le(head + sizeof(uint32_t), static_cast<uint32_t>(packed_.size() - at));
  }
  return true;
}

bool BlockPacker::append_packed(size_t which, std::string_view dictionary) {
  const std::string& column = columns_[which];
  if (which == static_cast<size_t>(Column::kMessages)) {
    return text_packer_.append_packed(packed_, column, dictionary);
  }
  const size_t at = packed_.size();
  packed_.resize(at + ZSTD_compressBound(column.size()));
  const size_t size =
      ZSTD_compress2(is_random(which) ? contexts_->ids : contexts_->texts, packed_.data() + at,
                     packed_.size() - at, column.data(), column.size());
  if (ZSTD_isError(size) != 0) return false;
  packed_.resize(at + size);
  return true;
}

struct BlockUnpacker::Context {
  ZSTD_DCtx* zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

BlockUnpacker::BlockUnpacker() : context_(std::make_unique<Context>()) {}
BlockUnpacker::~BlockUnpacker() = default;

std::string_view BlockUnpacker::read(const Cells& packed, Column wanted,
                                     std::string_view dictionary) {
  static_assert(kHeadBytes <= Cell::kRoomBytes);
  GASOLINE_ASSERT(context_->zstd != nullptr && packed.size_bytes >= kHeadBytes);
  size_t at = kHeadBytes;
  const char* head = packed.first->bytes;
  const auto packed_size = [&] { return load_le<uint32_t>(head + sizeof(uint32_t)); };
  for (size_t i = 0; i < static_cast<size_t>(wanted); ++i, head += 2 * sizeof(uint32_t)) {
    at += packed_size();
  }
  std::string& column = columns_[static_cast<size_t>(wanted)];
  column.resize(load_le<uint32_t>(head));
  if (column.empty()) return column;
  packed.copy_to(packed_, at, packed_size());
  if (wanted == Column::kMessages) {
    const bool has_dictionary = load_le<uint32_t>(packed.first->bytes + kSizesBytes) != 0;
    const bool is_whole =
        unpack_text(packed_, has_dictionary ? dictionary : std::string_view(), column);
    GASOLINE_ASSERT(is_whole);
    return column;
  }
  const size_t size = ZSTD_decompressDCtx(context_->zstd, column.data(), column.size(),
                                          packed_.data(), packed_.size());
  GASOLINE_ASSERT(size == column.size());
  return column;
}

std::string_view BlockUnpacker::messages(const Cells& packed, const SourceIdentity& identity) {
  return read(packed, Column::kMessages, identity.dictionary->text());
}

void BlockUnpacker::read_entries(const Cells& packed, uint32_t count, std::vector<Entry>& entries,
                                 std::vector<uint32_t>& message_ends) {
  entries.clear();
  message_ends.clear();
  std::string_view rest = read(packed, Column::kFacts);
  PackedFacts facts;
  uint32_t end = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const bool whole = facts.take(rest);
    GASOLINE_ASSERT(whole);
    end += static_cast<uint32_t>(facts.message_size) + 1;
    entries.push_back(facts.entry);
    message_ends.push_back(end);
  }
}

const std::vector<std::string_view>& BlockUnpacker::event_ids(const Cells& packed) {
  views_.clear();
  std::string_view ids = read(packed, Column::kEventIds);
  for (std::string_view id; take_sized(ids, id);) {
    if (!id.empty()) views_.push_back(id);
  }
  return views_;
}

/// Takes the texts of the event that `facts` tells of off the columns.
event::Event BlockUnpacker::take_event(std::string_view* rests, PackedFacts& facts) {
  const auto rest_of = [&](Column column) -> std::string_view& {
    return rests[static_cast<size_t>(column)];
  };
  const auto take_text = [](std::string_view& from) {
    std::string_view text;
    const bool whole = take_sized(from, text);
    GASOLINE_ASSERT(whole);
    return text;
  };
  event::Event event;
  event.event_id = take_text(rest_of(Column::kEventIds));
  std::string_view& ids = rest_of(Column::kIds);
  if (facts.correlation == Id::kHere) event.correlation_id = take_text(ids);
  const auto take_id = [&](Id id) {
    return id == Id::kHere ? take_text(ids)
                           : id == Id::kNone ? std::string_view() : event.correlation_id;
  };
  event.trace_id = take_id(facts.trace);
  event.span_id = take_id(facts.span);
  event.request_id = take_id(facts.request);
  std::string_view& messages = rest_of(Column::kMessages);
  GASOLINE_ASSERT(facts.message_size < messages.size());
  event.message = messages.substr(0, facts.message_size);
  messages.remove_prefix(facts.message_size + 1);
  if (facts.rest_size == 0) return event;
  std::string_view rest = rest_of(Column::kRest).substr(0, facts.rest_size);
  rest_of(Column::kRest).remove_prefix(rest.size());
  event.metadata = take_text(rest);
  views_.clear();
  while (!rest.empty()) views_.push_back(take_text(rest));
  event.tags = views_;
  return event;
}

void BlockUnpacker::unpack(const Cells& packed, uint32_t count, Block& to) {
  std::array<std::string_view, kColumns> rests;
  const std::string_view dictionary = to.identity->dictionary->text();
  for (size_t i = 0; i < kColumns; ++i) {
    rests[i] = read(packed, static_cast<Column>(i), dictionary);
  }
  PackedFacts facts;
  for (uint32_t i = 0; i < count; ++i) {
    const bool whole = facts.take(rests[static_cast<size_t>(Column::kFacts)]);
    GASOLINE_ASSERT(whole);
    event::Event event = take_event(rests.data(), facts);
    event.receive_time_us = static_cast<int64_t>(facts.delay_us);
    event.level = static_cast<event::Level>(facts.entry.level);
    event.source = to.identity->kind;
    event.level_stated = facts.level_stated;
    event.timestamp_stated = facts.timestamp_stated;
    event.seq = facts.seq;
    event.line = facts.line;
    encoded_.clear();
    event::append_encoded(encoded_, event);
    to.append(encoded_, facts.entry);
    to.publish();
  }
}

}  // namespace gasoline::store

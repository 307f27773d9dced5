#include "journal/journal_model.h"

#include <algorithm>

namespace gasoline::test {
namespace {

constexpr const char* kDirectory = "/state/journal";

}  // namespace

JournalModel::JournalModel(FaultFileSystem& disk, journal::WriterOptions options, uint64_t seed)
    : disk_(disk), options_(options), random_(seed), ids_(seed ^ 0x5EED) {}

void JournalModel::violate(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

bool JournalModel::succeeded(const Status& status) {
  if (!status) ++errors_;
  return status.has_value();
}

bool JournalModel::open() {
  auto opened = journal::Writer::open(disk_, kDirectory, options_, clock_, ids_);
  if (!opened) {
    ++errors_;
    return false;
  }
  writer_ = std::move(*opened);
  const uint64_t next = writer_->next_sequence();
  for (uint64_t gone = next; gone < synced_; ++gone) {
    if (!unsure_.contains(gone)) violate("sequences restart at " + std::to_string(next));
  }
  synced_ = std::min(synced_, next);
  appended_.erase(appended_.lower_bound(next), appended_.end());
  return true;
}

void JournalModel::append() {
  const uint64_t chance = random_.next_u64() % 100;
  const size_t size = chance < 90 ? random_.next_u64() % 200 : random_.next_u64() % 4000;
  const std::string payload = payload_of(++payloads_, size);
  const uint64_t sequence = writer_->next_sequence();
  Result<uint64_t> got = writer_->append(payload);
  const bool is_kept = writer_->next_sequence() > sequence;
  if (got && *got != sequence) violate("append gave a sequence that it had not announced");
  if (got || is_kept || disk_.is_power_cut()) appended_[sequence] = payload;
  if (!got) ++errors_;
}

void JournalModel::note_synced() {
  synced_ = std::max(synced_, writer_->synced_sequence());
  if (synced_ > writer_->next_sequence()) violate("more is synced than was appended");
}

void JournalModel::release() {
  const uint64_t first = writer_->first_sequence();
  const uint64_t span = writer_->next_sequence() - std::min(first, writer_->next_sequence());
  const uint64_t until = first + random_.next_u64() % (span + 1);
  released_ = std::max(released_, until);
  static_cast<void>(succeeded(writer_->release_before(until)));
}

void JournalModel::drop() {
  const uint64_t next = writer_->next_sequence();
  const uint64_t first = writer_->first_sequence();
  auto dropped = writer_->drop_oldest();
  if (!dropped) {
    ++errors_;
    released_ = std::max(released_, next);  // which of them went is not known
  } else if (dropped->has_value()) {
    if ((*dropped)->first_sequence != first) violate("not the oldest segment was dropped");
    released_ = std::max(released_, (*dropped)->end_sequence);
  }
}

void JournalModel::reopen() {
  if (errors_ > errors_when_synced_) {
    for (uint64_t i = writer_->synced_sequence(); i < writer_->next_sequence(); ++i) {
      unsure_.insert(i);
    }
  }
  writer_.reset();
  while (!disk_.is_power_cut() && !open()) {
    if (errors_ > 1000) return violate("the journal cannot be opened any more");
  }
}

void JournalModel::run(int steps) {
  for (int i = 0; i < steps && writer_ != nullptr && !disk_.is_power_cut(); ++i) {
    const uint64_t chance = random_.next_u64() % 100;
    clock_.now_us += static_cast<int64_t>(random_.next_u64() % 30'000);
    if (chance < 65) {
      append();
    } else if (chance < 78) {
      if (succeeded(writer_->sync())) errors_when_synced_ = errors_;
    } else if (chance < 84) {
      static_cast<void>(succeeded(writer_->rotate()));
    } else if (chance < 92) {
      release();
    } else if (chance < 94) {
      drop();
    } else {
      reopen();
    }
    if (writer_ != nullptr) note_synced();
  }
}

void JournalModel::compare(uint64_t guaranteed_until) {
  auto reader = journal::Reader::open(disk_, kDirectory);
  if (!reader) return violate("cannot be read: " + reader.error().to_string());
  const ReadBack back = read_on(**reader, 1'000'000);
  uint64_t before = 0;
  std::map<uint64_t, std::string> found;
  for (const auto& [sequence, payload] : back.records) {
    if (sequence <= before) violate("record " + std::to_string(sequence) + " out of order");
    before = sequence;
    const auto expected = appended_.find(sequence);
    if (expected == appended_.end()) {
      violate("record " + std::to_string(sequence) + " was never appended");
    } else if (expected->second != payload) {
      violate("record " + std::to_string(sequence) + " has other bytes");
    }
    found[sequence] = payload;
  }
  for (const auto& [sequence, payload] : appended_) {
    if (sequence < released_ || sequence >= guaranteed_until || found.contains(sequence)) continue;
    if (guaranteed_until < UINT64_MAX && unsure_.contains(sequence)) continue;
    violate("record " + std::to_string(sequence) + " is lost");
  }
  for (const journal::Corruption& corruption : back.corruptions) {
    for (uint64_t i = corruption.first_missing; i < corruption.end_missing; ++i) {
      if (found.contains(i)) violate("record " + std::to_string(i) + " is called missing");
    }
  }
  if (guaranteed_until < UINT64_MAX) appended_ = std::move(found);
}

void JournalModel::check_all_there() {
  compare(UINT64_MAX);
}

void JournalModel::check_after_power_cut() {
  compare(synced_);
  if (!open()) return violate("the journal cannot be opened after the power cut");
  const uint64_t next = writer_->next_sequence();
  if (!appended_.empty() && next <= appended_.rbegin()->first) {
    violate("sequence " + std::to_string(next) + " would be given twice");
  }
  compare(synced_);
  for (int i = 0; i < 3; ++i) append();
  check_all_there();
  if (!writer_->sync()) violate("the journal cannot be synced after the power cut");
  if (!writer_->rotate()) violate("the journal cannot be rotated after the power cut");
  note_synced();
  writer_.reset();
  disk_.return_power();
  compare(synced_);
  if (!open()) violate("the journal cannot be opened after the second power cut");
}

}  // namespace gasoline::test

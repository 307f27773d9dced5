#include "source/ssh/generation.h"

#include <algorithm>

namespace gasoline::source::ssh {
namespace {

/// FNV-1a of 64 bits: against chance, not against malice.
uint64_t hash_of(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Fingerprint Fingerprint::of(std::string_view head) {
  head = head.substr(0, kBytesMax);
  return {static_cast<uint32_t>(head.size()), hash_of(head)};
}

bool Fingerprint::matches(std::string_view head) const {
  return head.size() >= size_bytes &&
         (size_bytes == 0 || hash_of(head.substr(0, size_bytes)) == hash);
}

void Generation::drop_requests() {
  requested_to = read_to();
  ++attempt;
}

void Generation::forget_pending() {
  pending = std::string();
  pending_begin = 0;
}

void Generation::commit(uint64_t seq) {
  if (seq <= committed) return;
  const size_t size = static_cast<size_t>(seq - committed);
  is_inside_line = unsent()[size - 1] != '\n';
  committed = last_taken = seq;
  offered -= std::min(offered, size);
  pending_begin += size;
  if (pending_begin == pending.size()) return forget_pending();
  if (pending_begin < pending.size() / 2) return;
  pending.erase(0, pending_begin);
  pending_begin = 0;
}

void Generation::tell_loss(uint64_t seq) {
  is_loss_told = true;
  committed = last_taken = requested_to = seq;
}

void Generation::offer_again() {
  must_offer_again = false;
  offered = 0;
  after_seq = last_taken;
  is_inside_line ? splitter.continue_line() : splitter.start_line();
}

}  // namespace gasoline::source::ssh

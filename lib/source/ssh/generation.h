#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "framing/line_splitter.h"

namespace gasoline::source::ssh {

/// By what a file is recognised under another name or number: its first bytes.
struct Fingerprint {
  static constexpr uint32_t kBytesMax = 1024;

  uint32_t size_bytes = 0;  ///< grows with the file, up to kBytesMax
  uint64_t hash = 0;

  static Fingerprint of(std::string_view head);
  bool matches(std::string_view head) const;
};

/// One file of the far host from its creation to its end, under whatever name: an origin of lines.
/// A rotation makes the next generation of the same path.
struct Generation {
  enum class Place {
    kAttached,  ///< at the path that is followed
    kSought,    ///< no longer there; looked for among the rotated
    kDetached,  ///< found under another name
    kGone       ///< nowhere; nothing more will come
  };

  static constexpr size_t kLineBytesMax = 1 << 20;

  // Kept in the checkpoint.
  std::string origin;   ///< its name in the event log
  std::string watched;  ///< the path that is followed
  std::string path;     ///< where it is now
  std::string id;       ///< "DEVICE:INODE"; empty if unknown
  Fingerprint fingerprint;
  uint64_t committed = 0;  ///< what is before is in the event log
  uint64_t size_bytes = 0;
  int64_t modified_s = 0;
  Place place = Place::kAttached;
  bool has_unknown_successors = false;  ///< as kept: files rotated away after it may be unread

  // Of this process.
  size_t watch = 0;       ///< index of the settings that it belongs to
  bool is_saved = false;  ///< its origin and first bytes' hash are in the checkpoint on the disk
  std::string pending;    ///< the bytes from `committed` on, behind pending_begin
  size_t pending_begin = 0;
  uint64_t requested_to = 0;  ///< asked for up to here; what is behind read_to() is on its way
  uint32_t attempt = 0;       ///< reads of an earlier one are no longer wanted
  bool is_checked = false;    ///< its first bytes were asked for on this link
  uint32_t zero_ends = 0;     ///< reads in a row that ended in zeros
  uint64_t last_taken = 0;    ///< number of the last line in the event log, 0 for none
  uint64_t after_seq = 0;     ///< number of the last line handed over
  size_t offered = 0;         ///< bytes of unsent() that are in the pipeline now
  uint32_t batches = 0;       ///< that hold them
  bool must_offer_again = false;                  ///< one of those was not taken
  framing::LineSplitter splitter{kLineBytesMax};  ///< behind what is offered
  bool is_inside_line = false;                    ///< at `committed`
  uint32_t looks_in_vain = 0;
  int64_t quiet_since_us = 0;  ///< when it last grew
  int64_t not_before_us = 0;   ///< a read that failed is tried again then
  uint64_t lines = 0;
  int64_t last_line_us = 0;
  std::string problem;
  std::string missing;        ///< why what is behind read_to() is lost; empty if nothing is
  bool is_loss_told = false;  ///< a gap event in the event log says so

  /// A loss that nobody was told of yet.
  bool has_untold_loss() const { return !missing.empty() && !is_loss_told; }
  std::string_view unsent() const { return std::string_view(pending).substr(pending_begin); }
  std::string_view unoffered() const { return unsent().substr(offered); }
  uint64_t read_to() const { return committed + pending.size() - pending_begin; }
  bool has_unread() const { return place != Place::kGone && size_bytes > read_to(); }
  bool has_arrived() const { return place == Place::kAttached || place == Place::kDetached; }
  /// What was asked for and has not come is no longer wanted.
  void drop_requests();
  void forget_pending();
  /// Lines up to `seq`, which is the offset behind the last of them, are in the event log.
  void commit(uint64_t seq);
  /// The event log says what is missing, in the place of lines up to `seq`. Nothing is pending.
  void tell_loss(uint64_t seq);
  /// What was handed over and not taken is handed over again. None of it may be in the pipeline.
  void offer_again();
};

}  // namespace gasoline::source::ssh

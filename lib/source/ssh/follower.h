#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "source/ssh/far_side.h"
#include "source/ssh/generation.h"
#include "source/ssh/rotated_name.h"
#include "source/ssh/ssh_checkpoint.h"

namespace gasoline::source::ssh {

/// A path or glob of the far host, and what its lines get.
struct Watch {
  std::string pattern;
  std::vector<std::string> exclude;
  config::Start start = config::Start::kEnd;
  int64_t recent_us = 0;
  int64_t max_age_us = 0;
  std::string service;
  std::string timezone;
  std::vector<std::string> tags;
  bool was_seen = false;  ///< looked at before: what is new now is new in the world
  bool is_found = false;
  std::string problem;
};

/// Which bytes of which file are to be read next, and what the far host's answers mean: new files,
/// files that grew, were renamed, replaced, truncated, copied away or deleted.
///
///                    replaced, missing, truncated            found by inode, or by its first bytes
///     attached  --------------------------------->  sought  ----------------------------> detached
///        |  (a new generation is attached)             |                                      |
///        +---------------------------------------------+---- three looks in vain, -------> gone
///                                                            or a minute without growth
///
/// Rotations that nobody saw, because the link was down or they came too fast, leave files between
/// the one that was read last and the present one; they are recognised by their names' numbers and
/// read from their beginnings. Every accepted byte comes from a file whose first bytes and inode
/// were checked in the same read. Knows no network and no clock. One thread.
class Follower {
 public:
  static constexpr uint32_t kReadBytesMax = 4 << 20;
  static constexpr uint64_t kPendingBytesMax = 2 * kReadBytesMax;
  static constexpr size_t kGenerationsMax = 25'000;
  static constexpr uint64_t kRecentBytesMax = 16 << 20;  ///< of a file's past, for `start: recent`
  static constexpr int64_t kQuietUs = 60'000'000;
  static constexpr int64_t kSiblingsIntervalUs = 1'000'000;

  struct Now {
    int64_t monotonic_us = 0;
    int64_t wall_us = 0;
  };
  struct Plan {
    std::shared_ptr<Generation> generation;
    ReadRequest request;
    bool is_probe = false;
    FarFile candidate;  ///< of a probe
    uint32_t attempt = 0;
  };
  struct Counters {
    uint64_t losses = 0;
    uint64_t lost_bytes = 0;
    uint64_t rotations = 0;
  };

  /// `make_origin` gives a name that no file ever had.
  Follower(std::vector<Watch> watches, std::function<std::string()> make_origin);

  /// Goes on where another one ended. Before anything else.
  void restore(Checkpoint checkpoint);
  Checkpoint checkpoint() const;
  /// True once there is something new to keep; asks once.
  bool take_changed();

  /// What to send to a new far side before anything is asked.
  std::string introduction() const;
  bool wants_siblings(int64_t now_us) const;
  void on_scan(const ScanReply& reply, Now now);
  std::optional<Plan> next_read(int64_t now_us);
  void on_read(const Plan& plan, ReadReply reply, Now now);
  /// The link is gone, and with it every answer.
  void on_disconnect();
  /// Drops what ended and is all in the event log; returns the names of those.
  std::vector<std::string> forget_finished(int64_t now_us);
  /// True if an unfinished last line will not be finished any more.
  bool is_last_line_due(const Generation& file, int64_t now_us) const;

  const std::vector<std::shared_ptr<Generation>>& generations() const { return generations_; }
  const std::vector<Watch>& watches() const { return watches_; }
  const Counters& counters() const { return counters_; }

 private:
  using Siblings = std::unordered_map<std::string, std::vector<std::pair<RotatedName, FarFile>>>;

  std::optional<size_t> watch_of(const std::string& path) const;
  Generation* attached_at(const std::string& path) const;
  Generation* with_id(const std::string& id) const;
  Generation& add(const std::string& watched, const FarFile& file, uint64_t offset, size_t watch);
  uint64_t first_offset(const Watch& watch, const FarFile& file, int64_t wall_us) const;
  void note_problems(const ScanReply& reply);
  void seek(Generation& file);
  void replace(Generation& file, const FarFile& by);
  void update(Generation& file, const FarFile& seen, int64_t now_us);
  void take_own(const std::vector<const FarFile*>& own, Now now);
  void take_new(const FarFile& file, Now now);
  void take_siblings(const Siblings& siblings, bool is_complete, int64_t now_us);
  void settle(const std::shared_ptr<Generation>& file, const Siblings& siblings, bool is_complete);
  void add_between(const std::string& watched, const Siblings& siblings);
  void give_up(Generation& file);
  void lose_unread(const std::string& watched, const FarFile& file, size_t watch);
  void take_probe(Generation& file, const Plan& plan, const ReadReply& reply, int64_t now_us);
  void accept(Generation& file, const Plan& plan, ReadReply reply, int64_t now_us);

  std::vector<Watch> watches_;
  const std::function<std::string()> make_origin_;
  std::vector<std::shared_ptr<Generation>> generations_;
  std::unordered_map<std::string, Generation*> attached_;
  std::map<std::string, Generation*> unsettled_;  // path -> the generation that left it
  std::vector<Plan> probes_;
  std::set<std::pair<const Generation*, std::string>> probed_;
  size_t next_ = 0;
  bool is_first_look_ = true;
  bool has_changed_ = false;
  int64_t last_siblings_us_ = 0;
  Counters counters_;
};

}  // namespace gasoline::source::ssh

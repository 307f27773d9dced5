#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "config/settings.h"
#include "source/file/checkpoint.h"
#include "source/file/file_labels.h"
#include "source/file/generation.h"
#include "source/file/known_copies.h"
#include "source/file/line_answers.h"
#include "source/file/watcher.h"
#include "source/source.h"

namespace gasoline::source {

/// Follows the files that some patterns match, through every rotation (docs/ROTATION.md). Does all
/// of a file source's work; FileSource gives it a thread. One thread.
///
/// Memory: a record of about a kilobyte for each generation, and no buffer for any of them: what
/// is not yet a whole line is read again when there is more. At most kBatchesMax batches of
/// kQuantumMax bytes are on their way to the event log, whatever the number of files.
class Follower {
 public:
  static constexpr unsigned kBatchesMax = 8;
  static constexpr unsigned kBatchesOfOneMax = 4;
  static constexpr size_t kQuantumMax = 256 * 1024;
  static constexpr size_t kQuantumMin = 16 * 1024;
  static constexpr size_t kLineSizeBytesMax = 1 << 20;
  /// Truncated generations of one path whose copies are looked for; the oldest is given up first.
  /// Twice as many may wait for the event log to take what is told of their loss.
  static constexpr size_t kOrphansMax = 8;
  /// Generations that were read to their end and are remembered, for each path.
  static constexpr size_t kDoneMax = 16;

  struct Timing {
    int64_t look_interval_us = 10'000'000;      ///< at all names, in case a notice was missed
    int64_t orphan_patience_us = 60'000'000;    ///< how long a copy with the rest is looked for
    int64_t rotated_patience_us = 600'000'000;  ///< how long a rotated file may be quiet
    int64_t deleted_patience_us = 5'000'000;    ///< likewise if it was deleted: frees the disk
    int64_t line_patience_us = 3'000'000;       ///< for the end of the last line of a rotated file
    int64_t save_interval_us = 1'000'000;
    /// Descriptors that may be held for files which their path no longer names; those that were
    /// quiet for longest are given up first.
    size_t rotated_open_max = 1024;
  };

  /// `watcher` may be null: then everything is polled.
  Follower(config::SourceSettings settings, const Surroundings& around,
           std::unique_ptr<Watcher> watcher, std::shared_ptr<LineAnswers> answers, Timing timing);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// What is said of each file decides whether it is followed, and under which name. Before load().
  void label_files(LabelFile ask) { labels_ = KnownLabels(std::move(ask)); }

  /// Reads the checkpoint and holds the marks of what is in it. Before the log is replayed.
  void load();
  /// The first look; once the intake is ready.
  void begin();
  /// Does what is due, in a bounded piece. Returns for how long there is nothing to do; 0: go on.
  int64_t work();
  /// Waits for what is on its way, for at most `patience_us`, and writes the checkpoint.
  void finish(int64_t patience_us);

  int notices_fd() const { return watcher_ == nullptr ? -1 : watcher_->fd(); }
  Snapshot snapshot() const;

 private:
  static FileKey key_of(const FileLook& seen) {
    return {seen.inode, seen.birth_us != 0 ? seen.birth_us : seen.modified_us};
  }
  struct Path {
    std::string path;
    std::string service;
    std::string directory;  // of what it names, behind symbolic links
    std::string target;     // name there, without directory
    Generation* current = nullptr;
    Followed::State state = Followed::State::kWaiting;
    std::string problem;
    int64_t looked_us = 0;        // wall clock: no rotation before this went unseen; 0: not known
    int64_t unseen_since_us = 0;  // likewise, before the rotation that made us search
    int64_t search_until_us = 0;  // monotonic: siblings are looked through until then
    KnownCopies copies;           // that hold nothing that is not known
    KnownCopies damaged;          // copies whose rest cannot be had, with when they were written
    bool is_matched = true;
    bool is_expected = false;  // its pattern was followed before the restart
    bool was_there = false;    // before we followed its pattern
    bool is_link = false;
    bool is_copy = false;  // of what another path names
  };
  enum class Turn { kMore, kEnd, kFull };
  struct Cut;

  // follower.cc
  void on_notices();
  void on_answers();
  void on_answer(const LineAnswers::Answer& answer);
  int64_t look_gap_us() const;
  int64_t wait_us() const;
  void poll_files();
  void save_if_due();
  Status save();
  void restore(const Checkpoint& checkpoint);
  void note_what_is_there();
  bool is_old_pattern(const std::string& pattern) const;
  void housekeep();
  void keep_rotated(Generation& generation);
  void close_quiet(std::vector<Generation*> rotated);
  void forget_done();
  Generation& keep(std::unique_ptr<Generation> made);
  void forget(uint64_t key);
  std::unordered_set<const Generation*> current_generations() const;
  void warn(const std::string& text);
  bool is_relevant(int watch, std::string_view name) const;
  void find_restored();
  int64_t now_us() const { return around_.clock.monotonic_us(); }

  // follower_look.cc
  void look();
  void look_at_path(Path& path);
  void follow(Path& path, const FileLook& seen);
  void begin_generation(Path& path, const FileLook& seen, std::unique_ptr<Content> content,
                        const Generation* truncated);
  void fail(Path& path, const Error& error);
  void leave_current(Path& path);
  void attach(Generation& generation, std::unique_ptr<Content> content);
  void detach(Generation& generation);
  void watch(Generation& generation);
  void unwatch(Generation& generation);
  void watch_directories(std::set<std::string> wanted);
  uint64_t first_offset(const Path& path, const FileLook& seen, Content& content,
                        Generation& generation);
  bool is_new_file(const Path& path, const FileLook& seen) const;
  Generation& add_generation(const Path& path, const FileLook& seen);
  void name_generation(Generation& generation, uint64_t size);
  Generation* find_same_file(const FileLook& seen);
  Generation* find_copied_up(const Path& path, const FileLook& seen, Content& content);
  Path* path_of(const Generation& generation);
  bool may_be_copy(Path& path, const FileLook& seen, Content& content);
  void set_state(Generation& generation, Generation::State state);

  // follower_rotation.cc
  void content_changed(Generation& generation, std::string_view how);
  void search_all();
  void search(Path& path, bool has_orphan);
  const std::vector<std::string>& names_in(const std::string& directory);
  void look_at_sibling(Path& path, const std::string& sibling, bool has_orphan);
  bool has_known_beginning(const Path& path, const FileLook& seen, Content& content,
                           std::string_view first) const;
  void search_unseen(Path& path);
  void note_unreadable(const Path& path, const FileLook& seen, const Error& why);
  bool is_unseen(const Path& path, const FileLook& seen, const std::string& name) const;
  bool matches(const Generation& generation, Content& content, std::string_view first) const;
  static bool has_same_samples(const Generation& generation, Content& content);
  static bool is_short_copy(const Generation& generation, Content& content, std::string_view first);
  void take_copy(Generation& generation, std::unique_ptr<Content> content, const std::string& from);
  void end_generation(Generation& generation);
  bool is_prefix_of_live(const Path& path, const FileLook& seen, Content& content,
                         std::string_view first) const;

  // follower_loss.cc
  void give_up_oldest(const Path& path);
  void finish_copied(Generation& generation);
  void give_up(Generation& generation, std::string_view why);
  void tell_loss(Generation& generation);
  void count_loss(const Generation& generation, uint64_t bytes);

  // follower_reading.cc
  bool pump();
  Turn read_turn(Generation& generation);
  Turn read_turn(Generation& generation, size_t quantum);
  bool verify(Generation& generation);
  void note_in_place(Generation& generation, int64_t when_us);
  bool grow_head(Generation& generation);
  static void fill_samples(Generation& generation);
  void seek(Generation& generation, uint64_t offset);
  bool skip_hole(Generation& generation, std::string_view bytes);
  Turn submit(Generation& generation, const Cut& cut);
  LineBatch batch_of(const Generation& generation);
  Turn hand_over(Generation& generation, LineBatch batch, const LineAnswers::Answer& answer);
  bool try_submit_pending();
  void note_read(Generation& generation, std::string_view bytes);
  bool flush_remainder(Generation& generation);
  void queue(Generation& generation);
  void rewind(Generation& generation);
  size_t quantum() const;
  bool make_registered(Generation& generation);

  const config::SourceSettings settings_;
  const Surroundings around_;
  const Timing timing_;
  std::unique_ptr<Watcher> watcher_;
  const std::shared_ptr<LineAnswers> answers_;
  CheckpointFile checkpoint_file_;
  const std::string machine_;

  KnownLabels labels_;
  std::map<std::string, Path> paths_;
  std::unordered_map<uint64_t, std::unique_ptr<Generation>> generations_;
  std::unordered_multimap<uint64_t, Generation*> by_inode_;  // the one that each was made with
  std::unordered_multimap<int, Generation*> watched_;
  std::map<std::string, int> directories_;  // watched; -1: cannot be
  std::map<int, std::string> directory_of_watch_;
  std::map<std::string, std::vector<std::string>> listed_;  // names, sorted; within one search
  std::deque<uint64_t> ready_;                              // keys
  std::vector<char> window_;                                // what was read last
  std::optional<LineBatch> pending_;                        // refused by a full pipeline
  LineAnswers::Answer pending_answer_;
  std::vector<std::string> old_patterns_;  // of the checkpoint
  std::set<std::string> there_before_;     // what other patterns matched; until the first look
  std::string note_;
  std::string problem_;

  uint64_t next_key_ = 1;
  uint64_t unnamed_next_;  // for files without a time of birth
  const int64_t made_wall_us_;
  int64_t looked_wall_us_;  // when the last look at everything began
  uint64_t recovered_ = 0;  // places that the event log knew, not the checkpoint
  unsigned in_flight_ = 0;
  int64_t saved_wall_us_ = 0;  // of the checkpoint that was loaded; 0: there was none
  int64_t next_look_us_ = 0;
  int64_t look_cost_us_ = 0;
  int64_t looked_us_ = 0;
  int64_t next_poll_us_ = 0;
  int64_t changed_us_ = 0;  // when a poll last saw a change
  int64_t next_save_us_ = 0;
  int64_t next_housekeeping_us_ = 0;
  int64_t retry_us_ = 0;  // after a refusal
  bool must_look_ = false;
  bool is_first_look_ = true;
  bool is_dirty_ = false;
  bool is_polling_ = false;
  uint64_t lines_ = 0;
  uint64_t bytes_ = 0;
  uint64_t lost_bytes_ = 0;
  uint64_t losses_ = 0;
  uint64_t rejected_full_ = 0;
};

}  // namespace gasoline::source

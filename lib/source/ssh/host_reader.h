#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "source/retry.h"
#include "source/source.h"
#include "source/ssh/far_side.h"
#include "source/ssh/follower.h"
#include "source/ssh/link.h"

namespace gasoline::source::ssh {

/// Follows the files of one host: keeps a link to it, asks, and brings the lines in.
///
///     waiting --> connecting --> following
///        ^            |              |
///        +------------+--------------+   failed: again after 0.5 s, 1 s ... (retry.h)
///                     |
///                     +--> refused       until a key, a setting or ssh's files change
///
/// Up to kBatchesOfOneMax batches of a file are in the pipeline at a time. Each names the line
/// before it, so that none overtakes one that must be offered again. A file's name in the event log
/// is made by chance and is in the checkpoint, on the disk, before its first line is offered; from
/// then on the event log's own mark tells what was taken.
///
/// Driven by tick(), by the link's events and by wake(), all on one thread. Time is the clock's, so
/// that a test can let an hour pass.
class HostReader {
 public:
  static constexpr int64_t kGreetingUs = 10'000'000;  ///< from the start of ssh to its first reply
  static constexpr int64_t kSilenceUs = 8'000'000;    ///< of a far side that was asked something
  static constexpr int64_t kKeysLookUs = 2'000'000;
  static constexpr int64_t kTickUs = 500'000;
  static constexpr uint32_t kFailuresToWarn = 10;
  static constexpr uint32_t kFailuresToBeAnError = 30;
  static constexpr size_t kReadsAtOnce = 2;
  static constexpr uint32_t kBatchesOfOneMax = 4;

  enum class State { kWaiting, kConnecting, kFollowing, kRefused };
  struct Options {
    std::string host;
    std::string checkpoint_path;
    int64_t poll_interval_us = 100'000;
    uint64_t seed = 0;
    LinkMaker connect;
    /// Changes when something does that a refusal may depend on: keys, known hosts, ssh's settings.
    std::function<uint64_t()> keys;
    /// Asks for a tick() soon. Any thread.
    std::function<void()> wake;
  };

  HostReader(Options options, std::vector<Watch> watches, Surroundings surroundings);
  /// Cuts the link, keeps what is known in the checkpoint.
  ~HostReader();
  HostReader(const HostReader&) = delete;
  HostReader& operator=(const HostReader&) = delete;

  /// Does what is due; returns when to call again at the latest, on the monotonic clock.
  int64_t tick();

  State state() const { return state_; }
  uint32_t failures() const { return retry_.failures(); }
  /// When the next attempt is due, while waiting.
  int64_t next_attempt_us() const { return next_attempt_us_; }
  const std::string& problem() const { return problem_; }
  Snapshot snapshot() const;

 private:
  /// What the pipeline says, on its way to our thread. Outlives us if it must.
  struct Answers {
    struct Answer {
      std::shared_ptr<Generation> file;
      uint64_t seq = 0;  ///< of its last line
      uint64_t lines = 0;
      uint64_t bytes = 0;
      bool tells_of_gap = false;
      Taken taken = Taken::kYes;
    };
    std::mutex mutex;
    std::vector<Answer> waiting;
    std::function<void()> wake;
  };
  struct Asked {
    std::optional<Follower::Plan> read;  ///< none: a look around
  };

  bool load();
  bool save();
  void connect();
  void received(std::string_view bytes);
  void take_replies();
  void ended(const LinkEnd& end);
  void cut(const std::string& why);
  void fail(bool is_permanent, std::string what);
  void follow(int64_t now_us);
  void ask(int64_t now_us);
  void submit(int64_t now_us);
  bool submit_file(const std::shared_ptr<Generation>& file, int64_t now_us);
  bool tell_loss(const std::shared_ptr<Generation>& file);
  bool hand_over(const std::shared_ptr<Generation>& file, LineBatch& batch, Answers::Answer answer);
  void label(const Generation& file, LineBatch& batch) const;
  void take_answers(int64_t now_us);
  Follower::Now now() const;
  std::string origin();

  const Options options_;
  const Surroundings around_;
  SeededRandom random_;
  Retry retry_;
  Follower follower_;
  State state_ = State::kWaiting;
  std::string problem_;
  std::string checkpoint_problem_;
  int64_t next_attempt_us_ = 0;
  int64_t deadline_us_ = 0;
  int64_t last_byte_us_ = 0;
  int64_t next_look_us_ = 0;
  int64_t looked_us_ = 0;
  int64_t saved_us_ = 0;
  int64_t next_submit_us_ = 0;
  uint64_t keys_ = 0;
  bool is_loaded_ = false;
  bool is_dirty_ = false;     // more was taken than the checkpoint says
  bool has_changed_ = false;  // files came, moved or went
  bool has_replied_ = false;
  std::string cut_reason_;
  std::unique_ptr<Link> link_;
  std::optional<FarDialogue> dialogue_;
  bool was_introduced_ = false;
  std::deque<Asked> asked_;
  size_t reads_asked_ = 0;
  bool is_looking_ = false;
  std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
  uint64_t lines_ = 0;
  uint64_t bytes_ = 0;
  uint64_t rejected_full_ = 0;
};

}  // namespace gasoline::source::ssh

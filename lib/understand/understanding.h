#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "event/event.h"
#include "understand/line_reader.h"
#include "understand/reading.h"
#include "understand/rules.h"

namespace gasoline::understand {

/// What an Understanding has seen since it was made.
struct Counters {
  uint64_t lines = 0;
  uint64_t json_lines = 0;
  uint64_t logfmt_lines = 0;
  uint64_t lines_with_id = 0;
  uint64_t secrets_masked = 0;
  uint64_t ids_rejected = 0;  ///< stated by a producer or a field, but no id by SPEC 2
  uint64_t lines_joined = 0;  ///< to the event before them
  uint64_t joins_cut = 0;     ///< events that ended at the bounds of LineJoiner
};

/// How the last line was read, for explanation.h. Views are good as long as those of its event.
struct LastLine {
  LineForm form = LineForm::kText;
  const Reading* reading = nullptr;
  std::string_view text;               ///< the clean line
  std::vector<uint32_t> secret_kinds;  ///< masked in its message, in secret_kinds()
  std::vector<uint32_t> own_rules;     ///< likewise, in Options::redactions
};

/// Turns raw lines into events: format, printed time, level, ids, message, and secrets masked.
///
/// One per thread. Takes time linear in a line's length and never fails: what is not recognised
/// stays plain text. New bytes live in the caller's arena; once warm, nothing else is allocated.
class Understanding {
 public:
  /// `rules` and `clock` must outlive it.
  Understanding(const Rules& rules, const Clock& clock);
  ~Understanding();
  Understanding(const Understanding&) = delete;
  Understanding& operator=(const Understanding&) = delete;

  /// Goes on with other rules, which must outlive it; what it knows of its sources it keeps.
  void use(const Rules& rules);
  /// The zone of printed times that name none, from now on: "Europe/Berlin". Empty, or what is no
  /// zone: that of the rules. Up to kZonesMax names are known.
  void use_zone(std::string_view name);
  static constexpr size_t kZonesMax = 64;

  /// Lasts as long as what was expected.
  class Expectation {
   public:
    ~Expectation() { owner_.expect_nothing(); }
    Expectation(const Expectation&) = delete;
    Expectation& operator=(const Expectation&) = delete;

   private:
    friend class Understanding;
    explicit Expectation(Understanding& owner) : owner_(owner) {}
    Understanding& owner_;
  };
  /// Most messages to come lie in `bytes`, in their order, so that secrets are looked for in many
  /// of them at once, at half the cost. Changes nothing else. The bytes must stay as they are as
  /// long as the answer lives; there is one such answer at a time.
  [[nodiscard]] Expectation expect(std::string_view bytes);

  /// `event` comes with message = the raw line or the producer's message (valid UTF-8), source,
  /// service, timestamp_us = the time of reading (or the producer's, with timestamp_stated),
  /// metadata and the ids that the producer stated. Fills in the rest; what the producer stated
  /// (level_stated, non-empty ids, timestamp_stated) wins over what the text says.
  ///
  /// A printed time orders the event, except on a live local stream (stdout, stderr) where it lies
  /// within its own unit + 1 s before the time of reading: reading is finer, so it orders, and the
  /// printed time stays in metadata as `stated_time` (ms).
  ///
  /// Metadata gains the line's other fields as raw JSON members, `level_raw` when the word differs
  /// from the level's name, and `correlation_id_rejected` for a stated id that is none.
  ///
  /// Secrets are masked in the message, in metadata and in tags before anything else looks at them,
  /// as "[redacted:kind#3f2a]" (mask_key.h), also those that go on in later lines and pieces of
  /// their source (line_mask.h). The event's views may point into its old bytes, the arena, or
  /// literals.
  void understand(event::Event& event, Arena& arena);

  /// Finds out whether the line that was just understood continues an event of its source, such as
  /// a stack trace (line_joiner.h). Then its metadata names that event, `"continues":"EVENT-ID"`,
  /// and it has that event's level. Call it behind understand(), once the event has its id.
  /// Only sources of lines are joined: stdout, stderr, file, ssh and container.
  void join(event::Event& event, Arena& arena);
  /// Takes note of an event that went through join() before a restart. In their order of arrival.
  void resume(const event::Event& event);
  /// What it has learnt of its sources and no event tells: columns of ids (bare_ids.h). Text of at
  /// most about 1 MiB, without anything that a line said.
  std::string learnt() const;
  /// Goes on with what learnt() gave another one. False if `learnt` is anything else.
  bool recall(std::string_view learnt);
  /// Grows whenever learnt() may have changed.
  uint64_t lessons() const;
  /// Forgets what the sources printed last, where it did not reach the event log.
  void forget_open_events();

  /// Masks the secrets in any text, such as a command line. Returns `text` itself if it holds none.
  std::string_view mask(std::string_view text, Arena& arena);

  LastLine last_line() const;
  const Counters& counters() const;

 private:
  void expect_nothing();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gasoline::understand

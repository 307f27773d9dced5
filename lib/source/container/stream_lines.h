#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gasoline::source::container {

/// A line of one stream of a container.
struct ContainerLine {
  uint64_t seq = 0;  ///< the same whenever it is read
  int64_t time_ns = 0;
  std::string text;  ///< without its end
  bool is_piece = false;
};

/// Lines on their way, the first of them offered to the pipeline, and how much room they take.
class LineQueue {
 public:
  static constexpr size_t kOverheadBytes = 64;  ///< of a line beside its text

  struct Dropped {
    size_t lines = 0;
    size_t text_bytes = 0;
  };

  void push(ContainerLine line) {
    bytes_ += size_of(line);
    lines_.push_back(std::move(line));
  }
  /// So many more are in the pipeline.
  void offer(size_t count);
  /// None is.
  void offer_again() { offered_ = offered_bytes_ = 0; }
  /// Drops what has a number up to `seq`.
  Dropped drop_up_to(uint64_t seq);

  const std::deque<ContainerLine>& lines() const { return lines_; }
  size_t bytes() const { return bytes_; }
  size_t offered() const { return offered_; }
  size_t unoffered_bytes() const { return bytes_ - offered_bytes_; }

 private:
  static size_t size_of(const ContainerLine& line) { return line.text.size() + kOverheadBytes; }

  std::deque<ContainerLine> lines_;
  size_t bytes_ = 0;
  size_t offered_ = 0;
  size_t offered_bytes_ = 0;
};

/// Makes lines of one stream's records: joins parts, numbers lines, drops what is read twice.
///
/// A line's number is its stamp times 8, or one more than that of the line before where that is
/// greater. Because reading again always begins at the start of a second, lines of one stamp come
/// together and get the same numbers again, also from an engine whose stamps are whole seconds.
/// What an engine repeats within a stream (after it rotated the log: stamps go back to lines that
/// were seen) is dropped and counted; stamps that go back to new lines (a clock was set) are not.
class StreamLines {
 public:
  static constexpr size_t kLineBytesMax = 1 << 20;
  static constexpr size_t kRememberedMax = 1024;

  /// Lines up to `taken_to` are known to be taken.
  explicit StreamLines(uint64_t taken_to) : given_to_(taken_to) {}

  /// Appends what became whole to `lines`.
  void take(int64_t time_ns, std::string_view text, LineQueue& lines);
  /// The container has ended: an unfinished line is one.
  void finish(LineQueue& lines);
  /// It will be read again from the start of some second before.
  void restart();

  bool has_unfinished() const { return !unfinished_.empty(); }
  int64_t unfinished_ns() const { return unfinished_ns_; }
  /// How often the engine began to repeat itself, which it does when it rotates a log.
  uint64_t repeats() const { return repeats_; }

 private:
  bool is_repeated(int64_t time_ns, std::string_view text);
  void give(int64_t time_ns, std::string_view text, bool is_piece, LineQueue& lines);

  uint64_t given_to_ = 0;
  uint64_t last_seq_ = 0;
  int64_t last_ns_ = 0;
  std::string unfinished_;
  int64_t unfinished_ns_ = 0;
  bool was_cut_ = false;
  std::vector<uint64_t> remembered_;
  size_t next_remembered_ = 0;
  bool is_repeating_ = false;
  uint64_t repeats_ = 0;
};

}  // namespace gasoline::source::container

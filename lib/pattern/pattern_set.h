#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace gasoline::pattern {

/// One expression of a set, in the part of PCRE's syntax that Hyperscan takes: no back references,
/// no look-around, no captures.
struct Pattern {
  uint32_t id = 0;  ///< given back with each match; patterns may share one
  std::string regex;
  bool caseless = false;
  bool dot_matches_newline = false;
  bool is_utf8 = false;       ///< a dot is a character; texts must be valid UTF-8
  bool may_be_empty = false;  ///< without it a pattern that can match nothing at all is refused
  bool matches_once = false;  ///< told at most once a scan, wherever it matched
};

/// The working memory of one scan. One per thread and set: two scans must never share it.
class Scratch {
 public:
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&& other) noexcept;
  ~Scratch();

 private:
  friend class PatternSet;
  struct Memory;
  explicit Scratch(std::unique_ptr<Memory> memory);
  std::unique_ptr<Memory> memory_;
};

/// Many patterns, compiled into one automaton that reads a text once.
///
/// Immutable once made, and then safe to use from any number of threads. A scan says where a match
/// ends, never where it starts: finding starts would cost every scan, and so few texts match that
/// looking back from the end is cheaper. Patterns that begin with a literal scan at GB/s; one that
/// begins with a class such as [0-9a-f]{32} makes the whole set ten times slower.
class PatternSet {
 public:
  /// Called with a pattern's id and the offset just behind its match, ends in rising order.
  /// Returns false to stop the scan.
  using OnMatch = bool (*)(void* context, uint32_t id, size_t end_offset) noexcept;

  /// Compiles; takes about 3 ms a pattern. The error (kInvalid) names the pattern, the place in it
  /// and the reason.
  static Result<PatternSet> compile(std::span<const Pattern> patterns);

  /// Like compile(), but keeps the result in a file of `directory`, which is made (0700) if its
  /// parent exists. The file is only a saving: one that is stale, damaged, of another library or
  /// processor, or that others could have written is compiled anew and replaced (atomically, 0600).
  /// Failing to write it is told to `log` and is no error.
  static Result<PatternSet> compile_cached(std::span<const Pattern> patterns,
                                           const std::string& directory, Log& log);

  PatternSet(PatternSet&& other) noexcept;
  PatternSet& operator=(PatternSet&& other) noexcept;
  ~PatternSet();

  Result<Scratch> make_scratch() const;

  /// Reads `text` (under 4 GiB) once. Allocates nothing.
  void scan(std::string_view text, Scratch& scratch, OnMatch on_match, void* context) const;

  /// scan() with any callable `bool(uint32_t id, size_t end_offset)` that does not throw.
  template <typename Callable>
  void scan(std::string_view text, Scratch& scratch, Callable&& on_match) const {
    using Bare = std::remove_reference_t<Callable>;
    scan(
        text, scratch,
        [](void* context, uint32_t id, size_t end) noexcept -> bool {
          return (*static_cast<Bare*>(context))(id, end);
        },
        const_cast<void*>(static_cast<const void*>(std::addressof(on_match))));
  }

  /// True if the last compile_cached() took the compiled form from its file.
  bool came_from_cache() const { return came_from_cache_; }

 private:
  struct Database;
  explicit PatternSet(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
  bool came_from_cache_ = false;
};

}  // namespace gasoline::pattern

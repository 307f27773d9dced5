#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pattern/pattern_set.h"

/// What the parts of understanding are measured against.
namespace gasoline::bench {

/// Fifteen expressions for ids as a person would write them: names with a value, and shapes.
std::span<const pattern::Pattern> plain_id_patterns();

/// Many expressions by RE2::Set, which tells of a text those that match, not where.
class Re2Set {
 public:
  explicit Re2Set(std::span<const pattern::Pattern> patterns);
  ~Re2Set();
  Re2Set(const Re2Set&) = delete;
  Re2Set& operator=(const Re2Set&) = delete;

  /// How many lines one or more of them match.
  size_t count_matching(std::span<const std::string_view> lines) const;

 private:
  struct Set;
  std::unique_ptr<Set> set_;
};

/// Reads every field of every line, an object of JSON, with simdjson's on-demand parser: keys and
/// strings unescaped, other values as they are written. 64 bytes must follow each line in its
/// buffer. Returns the size of all that it read.
size_t walk_by_simdjson(std::span<const std::string_view> lines);

/// Runs a program with its input from `path` and reads nothing of its output. Returns the CPU seconds
/// that it took; negative if it could not be run.
double run_program(std::span<const char* const> arguments, const std::string& path);

/// A file that is gone with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }  ///< empty if it could not be written

 private:
  std::string path_;
};

}  // namespace gasoline::bench

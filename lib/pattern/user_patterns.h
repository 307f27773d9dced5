#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "pattern/pattern_set.h"

namespace gasoline::pattern {

/// What is to be said of one expression of a user's own.
struct RegexVerdict {
  bool is_good = false;
  std::string what;      ///< why it is refused; or a note on an expression that is good
  size_t character = 0;  ///< where, counted in bytes from 1; 0 where that is not known
  std::vector<std::string> groups;  ///< its named groups, in their order
};

inline constexpr size_t kUserRegexSizeMax = 4096;
inline constexpr size_t kUserGroupsMax = 32;

/// Looks at one expression in RE2's syntax, with (?<name>...) accepted for (?P<name>...). One that
/// Hyperscan cannot take is good, with a note: it is then looked for line by line.
RegexVerdict check_regex(std::string_view regex);

/// Expressions of a user's own, which find places and parts in a text.
///
/// One scan by Hyperscan tells which of them occur at all; only those are looked for by RE2, which
/// knows where a match begins and what its groups hold. Both take time linear in the text.
/// Immutable once made, and then safe to use from any number of threads.
class UserPatterns {
 public:
  /// Where a match lies, and its groups, 0 being the whole: {nullptr, 0} for one that took no part.
  using Groups = std::vector<std::string_view>;

  /// `regexes` have passed check_regex(). With a directory, the compiled form is kept there, as by
  /// PatternSet::compile_cached().
  static Result<UserPatterns> compile(std::span<const std::string> regexes,
                                      const std::string& cache_directory, Log& log);
  UserPatterns(UserPatterns&& other) noexcept;
  UserPatterns& operator=(UserPatterns&& other) noexcept;
  ~UserPatterns();

  size_t size() const;
  /// The names of groups 1 ...; empty for one without a name.
  const std::vector<std::string>& group_names(size_t pattern) const;

  /// Working memory, one per thread.
  class Memory {
   public:
    explicit Memory(const UserPatterns& patterns);
    Groups groups;

   private:
    friend class UserPatterns;
    std::vector<Scratch> scratch_;  // none without a Hyperscan set
    std::vector<uint8_t> occurs_;
  };

  /// Finds out which patterns may occur in `text` (valid UTF-8): may_occur() tells of each. False
  /// if none does.
  bool scan(std::string_view text, Memory& memory) const;
  bool may_occur(size_t pattern, const Memory& memory) const;

  /// The first match of a pattern at or behind `from` that ends before `until`, into memory.groups.
  bool find(size_t pattern, std::string_view text, size_t from, size_t until, Memory& memory) const;

 private:
  struct Compiled;
  explicit UserPatterns(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace gasoline::pattern

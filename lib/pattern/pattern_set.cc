#include "pattern/pattern_set.h"

#include <hs.h>

#include <limits>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "pattern/compiled_cache.h"

namespace gasoline::pattern {

namespace {

constexpr std::string_view kCompiling = "compile patterns";

unsigned hyperscan_flags(const Pattern& pattern) {
  unsigned flags = 0;
  if (pattern.caseless) flags |= HS_FLAG_CASELESS;
  if (pattern.dot_matches_newline) flags |= HS_FLAG_DOTALL;
  if (pattern.is_utf8) flags |= HS_FLAG_UTF8;
  if (pattern.may_be_empty) flags |= HS_FLAG_ALLOWEMPTY;
  if (pattern.matches_once) flags |= HS_FLAG_SINGLEMATCH;
  return flags;
}

/// Everything that the compiled form depends on; a cached form is used only for an equal key.
std::string cache_key(std::span<const Pattern> patterns) {
  std::string key = hs_version();
  key.push_back('\n');
  hs_platform_info platform{};
  hs_populate_platform(&platform);
  key += std::to_string(platform.tune) + ' ' + std::to_string(platform.cpu_features) + '\n';
  for (const Pattern& pattern : patterns) {
    key += std::to_string(pattern.id) + ' ' + std::to_string(hyperscan_flags(pattern)) + ' ' +
           std::to_string(pattern.regex.size()) + ' ' + pattern.regex + '\n';
  }
  return key;
}

Error compile_error(std::span<const Pattern> patterns, const hs_compile_error_t& error) {
  std::string detail = error.message != nullptr ? error.message : "unknown reason";
  if (error.expression >= 0 && static_cast<size_t>(error.expression) < patterns.size()) {
    const auto index = static_cast<size_t>(error.expression);
    detail = "pattern " + std::to_string(index + 1) + " of " + std::to_string(patterns.size()) +
             " (id " + std::to_string(patterns[index].id) + ") /" + patterns[index].regex +
             "/: " + detail;
  }
  return Error::of(Error::kInvalid, kCompiling, detail);
}

/// The C callback's view of one scan.
struct ScanContext {
  PatternSet::OnMatch on_match;
  void* context;
};

int on_hyperscan_match(unsigned id, unsigned long long, unsigned long long to, unsigned,
                       void* context) noexcept {
  const auto& scan = *static_cast<const ScanContext*>(context);
  return scan.on_match(scan.context, id, static_cast<size_t>(to)) ? 0 : 1;
}

}  // namespace

struct Scratch::Memory {
  hs_scratch_t* scratch = nullptr;
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { hs_free_scratch(scratch); }
};

Scratch::Scratch(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
Scratch::~Scratch() = default;

struct PatternSet::Database {
  hs_database_t* database = nullptr;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { hs_free_database(database); }
};

PatternSet::PatternSet(std::unique_ptr<Database> database) : database_(std::move(database)) {}
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;
PatternSet::~PatternSet() = default;

Result<PatternSet> PatternSet::compile(std::span<const Pattern> patterns) {
  if (hs_valid_platform() != HS_SUCCESS) {
    return Error::of(Error::kInvalid, kCompiling, "Hyperscan needs a processor with SSSE3");
  }
  if (patterns.empty()) return Error::of(Error::kInvalid, kCompiling, "the set is empty");
  std::vector<const char*> expressions;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Pattern& pattern : patterns) {
    if (pattern.regex.find('\0') != std::string::npos) {
      return Error::of(
          Error::kInvalid, kCompiling,
          "pattern id " + std::to_string(pattern.id) + " holds a NUL byte: write \\x00");
    }
    expressions.push_back(pattern.regex.c_str());
    flags.push_back(hyperscan_flags(pattern));
    ids.push_back(pattern.id);
  }
  auto database = std::make_unique<Database>();
  hs_compile_error_t* error = nullptr;
  const hs_error_t status = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                             static_cast<unsigned>(patterns.size()), HS_MODE_BLOCK,
                                             nullptr, &database->database, &error);
  if (status != HS_SUCCESS) {
    GASOLINE_ASSERT(error != nullptr);
    Error told = compile_error(patterns, *error);
    hs_free_compile_error(error);
    return told;
  }
  return PatternSet(std::move(database));
}

Result<PatternSet> PatternSet::compile_cached(std::span<const Pattern> patterns,
                                              const std::string& directory, Log& log) {
  const std::string key = cache_key(patterns);
  if (std::string bytes = read_compiled(directory, key); !bytes.empty()) {
    auto database = std::make_unique<Database>();
    if (hs_deserialize_database(bytes.data(), bytes.size(), &database->database) == HS_SUCCESS) {
      PatternSet set(std::move(database));
      set.came_from_cache_ = true;
      return set;
    }
  }
  Result<PatternSet> set = compile(patterns);
  if (!set) return set;
  char* bytes = nullptr;
  size_t size = 0;
  if (hs_serialize_database(set->database_->database, &bytes, &size) == HS_SUCCESS) {
    const Status written = write_compiled(directory, key, {bytes, size});
    std::free(bytes);
    if (!written) log.warn("compiled patterns are not kept: " + written.error().to_string());
  }
  return set;
}

Result<Scratch> PatternSet::make_scratch() const {
  auto memory = std::make_unique<Scratch::Memory>();
  if (hs_alloc_scratch(database_->database, &memory->scratch) != HS_SUCCESS) {
    return Error::from_errno(ENOMEM, "allocate scratch memory for patterns");
  }
  return Scratch(std::move(memory));
}

void PatternSet::scan(std::string_view text, Scratch& scratch, OnMatch on_match,
                      void* context) const {
  if (text.empty()) return;
  GASOLINE_ASSERT(text.size() <= std::numeric_limits<unsigned>::max());
  ScanContext scan{on_match, context};
  const hs_error_t status =
      hs_scan(database_->database, text.data(), static_cast<unsigned>(text.size()), 0,
              scratch.memory_->scratch, on_hyperscan_match, &scan);
  // Anything else means a scratch of another set, or one that two threads share.
  GASOLINE_ASSERT(status == HS_SUCCESS || status == HS_SCAN_TERMINATED);
}

}  // namespace gasoline::pattern

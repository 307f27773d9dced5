#include "understand_yardsticks.h"

#include <fcntl.h>
#include <re2/re2.h>
#include <re2/set.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace gasoline::bench {

namespace {

#define KEYED(name) name "[\"' ]{0,3}[=:][\"' ]{0,3}[0-9a-z._:/+~@-]{6,}"

/// As RE2 and Hyperscan both take them.
std::vector<pattern::Pattern> make_id_patterns() {
  std::vector<pattern::Pattern> patterns;
  for (const char* const regex :
       {KEYED("correlation[_-]?id"), KEYED("corr[_-]?id"), KEYED("request[_-]?id"),
        KEYED("req[_-]?id"), KEYED("trace[_-]?id"), KEYED("request[_-]?uuid"),
        KEYED("traceparent"), KEYED("uber-trace-id"), KEYED("b3"), "\\[req(?:uest)?[:= ][^\\]]+\\]",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[0-9a-f]{32}",
        "1-[0-9a-f]{8}-[0-9a-f]{24}", "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
        "[0-9a-f]{32}-[0-9a-f]{16}-[01d]"}) {
    patterns.push_back({static_cast<uint32_t>(patterns.size()), regex, true});
  }
  return patterns;
}

#undef KEYED

double children_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// In the child: only what may be called behind fork().
[[noreturn]] void become(std::span<const char* const> arguments, const char* path) {
  const int input = ::open(path, O_RDONLY | O_CLOEXEC);
  // Not /dev/null: grep would stop at the first line that it finds.
  const int output = ::memfd_create("output", MFD_CLOEXEC);
  if (input < 0 || output < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0) ::_exit(127);
  ::execvp(arguments[0], const_cast<char* const*>(arguments.data()));
  ::_exit(127);
}

}  // namespace

std::span<const pattern::Pattern> plain_id_patterns() {
  static const std::vector<pattern::Pattern> patterns = make_id_patterns();
  return patterns;
}

struct Re2Set::Set {
  Set(const RE2::Options& options) : set(options, RE2::UNANCHORED) {}
  RE2::Set set;
};

Re2Set::Re2Set(std::span<const pattern::Pattern> patterns) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_max_mem(256 << 20);
  set_ = std::make_unique<Set>(options);
  for (const pattern::Pattern& pattern : patterns) {
    std::string error;
    const std::string regex = pattern.caseless ? "(?i)" + pattern.regex : pattern.regex;
    if (set_->set.Add(regex, &error) < 0) std::abort();
  }
  if (!set_->set.Compile()) std::abort();
}

Re2Set::~Re2Set() = default;

size_t Re2Set::count_matching(std::span<const std::string_view> lines) const {
  std::vector<int> matching;
  size_t count = 0;
  for (const std::string_view line : lines) {
    count += set_->set.Match({line.data(), line.size()}, &matching) ? 1u : 0u;
  }
  return count;
}

size_t walk_by_simdjson(std::span<const std::string_view> lines) {
  simdjson::ondemand::parser parser;
  size_t sum = 0;
  for (const std::string_view line : lines) {
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING)
                .get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
      continue;
    }
    for (auto field : object) {
      std::string_view key;
      std::string_view value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) break;
      if (field.value().get_string().get(value) != simdjson::SUCCESS &&
          field.value().raw_json_token().get(value) != simdjson::SUCCESS) {
        break;
      }
      sum += key.size() + value.size();
    }
  }
  return sum;
}

double run_program(std::span<const char* const> arguments, const std::string& path) {
  const double before = children_seconds();
  const pid_t child = ::fork();
  if (child == 0) become(arguments, path.c_str());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
      WEXITSTATUS(status) > 1) {
    return -1;
  }
  return children_seconds() - before;
}

TemporaryFile::TemporaryFile(std::string_view bytes) {
  std::error_code error;
  path_ = (std::filesystem::temp_directory_path(error) / "understand_speed.XXXXXX").string();
  const int file = ::mkstemp(path_.data());
  if (file < 0) {
    path_.clear();
    return;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  ::close(file);
  if (bytes.empty()) return;
  ::unlink(path_.c_str());
  path_.clear();
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace gasoline::bench

#include "source/ssh/key_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "process/child.h"
#include "source/ssh/ssh_command.h"

namespace gasoline::source::ssh {
namespace {

constexpr size_t kDescriptionBytesMax = 256 * 1024;
constexpr useconds_t kReapWaitUs = 1'000;
constexpr int kReapLooksMax = 1'000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void mix(uint64_t& hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15;
  hash ^= hash >> 29;
}

}  // namespace

KeyWatch::KeyWatch(const config::SourceSettings& settings) : command_(describe_command(settings)) {}

uint64_t KeyWatch::look() {
  if (!files_.empty() && signature() == last_) return last_;
  files_ = files_that_matter(describe(), variable("HOME"));
  files_.push_back(variable("SSH_AUTH_SOCK"));
  last_ = signature();
  return last_;
}

uint64_t KeyWatch::signature() const {
  uint64_t hash = 1;
  for (const std::string& file : files_) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      mix(hash, 7);
      continue;
    }
    mix(hash, status.st_ino);
    mix(hash, static_cast<uint64_t>(status.st_size));
    mix(hash, static_cast<uint64_t>(status.st_mtim.tv_sec));
    mix(hash, static_cast<uint64_t>(status.st_mtim.tv_nsec));
    mix(hash, status.st_mode);
  }
  return hash;
}

std::string KeyWatch::describe() const {
  auto pipe = process::make_pipe();
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!pipe || !nothing.is_open()) return {};
  process::ChildOptions options;
  options.arguments = command_;
  for (char** entry = environ; *entry != nullptr; ++entry) options.environment.emplace_back(*entry);
  options.stdin_fd = options.stderr_fd = nothing.get();
  options.stdout_fd = pipe->write_end.get();
  options.new_session = true;
  options.close_others = true;
  const auto pid = process::spawn(options);
  pipe->write_end.reset();
  if (!pid) return {};
  std::string text;
  std::array<char, 4096> buffer{};
  pollfd wanted{pipe->read_end.get(), POLLIN, 0};
  while (text.size() < kDescriptionBytesMax && ::poll(&wanted, 1, kDescribeMs) > 0) {
    const ssize_t size = ::read(wanted.fd, buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  ::kill(-*pid, SIGKILL);
  process::ChildEnd end;
  for (int i = 0; i < kReapLooksMax && !process::reap(*pid, end); ++i) ::usleep(kReapWaitUs);
  return text;
}

}  // namespace gasoline::source::ssh

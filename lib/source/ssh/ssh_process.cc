#include "source/ssh/ssh_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace gasoline::source::ssh {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr int kReadsAtOnce = 16;
constexpr int kPipeBytes = 1 << 20;  // what an unprivileged process may ask for
constexpr int64_t kLookUs = 1'000'000;
constexpr int64_t kReapUs = 5'000;
constexpr int64_t kReapLooksMax = 200;
constexpr useconds_t kReapWaitUs = 1'000;

}  // namespace

SshProcess::SshProcess(loop::Loop& loop, Events events)
    : events_(std::move(events)),
      loop_(loop),
      buffer_(kReadBytes),
      reaper_(loop, [this] { look_for_end(); }) {}

Result<std::unique_ptr<Link>> SshProcess::start(loop::Loop& loop,
                                                const std::vector<std::string>& arguments,
                                                Events events) {
  auto in = process::make_pipe();
  auto out = process::make_pipe();
  auto said = process::make_pipe();
  if (!in) return in.error();
  if (!out) return out.error();
  if (!said) return said.error();
  std::unique_ptr<SshProcess> made(new SshProcess(loop, std::move(events)));
  process::ChildOptions options;
  options.arguments = arguments;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    options.environment.emplace_back(*variable);
  }
  options.stdin_fd = in->read_end.get();
  options.stdout_fd = out->write_end.get();
  options.stderr_fd = said->write_end.get();
  options.new_session = true;
  options.close_others = true;
  const auto pid = process::spawn(options);
  if (!pid) return pid.error();
  made->pid_ = *pid;
  made->in_ = std::move(in->write_end);
  made->out_.fd = std::move(out->read_end);
  made->said_.fd = std::move(said->read_end);
  // Only a matter of speed: a refusal leaves the usual 64 KiB.
  static_cast<void>(::fcntl(made->out_.fd.get(), F_SETPIPE_SZ, kPipeBytes));
  static_cast<void>(::fcntl(made->in_.get(), F_SETFL, O_NONBLOCK));
  if (Status watched = made->watch(made->out_, &SshProcess::read_out); !watched)
    return watched.error();
  if (Status watched = made->watch(made->said_, &SshProcess::read_said); !watched) {
    return watched.error();
  }
  made->reaper_.start(kLookUs, kLookUs);
  return std::unique_ptr<Link>(std::move(made));
}

Status SshProcess::watch(Output& output, void (SshProcess::*readable)()) {
  output.poll = std::make_unique<loop::Poll>(
      loop_, [this, readable](int, const Error*) { (this->*readable)(); });
  return output.poll->start(output.fd.get(), UV_READABLE);
}

SshProcess::~SshProcess() {
  out_.poll.reset();
  said_.poll.reset();
  in_poll_.reset();
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  process::ChildEnd end;
  for (int64_t i = 0; i < kReapLooksMax && !process::reap(pid_, end); ++i) ::usleep(kReapWaitUs);
}

void SshProcess::write(std::string_view bytes) {
  unwritten_ += bytes;
  flush();
}

void SshProcess::flush() {
  while (in_.is_open() && !unwritten_.empty()) {
    const ssize_t size = ::write(in_.get(), unwritten_.data(), unwritten_.size());
    if (size > 0) {
      unwritten_.erase(0, static_cast<size_t>(size));
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      in_poll_.reset();
      in_.reset();  // its end tells the rest
      return;
    }
  }
  if (!in_.is_open()) return;
  if (unwritten_.empty()) return in_poll_.reset();
  if (in_poll_) return;
  in_poll_ = std::make_unique<loop::Poll>(loop_, [this](int, const Error*) { flush(); });
  static_cast<void>(in_poll_->start(in_.get(), UV_WRITABLE));
}

void SshProcess::read_out() {
  for (int i = 0; i < kReadsAtOnce; ++i) {
    const ssize_t size = ::read(out_.fd.get(), buffer_.data(), buffer_.size());
    if (size > 0) {
      events_.received({buffer_.data(), static_cast<size_t>(size)});
      continue;
    }
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    out_.poll.reset();
    waits_ = 0;
    reaper_.start(0, kReapUs);
    return;
  }
}

void SshProcess::read_said() {
  const ssize_t size = ::read(said_.fd.get(), buffer_.data(), buffer_.size());
  if (size > 0) {
    end_.said.append(buffer_.data(), static_cast<size_t>(size));
    if (end_.said.size() > LinkEnd::kSaidBytesMax) {
      end_.said.erase(0, end_.said.size() - LinkEnd::kSaidBytesMax);
    }
    return;
  }
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  said_.poll.reset();
}

/// Once its output ended the process follows at once, or is made to; a helper that holds our pipe
/// open does not hide the end of ssh itself.
void SshProcess::look_for_end() {
  process::ChildEnd end;
  if (!has_end_ && process::reap(pid_, end)) {
    has_end_ = true;
    end_.code = end.code;
    end_.by_signal = end.by_signal;
    ::kill(-pid_, SIGKILL);
    pid_ = -1;
  }
  if (has_end_) return finish();
  if (out_.poll == nullptr && ++waits_ == kReapLooksMax) ::kill(-pid_, SIGKILL);
}

void SshProcess::finish() {
  if (out_.poll != nullptr) read_out();
  if (said_.poll != nullptr) read_said();
  reaper_.stop();
  out_.poll.reset();
  said_.poll.reset();
  in_poll_.reset();
  // May destroy this object.
  const auto ended = std::move(events_.ended);
  const LinkEnd end = std::move(end_);
  ended(end);
}

}  // namespace gasoline::source::ssh

#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "process/child.h"
#include "source/ssh/link.h"

namespace gasoline::source::ssh {

/// A link through a child process, which is the system's ssh.
///
/// The child has a session of its own: it finds no terminal to ask on, and it and its helpers (a
/// ProxyCommand, a jump host's ssh) end as one. Three pipes and one process while it lives, none
/// afterwards: the destructor kills and reaps.
class SshProcess final : public Link {
 public:
  static Result<std::unique_ptr<Link>> start(loop::Loop& loop,
                                             const std::vector<std::string>& arguments,
                                             Events events);
  ~SshProcess() override;
  SshProcess(const SshProcess&) = delete;
  SshProcess& operator=(const SshProcess&) = delete;

  void write(std::string_view bytes) override;

 private:
  struct Output {
    FileDescriptor fd;
    std::unique_ptr<loop::Poll> poll;
  };

  SshProcess(loop::Loop& loop, Events events);
  Status watch(Output& output, void (SshProcess::*readable)());
  void read_out();
  void read_said();
  void flush();
  void look_for_end();
  void finish();

  Events events_;
  pid_t pid_ = -1;
  Output out_;
  Output said_;
  FileDescriptor in_;
  std::unique_ptr<loop::Poll> in_poll_;
  loop::Poll::Callback in_callback_;
  loop::Loop& loop_;
  std::string unwritten_;
  std::vector<char> buffer_;
  LinkEnd end_;
  bool has_end_ = false;
  loop::Timer reaper_;
  int64_t waits_ = 0;
};

}  // namespace gasoline::source::ssh

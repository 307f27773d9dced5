#pragma once

#include <sys/types.h>
#include <termios.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "spool/descriptor_socket.h"
#include "spool/run_description.h"
#include "spool/spool_record.h"

namespace gasoline::spool {

/// Descriptors that somebody else gets if we die, and that we take back, whatever he does, if not.
///
/// A message that carries them waits in a socket whose receiving end several processes hold. As
/// long as it waits the kernel keeps the descriptors open. Whoever receives it has them; so the one
/// who put them there ends that by receiving it himself, even while the others are frozen. They
/// must not look into it while he lives. Calls are single system calls: any thread.
class Escrow {
 public:
  static Result<Escrow> make();

  Status put(std::string_view text, std::span<const int> descriptors);
  /// Takes back all that is in it.
  void withdraw();
  /// For the others: see take_from_escrow().
  int receiving_end() const { return ends_.second.get(); }

 private:
  explicit Escrow(SocketPair ends) : ends_(std::move(ends)) {}
  SocketPair ends_;
};

/// What was put there last; nothing if it is empty.
std::optional<DescriptorMessage> take_from_escrow(int receiving_end);
bool is_escrow_empty(int receiving_end);

/// Where a run that somebody goes on with is to be delivered, and how it is captured.
struct HeldSettings {
  std::string ring_directory;  ///< of this run: RINGS/RUN-ID
  std::string holder_path;     ///< of the daemon's socket for holders
  std::string socket_path;     ///< of the daemon's for events; empty: `url` counts
  std::string url;
  uint64_t spool_size_bytes_max = 0;
  uint64_t sync_policy = 0;  ///< journal::SyncPolicy
  bool is_lossless = false;
};

/// A terminal whose modes a wrapper has changed for its child.
struct HeldTerminal {
  FileDescriptor fd;
  termios before{};  ///< what it had at the start
  termios made{};    ///< what we made of it last
};

/// One stream of the child.
struct HeldStream {
  Stream stream = Stream::kStdout;
  FileDescriptor child_end;
  FileDescriptor staging_read;
  FileDescriptor staging_write;
};

/// All that is needed to go on with a run whose wrapper is gone, each part in an escrow of its own,
/// so that each can be withdrawn at the moment when it must not outlive the wrapper any more.
class HeldRun {
 public:
  static constexpr size_t kParts = 5;
  static Result<HeldRun> make();

  /// `lock` is that of the run's ring directory: nobody recovers the rings while it is held.
  Status put_settings(const HeldSettings& settings, int lock);
  /// `started`: members of the run_started event.
  Status put_child(pid_t child, std::string_view started, int pidfd);
  /// Replaces what it was told before.
  Status put_terminal(int fd, const termios& before, const termios& made);
  Status put_stream(Stream stream, int child_end, int staging_read, int staging_write);
  void withdraw_stream(Stream stream);
  /// Nobody goes on with the run any more.
  void withdraw();
  std::array<int, kParts> receiving_ends() const;

 private:
  explicit HeldRun(std::vector<Escrow> parts) : parts_(std::move(parts)) {}
  std::vector<Escrow> parts_;
};

/// The receiving ends of a HeldRun, in its order, in the hands of a holder.
using HeldParts = std::vector<FileDescriptor>;

/// What a holder finds there after the wrapper's death.
struct TakenRun {
  HeldSettings settings;
  FileDescriptor lock;
  pid_t child = -1;
  std::string started;
  FileDescriptor pidfd;  ///< of the child; not open if the wrapper died before it had told
  std::optional<HeldTerminal> terminal;
  std::vector<HeldStream> streams;
};

/// True if the wrapper left the run to its holder.
bool is_left(const HeldParts& parts);
/// Empties the parts. Error::kInvalid if they hold anything else than a HeldRun.
Result<TakenRun> take_run(const HeldParts& parts);

/// Asks a daemon or a guardian to hold a run: the message that carries the receiving ends.
struct HoldRequest {
  std::string run_id;
  std::string service;
  uint64_t takeovers = 0;  ///< how often somebody went on with it already
  int64_t since_us = 0;    ///< wall time at which the last one did; 0: its wrapper lives
};
bool is_hold_request(std::string_view text);
Status send_hold_request(int socket, const HoldRequest& request,
                         std::span<const int> receiving_ends);
Result<HoldRequest> parse_hold_request(const DescriptorMessage& message);
/// What a holder says to somebody who goes on with a run: end it.
inline constexpr std::string_view kEndRunWord = "end";

}  // namespace gasoline::spool

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "spool/hand_over.h"

namespace gasoline::spool {
namespace {

constexpr char kVersion = 1;
constexpr char kConfirmation = 'k';
constexpr size_t kPacketSizeBytesMax = 64 * 1024;
constexpr int kAcceptTimeoutMs = 100;

bool fill_address(const std::string& path, sockaddr_un& address) {
  address = sockaddr_un{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  return true;
}

Result<FileDescriptor> open_socket(const std::string& path, sockaddr_un& address) {
  const std::string doing = "use the socket '" + path + "'";
  if (!fill_address(path, address)) return Error::from_errno(ENAMETOOLONG, doing);
  FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error::from_errno(errno, doing);
  return socket;
}

std::string to_packet(const HandOver& hand_over) {
  std::string packet(1, kVersion);
  append_sized(packet, to_text(hand_over.run));
  append_varint(packet, hand_over.next_seq);
  append_varint(packet, hand_over.streams.size());
  for (const HandOver::TakenStream& taken : hand_over.streams) {
    packet.push_back(static_cast<char>(taken.stream));
    append_varint(packet, taken.next_line);
  }
  return packet;
}

/// Reads a packet whose descriptors are `fds`, which it takes over.
Result<HandOver> parse_packet(std::string_view packet, std::vector<FileDescriptor> fds) {
  const Error bad =
      Error::of(Error::kInvalid, "take over streams", "the message is not of this version");
  HandOver hand_over;
  std::string_view run;
  uint64_t count = 0;
  if (packet.empty() || packet.front() != kVersion) return bad;
  packet.remove_prefix(1);
  if (!take_sized(packet, run) || !take_varint(packet, hand_over.next_seq) ||
      !take_varint(packet, count) || count != fds.size() || count == 0) {
    return bad;
  }
  auto parsed = parse_run_description(run);
  if (!parsed) return parsed.error();
  hand_over.run = std::move(*parsed);
  for (FileDescriptor& fd : fds) {
    if (packet.empty()) return bad;
    HandOver::TakenStream taken;
    taken.stream = static_cast<Stream>(packet.front());
    packet.remove_prefix(1);
    const bool is_known = taken.stream == Stream::kStdout || taken.stream == Stream::kStderr;
    if (!is_known || !take_varint(packet, taken.next_line)) return bad;
    taken.read_end = std::move(fd);
    hand_over.streams.push_back(std::move(taken));
  }
  return hand_over;
}

bool is_readable_within(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

/// The control message that carries descriptors, with room for kStreamsMax.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * HandOver::kStreamsMax)> bytes{};
};

std::vector<FileDescriptor> take_descriptors(msghdr& message) {
  std::vector<FileDescriptor> fds;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      fds.emplace_back(load_le<int>(CMSG_DATA(part) + i * sizeof(int)));
    }
  }
  return fds;
}

bool is_same_user(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == ::geteuid() || peer.uid == 0);
}

}  // namespace

std::string hand_over_socket_path(const std::string& runtime_socket_path) {
  return runtime_socket_path.substr(0, runtime_socket_path.rfind('/')) + "/handover.sock";
}

Status send_hand_over(const std::string& socket_path, const HandOver& hand_over,
                      int64_t timeout_us) {
  constexpr std::string_view kDoing = "hand streams over to the daemon";
  sockaddr_un address{};
  auto socket = open_socket(socket_path, address);
  if (!socket) return socket.error();
  if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::from_errno(errno, kDoing);
  }
  std::string packet = to_packet(hand_over);
  if (packet.size() > kPacketSizeBytesMax || hand_over.streams.size() > HandOver::kStreamsMax) {
    return Error::of(Error::kTooLarge, kDoing, "the description is too long");
  }
  Control control;
  iovec part{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = CMSG_SPACE(sizeof(int) * hand_over.streams.size());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * hand_over.streams.size());
  for (size_t i = 0; i < hand_over.streams.size(); ++i) {
    store_le(CMSG_DATA(header) + i * sizeof(int), hand_over.streams[i].read_end.get());
  }
  if (::sendmsg(socket->get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return Error::from_errno(errno, kDoing);
  }
  char word = 0;
  if (!is_readable_within(socket->get(), static_cast<int>(timeout_us / 1000))) {
    return Error::of(Error::kTimedOut, kDoing, "it does not answer");
  }
  if (::recv(socket->get(), &word, 1, 0) != 1 || word != kConfirmation) {
    return Error::of(Error::kClosed, kDoing, "it did not take them");
  }
  return {};
}

Result<FileDescriptor> listen_for_hand_over(const std::string& socket_path) {
  sockaddr_un address{};
  auto socket = open_socket(socket_path, address);
  if (!socket) return socket.error();
  const std::string doing = "listen on '" + socket_path + "'";
  // The state directory's lock makes us the only daemon here: a file in the way is a dead one's.
  ::unlink(socket_path.c_str());
  const mode_t mask = ::umask(0177);
  const bool is_bound =
      ::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int code = errno;
  ::umask(mask);
  if (!is_bound) return Error::from_errno(code, doing);
  if (::listen(socket->get(), 16) != 0) return Error::from_errno(errno, doing);
  return std::move(*socket);
}

Result<HandOver> accept_hand_over(int listening_fd) {
  constexpr std::string_view kDoing = "take over streams";
  const FileDescriptor connection(::accept4(listening_fd, nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.is_open()) return Error::from_errno(errno, kDoing);
  if (!is_same_user(connection.get())) return Error::from_errno(EPERM, kDoing);
  if (!is_readable_within(connection.get(), kAcceptTimeoutMs)) {
    return Error::of(Error::kTimedOut, kDoing, "the wrapper sent nothing");
  }
  std::string packet(kPacketSizeBytesMax, '\0');
  Control control;
  iovec part{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t got = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0) return Error::from_errno(errno, kDoing);
  auto hand_over =
      parse_packet({packet.data(), static_cast<size_t>(got)}, take_descriptors(message));
  if (!hand_over) return hand_over;
  if (::send(connection.get(), &kConfirmation, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
    return Error::from_errno(errno, kDoing);
  }
  return hand_over;
}

}  // namespace gasoline::spool

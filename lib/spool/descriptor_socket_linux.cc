#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "spool/descriptor_socket.h"

namespace gasoline::spool {
namespace {

constexpr int kKind = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr int kWaitingMax = 128;

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
  FileDescriptor socket(::socket(AF_UNIX, kKind, 0));
  if (!socket.is_open()) return Error::from_errno(errno, doing);
  return socket;
}

/// The control message that carries descriptors.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kDescriptorsMax)> bytes{};
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

Result<SocketPair> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, kKind, 0, ends.data()) != 0) {
    return Error::from_errno(errno, "make a pair of sockets");
  }
  return SocketPair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<FileDescriptor> connect_to_socket(const std::string& path) {
  sockaddr_un address{};
  auto socket = open_socket(path, address);
  if (!socket) return socket;
  if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::from_errno(errno, "connect to '" + path + "'");
  }
  return socket;
}

Result<FileDescriptor> listen_at_socket(const std::string& path) {
  sockaddr_un address{};
  auto socket = open_socket(path, address);
  if (!socket) return socket;
  const std::string doing = "listen on '" + path + "'";
  ::unlink(path.c_str());
  const mode_t mask = ::umask(0177);
  const bool is_bound =
      ::bind(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int code = errno;
  ::umask(mask);
  if (!is_bound) return Error::from_errno(code, doing);
  if (::listen(socket->get(), kWaitingMax) != 0) return Error::from_errno(errno, doing);
  return socket;
}

Result<FileDescriptor> accept_connection(int listening_fd) {
  constexpr std::string_view kDoing = "take a wrapper's connection";
  FileDescriptor connection(
      ::accept4(listening_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!connection.is_open()) return Error::from_errno(errno, kDoing);
  if (!is_same_user(connection.get())) return Error::from_errno(EPERM, kDoing);
  return connection;
}

Status send_message(int socket, std::string_view text, std::span<const int> descriptors) {
  constexpr std::string_view kDoing = "send descriptors";
  if (text.empty() || text.size() > kMessageSizeBytesMax || descriptors.size() > kDescriptorsMax) {
    return Error::of(Error::kTooLarge, kDoing, "the message is too long");
  }
  Control control;
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
  return Error::from_errno(errno, kDoing);
}

Result<std::optional<DescriptorMessage>> receive_message(int socket) {
  constexpr std::string_view kDoing = "receive descriptors";
  DescriptorMessage received;
  received.text.resize(kMessageSizeBytesMax);
  Control control;
  iovec part{received.text.data(), received.text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {std::nullopt};
  if (got < 0) return Error::from_errno(errno, kDoing);
  received.descriptors = take_descriptors(message);
  if (got == 0) return Error::of(Error::kClosed, kDoing, "the other side has closed");
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
    return Error::of(Error::kTooLarge, kDoing, "the message was cut");
  }
  received.text.resize(static_cast<size_t>(got));
  return {std::move(received)};
}

bool wait_for_message(int socket, int timeout_ms) {
  pollfd entry{socket, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, timeout_ms);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace gasoline::spool

#include "http/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

namespace gasoline::http {

namespace {

/// One end of a TCP connection, its address in network order.
struct End {
  bool is_v6 = false;
  std::array<uint32_t, 4> words{};  // words[0] only for IPv4
  uint16_t port = 0;
};

bool read_end(const sockaddr_storage& storage, End& end) {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    end.words[0] = v4.sin_addr.s_addr;
    end.port = ntohs(v4.sin_port);
    return true;
  }
  if (storage.ss_family != AF_INET6) return false;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  end.is_v6 = true;
  std::memcpy(end.words.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
  end.port = ntohs(v6.sin6_port);
  return true;
}

bool is_mapped(const End& end) {
  return end.is_v6 && end.words[0] == 0 && end.words[1] == 0 && end.words[2] == htonl(0xffff);
}

bool is_loopback(const End& end) {
  const bool is_v4 = !end.is_v6 || is_mapped(end);
  if (is_v4) return (ntohl(end.words[end.is_v6 ? 3 : 0]) >> 24) == 127;
  return end.words[0] == 0 && end.words[1] == 0 && end.words[2] == 0 && end.words[3] == htonl(1);
}

/// As the kernel prints it: each 32-bit word in host order, upper-case hex.
std::string table_text(const End& end, bool as_v6) {
  std::array<uint32_t, 4> words = end.words;
  size_t count = end.is_v6 ? 4 : 1;
  if (as_v6 && !end.is_v6) {
    words = {0, 0, htonl(0xffff), end.words[0]};
    count = 4;
  } else if (!as_v6 && end.is_v6) {
    words[0] = end.words[3];
    count = 1;
  }
  std::array<char, 48> text{};
  int length = 0;
  for (size_t i = 0; i < count; ++i) {
    length += std::snprintf(text.data() + length, text.size() - static_cast<size_t>(length),
                            "%08" PRIX32, words[i]);
  }
  std::snprintf(text.data() + length, text.size() - static_cast<size_t>(length), ":%04X",
                static_cast<unsigned>(end.port));
  return text.data();
}

}  // namespace

Peer identify_peer(int fd) {
  Peer peer;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return peer;
  if (storage.ss_family == AF_UNIX) {
    peer.unix_socket = true;
    ucred credentials{};
    socklen_t credentials_size = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_size) == 0) {
      peer.uid_known = true;
      peer.uid = credentials.uid;
    }
    return peer;
  }
  End end;
  if (!read_end(storage, end)) return peer;
  peer.loopback = is_loopback(end);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool as_v4 = !end.is_v6 || is_mapped(end);
  inet_ntop(as_v4 ? AF_INET : AF_INET6, as_v4 ? &end.words[end.is_v6 ? 3 : 0] : end.words.data(),
            text.data(), text.size());
  peer.address = text.data();
  return peer;
}

bool find_uid_in_table(const char* table_path, const char* local, const char* remote,
                       unsigned& uid) {
  const std::unique_ptr<FILE, int (*)(FILE*)> table(std::fopen(table_path, "re"), &std::fclose);
  if (table == nullptr) return false;
  const std::string ends = std::string(local) + ' ' + remote + ' ';
  std::array<char, 512> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), table.get()) != nullptr) {
    const char* row = std::strstr(line.data(), ends.c_str());
    if (row == nullptr) continue;
    unsigned row_uid = 0;
    unsigned long inode = 0;
    // Behind the two ends: state, queues, timer, retransmits, uid, timeout, inode.
    if (std::sscanf(row + ends.size(), "%*x %*s %*s %*s %u %*d %lu", &row_uid, &inode) != 2) {
      continue;
    }
    // Without an inode no process holds the socket any more, and its uid reads 0: root.
    if (inode == 0) return false;
    uid = row_uid;
    return true;
  }
  return false;
}

bool find_tcp_uid(int fd, Peer& peer) {
  sockaddr_storage ours_storage{};
  sockaddr_storage theirs_storage{};
  socklen_t ours_size = sizeof ours_storage;
  socklen_t theirs_size = sizeof theirs_storage;
  End ours;
  End theirs;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&ours_storage), &ours_size) != 0 ||
      getpeername(fd, reinterpret_cast<sockaddr*>(&theirs_storage), &theirs_size) != 0 ||
      !read_end(ours_storage, ours) || !read_end(theirs_storage, theirs)) {
    return false;
  }
  unsigned uid = 0;
  bool is_found = false;
  const bool may_be_v4 = !theirs.is_v6 || is_mapped(theirs);
  if (may_be_v4) {
    is_found = find_uid_in_table("/proc/net/tcp", table_text(theirs, false).c_str(),
                                 table_text(ours, false).c_str(), uid);
  }
  // A program may reach an IPv4 address through an IPv6 socket.
  if (!is_found) {
    is_found = find_uid_in_table("/proc/net/tcp6", table_text(theirs, true).c_str(),
                                 table_text(ours, true).c_str(), uid);
  }
  if (!is_found) return false;
  peer.uid_known = true;
  peer.uid = uid;
  return true;
}

}  // namespace gasoline::http

#include "http/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "loop/connector.h"
#include "loop/listener.h"

namespace gasoline::http {

namespace {

/// 0 if the path is free for us, else why not.
int clear_dead_socket(const loop::SocketAddress& address, const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(found.st_mode)) return EEXIST;
  const FileDescriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe.is_open()) return errno;
  // EAGAIN: somebody listens and is only slow to accept. Only a refusal says that nobody does.
  if (connect(probe.get(), address.get(), address.size) == 0) return EADDRINUSE;
  if (errno == EAGAIN) return EADDRINUSE;
  if (errno == ENOENT) return 0;
  if (errno != ECONNREFUSED) return errno;
  return unlink(path.c_str()) == 0 || errno == ENOENT ? 0 : errno;
}

}  // namespace

bool SocketFile::is_ours() const {
  struct stat found {};
  return lstat(path.c_str(), &found) == 0 && found.st_dev == device && found.st_ino == inode;
}

void SocketFile::remove() const {
  if (is_ours()) unlink(path.c_str());
}

Result<FileDescriptor> bind_unix(const std::string& path, mode_t mode, SocketFile& file) {
  const std::string what = "listen on " + path;
  Result<loop::SocketAddress> address = loop::SocketAddress::from_path(path);
  if (!address) return std::move(address).error();
  if (const int error = clear_dead_socket(*address, path)) return Error::from_errno(error, what);

  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error::from_errno(errno, what);
  // Linux gives the file the mode of the socket less the umask, so there is no moment at which the
  // file is open to more people. The chmod is for a umask that takes too much.
  if (fchmod(socket.get(), mode) != 0 || bind(socket.get(), address->get(), address->size) != 0) {
    return Error::from_errno(errno, what);
  }
  struct stat made {};
  if (lstat(path.c_str(), &made) != 0) return Error::from_errno(errno, what);
  file = {path, made.st_dev, made.st_ino};
  if (chmod(path.c_str(), mode) != 0 || listen(socket.get(), loop::Listener::kBacklog) != 0) {
    const int error = errno;
    file.remove();
    return Error::from_errno(error, what);
  }
  return socket;
}

}  // namespace gasoline::http

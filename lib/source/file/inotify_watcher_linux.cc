#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file_descriptor.h"
#include "source/file/watcher.h"

namespace gasoline::source {
namespace {

constexpr uint32_t kNameChanges =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

class InotifyWatcher final : public Watcher {
 public:
  explicit InotifyWatcher(FileDescriptor fd) : fd_(std::move(fd)) {}

  /// By its descriptor, so that a rename between opening and watching does not matter.
  Result<int> watch_file(int fd) override {
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    return add(path, IN_MODIFY);
  }

  Result<int> watch_directory(const std::string& path) override {
    return add(path, kNameChanges | IN_ONLYDIR);
  }

  void remove(int watch) override { ::inotify_rm_watch(fd_.get(), watch); }
  int fd() const override { return fd_.get(); }

  void read(const std::function<void(const Notice&)>& use) override {
    alignas(inotify_event) std::array<char, 64 * 1024> buffer;
    while (true) {
      const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return;
      for (ssize_t at = 0; at < got;) {
        inotify_event event{};
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = buffer.data() + at + sizeof event;
        use(notice_from(event, event.len > 0 ? std::string_view(name) : std::string_view()));
        at += static_cast<ssize_t>(sizeof event + event.len);
      }
      if (static_cast<size_t>(got) < buffer.size() / 2) return;
    }
  }

 private:
  static Notice notice_from(const inotify_event& event, std::string_view name) {
    Notice notice;
    notice.watch = event.wd;
    notice.name = name;
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      notice.kind = Notice::Kind::kOverflow;
    } else if ((event.mask & IN_IGNORED) != 0) {
      notice.kind = Notice::Kind::kEnded;
    } else if ((event.mask & IN_MODIFY) != 0) {
      notice.kind = Notice::Kind::kWritten;
    } else {
      notice.kind = Notice::Kind::kNames;
    }
    return notice;
  }

  Result<int> add(const std::string& path, uint32_t mask) {
    const int watch = ::inotify_add_watch(fd_.get(), path.c_str(), mask);
    if (watch < 0) return Error::from_errno(errno, "watch " + path);
    return watch;
  }

  const FileDescriptor fd_;
};

}  // namespace

Result<std::unique_ptr<Watcher>> make_inotify_watcher() {
  FileDescriptor fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd.is_open()) return Error::from_errno(errno, "make an inotify instance");
  return std::unique_ptr<Watcher>(std::make_unique<InotifyWatcher>(std::move(fd)));
}

}  // namespace gasoline::source

#include "base/file_descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace gasoline {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

int open_null() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST_CASE("a descriptor is closed with its owner") {
  const int fd = open_null();
  {
    const FileDescriptor owner(fd);
    CHECK(owner.is_open());
    CHECK(owner.get() == fd);
    CHECK(is_open(fd));
  }
  CHECK_FALSE(is_open(fd));
}

TEST_CASE("a move leaves one owner") {
  const int fd = open_null();
  FileDescriptor first(fd);
  FileDescriptor second(std::move(first));
  CHECK_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move)
  CHECK(first.get() == -1);
  CHECK(second.get() == fd);
  first.reset();
  CHECK(is_open(fd));
}

TEST_CASE("a move closes what the receiver had") {
  const int old = open_null();
  const int next = open_null();
  FileDescriptor receiver(old);
  FileDescriptor giver(next);
  receiver = std::move(giver);
  CHECK_FALSE(is_open(old));
  CHECK(receiver.get() == next);
  CHECK(is_open(next));
}

TEST_CASE("a move to itself changes nothing") {
  FileDescriptor owner(open_null());
  const int fd = owner.get();
  FileDescriptor& alias = owner;
  owner = std::move(alias);
  CHECK(owner.get() == fd);
  CHECK(is_open(fd));
}

TEST_CASE("a released descriptor belongs to the caller") {
  FileDescriptor owner(open_null());
  const int fd = owner.release();
  CHECK_FALSE(owner.is_open());
  owner.reset();
  CHECK(is_open(fd));
  ::close(fd);
}

TEST_CASE("an owner of nothing may be reset") {
  FileDescriptor none;
  CHECK_FALSE(none.is_open());
  none.reset();
  none.reset();
  CHECK(none.get() == -1);
}

}  // namespace
}  // namespace gasoline

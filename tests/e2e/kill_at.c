// Kills gasoline-run at a point of its work, for test_takeover.py: preloaded into it, with KILL_AT="POINT NTH", counted from
// the time at which the file KILL_AT_FROM exists. The points are those at which bytes have just moved, or are about to.
// Other programs, and keepers, which get no such environment, are left alone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static char point[32];
static int nth;
static const char* armed_by;
static volatile int is_armed;
static __thread int spliced;
static __thread int was_read;

__attribute__((constructor)) static void begin(void) {
  const char* at = getenv("KILL_AT");
  if (at == NULL || strcmp(program_invocation_short_name, "gasoline-run") != 0) return;
  armed_by = getenv("KILL_AT_FROM");
  if (armed_by == NULL) return;
  const char* space = strchr(at, ' ');
  if (space == NULL || (size_t)(space - at) >= sizeof point) return;
  memcpy(point, at, (size_t)(space - at));
  nth = atoi(space + 1);
}

static int is_due(const char* name) {
  if (nth <= 0 || strcmp(point, name) != 0) return 0;
  if (!is_armed) is_armed = access(armed_by, F_OK) == 0;
  return is_armed && __sync_sub_and_fetch(&nth, 1) == 0;
}

static void die_at(const char* name) {
  if (is_due(name)) kill(getpid(), SIGKILL);
}

ssize_t splice(int in, off64_t* in_offset, int out, off64_t* out_offset, size_t size, unsigned flags) {
  static ssize_t (*real)(int, off64_t*, int, off64_t*, size_t, unsigned);
  if (real == NULL) real = dlsym(RTLD_NEXT, "splice");
  const ssize_t moved = real(in, in_offset, out, out_offset, size, flags);
  if (moved > 0) {
    die_at("after_splice");
    spliced = 1;
  }
  return moved;
}

ssize_t read(int fd, void* to, size_t size) {
  static ssize_t (*real)(int, void*, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "read");
  if (!spliced) return real(fd, to, size);
  spliced = 0;
  die_at("before_read");
  if (is_due("half_read")) {
    real(fd, to, size / 2);
    kill(getpid(), SIGKILL);
  }
  const ssize_t got = real(fd, to, size);
  die_at("after_read");
  was_read = 1;
  return got;
}

ssize_t write(int fd, const void* from, size_t size) {
  static ssize_t (*real)(int, const void*, size_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "write");
  if (!was_read) return real(fd, from, size);
  was_read = 0;
  die_at("before_write");
  const ssize_t written = real(fd, from, size);
  die_at("after_write");
  return written;
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  static ssize_t (*real)(int, const struct iovec*, int, off_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "pwritev");
  die_at("before_append");
  const ssize_t written = real(fd, parts, count, offset);
  die_at("after_append");
  return written;
}

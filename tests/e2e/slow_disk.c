// For LD_PRELOAD: a disk that takes SLOW_DISK_MS for each write to a file whose path contains SLOW_DISK_PATH.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int is_slow(int fd) {
  const char* part = getenv("SLOW_DISK_PATH");
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (part == NULL || size <= 0) return 0;
  path[size] = '\0';
  return strstr(path, part) != NULL;
}

static void wait_for_disk(int fd) {
  const char* ms = getenv("SLOW_DISK_MS");
  if (ms == NULL || !is_slow(fd)) return;
  struct timespec pause = {atol(ms) / 1000, atol(ms) % 1000 * 1000000};
  nanosleep(&pause, NULL);
}

ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  static ssize_t (*real)(int, const struct iovec*, int, off_t);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "pwritev");
  wait_for_disk(fd);
  return real(fd, parts, count, offset);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk(fd);
  return real(fd);
}

/* What bench/stamp_latency.py lets be read:
 *
 *   stamp_writer write COUNT MEAN_US LOG   COUNT lines "n=NUMBER ...", at random intervals of MEAN_US in the mean
 *   stamp_writer read LOG                  reads them from stdin, as plainly as can be, at the lowest real-time priority if it may
 *
 * LOG gets a line for each line: the wall time in ns after its write, or when poll(2) said that it can be read. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINES_MAX 1000000
static long long times[LINES_MAX];

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long write_lines(long count, double mean_us) {
  unsigned seed = (unsigned)getpid();
  memset(times, 1, (size_t)count * sizeof *times);  // no page of it is to be new at its first use
  for (long n = 0; n < count; ++n) {
    const long us = (long)(2 * mean_us * rand_r(&seed) / RAND_MAX);
    const struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&pause, NULL);
    char line[64];
    const int size = snprintf(line, sizeof line, "n=%ld some text of a usual line\n", n);
    if (write(1, line, (size_t)size) != size) exit(1);
    times[n] = now();
  }
  return count;
}

static long read_lines(void) {
  static char bytes[65536];
  const struct sched_param lowest = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_RR, &lowest);
  fcntl(0, F_SETFL, O_NONBLOCK);
  memset(times, 1, sizeof times);
  struct pollfd entry = {0, POLLIN, 0};
  for (long count = 0;;) {
    poll(&entry, 1, -1);
    const long long time = now();
    const ssize_t got = read(0, bytes, sizeof bytes);
    if (got == 0) return count;
    for (ssize_t i = 0; i < got && count < LINES_MAX; ++i) {
      if (bytes[i] == '\n') times[count++] = time;
    }
  }
}

int main(int argc, char** argv) {
  const int is_writer = argc == 5 && strcmp(argv[1], "write") == 0 && atol(argv[2]) <= LINES_MAX;
  if (!is_writer && argc != 3) return 2;
  const long count = is_writer ? write_lines(atol(argv[2]), atof(argv[3])) : read_lines();
  FILE* log = fopen(argv[argc - 1], "w");
  if (log == NULL) return 1;
  for (long n = 0; n < count; ++n) fprintf(log, "%lld\n", times[n]);
  return fclose(log) == 0 ? 0 : 1;
}

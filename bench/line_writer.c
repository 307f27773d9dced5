/* The command that bench/wrapper_cost.py wraps:
 *
 *   line_writer FILE lines USAGE     one write(2) for each line of FILE
 *   line_writer FILE chunks USAGE    64 KiB at a time
 *   line_writer FILE xN USAGE        the same, N times over
 *   line_writer RATE SECONDS USAGE   a line each 1/RATE s that begins with t=NANOSECONDS of CLOCK_MONOTONIC
 *
 * Writes its own CPU seconds to the file USAGE, so that they can be told from the wrapper's. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void put(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(1, bytes, size);
    if (written <= 0) exit(1);
    bytes += written;
    size -= (size_t)written;
  }
}

static void play(const char* text, size_t size, int by_line) {
  for (size_t at = 0; at < size;) {
    const char* end = by_line ? memchr(text + at, '\n', size - at) : NULL;
    size_t portion = end != NULL ? (size_t)(end + 1 - text) - at : 64 * 1024;
    if (portion > size - at) portion = size - at;
    put(text + at, portion);
    at += portion;
  }
}

static void pace(long rate, long seconds) {
  struct timespec next, now;
  char line[160];
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (long n = 0; n < rate * seconds; ++n) {
    next.tv_nsec += 1000000000L / rate;
    if (next.tv_nsec >= 1000000000L) next.tv_nsec -= 1000000000L, ++next.tv_sec;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int size = snprintf(line, sizeof line, "t=%lld%09ld INFO n=%08ld GET /api/orders took 12 ms and returned a "
                              "page of results to its reader\n", (long long)now.tv_sec, now.tv_nsec, n);
    put(line, (size_t)size);
  }
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int fd = open(argv[1], O_RDONLY);
  if (fd < 0) {
    pace(atol(argv[1]), atol(argv[2]));
  } else {
    struct stat status;
    if (fstat(fd, &status) != 0) return 1;
    const size_t size = (size_t)status.st_size;
    const char* text = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (text == MAP_FAILED) return 1;
    const int times = argv[2][0] == 'x' ? atoi(argv[2] + 1) : 1;
    for (int i = 0; i < times; ++i) play(text, size, strcmp(argv[2], "lines") == 0);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  FILE* out = fopen(argv[3], "w");
  if (out == NULL) return 1;
  fprintf(out, "%f\n", (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  return fclose(out) == 0 ? 0 : 1;
}

/* What bench/wrapper_cost.py compares the way through gasoline-run with: a process in between that hands on and does nothing else.
 *
 *   one_hop          as soon as something comes
 *   one_hop PAUSE    from a pipe of 256 KiB, PAUSE microseconds after each read: what line by line costs its writer at least */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static char bytes[256 * 1024];
  const struct timespec pause = {0, argc > 1 ? 1000 * atol(argv[1]) : 0};
  if (argc > 1) {
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    fcntl(0, F_SETPIPE_SZ, (int)sizeof bytes);
  }
  ssize_t got;
  while ((got = read(0, bytes, sizeof bytes)) > 0) {
    if (write(1, bytes, (size_t)got) != got) return 1;
    if (argc > 1) nanosleep(&pause, NULL);
  }
  return 0;
}

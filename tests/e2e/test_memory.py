"""What a wrapper takes does not grow with what it captures: after its first moments, anonymous memory stays as it is.

Told apart: the rings, which have their own bound, and pages of files, which are the kernel's to take back.
"""

import os
import subprocess
import time
import unittest

from harness import GasolineTest, PYTHON, main

IS_SANITIZED = os.environ.get("GASOLINE_E2E_SANITIZED") == "1"
FLOOD_LINES = 10_000_000
PACED_S = int(os.environ.get("GASOLINE_E2E_PACED_S", "120"))
# A few pages that a heap comes to use now and then. A buffer that is kept has more than that.
GROWTH_KIB_MAX = 128
LINE = "2026-01-01T00:00:00.000Z INFO GET /api/orders took 12 ms and returned a page of results to its reader, all told"

PACED = """
import sys, time
line, rate, seconds = sys.argv[1].encode() + b"\\n", 1000, float(sys.argv[2])
begun = time.monotonic()
for i in range(int(rate * seconds)):
    time.sleep(max(0, begun + i / rate - time.monotonic()))
    sys.stdout.buffer.raw.write(line)
"""


def anonymous_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(row.split()[1]) for row in file if row.startswith("RssAnon:"))


@unittest.skipIf(IS_SANITIZED, "a sanitizer keeps memory of its own")
class Memory(GasolineTest):
    def start(self, *command, options=()):
        return self.sandbox.popen(self.sandbox.wrapper(*command, options=("--no-daemon", *options)),
                                  stdout=subprocess.PIPE)

    def test_of_ten_million_lines_none_leaves_a_trace(self):
        run = self.start("sh", "-c", f"yes '{LINE}' | head -n {FLOOD_LINES}", options=("--spool-max", "256MiB"))
        whole = FLOOD_LINES * (len(LINE) + 1)
        marks, sizes, got = [whole // 10, whole // 2, whole - (1 << 20)], [], 0
        while chunk := run.stdout.read(1 << 16):
            got += len(chunk)
            if marks and got >= marks[0]:
                marks.pop(0)
                sizes.append(anonymous_kib(run.pid))
        self.assertEqual(run.wait(), 0)
        self.assertEqual(got, whole)
        self.assertLessEqual(max(sizes) - sizes[0], GROWTH_KIB_MAX, f"KiB at 10, 50 and 100 %: {sizes}")

    def test_of_a_thousand_lines_a_second_none_leaves_a_trace(self):
        path = self.sandbox.write("paced.py", PACED)
        run = self.start(PYTHON, path, LINE, str(PACED_S))
        sizes, lines, next_look = [], 0, 0.0
        warm = 5_000  # lines: whatever there is to do has been done by then
        for _ in run.stdout:
            lines += 1
            if lines >= warm and time.monotonic() >= next_look:
                next_look = time.monotonic() + 1
                sizes.append(anonymous_kib(run.pid))
        self.assertEqual(run.wait(), 0)
        self.assertEqual(lines, 1000 * PACED_S)
        self.assertLessEqual(max(sizes) - sizes[0], GROWTH_KIB_MAX, f"KiB, second by second: {sizes}")


if __name__ == "__main__":
    main()

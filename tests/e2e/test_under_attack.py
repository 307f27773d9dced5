"""Output that no program should write, readers that do not read, a daemon that stands still: the output is what it
would be without us, our memory stays within its bounds, and every line is counted.

GASOLINE_E2E_FULL=1 moves the amounts of the specification: a gigabyte, ten million lines.
"""

import hashlib
import os
import re
import signal
import subprocess
import threading
import time

from harness import GasolineTest, PYTHON, main, share_of, wait_for

IS_FULL = os.environ.get("GASOLINE_E2E_FULL") == "1"
MIB = 1 << 20
# Both rings, journal buffers and what the program itself takes.
# A sanitizer keeps a shadow of all memory.
MEMORY_BYTES_MAX = (512 if os.environ.get("GASOLINE_E2E_SANITIZED") else 64) * MIB

FLIP = """
import os, sys
for i in range(int(sys.argv[1])):
    os.write(1 + i % 2, b"%d" % (i % 10))
"""

MANY_WRITERS = """
import os, sys
writers = int(sys.argv[1])
for i in range(writers):
    if os.fork() == 0:
        for j in range(20):
            os.write(1 + j % 2, b"writer %d line %d\\n" % (i, j))
        os._exit(0)
for i in range(writers):
    os.wait()
"""

# Tells how far it has got, to a file: what it was held back by shows there.
COUNTING = """
import os, sys
line = b"x" * 999 + b"\\n"
progress = os.open("progress", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
for i in range(int(sys.argv[1])):
    os.write(1, line)
    os.pwrite(progress, b"%10d" % (i + 1), 0)
"""


def amount(full, usual):
    return full if IS_FULL else share_of(usual)


class PeakMemory:
    """Watches what a process takes at most, the rings that it shares with nobody included."""

    def __init__(self, pid):
        self.bytes = 0
        self.is_over = False
        self.thread = threading.Thread(target=self.watch, args=(pid,))
        self.thread.start()

    def watch(self, pid):
        while not self.is_over:
            try:
                with open(f"/proc/{pid}/status") as file:
                    peak = re.search(r"VmHWM:\s+(\d+)", file.read())
            except OSError:
                return
            if peak:
                self.bytes = max(self.bytes, int(peak.group(1)) * 1024)
            time.sleep(0.02)

    def stop(self):
        self.is_over = True
        self.thread.join()
        return self.bytes


class UnderAttack(GasolineTest):
    def start(self, command, *options, **more):
        more.setdefault("stdout", subprocess.PIPE)
        return self.sandbox.popen(self.sandbox.wrapper(*command, options=("--no-daemon", "--flush-timeout", "60s", "-v",
                                                                          *options)),
                                  stderr=subprocess.PIPE, **more)

    def digest(self, command):
        """Size and digest of a command's stdout, bare."""
        run = self.sandbox.popen(command, stdout=subprocess.PIPE)
        return self.digest_of(run)

    @staticmethod
    def digest_of(run):
        digest, size = hashlib.sha256(), 0
        while chunk := run.stdout.read(MIB):
            digest.update(chunk)
            size += len(chunk)
        return size, digest.hexdigest()

    def check_flood(self, command, lines, *options):
        expected = self.digest(command)
        run = self.start(command, *options)
        memory = PeakMemory(run.pid)
        got = self.digest_of(run)
        errors = run.stderr.read().decode()
        self.assertEqual(run.wait(), 0)
        self.assertEqual(got, expected)
        self.assertLess(memory.stop(), MEMORY_BYTES_MAX)
        self.assertEqual(self.captured(errors), lines, errors)

    @staticmethod
    def captured(errors):
        found = re.search(r"gasoline-run: (\d+) lines captured", errors)
        return int(found.group(1)) if found else None

    def test_a_flood_without_a_line_end(self):
        size = amount(1024 * MIB, 96 * MIB)
        self.check_flood(["sh", "-c", f"tr '\\0' x </dev/zero | head -c {size}"], 1, "--spool-max", "2GiB")

    def test_nothing_but_NULs(self):
        size = amount(1024 * MIB, 96 * MIB)
        self.check_flood(["head", "-c", str(size), "/dev/zero"], 1, "--spool-max", "2GiB")

    def test_nothing_but_empty_lines(self):
        lines = amount(10_000_000, 2_000_000)
        self.check_flood(["sh", "-c", f"yes '' | head -n {lines}"], lines)

    def test_nothing_but_carriage_returns(self):
        size = amount(256 * MIB, 16 * MIB)
        self.check_flood(["sh", "-c", f"tr '\\0' '\\r' </dev/zero | head -c {size}; echo"], 1)

    def test_a_flood_of_empty_lines_on_a_terminal(self):
        lines = amount(1_000_000, 200_000)
        self.check_flood(["sh", "-c", f"yes '' | head -n {lines}"], lines, "--pty", "always")

    def test_streams_that_change_with_each_byte(self):
        path = self.sandbox.write("flip.py", FLIP)
        for options in (("--no-daemon",), ("--no-daemon", "--pty", "always")):
            wrapped = self.sandbox.run_wrapped(PYTHON, path, str(share_of(50_000)), options=options)
            bare = self.sandbox.run([PYTHON, path, str(share_of(50_000))])
            self.assertEqual((wrapped.stdout, wrapped.stderr), (bare.stdout, bare.stderr))

    def test_a_thousand_writers(self):
        path = self.sandbox.write("many.py", MANY_WRITERS)
        writers = share_of(1000)
        run = self.sandbox.run_wrapped(PYTHON, path, str(writers))
        for stream, remainder in ((run.stdout, 0), (run.stderr, 1)):
            expected = [b"writer %d line %d" % (i, j) for i in range(writers) for j in range(remainder, 20, 2)]
            self.assertEqual(sorted(stream.splitlines()), sorted(expected))

    def progress(self):
        try:
            with open(self.sandbox.work + "/progress") as file:
                return int(file.read() or 0)
        except FileNotFoundError:
            return 0

    def await_standstill(self):
        """Waits until the command has got no further for a second; returns how far it is."""
        seen = [-1, time.monotonic()]

        def stands():
            now = self.progress()
            if now != seen[0]:
                seen[:] = [now, time.monotonic()]
            return now > 0 and time.monotonic() - seen[1] > 1

        wait_for(stands, "the command to be held back")
        return self.progress()

    def test_a_reader_that_does_not_read_holds_the_command_back_and_nothing_is_dropped(self):
        lines = share_of(60_000)
        path = self.sandbox.write("counting.py", COUNTING)
        run = self.start([PYTHON, path, str(lines)])
        memory = PeakMemory(run.pid)
        # Its pipe, ours, and what a pump has in hand.
        self.assertLess(self.await_standstill() * 1000, 512 * 1024)
        self.assertLess(self.progress(), lines)
        got = self.digest_of(run)
        errors = run.stderr.read().decode()
        self.assertEqual(run.wait(), 0)
        expected = hashlib.sha256((b"x" * 999 + b"\n") * lines).hexdigest()
        self.assertEqual(got, (1000 * lines, expected))
        self.assertLess(memory.stop(), MEMORY_BYTES_MAX)
        self.assertEqual(self.captured(errors), lines)

    def test_a_reader_that_does_not_read_does_not_hold_back_the_other_stream(self):
        run = self.start(["sh", "-c", "yes >&1 & echo begun >&2; sleep 0.3; seq 50000 >&2; echo over >&2; wait"])
        seen = b""
        while b"over\n" not in seen:
            chunk = os.read(run.stderr.fileno(), 65536)
            self.assertTrue(chunk)
            seen += chunk
        self.assertEqual(seen, b"begun\n" + b"".join(b"%d\n" % i for i in range(1, 50001)) + b"over\n")
        run.terminate()
        run.stdout.close()
        run.wait(20)

    def test_a_daemon_that_stands_still_costs_no_time_no_memory_and_no_line(self):
        daemon = self.sandbox.start_daemon()
        lines = share_of(200_000)
        with daemon.frozen():
            run = self.start(["seq", str(lines)], "--name", "still", "--flush-timeout", "200ms")
            memory = PeakMemory(run.pid)
            got = run.stdout.read()
            self.assertEqual(got, b"".join(b"%d\n" % i for i in range(1, lines + 1)))
            run.stderr.read()
            self.assertEqual(run.wait(), 0)
            self.assertLess(memory.stop(), MEMORY_BYTES_MAX)
        self.sandbox.await_run_end("still")
        self.assertEqual([event["message"] for event in self.sandbox.lines_of("still")],
                         [str(i) for i in range(1, lines + 1)])

    def test_a_daemon_that_stands_still_in_the_middle_of_a_run(self):
        daemon = self.sandbox.start_daemon()
        script = "for i in $(seq 200); do echo $i; sleep 0.01; done; sleep 0.5; echo last"
        run = self.start(["sh", "-c", script], "--name", "middle", "--flush-timeout", "20s")
        for _ in range(3):
            time.sleep(0.3)
            with daemon.frozen():
                time.sleep(0.5)
        self.assertEqual(run.stdout.read(), b"".join(b"%d\n" % i for i in range(1, 201)) + b"last\n")
        self.assertEqual(run.wait(), 0)
        self.sandbox.await_run_end("middle")
        self.assertEqual([event["message"] for event in self.sandbox.lines_of("middle")],
                         [*map(str, range(1, 201)), "last"])

    def test_an_endless_writer_on_a_terminal_ends_when_the_terminal_is_closed(self):
        run = self.start(["yes"], "--pty", "always")
        run.stdout.read(100_000)
        run.stdout.close()
        self.assertIn(run.wait(20), (1, -signal.SIGPIPE, -signal.SIGHUP))


if __name__ == "__main__":
    main()

"""What happens when a bound is reached: a full spool, a full disk, a daemon that cannot keep up."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (GasolineTest, PYTHON, free_port, is_alive, is_line, main, needs_root, share_of,
                     wait_for)

HERE = os.path.dirname(os.path.abspath(__file__))
LINES = ("import sys\n"
         "for i in range(int(sys.argv[1])):\n"
         "    sys.stdout.write(f'line {i} ' + 'x' * 100 + '\\n')\n")
IS_SANITIZED = bool(os.environ.get("GASOLINE_E2E_SANITIZED"))


def number_of(event):
    return int(event["message"].split()[1])


def peak_memory_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        for row in file:
            if row.startswith("VmHWM"):
                return int(row.split()[1]) / 1024
    raise AssertionError(f"no peak memory of {pid}")


class Bounds(GasolineTest):
    def check_account(self, service, written):
        """Every line is there once, or told by a gap. Returns the gaps."""
        events = self.sandbox.timeline(service=service)
        numbers = [number_of(event) for event in events if is_line(event)]
        gaps = [event["metadata"]["gap"] for event in events if "gap" in event["metadata"]]
        self.assertEqual(len(numbers), len(set(numbers)), "a line is there twice")
        self.assertEqual(len(numbers) + sum(gap["lines"] for gap in gaps), written, gaps)
        return gaps

    def test_a_full_spool_drops_its_oldest_lines_and_counts_them(self):
        lines = share_of(400_000)
        run = self.sandbox.run_wrapped(PYTHON, "-c", LINES, str(lines),
                                       options=("--no-daemon", "--name", "w", "--spool-max", "8MiB"))
        self.assertEqual(run.stdout.count(b"\n"), lines)
        size = sum(os.path.getsize(os.path.join(at, name))
                   for at, _, names in os.walk(self.sandbox.spool) for name in names)
        self.assertLessEqual(size, 9 << 20)
        self.sandbox.start_daemon()
        self.sandbox.await_run_end("w")
        gaps = self.check_account("w", lines)
        if 130 * lines > 16 << 20:
            self.assertEqual({gap["reason"] for gap in gaps}, {"the spool was full"})

    def test_lines_on_their_way_while_their_segment_is_dropped_are_counted_right(self):
        lines = share_of(400_000)
        daemon = self.sandbox.start_daemon()
        wrapper = self.sandbox.popen(
            self.sandbox.wrapper("sh", "-c", f"'{PYTHON}' -c \"$0\" {lines}; sleep 1", LINES,
                                 options=("--no-daemon", "--name", "w", "--spool-max", "8MiB")),
            stdout=subprocess.DEVNULL)
        for _ in range(4):
            with daemon.frozen():
                time.sleep(0.3)
            time.sleep(0.02)
        self.assertEqual(wrapper.wait(60), 0)
        self.sandbox.await_run_end("w")
        self.check_account("w", lines)

    def test_lossless_holds_the_command_instead_of_dropping(self):
        lines = share_of(100_000)
        self.sandbox.start_daemon()
        run = self.sandbox.run_wrapped(PYTHON, "-c", LINES, str(lines), options=(
            "--no-daemon", "--name", "w", "--lossless", "--ring-size", "4MiB"))
        self.assertEqual(run.returncode, 0)
        self.sandbox.await_run_end("w")
        self.assertEqual(self.check_account("w", lines), [])

    @needs_root()
    def test_a_disk_that_fills_up_and_empties_costs_one_warning_and_is_accounted_for(self):
        """A command like `npm run dev` that goes on writing while the disk is full, and after."""
        with self.small_disk(6 << 20) as disk:
            filler = os.path.join(disk, "filler")
            writer = ("import sys,time\n"
                      "for i in range(3000):\n"
                      "    sys.stdout.write(f'line {i} ' + 'x' * 1000 + '\\n'); sys.stdout.flush()\n"
                      "    time.sleep(0.001)\n")
            with open(filler, "wb") as file, contextlib.suppress(OSError):
                file.write(bytes((6 << 20) - (1 << 20)))
            began = time.monotonic()
            wrapper = self.sandbox.popen(
                self.sandbox.wrapper(PYTHON, "-c", writer, options=(
                    "--no-daemon", "--name", "w", "--spool-dir", disk + "/spool")),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out, reader = [], None

            def read():
                out.append(wrapper.stdout.read())

            reader = threading.Thread(target=read)
            reader.start()
            time.sleep(1.8)
            os.unlink(filler)
            reader.join(60)
            stderr = wrapper.stderr.read()
            self.assertEqual(wrapper.wait(20), 0)
            self.assertLess(time.monotonic() - began, 30, "the command was held up")
            self.assertEqual(out[0].count(b"\n"), 3000)
            self.assertEqual(stderr.count(b"gasoline-run: "), 1, stderr)
            self.assertIn(b"No space left", stderr)
            self.sandbox.start_daemon("--spool-dir", disk + "/spool")
            self.sandbox.await_run_end("w")
            self.check_account("w", 3000)
            events = self.sandbox.timeline(service="w")
            self.assertIn(2999, [number_of(event) for event in events if is_line(event)],
                          "capture did not resume")

    @contextlib.contextmanager
    def small_disk(self, size_bytes):
        place = tempfile.mkdtemp(prefix="gl-disk-")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700",
                                  "tmpfs", place], stderr=subprocess.PIPE)
        if mounted.returncode != 0:
            os.rmdir(place)
            self.skipTest(f"no tmpfs can be mounted: {mounted.stderr!r}")
        try:
            yield place
        finally:
            self.sandbox.close()
            subprocess.run(["umount", "-l", place], check=True)
            shutil.rmtree(place, ignore_errors=True)

    @unittest.skipIf(IS_SANITIZED, "a preloaded library and a sanitizer do not go together")
    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_a_daemon_on_a_slow_disk_stays_in_its_bounds_and_loses_nothing(self):
        library = os.path.join(self.sandbox.root, "slow_disk.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        os.path.join(HERE, "slow_disk.c"), "-ldl"], check=True)
        env = dict(self.sandbox.env, LD_PRELOAD=library, SLOW_DISK_MS="50",
                   SLOW_DISK_PATH=self.sandbox.state + "/gasoline/events")
        daemon = self.sandbox.start_daemon(env=env)
        wrappers = [
            self.sandbox.popen(self.sandbox.wrapper(PYTHON, "-c", LINES, "60000", options=(
                "--no-daemon", "--name", f"w{i}")), stdout=subprocess.DEVNULL)
            for i in range(8)]
        stop = threading.Event()
        told, slowest = [], [0.0]

        def post():
            body = {"events": [{"message": "pressed in " + "y" * 1000}] * 2000}
            while not stop.is_set():
                answer = self.sandbox.post_events(**body)
                told.append((answer.status, answer.headers.get("Retry-After")))

        def ask():
            while not stop.is_set():
                began = time.monotonic()
                answer = self.sandbox.get("/v1/timeline", limit=10)
                self.assertEqual(answer.status, 200)
                slowest[0] = max(slowest[0], time.monotonic() - began)

        threads = [threading.Thread(target=post) for _ in range(12)] + [threading.Thread(target=ask)]
        for thread in threads:
            thread.start()
        for wrapper in wrappers:
            self.assertEqual(wrapper.wait(60), 0)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertTrue(is_alive(daemon.pid))
        self.assertLess(peak_memory_mib(daemon.pid), 768)
        self.assertLessEqual({status for status, _ in told}, {200, 429, 503})
        for status, retry_after in told:
            if status != 200:
                self.assertGreaterEqual(int(retry_after), 1)
        self.assertLess(slowest[0], 20, "queries must answer meanwhile")
        wait_for(lambda: not self.sandbox.spooled_runs(), "every spool to be delivered", 120)
        for i in range(8):
            self.assertEqual(self.check_account(f"w{i}", 60000), [])
        pressed = self.sandbox.get("/v1/stats").json()
        taken = sum(1 for status, _ in told if status == 200) * 2000
        posted = sum(source["events"] for source in pressed["sources"] if source["source"] == "api")
        self.assertGreaterEqual(posted, taken)


if __name__ == "__main__":
    main()

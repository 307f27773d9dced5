#!/usr/bin/env python3
"""Whether a daemon that runs for long stays as it is: descriptors, threads and memory under steady traffic.

    GASOLINE_BIN=build/release/bin bench/soak.py                   30 minutes
    GASOLINE_BIN=build/release/bin bench/soak.py --seconds 120     the short form
    GASOLINE_BIN=build/release/bin bench/soak.py --seconds 300 --rotate-lines 200     five rotations a second of each file

All at once, again and again: lines into followed files that are rotated, wrapped commands, events over HTTP,
queries, searches, tails that go away, and reloads that add and drop a source. The store is small, so that it is full
soon. The first third, and 12 s at least, is for warming up; of the rest every sample is taken, and the slope of memory is fitted.
"""

import argparse
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from harness import Sandbox, wait_for  # noqa: E402

SAMPLE_S = 1.0
WARM_S = 12.0  # rotated files are held open for a while after they are deleted
FILES = 4
ROTATE_LINES = 2000


class Soak:
    def __init__(self, sandbox, rotate_lines=ROTATE_LINES):
        self.sandbox = sandbox
        self.rotate_lines = rotate_lines
        self.rotations = 0
        self.config = os.path.join(sandbox.root, "soak.yaml")
        self.directory = sandbox.make("logs")
        self.is_ending = threading.Event()
        self.failures = []
        self.write_config(False)
        self.daemon = sandbox.start_daemon("--config", self.config)
        wait_for(lambda: sandbox.get("/readyz").status == 200, "readiness")

    def write_config(self, has_more):
        more = f"    - {{type: file, path: {self.directory}/more-*.log}}\n" if has_more else ""
        text = ("memory: {max: 128MiB}\nstore: {max_bytes: 16MiB}\nevents: {log_max: 64MiB}\n"
                "redaction: {rules: [{name: pin, regex: 'pin=\\d+'}]}\n"
                f"backend:\n  logs:\n    - {{type: file, path: {self.directory}/app-*.log, start: beginning}}\n{more}")
        with open(self.config + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.config + ".new", self.config)

    def write_lines(self, number):
        path = f"{self.directory}/app-{number}.log"
        count = 0
        while not self.is_ending.wait(0.02):
            with open(path, "a", encoding="utf-8") as file:
                for _ in range(20):
                    count += 1
                    file.write(f"2026-11-21T02:37:06Z INFO [req:{count:012x}] pin={count} line {count} of {number}\n")
            if count % self.rotate_lines == 0:
                os.replace(path, path + ".1")
                self.rotations += 1

    def use(self):
        turn = 0
        while not self.is_ending.wait(0.1):
            turn += 1
            self.sandbox.post_events([{"message": f"posted {turn} {i}", "service": f"api{i % 5}"} for i in range(50)])
            self.sandbox.get("/v1/timeline", limit=100)
            self.sandbox.get("/v1/search", q="line [0-9]+", limit=10)
            self.sandbox.get("/metrics")
            if turn % 10 == 0:
                self.sandbox.get_beginning("/v1/tail")
                self.sandbox.run_wrapped("sh", "-c", "echo wrapped; echo again >&2", options=("--no-daemon", "--name", "w"))
            if turn % 5 == 0:
                self.write_config(turn % 2 == 0)
                answer = self.sandbox.request("POST", "/v1/config/reload")
                if answer.status != 200:
                    self.failures.append(f"reload: {answer}")

    def guarded(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except Exception as problem:  # pylint: disable=broad-except
                if not self.is_ending.is_set():
                    self.failures.append(repr(problem))

        return threading.Thread(target=run)

    def sample(self):
        """Descriptors, threads and resident KiB, without what is mapped from files."""
        pid = self.daemon.process.pid
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            fields = dict(line.split(":", 1) for line in file)
        return len(os.listdir(f"/proc/{pid}/fd")), int(fields["Threads"]), int(fields["RssAnon"].split()[0])

    def run(self, seconds):
        """Samples (time, descriptors, threads, KiB) behind the warming up."""
        threads = [self.guarded(self.write_lines, number) for number in range(FILES)] + [self.guarded(self.use)]
        for thread in threads:
            thread.start()
        start = time.monotonic()
        samples = []
        while time.monotonic() - start < seconds and not self.failures:
            time.sleep(SAMPLE_S)
            samples.append((time.monotonic() - start, *self.sample()))
        self.is_ending.set()
        for thread in threads:
            thread.join()
        return [sample for sample in samples if sample[0] >= max(seconds / 3, WARM_S)]


def least(samples, column):
    """What is there at rest: connections come and go."""
    return min(sample[column] for sample in samples)


def slope_per_hour(samples, column):
    """Least squares."""
    count = len(samples)
    mean_x = sum(sample[0] for sample in samples) / count
    mean_y = sum(sample[column] for sample in samples) / count
    spread = sum((sample[0] - mean_x) ** 2 for sample in samples)
    return 3600 * sum((sample[0] - mean_x) * (sample[column] - mean_y) for sample in samples) / spread


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--rotate-lines", type=int, default=ROTATE_LINES)
    arguments = parser.parse_args()
    seconds = arguments.seconds
    sandbox = Sandbox()
    try:
        soak = Soak(sandbox, arguments.rotate_lines)
        samples = soak.run(seconds)
        half = len(samples) // 2
        for name, column in (("descriptors", 1), ("threads", 2), ("KiB", 3)):
            print(f"{name}: {least(samples[:half], column)} -> {least(samples[half:], column)} at rest, "
                  f"most {max(sample[column] for sample in samples)}, {slope_per_hour(samples, column):+.1f} an hour")
        events = sandbox.get("/v1/stats").json()["events"]
        print(f"events: {events}, rotations: {soak.rotations}, in {seconds:.0f} s")
        for failure in soak.failures:
            print("failed:", failure)
        return 1 if soak.failures else 0
    finally:
        sandbox.close()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What gasoline-run costs: its start, and its throughput against `cat FILE | tee COPY`.

    python3 bench/wrapper_cost.py --bin build/release/bin [--lines 5000000] [--rounds 3]

Every figure stands beside a baseline of the same run, measured in turns with it, since machines are
shared and noisy. At the end all lines are delivered to a gasolined and counted: none may be missing.
"""
import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time


def environment(root):
    env = {name: value for name, value in os.environ.items() if not name.startswith("GASOLINE")}
    env.update(HOME=root, XDG_STATE_HOME=root + "/state", XDG_RUNTIME_DIR=root + "/run",
               XDG_CACHE_HOME=root + "/cache")
    for name in ("state", "run", "cache"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    return env


def measure(argv, env, stdout=subprocess.DEVNULL, watch_memory=True):
    """Wall seconds, CPU seconds of the whole tree, and peak memory in MiB of the first process."""
    start = time.monotonic()
    process = subprocess.Popen(argv, env=env, stdout=stdout)
    peak = 0
    # ru_maxrss would count the memory of this program, from before the exec.
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
        if watch_memory:
            peak = max(peak, peak_memory(process.pid))
        time.sleep(0.01 if watch_memory else 0.0001)
    wall = time.monotonic() - start
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{argv[0]} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, peak


def peak_memory(pid):
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def median_of(rows, column):
    return statistics.median(row[column] for row in rows)


def start_cost(binaries, env, runs):
    wrapped = [f"{binaries}/gasoline-run", "--no-daemon", "true"]
    rows = {"true": [], "gasoline-run true": []}
    for _ in range(runs):
        rows["true"].append(measure(["true"], env, watch_memory=False)[0])
        rows["gasoline-run true"].append(measure(wrapped, env, watch_memory=False)[0])
    print(f"start, median of {runs} runs in turns:")
    for name, values in rows.items():
        print(f"  {name:20} {statistics.median(values) * 1000:8.2f} ms")


def write_lines(path, lines):
    with open(path, "wb") as file:
        for first in range(0, lines, 10000):
            block = [b"2026-11-21T05:00:00.000Z INFO [req:%08x] n=%08d GET /api/orders/%d took %d ms and "
                     b"returned a page of results\n" % (n * 2654435761 % 2**32, n, n % 997, n % 211)
                     for n in range(first, min(first + 10000, lines))]
            file.write(b"".join(block))
    return os.path.getsize(path)


def throughput(binaries, root, env, lines, rounds):
    path = f"{root}/lines.txt"
    size = write_lines(path, lines)
    copy = f"{root}/copy.txt"
    tee = ["sh", "-c", f"cat {path} | tee {copy} >/dev/null"]
    spool_max = f"{max(2 * size // 2**20, 64)}MiB"
    wrapped = [f"{binaries}/gasoline-run", "--no-daemon", "--spool-max", spool_max, "cat", path]
    rows = {"cat | tee COPY": [], "gasoline-run cat": []}
    for turn in range(rounds):
        rows["cat | tee COPY"].append(measure(tee, env))
        os.unlink(copy)
        if turn > 0:
            shutil.rmtree(f"{env['XDG_STATE_HOME']}/gasoline/spool")
        rows["gasoline-run cat"].append(measure(wrapped, env))
    print(f"{lines} lines, {size / 2**20:.0f} MiB, medians of {rounds} runs in turns:")
    for name, values in rows.items():
        wall, cpu, memory = (median_of(values, column) for column in range(3))
        print(f"  {name:20} {wall:7.2f} s wall {cpu:7.2f} s CPU {size / 2**20 / wall:8.0f} MiB/s "
              f"{memory:7.1f} MiB peak")
    ratio = median_of(rows["gasoline-run cat"], 0) / median_of(rows["cat | tee COPY"], 0)
    print(f"  wall ratio to tee: {ratio:.2f}")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def ask(path, target):
    connection = UnixConnection(path)
    connection.request("GET", target)
    return json.loads(connection.getresponse().read())


def count_delivered(binaries, env, lines):
    """The spool of the last run is adopted; its lines and two records of the run must arrive."""
    daemon = subprocess.Popen([f"{binaries}/gasolined", "--no-listen", "--log-max", "16GiB"], env=env,
                              stderr=subprocess.DEVNULL)
    path = env["XDG_RUNTIME_DIR"] + "/gasoline/gasolined.sock"
    try:
        start = time.monotonic()
        events = -1
        while events < lines + 2 and time.monotonic() - start < 600:
            time.sleep(0.2)
            try:
                events = ask(path, "/v1/stats")["events"]
            except OSError:
                continue
        seconds = time.monotonic() - start
        print(f"delivered by adoption: {events} events in {seconds:.1f} s, "
              f"{lines + 2 - events} missing")
    finally:
        daemon.terminate()
        daemon.wait()
    return events == lines + 2


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--starts", type=int, default=40)
    options = parser.parse_args()
    binaries = os.path.abspath(options.bin)
    root = tempfile.mkdtemp(prefix="gasoline-bench-")
    try:
        env = environment(root)
        start_cost(binaries, env, options.starts)
        shutil.rmtree(env["XDG_STATE_HOME"] + "/gasoline")
        throughput(binaries, root, env, options.lines, options.rounds)
        return 0 if count_delivered(binaries, env, options.lines) else 1
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""What following files costs: a backlog, many idle files, and the way of one line.

    python3 bench/file_backlog.py --bin build/release/bin [--lines 5000000] [--files 1] [--idle 1000]

The backlog is there before the start; the time is from the start of gasolined to its last line in the store, all
of it understood, masked, logged and indexed. Prints lines/s, CPU seconds per million lines, peak memory, and the
same events through POST /v1/events in the same run for comparison; then CPU and memory with --idle files that
nobody writes to; then the time from write(2) to the timeline of single lines, and of first lines behind a rotation.
"""
import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Daemon:
    def __init__(self, binary, root, cache, paths, start):
        self.root = root
        os.makedirs(root, exist_ok=True)
        config = root + "/config.yaml"
        with open(config, "w") as file:
            file.write(f"backend:\n  logs:\n    - type: file\n      path: \"{paths}\"\n      start: {start}\n")
        env = dict(os.environ, XDG_STATE_HOME=root + "/state", XDG_RUNTIME_DIR=root + "/run",
                   XDG_CACHE_HOME=cache, HOME=root)
        os.makedirs(root + "/run", 0o700, exist_ok=True)
        self.started = time.monotonic()
        self.process = subprocess.Popen([binary + "/gasolined", "--no-listen", "--config", config], env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = root + "/run/gasoline/gasolined.sock"

    def ask(self, method, path, body=None):
        while True:
            try:
                connection = Unix(self.socket)
                connection.request(method, path, body, {"Content-Type": "application/json"})
                return json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException):
                if self.process.poll() is not None:
                    sys.exit("gasolined ended")
                time.sleep(0.002)

    def events(self):
        return self.ask("GET", "/v1/stats")["events"]

    def await_events(self, count):
        while self.events() < count:
            time.sleep(0.01)
        return time.monotonic() - self.started

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def memory_kib(self, name):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def line_of(n):
    """About 155 bytes, as an application prints them."""
    return (f"2026-11-21T{n // 3600000 % 24:02d}:{n // 60000 % 60:02d}:{n // 1000 % 60:02d}.{n % 1000:03d}Z "
            f"{('INFO', 'WARN', 'INFO', 'ERROR')[n % 4]} [worker-{n % 16}] order {n} of customer {n % 5003} was handled "
            f"in {n % 311} ms request_id={(n // 10) * 2654435761 % 2**64:016x}{n // 10:016x}\n")


def make_backlog(directory, lines, files):
    os.makedirs(directory)
    outputs = [open(f"{directory}/{number}.log", "w", buffering=1 << 20) for number in range(files)]
    for n in range(lines):
        outputs[n % files].write(line_of(n))
    for output in outputs:
        output.close()
    return sum(os.path.getsize(f"{directory}/{number}.log") for number in range(files))


def measure_backlog(args, root, cache):
    size = make_backlog(root + "/logs", args.lines, args.files)
    for run in range(args.runs):
        daemon = Daemon(args.bin, f"{root}/backlog-{run}", cache, root + "/logs/*.log", "beginning")
        took = daemon.await_events(args.lines)
        cpu = daemon.cpu_s()
        time.sleep(1)
        taken = daemon.events()
        print(f"backlog: {args.lines / took:,.0f} lines/s ({size / took / 1e6:.0f} MB/s), "
              f"{cpu / args.lines * 1e6:.2f} CPU s per million, peak {daemon.memory_kib('VmHWM') / 1024:.0f} MiB, "
              f"lost {max(args.lines - taken, 0)}, repeated {max(taken - args.lines, 0)}")
        daemon.end()
        shutil.rmtree(f"{root}/backlog-{run}")


def measure_http(args, root, cache):
    """The same lines as bodies of 10,000 over the same pipeline."""
    lines = min(args.lines, 1_000_000)
    bodies = [json.dumps({"events": [{"source": "file", "service": "app", "message": line_of(n)[:-1]}
                                     for n in range(first, first + 10_000)]}).encode()
              for first in range(0, min(lines, 200_000), 10_000)]
    daemon = Daemon(args.bin, root + "/http", cache, root + "/nothing/*.log", "end")
    daemon.events()
    connection = Unix(daemon.socket)
    cpu, start, sent = daemon.cpu_s(), time.monotonic(), 0
    while sent < lines:
        for body in bodies:
            connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
            sent += 10_000
    took = time.monotonic() - start
    print(f"http:    {sent / took:,.0f} lines/s, {(daemon.cpu_s() - cpu) / sent * 1e6:.2f} CPU s per million")
    daemon.end()


def measure_idle(args, root, cache):
    os.makedirs(root + "/idle")
    memory = []
    for count in (0, args.idle):
        for number in range(count):
            with open(f"{root}/idle/{number}.log", "w") as file:
                file.write(line_of(number))
        daemon = Daemon(args.bin, f"{root}/idle-{count}", cache, root + "/idle/*.log", "end")
        daemon.events()
        time.sleep(5)
        memory.append(daemon.memory_kib("RssAnon"))
        cpu, start = daemon.cpu_s(), time.monotonic()
        time.sleep(20)
        used = (daemon.cpu_s() - cpu) / (time.monotonic() - start) * 100
        print(f"idle:    {count} files: {used:.2f} % of a core, {memory[-1]} KiB of anonymous memory")
        if count == 0:
            daemon.end()
    print(f"idle:    {(memory[1] - memory[0]) / max(args.idle, 1):.1f} KiB per idle file")
    return daemon


def time_lines(daemon, count, write):
    """In ms, sorted: how long it takes until what `write` does is an event that can be asked for."""
    times = []
    for n in range(count):
        before = daemon.events()
        start = time.monotonic()
        write(n)
        while daemon.events() == before:
            pass
        times.append((time.monotonic() - start) * 1000)
        time.sleep(0.01)
    times.sort()
    return f"{times[count // 2]:.1f} ms median, {times[count * 9 // 10]:.1f} ms at 90 %, {times[-1]:.1f} ms at most"


def measure_latency(daemon, root):
    path = root + "/idle/0.log"

    def rotate(n):
        os.rename(path, path + ".1")
        with open(path, "w") as file:
            file.write(line_of(n))

    with open(path, "a", buffering=1) as file:
        print("one line:", time_lines(daemon, 200, lambda n: file.write(line_of(n))),
              "from its write to its being asked for")
    print("rotation:", time_lines(daemon, 100, rotate), "from the renaming to the first line of the next file")
    daemon.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--directory", help="where logs and state go (default: a temporary one)")
    args = parser.parse_args()
    root = tempfile.mkdtemp(prefix="gasoline-bench-", dir=args.directory)
    cache = root + "/cache"
    os.makedirs(cache)
    try:
        measure_backlog(args, root, cache)
        measure_http(args, root, cache)
        measure_latency(measure_idle(args, root, cache), root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What gasoline-run costs: its start, bulk and line writers, quiet streams, memory, latency, and the way to the timeline.

    python3 bench/wrapper_cost.py --bin build/release/bin [--lines 5000000] [--rounds 5] [--seconds 20] [PART...]

Parts: start bulk lines quiet timeline memory delivery; all of them without a name. Every figure stands beside a baseline of the
same run, measured in turns with it, since machines are shared and noisy; CPU times say more than wall times there. At the end the
lines of a run are delivered to a gasolined and counted: none may be missing. Needs a C compiler for the writer of lines.
"""
import argparse
import glob
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

PARTS = ("start", "bulk", "lines", "quiet", "timeline", "memory", "delivery")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def environment(root):
    env = {name: value for name, value in os.environ.items() if not name.startswith("GASOLINE")}
    env["HOME"] = root
    for name, place in (("STATE_HOME", "state"), ("RUNTIME_DIR", "run"), ("CACHE_HOME", "cache")):
        env["XDG_" + name] = f"{root}/{place}"
        os.makedirs(f"{root}/{place}", exist_ok=True)
    return env


class Bench:
    def __init__(self, options, root):
        self.options, self.root = options, root
        self.binaries = os.path.abspath(options.bin)
        self.env = environment(root)
        self.spool = root + "/state/gasoline/spool"
        self.socket = root + "/run/gasoline/gasolined.sock"
        self.writer, self.usage, self.text = root + "/line_writer", root + "/usage", root + "/lines.txt"
        self.hop = root + "/one_hop"
        for program in (self.writer, self.hop):
            source = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.path.basename(program) + ".c")
            subprocess.run(["cc", "-O2", "-o", program, source], check=True)

    def wrapped(self, *command, options=("--no-daemon", "--fsync", "never", "--spool-max", "4GiB")):
        return [f"{self.binaries}/gasoline-run", *options, "--", *command]

    def write_lines(self):
        with open(self.text, "wb") as file:
            for first in range(0, self.options.lines, 10000):
                file.write(b"".join(
                    b"2026-11-21T05:00:00.000Z INFO [req:%08x] n=%08d GET /api/orders/%d took %d ms and "
                    b"returned a page of results\n" % (n * 2654435761 % 2**32, n, n % 997, n % 211)
                    for n in range(first, min(first + 10000, self.options.lines))))

    def empty_spool(self, keeps_segments=False):
        """Away with the runs; their segments into the pool, as whoever removes a delivered run does it."""
        pool = self.spool + "/pool"
        for segment in glob.glob(self.spool + "/0*/*.seg") if keeps_segments else []:
            if os.path.getsize(segment) >= 16 << 20:
                os.makedirs(pool, exist_ok=True)
                os.rename(segment, f"{pool}/{os.path.basename(os.path.dirname(segment))}-{os.path.basename(segment)}")
        for directory in glob.glob(self.spool + "/0*") + ([] if keeps_segments else [pool]):
            shutil.rmtree(directory, ignore_errors=True)

    def count_spooled(self):
        runs = glob.glob(self.spool + "/0*")
        stat = json.loads(subprocess.run([f"{self.binaries}/gasoline", "journal", "stat", "--json", runs[-1]], env=self.env,
                                         stdout=subprocess.PIPE, check=True).stdout)
        return stat["lines"], stat["gaps"]

    def start_daemon(self):
        daemon = subprocess.Popen([f"{self.binaries}/gasolined", "--no-listen", "--log-max", "16GiB"], env=self.env,
                                  stderr=subprocess.DEVNULL)
        while not self.is_ready():
            time.sleep(0.02)
        return daemon

    def is_ready(self):
        connection = UnixConnection(self.socket)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def ask(self, target):
        connection = UnixConnection(self.socket)
        connection.request("GET", target)
        return json.loads(connection.getresponse().read())


def measure(argv, env, own_cpu=None):
    """Wall seconds, and CPU seconds of the whole tree but what the writer of lines says of itself."""
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, env, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{argv} ended with {os.waitstatus_to_exitcode(status)}")
    cpu = usage.ru_utime + usage.ru_stime
    if own_cpu:
        with open(own_cpu) as file:
            cpu -= float(file.read())
    return wall, cpu, usage.ru_minflt


def in_turns(rounds, ways, baselines):
    """Each way once a round; the medians, and their ratios to those of the baselines."""
    rows = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            rows[name].append(way())
    medians = {name: [statistics.median(column) for column in zip(*values)] for name, values in rows.items()}
    for name, (wall, cpu, faults) in medians.items():
        ratios = "".join(f"  {wall / medians[base][0]:5.2f}x {base}" for base in baselines if base != name)
        print(f"  {name:32} {wall * 1000:9.2f} ms wall {cpu * 1000:9.2f} ms CPU {faults:7.0f} faults{ratios}", flush=True)
    return medians


def start(bench):
    print(f"start and end, {bench.options.starts} in turns:")
    medians = in_turns(bench.options.starts, {
        "true": lambda: measure(["true"], bench.env),
        "gasoline-run true": lambda: measure(bench.wrapped("true", options=("--no-daemon",)), bench.env)}, [])
    print(f"  over true: {(medians['gasoline-run true'][0] - medians['true'][0]) * 1000:.2f} ms")
    bench.empty_spool()


def bulk(bench):
    text, copy = bench.text, bench.root + "/copy.txt"

    def shell(command):
        row = measure(["sh", "-c", command], bench.env)
        if os.path.exists(copy):
            os.unlink(copy)
        return row

    def ours(is_warm, policy="never", after=""):
        bench.empty_spool(keeps_segments=is_warm)
        words = bench.wrapped("cat", text)
        words[words.index("never")] = policy
        return shell(" ".join(words) + after)

    print(f"bulk: {bench.options.lines} lines, {os.path.getsize(text) / 2**20:.0f} MiB, {bench.options.rounds} in turns:")
    tee, cat, cats = "cat | tee COPY", "cat | cat", "cat | cat | cat"
    in_turns(bench.options.rounds, {
        tee: lambda: shell(f"cat {text} | tee {copy} >/dev/null"),
        cat: lambda: shell(f"cat {text} | cat >/dev/null"),
        "gasoline-run, fresh spool": lambda: ours(False),
        "gasoline-run, to fill the pool": lambda: ours(True),
        "gasoline-run, warm pool": lambda: ours(True)}, [tee, cat])
    in_turns(bench.options.rounds, {
        cats: lambda: shell(f"cat {text} | cat | cat >/dev/null"),
        "gasoline-run | cat, warm pool": lambda: ours(True, after=" | cat")}, [cats])
    in_turns(bench.options.rounds, {
        tee: lambda: shell(f"cat {text} | tee {copy} >/dev/null"),
        "--fsync interval": lambda: ours(False, policy="interval")}, [tee])
    lines, gaps = bench.count_spooled()
    print(f"  in the spool: {lines} lines, {gaps} gaps")


def lines(bench):
    command = [bench.writer, bench.text, "lines", bench.usage]
    chunks = [bench.writer, bench.text, "chunks", bench.usage]

    def piped(words, into):
        row = measure(["sh", "-c", " ".join(words) + into], bench.env, bench.usage)
        if os.path.exists(bench.root + "/copy.txt"):
            os.unlink(bench.root + "/copy.txt")
        return row

    def ours(words):
        bench.empty_spool(keeps_segments=True)
        return measure(bench.wrapped(*words), bench.env, bench.usage)

    copy = f" | tee {bench.root}/copy.txt"
    for name, words in (("a write for each line", command), ("64 KiB at a time", chunks)):
        print(f"{name}, {bench.options.rounds} in turns; CPU without the writer's own:")
        medians = in_turns(bench.options.rounds, {
            "| cat": lambda words=words: piped(words, " | cat"),
            "| tee COPY": lambda words=words: piped(words, copy),
            "| a reader that pauses": lambda words=words: piped(words, f" | {bench.hop} 100"),
            "gasoline-run": lambda words=words: ours(words)}, ["| cat", "| tee COPY", "| a reader that pauses"])
        print(f"  CPU a million lines: {medians['gasoline-run'][1] * 1e6 / bench.options.lines:.3f} s")


def cpu_seconds(pid):
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        sizes = dict(line.split(":", 1) for line in file)
    return [int(sizes[name].split()[0]) for name in ("RssAnon", "RssFile", "RssShmem")]


def sample(process, seconds, others=()):
    """CPU percent of a core, and KiB resident at the beginning and the end."""
    before, first, begin = cpu_seconds(process.pid), resident(process.pid), time.monotonic()
    others_before = sum(cpu_seconds(pid) for pid in others)
    time.sleep(seconds)
    elapsed = time.monotonic() - begin
    own = 100 * (cpu_seconds(process.pid) - before) / elapsed
    all_of_it = own + 100 * (sum(cpu_seconds(pid) for pid in others) - others_before) / elapsed
    return own, all_of_it, first, resident(process.pid)


def quantiles(microseconds):
    ordered = sorted(microseconds)
    return f"p50 {ordered[len(ordered) // 2]:7.1f} us  p99 {ordered[len(ordered) * 99 // 100]:8.1f} us"


def read_latencies(stream, arrivals):
    for line in iter(stream.readline, b""):
        arrivals.append((time.monotonic_ns() - int(line[2:line.index(b" ")])) / 1000)
    return arrivals


def quiet(bench):
    seconds = bench.options.seconds
    paced = [bench.writer, "1000", str(seconds + 3), bench.usage]
    print(f"1,000 lines/s for {seconds} s:")
    for name, daemon in (("daemon away", None), ("daemon there", bench.start_daemon)):
        running = daemon() if daemon else None
        process = subprocess.Popen(bench.wrapped(*paced, options=("--no-daemon",)), env=bench.env, stdout=subprocess.DEVNULL)
        time.sleep(1.5)
        own, whole, first, last = sample(process, seconds, [running.pid] if running else [])
        process.wait()
        print(f"  {name:13} {own:5.2f} % of a core, {whole:5.2f} % with the daemon; KiB resident anonymous/files/rings "
              f"{first} -> {last}", flush=True)
        if running:
            running.terminate()
            running.wait()
        bench.empty_spool()
    print(f"from the write to whoever reads our stdout, {bench.options.rounds} in turns:")
    short = [bench.writer, "1000", "5", bench.usage]
    ways = {"a pipe": short, "one hop": ["sh", "-c", f"{' '.join(short)} | {bench.hop}"],
            "gasoline-run": bench.wrapped(*short, options=("--no-daemon",))}
    rows = {name: [] for name in ways}
    for _ in range(bench.options.rounds):
        for name, words in ways.items():
            with subprocess.Popen(words, env=bench.env, stdout=subprocess.PIPE) as process:
                read_latencies(process.stdout, rows[name])
    for name, values in rows.items():
        print(f"  {name:13} {quantiles(values)}", flush=True)
    bench.empty_spool()


def timeline(bench):
    """From the write to the moment at which a reader of the daemon's tail has the event."""
    daemon = bench.start_daemon()
    reader = UnixConnection(bench.socket)
    reader.request("GET", "/v1/tail")
    answer = reader.getresponse()
    process = subprocess.Popen(bench.wrapped(bench.writer, "1000", "6", bench.usage, options=()), env=bench.env,
                               stdout=subprocess.DEVNULL)
    took = []
    while (line := answer.readline()) and b'"run_ended"' not in line:
        at = line.find(b'"message":"t=')
        if at >= 0:
            took.append((time.monotonic_ns() - int(line[at + 13:line.index(b" ", at)])) / 1000)
    process.wait()
    print(f"from the write to a reader of the tail, 1,000 lines/s: {quantiles(took)}, {6000 - len(took)} of 6000 not seen",
          flush=True)
    daemon.terminate()
    daemon.wait()
    bench.empty_spool()


def memory(bench):
    """The spool may not bound what a wrapper without a daemon takes in: it drops its oldest, 2 segments of it are reused."""
    times = max(10_000_000 // bench.options.lines, 1)
    words = bench.wrapped(bench.writer, bench.text, f"x{times}", bench.usage,
                          options=("--no-daemon", "--fsync", "never", "--spool-max", "256MiB"))
    process = subprocess.Popen(words, env=bench.env, stdout=subprocess.DEVNULL)
    sizes = []
    while process.poll() is None:
        try:
            sizes.append(resident(process.pid))
        except (OSError, KeyError):
            break
        time.sleep(0.05)
    process.wait()
    quarters = [sizes[max(len(sizes) * i // 4 - 2, 0)] for i in (1, 2, 3, 4)]
    print(f"{times * bench.options.lines} lines, daemon away: KiB resident anonymous/files/rings at each quarter's end "
          f"{' '.join(map(str, quarters))}", flush=True)
    bench.empty_spool()


def delivery(bench):
    """The spool of a run is adopted; its lines and two records of the run must arrive."""
    bench.empty_spool()
    measure(bench.wrapped("cat", bench.text), bench.env)
    begin, events, wanted = time.monotonic(), -1, bench.options.lines + 2
    daemon = bench.start_daemon()
    while events < wanted and time.monotonic() - begin < 600:
        time.sleep(0.1)
        events = bench.ask("/v1/stats")["events"]
    print(f"delivered by adoption: {events} events in {time.monotonic() - begin:.1f} s, {wanted - events} missing")
    daemon.terminate()
    daemon.wait()
    if events != wanted:
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("parts", nargs="*", metavar="PART")
    options = parser.parse_args()
    parts = options.parts or PARTS
    if unknown := [part for part in parts if part not in PARTS]:
        parser.error(f"no part {unknown[0]}: {' '.join(PARTS)}")
    root = tempfile.mkdtemp(prefix="gasoline-bench-")
    try:
        bench = Bench(options, root)
        if set(parts) & {"bulk", "lines", "memory", "delivery"}:
            bench.write_lines()
        print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
        for part in parts:
            globals()[part](bench)
        print(f"load {os.getloadavg()[0]:.1f}")
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()

"""What the benches of remote hosts and containers share: daemons whose processor time is told by thread."""

import os
import resource
import statistics
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
os.environ.setdefault("GASOLINE_BIN", os.path.join(BUILD, "bin"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from harness import wait_for  # noqa: E402, needs the path above

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(stat_path):
    """Name and CPU seconds of a thread or a process, with those of the children that it reaped."""
    with open(stat_path) as file:
        head, _, rest = file.read().rpartition(")")
    fields = rest.split()
    return head.partition("(")[2], sum(map(int, fields[11:15])) / TICKS


def cpu_by_thread(pid):
    of = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat") as file:
            head, _, rest = file.read().rpartition(")")
        name = head.partition("(")[2]
        of[name] = of.get(name, 0) + sum(map(int, rest.split()[11:13])) / TICKS
    return of


def cpu_with_children(command, **options):
    """Runs it to its end; wall and CPU seconds of it and what it started here."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, **options)
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout.decode()


def source_alone(*arguments):
    """The source without a daemon: what it reads is counted and forgotten. Wall and its own CPU seconds."""
    _, _, said = cpu_with_children([BUILD + "/bench/source_alone", *map(str, arguments)])
    wall, cpu = map(float, said.split())
    return wall, cpu


def through_daemon(sandbox, config, state, lines):
    """A new daemon until all lines are in its timeline. Wall seconds and CPU seconds by thread."""
    begin = time.monotonic()
    daemon = sandbox.start_daemon("--config", config, "--state-dir", state, "--log-max", "8GiB")

    def is_done():
        time.sleep(0.02)
        return sandbox.get("/v1/status").json()["store"]["events"] >= lines

    wait_for(is_done, f"{lines} lines", 600)
    wall = time.monotonic() - begin
    of = cpu_by_thread(daemon.pid)
    daemon.stop()
    return wall, of


class Table:
    """Rows of rounds; prints each as it comes, and the medians."""

    def __init__(self, lines):
        self.lines = lines
        self.rows = {}

    def add(self, name, wall, cpu):
        """`cpu`: seconds, or seconds by thread."""
        self.rows.setdefault(name, []).append((wall, cpu))
        print(self.text(name, wall, cpu), flush=True)

    def text(self, name, wall, cpu):
        of = cpu if isinstance(cpu, dict) else {}
        per_million = 1e6 / self.lines
        total = (sum(of.values()) if of else cpu) * per_million
        shown = "; ".join(f"{thread} {seconds * per_million:.2f}" for thread, seconds in
                          sorted(of.items(), key=lambda item: -item[1]) if seconds * per_million >= 0.02)
        return (f"{name:18} {wall:6.2f} s {self.lines / wall:9.0f} lines/s, {total:5.2f} CPU s per million lines"
                + (f": {shown}" if shown else ""))

    def end(self, baseline):
        print("medians:")
        base = statistics.median(wall for wall, _ in self.rows[baseline])
        for name, rounds in self.rows.items():
            rounds = sorted(rounds, key=lambda row: row[0])
            wall, cpu = rounds[len(rounds) // 2]
            print(f"{self.text(name, wall, cpu)}; {wall / base:.2f} times the wall of {baseline}")

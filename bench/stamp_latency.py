#!/usr/bin/env python3
"""How late a line's read time is: what orders a request's lines over services. Programs that write lines at random times, some
through gasoline-run and as many, in the same run, to a reader that does nothing but poll, look at the clock and read: what
comes late there too is the machine's doing.

    bench/stamp_latency.py [--bin build/release/bin] [--lines 8000] [--mean-us 500] [--pairs 2] [--busy 0] [--to-file]

--busy: so many endless loops beside them. --to-file: gasoline-run's output goes into a file instead of /dev/null. Below 0 is
earlier than the writer's own look at the clock, behind its write.
"""

import argparse
import contextlib
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(path):
    with open(path) as file:
        return [int(line) for line in file]


def stamps(options, env, spool):
    """Read times of the lines of one run, in us, by their numbers."""
    run = next(name for name in os.listdir(spool) if name != "pool")
    told = subprocess.run([options.bin + "/gasoline", "journal", "cat", "--ndjson", f"{spool}/{run}"], env=env, check=True,
                          stdout=subprocess.PIPE).stdout
    times = {}
    for line in told.splitlines():
        record = json.loads(line, parse_float=str)  # a double has no room for it
        if record["kind"] == "line":
            ms, _, us = record["time"].partition(".")
            times[int(record["text"].split()[0][2:])] = 1000 * int(ms) + int(us.ljust(3, "0")[:3])
    return times


def show(name, late):
    late.sort()
    at = [late[min(len(late) * part // 1000, len(late) - 1)] for part in (500, 990, 999)]
    over = [10000 * sum(us > limit for us in late) / len(late) for limit in (50, 150)]
    print(f"{name:13} {len(late)} lines: p50 {at[0]:.1f}  p99 {at[1]:.1f}  p99.9 {at[2]:.1f}  max {late[-1]:.1f} us; "
          f"of 10,000 over 50 us {over[0]:.1f}, over 150 us {over[1]:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--lines", type=int, default=8000)
    parser.add_argument("--mean-us", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--to-file", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root, contextlib.ExitStack() as ending:
        program = root + "/stamp_writer"
        subprocess.run(["cc", "-O2", "-o", program, HERE + "/stamp_writer.c"], check=True)
        os.mkdir(root + "/runtime", 0o700)
        env = dict(os.environ, HOME=root, XDG_STATE_HOME=root + "/state", XDG_RUNTIME_DIR=root + "/runtime")
        for _ in range(options.busy):
            ending.callback(subprocess.Popen(["sh", "-c", "while :; do :; done"]).kill)
        running = []
        for i in range(options.pairs):
            writer = [program, "write", str(options.lines), str(options.mean_us)]
            bare = subprocess.Popen(writer + [f"{root}/{i}.bare"], stdout=subprocess.PIPE)
            running += [bare, subprocess.Popen([program, "read", f"{root}/{i}.read"], stdin=bare.stdout)]
            bare.stdout.close()
            output = ending.enter_context(open(f"{root}/{i}.out" if options.to_file else "/dev/null", "wb"))
            running.append(subprocess.Popen(
                [options.bin + "/gasoline-run", "--no-daemon", "--spool-dir", f"{root}/spool{i}", *writer, f"{root}/{i}.wrapped"],
                env=env, stdout=output))
        if any(process.wait() != 0 for process in running):
            raise SystemExit("a writer or a reader failed")
        bare, wrapped = [], []
        for i in range(options.pairs):
            bare += [(read - written) / 1000 for read, written in zip(numbers(f"{root}/{i}.read"), numbers(f"{root}/{i}.bare"))]
            read = stamps(options, env, f"{root}/spool{i}")
            wrapped += [read[n] - written / 1000 for n, written in enumerate(numbers(f"{root}/{i}.wrapped"))]
        show("a bare reader", bare)
        show("gasoline-run", wrapped)


if __name__ == "__main__":
    main()

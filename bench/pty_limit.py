#!/usr/bin/env python3
"""What a pseudo-terminal costs by itself: the same output through one, read by a bare loop, by script(1), by gasoline-run.

    python3 bench/pty_limit.py --bin build/release/bin [--lines 1000000] [--rounds 3]

`cat FILE` writes in large pieces, a loop in Python line by line. Medians of rounds in turns; all output goes to /dev/null.
"""
import argparse
import os
import pty
import statistics
import subprocess
import tempfile
import termios
import time

from wrapper_cost import environment, measure


def read_bare(argv, env):
    """Wall seconds of a loop of read(2) and write(2) and nothing else."""
    start = time.monotonic()
    master, slave = pty.openpty()
    modes = termios.tcgetattr(slave)
    modes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    process = subprocess.Popen(argv, env=env, stdout=slave)
    os.close(slave)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        while piece := os.read(master, 1 << 17):
            os.write(nowhere, piece)
    except OSError:
        pass  # EIO: nobody holds the slave any more
    process.wait()
    os.close(master)
    os.close(nowhere)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gasoline-bench-") as root:
        env = environment(root)
        file = root + "/lines"
        with open(file, "w") as out:
            out.writelines(f"line {i:08d} {'x' * 105}\n" for i in range(arguments.lines))
        wrapper = [os.path.abspath(arguments.bin) + "/gasoline-run", "--no-daemon", "--pty=always", "--"]
        for name, command in (("large pieces", ["cat", file]), ("line by line", ["python3", "-c", "import os\nfor line in open(\"%s\", \"rb\"): os.write(1, line)" % file])):
            contenders = {
                "bare loop": lambda: read_bare(command, env),
                "script": lambda: measure(["script", "-qc", " ".join(f"'{word}'" for word in command),
                                           root + "/typescript"], env)[0],
                "gasoline-run": lambda: measure(wrapper + command, env)[0],
            }
            seconds = {each: [] for each in contenders}
            for _ in range(arguments.rounds):
                for each, run in contenders.items():
                    seconds[each].append(run())
            bare = statistics.median(seconds["bare loop"])
            print(f"{arguments.lines} lines, {name}:")
            for each, walls in seconds.items():
                wall = statistics.median(walls)
                print(f"  {each:14} {wall:7.2f} s wall  {wall / bare:5.2f} x the bare loop")


if __name__ == "__main__":
    main()

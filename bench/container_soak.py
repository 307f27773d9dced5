#!/usr/bin/env python3
"""Streams that are cut again and again: descriptors, threads and memory of the daemon before and after.

    bench/container_soak.py BUILD-DIRECTORY [--seconds 600] [--containers 50] [--cut 30]

A scripted engine (tests/e2e/fake_engine.py) cuts each stream after half to one and a half times --cut, half of them in
mid-frame, while every container writes a line a second. At the end every line must be there once.
"""

import argparse
import os
import subprocess
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("--seconds", type=float, default=600)
parser.add_argument("--containers", type=int, default=50)
parser.add_argument("--cut", type=float, default=30)
options = parser.parse_args()
os.environ.setdefault("GASOLINE_BIN", os.path.join(os.path.abspath(options.build), "bin"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from container_watch import ContainerWatch, cpu_s  # noqa: E402, needs the path above
from harness import Sandbox  # noqa: E402


def main():
    sandbox = Sandbox()
    try:
        watch = ContainerWatch(sandbox, options.containers)
        # Pools and buffers fill up once: what they take is no leak.
        watch.tell(f"cut {options.cut}")
        begin = time.monotonic()
        warm_s = min(60, options.seconds / 5)
        before = None
        while (now := time.monotonic() - begin) < options.seconds:
            watch.write(1)
            time.sleep(1)
            if before is None and now >= warm_s:
                watch.heal()
                before, cpu = watch.resources(), cpu_s(watch.daemon.pid)
                watch.tell(f"cut {options.cut}")
                print(f"after {now:.0f} s: {before}", flush=True)
        watch.heal()
        cut = watch.tell("cuts")
        after = watch.settled_resources(before)
        cpu = cpu_s(watch.daemon.pid) - cpu
        print(f"after {time.monotonic() - begin:.0f} s: {after}; {cut} streams were cut, {watch.written} lines of "
              f"{watch.count} containers came once each; {cpu:.1f} s of CPU", flush=True)
        sys.exit(0 if after["descriptors"] <= before["descriptors"] and after["threads"] == before["threads"] else 1)
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Hundreds of the kills of which tests/e2e/test_takeover.py makes some: at random moments, at three speeds, through pipes
and pseudo-terminals, held by the daemon, by a guardian, and by whoever does until one of them is there; and at every injected point.

    bench/takeover_soak.py BUILD-DIRECTORY [RANDOM-KILLS [KILLS-A-POINT [FIRST-SEED]]]

Prints each kill after which a byte was lost, came twice or out of order, or the child did not live to its normal end. Exits
with 1 if there was one.
"""

import concurrent.futures
import itertools
import os
import random
import subprocess
import sys
import tempfile

os.environ.setdefault("GASOLINE_BIN", os.path.abspath(os.path.join(sys.argv[1], "bin")))
E2E = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e")
sys.path.insert(0, E2E)

from takeover import POINTS, SPEEDS, run_kill, run_kill_at  # noqa: E402, needs the path above


def main():
    kills = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    kills_a_point = int(sys.argv[3]) if len(sys.argv) > 3 else 24
    first = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 31)
    print(f"{kills} random kills and {kills_a_point} at each of {len(POINTS)} points, seeds from {first}", flush=True)
    ways = itertools.cycle(itertools.product(SPEEDS, (False, True), ("daemon", "guardian", "stopgap")))
    chance = random.Random(first)
    preload = os.path.join(tempfile.mkdtemp(), "kill_at.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", preload, os.path.join(E2E, "kill_at.c"), "-ldl"], check=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("GASOLINE_SOAK_LANES", "4"))) as lanes:
        jobs = [lanes.submit(run_kill, first + i, *next(ways)) for i in range(kills)]
        for point in POINTS:
            jobs += [lanes.submit(run_kill_at, preload, first + i, *next(ways), f"{point} {chance.randrange(1, 300)}")
                     for i in range(kills_a_point)]
        for job in concurrent.futures.as_completed(jobs):
            if job.result():
                bad += 1
                print(job.result(), flush=True)
    print(f"{len(jobs)} kills, {bad} after which something was wrong")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

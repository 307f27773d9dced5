#!/usr/bin/env python3
"""Thousands of the schedules that tests/e2e/test_exactly_once.py runs a hundred of.

    bench/exactly_once_soak.py BUILD-DIRECTORY [SCHEDULES [FIRST-SEED]]

Prints every seed that lost a line or showed one twice, and the sums. Exits with 1 if there was one.
"""

import concurrent.futures
import os
import random
import sys

os.environ.setdefault("GASOLINE_BIN", os.path.join(sys.argv[1], "bin"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from exactly_once import run_schedule  # noqa: E402, needs the path above


def main():
    schedules = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    first = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 31)
    print(f"{schedules} schedules, seeds from {first}", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("GASOLINE_SOAK_LANES", "6"))) as lanes:
        for problem in lanes.map(run_schedule, range(first, first + schedules)):
            if problem:
                bad += 1
                print(problem, flush=True)
    print(f"{schedules} schedules, {bad} in which a line was lost or came twice")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

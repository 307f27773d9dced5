"""Exactly once, from the child's write to the timeline, whatever is killed, frozen or cut, whenever."""

import concurrent.futures
import os
import random
import unittest

from exactly_once import run_schedule
from harness import main, share_of


class ExactlyOnce(unittest.TestCase):
    def test_random_schedules(self):
        first = int(os.environ.get("GASOLINE_E2E_SEED") or random.randrange(1 << 31))
        print(f"seeds from {first}", flush=True)
        seeds = range(first, first + share_of(100))
        with concurrent.futures.ThreadPoolExecutor(6) as lanes:
            problems = [problem for problem in lanes.map(run_schedule, seeds) if problem]
        self.assertEqual(problems, [])


if __name__ == "__main__":
    main()

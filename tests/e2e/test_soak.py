"""The two-minute form of bench/soak.py: under steady traffic and reloads descriptors, threads and memory do not grow."""

import os
import sys

from harness import SHARE, GasolineTest, main

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))

import soak  # noqa: E402

SECONDS = 120 if SHARE == 1 else 24
KIB = 3  # column of memory
GROWTH_KIB_MAX = 8 << 10  # a leak of a tenth of what was written is far more


class ShortSoak(GasolineTest):
    def test_descriptors_threads_and_memory_stay_as_they_are(self):
        running = soak.Soak(self.sandbox)
        samples = running.run(SECONDS)
        self.assertEqual(running.failures, [])
        half = len(samples) // 2
        self.assertGreaterEqual(half, 2)
        for column in (1, 2):
            # A reload adds a source and drops it again: one task and its descriptors may be there or not.
            self.assertLessEqual(soak.least(samples[half:], column), soak.least(samples[:half], column) + 4, samples)
        if SHARE == 1:  # a sanitizer's memory is its own
            self.assertLess(soak.least(samples[half:], KIB), soak.least(samples[:half], KIB) + GROWTH_KIB_MAX)
        self.assertGreater(self.sandbox.get("/v1/stats").json()["events"], 100)


if __name__ == "__main__":
    main()

"""A short form of bench/soak.py: under steady traffic and reloads descriptors and threads do not grow."""

import os
import sys

from harness import GasolineTest, main

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))

import soak  # noqa: E402

SECONDS = 24


class ShortSoak(GasolineTest):
    def test_descriptors_and_threads_stay_as_they_are(self):
        running = soak.Soak(self.sandbox)
        samples = running.run(SECONDS)
        self.assertEqual(running.failures, [])
        half = len(samples) // 2
        self.assertGreaterEqual(half, 2)
        for column in (1, 2):
            # A reload adds a source and drops it again: one task and its descriptors may be there or not.
            self.assertLessEqual(soak.least(samples[half:], column), soak.least(samples[:half], column) + 4, samples)
        self.assertGreater(self.sandbox.get("/v1/stats").json()["events"], 100)


if __name__ == "__main__":
    main()

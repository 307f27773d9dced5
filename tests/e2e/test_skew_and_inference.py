"""Clocks that differ are measured and corrected; lines without an id find their request, or are left alone."""

import time
import uuid

from harness import GasolineTest, main, wait_for

BEHIND_MS = 250


class Skew(GasolineTest):
    def setUp(self):
        super().setUp()
        self.sandbox.start_daemon()
        self.request_id = str(uuid.uuid4())

    def browse(self, count, **fields):
        """A browser whose clock is behind posts batches, each saying when it was sent."""
        for i in range(count):
            now_ms = time.time() * 1000 - BEHIND_MS
            answer = self.sandbox.post_events(
                [{"message": f"click {i}", "source": "extension", "service": "web", "timestamp": now_ms,
                  **fields}], sent_at=now_ms)
            self.assertEqual(answer.status, 200, answer)

    def pairs(self):
        return self.sandbox.get("/v1/status").json()["clock_skew"]["pairs"]

    def test_a_browser_that_is_behind_is_measured_and_corrected(self):
        self.assertEqual(self.pairs(), [])
        self.browse(29)
        self.assertEqual(self.pairs()[0]["status"], "insufficient_data")
        self.browse(1, correlation_id=self.request_id)
        pair = self.pairs()[0]
        self.assertEqual((pair["clock"], pair["status"], pair["samples"]), ("browser", "large_skew", 30))
        self.assertTrue(BEHIND_MS <= pair["median_ms"] < BEHIND_MS + 5000, pair)
        self.assertTrue(pair["median_ci95_ms"][0] <= pair["median_ms"] <= pair["median_ci95_ms"][1])
        self.assertIn("behind", pair["recommendation"])
        self.assertIn("timedatectl status", pair["commands"])
        status = self.sandbox.get("/v1/status").json()
        self.assertEqual(status["status"], "degraded")
        self.assertIn(b"behind", self.sandbox.cli("status").stdout)
        # What caused it was a moment before the click, as the backend's clock has it.
        click = self.sandbox.timeline(correlation_id=self.request_id)[0]
        before_ms = click["timestamp"] + BEHIND_MS - 100
        self.sandbox.post_events([{"message": "before", "service": "api", "timestamp": before_ms,
                                   "correlation_id": self.request_id}])

        def asked(**parameters):
            return self.sandbox.get("/v1/timeline", correlation_id=self.request_id, **parameters).json()
        plain = asked()
        self.assertEqual([event["message"] for event in plain["events"]], ["click 0", "before"])
        self.assertEqual(plain["clock_skew"]["pairs"][0]["clock"], "browser")
        corrected = asked(correct_skew="true")["events"]
        self.assertEqual([event["message"] for event in corrected], ["before", "click 0"])
        self.assertEqual(corrected[1]["timestamp"], click["timestamp"])
        self.assertAlmostEqual(corrected[1]["corrected_timestamp"], click["timestamp"] + pair["median_ms"], delta=1)
        self.assertNotIn("corrected_timestamp", corrected[0])
        run = self.sandbox.cli("timeline", self.request_id, "--correct-skew")
        self.assertLess(run.stdout.index(b"before"), run.stdout.index(b"click"))
        self.assertIn(b"ms behind", run.stderr)

    def test_backend_logs_tell_of_a_clients_clock(self):
        for i in range(30):
            self.sandbox.post_events([{"message": f"request {i}", "service": "api", "host": "web-1",
                                       "metadata": {"client_skew_ms": -40 + i % 3}}])
        pair = self.pairs()[0]
        self.assertEqual((pair["clock"], pair["reference"], pair["status"]), ("browser", "host:web-1", "detected"))
        self.assertEqual(pair["median_ms"], -39)

    def test_nonsense_is_no_sample(self):
        self.sandbox.post_events([{"message": "m", "source": "extension"}], sent_at="yesterday")
        self.sandbox.post_events([{"message": "m", "metadata": {"client_skew_ms": "soon"}}])
        self.assertEqual(self.pairs(), [])


class Inference(GasolineTest):
    def test_a_line_without_an_id_is_shown_with_its_confidence_and_reason_when_asked_for(self):
        self.sandbox.start_daemon()
        request_id = str(uuid.uuid4())
        base = 1700000000000

        def line(message, at, thread, with_id=True):
            return {"message": message, "timestamp": base + at, "service": "api", "metadata": {"thread": thread},
                    **({"correlation_id": request_id} if with_id else {})}
        self.sandbox.post_events([line("begins", 0, "t1"), line("loading", 5, "t1", False),
                                  line("elsewhere", 5, "t2", False), line("ends", 9, "t1")])
        wait_for(lambda: len(self.sandbox.timeline()) == 4, "the events")
        asked = self.sandbox.get("/v1/timeline", correlation_id=request_id).json()
        self.assertEqual([event["message"] for event in asked["events"]], ["begins", "ends"])
        self.assertNotIn("inference", asked)
        asked = self.sandbox.get("/v1/timeline", correlation_id=request_id, include_inferred="true").json()
        self.assertEqual([event["message"] for event in asked["events"]], ["begins", "loading", "ends"])
        inferred = asked["events"][1]["inferred"]
        self.assertGreater(inferred["confidence"], 0.9)
        self.assertIn("same thread t1", inferred["reason"])
        self.assertNotIn("inferred", asked["events"][0])
        self.assertEqual(asked["inference"], {"considered": 1, "refused": 0, "gave_up": None})
        run = self.sandbox.cli("timeline", request_id, "--include-inferred")
        self.assertIn(b"(inferred, 95 %) loading", run.stdout)


if __name__ == "__main__":
    main()

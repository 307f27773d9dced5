"""An answer for an agent fits its budget, tells errors first, and can be gone on with until nothing is left."""

import uuid

from harness import GasolineTest, main

BYTES_PER_TOKEN = 3


class Digest(GasolineTest):
    def setUp(self):
        super().setUp()
        self.sandbox.start_daemon()
        self.request_id = str(uuid.uuid4())
        self.events = [{"message": f"{'abcdefghij'[i % 10] * (i // 10 + 1)} \"{i}\" \u6f22", "service": "shop",
                        "correlation_id": self.request_id, "timestamp": 1700000000000 + i} for i in range(300)]
        self.events[250].update(message="the disk is full", level="error")
        self.assertEqual(self.sandbox.post_events(self.events).status, 200)

    def test_every_page_fits_and_all_pages_cover_everything(self):
        for max_tokens in (200, 333, 1000, 50000):
            covered, cursor, pages = 0, {}, 0
            while cursor is not None:
                answer = self.sandbox.get("/v1/timeline", correlation_id=self.request_id, max_tokens=max_tokens,
                                          **cursor)
                self.assertEqual(answer.status, 200, answer)
                self.assertLessEqual(len(answer.body), max_tokens * BYTES_PER_TOKEN)
                page = answer.json()
                if pages == 0:
                    self.assertIn("the disk is full", page["errors"][0])
                pages += 1
                covered = len(self.events) - page["cut"]["events"]
                cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
            self.assertEqual(covered, len(self.events))
            self.assertEqual(pages == 1, max_tokens == 50000)

    def test_a_search_and_the_command_line(self):
        answer = self.sandbox.get("/v1/search", q="a", max_tokens=300)
        self.assertLessEqual(len(answer.body), 300 * BYTES_PER_TOKEN)
        self.assertTrue(answer.json()["lines"])
        run = self.sandbox.cli("timeline", self.request_id, "--max-tokens", "300")
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        self.assertLessEqual(len(run.stdout), 300 * BYTES_PER_TOKEN)
        self.assertIn(b"the disk is full", run.stdout.splitlines()[1])
        self.assertIn(b"more: --cursor", run.stdout)
        self.assertEqual(self.sandbox.cli("search", "nowhere", "--max-tokens", "300").returncode, 1)
        self.assertEqual(self.sandbox.cli("timeline", "--max-tokens", "5").returncode, 2)


if __name__ == "__main__":
    main()

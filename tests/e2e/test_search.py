"""A search looks through everything that is kept, newest first, and says what it did not look at."""

import json
import re
import uuid

from harness import GasolineTest, main

BASE_MS = 1700000000000
FOUND, NOTHING, USAGE = 0, 1, 2


class Search(GasolineTest):
    def setUp(self):
        super().setUp()
        self.sandbox.start_daemon()
        self.request_id = str(uuid.uuid4())
        events = [{"message": f"GET /orders/{i} took {i * 7 % 100} ms", "service": ("shop", "stock")[i % 2],
                   "level": ("info", "error")[i % 10 == 0], "timestamp": BASE_MS + i,
                   **({"correlation_id": self.request_id} if i < 5 else {})} for i in range(2000)]
        for first in range(0, len(events), 500):
            self.assertEqual(self.sandbox.post_events(events[first:first + 500]).status, 200)
        self.messages = [event["message"] for event in events]

    def test_every_match_is_found_newest_first_over_pages(self):
        expression = re.compile(r"orders/\d*3 took [1-5]\d ms$")
        expected = [message for message in reversed(self.messages) if expression.search(message)]
        found, cursor = [], {}
        while cursor is not None:
            page = self.sandbox.get("/v1/search", q=expression.pattern, limit=17, **cursor).json()
            self.assertLessEqual(len(page["events"]), 17)
            found += [event["message"] for event in page["events"]]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        self.assertEqual(found, expected)

    def test_a_count_is_of_all_that_match_and_comes_with_the_newest(self):
        expression = re.compile(r"orders/\d*7 ")
        expected = [message for message in reversed(self.messages) if expression.search(message)]
        for _ in range(3):  # the expression is kept compiled
            answer = self.sandbox.get("/v1/search", q=expression.pattern, limit=5, count="true").json()
            self.assertEqual(answer["matched_events"], len(expected))
            self.assertEqual([event["message"] for event in answer["events"]], expected[:5])
        self.assertNotIn("matched_events", self.sandbox.get("/v1/search", q="x").json())
        run = self.sandbox.cli("search", "--count", expression.pattern)
        self.assertEqual((run.returncode, run.stdout.decode().strip()), (FOUND, str(len(expected))))
        run = self.sandbox.cli("search", "-c", "no such thing")
        self.assertEqual((run.returncode, run.stdout.decode().strip()), (NOTHING, "0"))

    def test_a_bad_expression_is_a_400_with_its_place_and_the_reason(self):
        for expression, place in ((r"orders/(\d", "at character 8"), ("[z-a]", "at character 4"), ("(?=x)y", ""),
                                  (".{30000}", "repeats")):
            answer = self.sandbox.get("/v1/search", q=expression)
            self.assertEqual((answer.status, answer.json()["code"]), (400, "bad_regex"), answer)
            self.assertIn(place, answer.json()["detail"])
        self.assertEqual(self.sandbox.get("/v1/search").json()["code"], "missing_parameter")
        self.assertEqual(self.sandbox.get("/v1/search", q="x", cursor="1.2.3.4").status, 400)
        self.assertEqual(self.sandbox.get("/v1/search", q="x", ignore_case="perhaps").status, 400)

    def test_filters_narrow_a_search(self):
        def count(**filters):
            return len(self.sandbox.get("/v1/search", q="took", limit=10000, **filters).json()["events"])
        self.assertEqual(count(), 2000)
        self.assertEqual(count(service="shop"), 1000)
        self.assertEqual(count(level="error"), 200)
        self.assertEqual(count(correlation_id=self.request_id), 5)
        self.assertEqual(count(start_time=BASE_MS + 1990), 10)

    def test_the_command_line_searches(self):
        run = self.sandbox.cli("search", r"orders/19\d\d took", "--service", "shop")
        self.assertEqual((run.returncode, run.stderr), (FOUND, b""))
        lines = run.stdout.decode().splitlines()
        self.assertEqual(len(lines), 50)
        self.assertIn("orders/1998 took", lines[0])
        self.assertIn("orders/1900 took", lines[-1])
        run = self.sandbox.cli("search", "ORDERS/7 TOOK", "-i", "--ndjson")
        self.assertEqual([json.loads(line)["message"] for line in run.stdout.splitlines()], [self.messages[7]])
        self.assertEqual(self.sandbox.cli("search", "ORDERS/7 TOOK").returncode, NOTHING)
        run = self.sandbox.cli("search", "took", "--limit", "3")
        self.assertEqual(len(run.stdout.splitlines()), 3)
        self.assertIn(b"--cursor", run.stderr)
        run = self.sandbox.cli("search", "took", "--all", "--ndjson")
        self.assertEqual(len(run.stdout.splitlines()), 2000)
        run = self.sandbox.cli("search", "(")
        self.assertEqual((run.returncode, run.stdout), (USAGE, b""))
        self.assertIn(b"at character 1", run.stderr)
        self.assertEqual(self.sandbox.cli("search").returncode, USAGE)


if __name__ == "__main__":
    main()

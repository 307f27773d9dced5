"""/openapi.json says what the daemon does: every path is asked, and every answer held against its schema."""

import json
import uuid

from harness import GasolineTest, main, needs
from json_schema import problems_of
from prometheus_text import read_page

EVENT = {"message": "described", "service": "s", "level": "warn", "metadata": {"k": [1, {"deep": None}]},
         "tags": ["env:dev"], "correlation_id": "3f2b8c1e-8a4e-4f0e-9d0a-0c8e4d3b2a19"}


GOOD = {"correlation_id": EVENT["correlation_id"], "source": "api", "service": "s", "level": "info",
        "start_time": "0", "end_time": "2100-01-01T00:00:00Z", "q": "desc", "run": "x", "project": "p",
        "limit": "5", "cursor": None, "ignore_case": "true", "count": "true", "include_inferred": "true", "correct_skew": "true", "max_tokens": "300"}


def required(operation):
    """Parameters without which the operation refuses."""
    return {parameter["name"]: GOOD[parameter["name"]] for parameter in operation.get("parameters", [])
            if parameter["required"]}


class Description(GasolineTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.sandbox.start_daemon(tcp=True)
        answer = self.sandbox.get("/openapi.json")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("application/json"))
        self.document = answer.json()
        for body in (EVENT, {**EVENT, "message": "without an id", "correlation_id": None, "source": "extension"}):
            self.sandbox.post_events([{k: v for k, v in body.items() if v is not None}])
        self.sandbox.run_wrapped("sh", "-c", "echo line; printf partial >&2", options=("--no-daemon", "--name", "run"))
        self.sandbox.await_run_end("run")

    def ask(self, path, operation, **parameters):
        """A GET with what it needs; of an answer without an end, the beginning."""
        parameters = {**required(operation), **parameters}
        if "text/event-stream" not in operation["responses"]["200"]["content"]:
            return self.sandbox.get(path, **parameters)
        return self.sandbox.get_beginning(path, **parameters)

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def check(self, answer, operation, where):
        responses = operation["responses"]
        response = responses.get(str(answer.status), responses.get("default"))
        kind = answer.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, [name.split(";")[0] for name in response["content"]], where)
        schema = next(value["schema"] for name, value in response["content"].items()
                      if name.split(";")[0] == kind)
        value = answer.json() if "json" in kind else answer.body.decode()
        self.assertEqual(problems_of(value, schema, self.document), [], f"{where}: {answer}")

    def test_it_is_an_openapi_document_whose_references_lead_somewhere(self):
        self.assertTrue(self.document["openapi"].startswith("3."))
        ids = [operation["operationId"] for _, _, operation in self.operations()]
        self.assertEqual(len(ids), len(set(ids)))

        def references(value):
            if isinstance(value, dict):
                if "$ref" in value:
                    yield value["$ref"]
                value = list(value.values())
            if isinstance(value, list):
                for item in value:
                    yield from references(item)

        for reference in references(self.document):
            target = self.document
            for part in reference.removeprefix("#/").split("/"):
                self.assertIn(part, target, reference)
                target = target[part]

    def test_every_path_of_the_contract_is_described(self):
        paths = self.document["paths"]
        for path in ("/v1/event", "/event", "/v1/events", "/events", "/v1/timeline", "/buffers/timeline", "/v1/search", "/v1/tail", "/v1/sources",
                     "/v1/status", "/daemon/status", "/v1/stats", "/ingest/stats", "/healthz", "/readyz",
                     "/metrics", "/openapi.json"):
            self.assertIn(path, paths)

    def test_every_get_answers_as_described(self):
        for method, path, operation in self.operations():
            if method != "GET":
                continue
            with self.subTest(path):
                answer = self.ask(path, operation)
                self.assertEqual(answer.status, 200)
                self.check(answer, operation, path)
                if required(operation):
                    self.assertEqual(self.sandbox.get(path).json()["code"], "missing_parameter")
                wrong = self.sandbox.request("PATCH", path)
                self.assertEqual(wrong.status, 405)
                self.check(wrong, operation, path)

    def test_every_post_answers_as_described(self):
        run_id = self.sandbox.timeline(service="run")[0]["run_id"][:-3] + "ZZZ"
        for method, path, operation in self.operations():
            if "requestBody" not in operation:
                continue
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            bodies = [EVENT] if path.endswith("event") else [
                [EVENT], {"events": [EVENT]}, {"events": [EVENT, {"message": 7}]}, [],
                {"events": [{"message": "m"}], "run_id": run_id, "seq": 1, "service": "run"}]
            for body in bodies:
                with self.subTest(path=path, body=body):
                    if "7" not in json.dumps(body):
                        self.assertEqual(problems_of(body, schema, self.document), [])
                    answer = self.sandbox.request(method, path, json.dumps(body),
                                                  {"Content-Type": "application/json"})
                    self.assertEqual(answer.status, 200, answer)
                    self.check(answer, operation, path)
            for broken in ("{", "7", '[{"message":7}]', '{"message":[]}'):
                answer = self.sandbox.request(method, path, broken, {"Content-Type": "application/json"})
                self.assertEqual(answer.status, 400, answer)
                self.check(answer, operation, path)

    def test_every_parameter_is_known_and_every_other_is_refused(self):
        for method, path, operation in self.operations():
            if method == "GET":
                self.check_parameters(path, operation)
        # A run that nobody has taken over, and one that nobody can name.
        end = self.document["paths"]["/v1/runs/end"]["post"]
        for query, status in (("?run=01ARZ3NDEKTSV4RRFFQ69G5FAV", 404), ("?run=", 404), ("", 400), ("?run=x&more=y", 400)):
            answer = self.sandbox.request("POST", "/v1/runs/end" + query)
            self.assertEqual(answer.status, status, query)
            self.check(answer, end, query)

    def check_parameters(self, path, operation):
        for parameter in operation.get("parameters", []):
            value = GOOD[parameter["name"]]
            if value is not None:
                answer = self.ask(path, operation, **{parameter["name"]: value})
                self.assertEqual(answer.status, 200, f"{parameter['name']}: {answer}")
                self.check(answer, operation, parameter["name"])
        answer = self.sandbox.get(path, **required(operation), **{"x" + uuid.uuid4().hex: "1"})
        self.assertEqual(answer.status, 400, path)
        self.check(answer, operation, path)

    def test_the_metrics_are_prometheus_text_and_follow_its_conventions(self):
        before = self.metrics()
        self.sandbox.post_events([{"message": "one more"}])
        after = self.metrics()
        self.assertLessEqual(set(before.types), set(after.types))  # some tasks begin later than others
        self.assertTrue(all(name.startswith("gasoline_") for name in after.types))
        grown = {name for (name, labels), value in after.samples.items()
                 if value > before.samples.get((name, labels), 0)}
        self.assertIn("gasoline_events_total", grown)
        fallen = [name for (name, labels), value in before.samples.items()
                  if before.types[name] == "counter" and value > after.samples[name, labels]]
        self.assertEqual(fallen, [])

    def metrics(self):
        answer = self.sandbox.get("/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        page = read_page(answer.body.decode())
        self.assertEqual(page.problems, [])
        return page

    def test_whoever_reads_metrics_strictly_finds_what_is_wrong(self):
        good = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="\\\\\\"\\n",y="2"} 1e3\n'
        self.assertEqual(read_page(good).problems, [])
        for bad in (good[:-1], good + "a_total 1", good + "b 1\n", good + good, good.replace("1e3", "1,3"),
                    good.replace("counter", "gauge"), good.replace("A.", " "), good.replace("y=", "x="),
                    good.replace("a_total", "a"), good.replace("a_total", "a_ms_total"), good.replace('"2"', '2'),
                    good.replace("1e3", "-1"), good.replace("counter", "count"), good.replace("a_total", "aB_total"),
                    good + "a_total{y=\"2\",x=\"\\\\\\\"\\n\"} 2\n", "a_total 1\n" + good):
            self.assertNotEqual(read_page(bad).problems, [], bad)

    @needs("promtool")
    def test_promtool_has_nothing_to_say_against_the_metrics(self):
        page = self.sandbox.get("/metrics").body
        run = self.sandbox.run(["promtool", "check", "metrics"], input=page)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))


if __name__ == "__main__":
    main()

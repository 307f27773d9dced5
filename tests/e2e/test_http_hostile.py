"""Over TCP, from clients that mean harm or know no better: every answer has its status and says what to do."""

import concurrent.futures
import contextlib
import gzip
import json
import socket
import time
import uuid

from harness import GasolineTest, free_port, main, program, share_of

JSON = {"Content-Type": "application/json"}


def read_answer(connection, method="GET"):
    """Reads one HTTP answer from a socket: (status, headers in lower case, body). None at once at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    size = int(headers.get("content-length", 0))
    while len(body) < size and method != "HEAD":
        chunk = connection.recv(65536)
        if not chunk:
            break
        body += chunk
    return int(lines[0].split()[1]), headers, body


class HostileTest(GasolineTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.sandbox.start_daemon(tcp=True)
        self.port = self.daemon.port

    def connect(self, timeout_s=20):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout_s)
        self.addCleanup(connection.close)
        return connection

    def send(self, method, target, body=None, headers=None, host="localhost"):
        """Sends exactly these bytes, over TCP."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
        if body is not None:
            head.append(f"Content-Length: {len(body)}")
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        with self.connect() as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + (body or b""))
            return read_answer(connection, method)

    def post(self, body, target="/v1/events", **headers):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.send("POST", target, body, {**JSON, **headers})

    def check_problem(self, answer, status, code=None):
        self.assertIsNotNone(answer, "the connection ended without an answer")
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(answer[1]["content-type"], "application/problem+json")
        problem = json.loads(answer[2])
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"], problem)
        self.assertRegex(problem["code"], r"^[a-z][a-z0-9_]*$")
        if code:
            self.assertEqual(problem["code"], code)
        return problem

    def check_serves_on(self):
        self.assertEqual(self.send("GET", "/healthz")[0], 200)


class Bodies(HostileTest):
    def test_broken_json_is_400(self):
        for body in (b"", b"{", b"[", b'{"events":[{"message":"a"}', b"nonsense", b'{"events":{}}', b"null",
                     b'"text"', b"7", b"[" * 100000, b'{"a":' * 5000, b"\x00\x01", b"\xff\xfe", b'{"events":7}'):
            with self.subTest(body[:20]):
                self.check_problem(self.post(body), 400)
        self.check_serves_on()

    def test_wrong_types_are_400_and_name_the_member(self):
        for event in ({"message": 7}, {"message": None}, {}, {"msg": ["a"]}, 7, "text", None, [],
                      {"message": "x", "metadata": [1]},
                      {"message": "x", "timestamp": {}}, {"message": "x", "timestamp": "yesterday"}):
            with self.subTest(str(event)):
                problem = self.check_problem(self.post([event]), 400)
                failed, = problem["failed"]
                self.assertEqual(failed["index"], 0)
                self.assertTrue(failed["error"])
                if not isinstance(event, dict):
                    continue
                self.check_problem(self.post(event, "/v1/event"), 400)

    def test_a_bad_event_does_not_take_its_batch_down(self):
        events = [{"message": f"good {i}", "service": "mixed"} for i in range(10)]
        events[3] = {"message": 3}
        events[7] = "seven"
        status, _, body = self.post({"events": events})
        self.assertEqual(status, 200)
        answer = json.loads(body)
        self.assertEqual(answer["count"], 8)
        self.assertEqual(sorted(failure["index"] for failure in answer["failed"]), [3, 7])
        self.assertEqual(len(answer["event_ids"]), 8)
        messages = [e["message"] for e in self.sandbox.timeline(service="mixed")]
        self.assertEqual(messages, [f"good {i}" for i in range(10) if i not in (3, 7)])

    def test_every_form_of_a_batch_is_taken(self):
        one, two = {"message": "one", "service": "forms"}, {"msg": "two", "service": "forms"}
        lines = b"\n".join(json.dumps(event).encode() for event in (one, two))
        for body, headers in ((json.dumps({"events": [one, two]}).encode(), JSON),
                              (json.dumps([one, two]).encode(), JSON),
                              (lines, {"Content-Type": "application/x-ndjson"}),
                              (lines + b"\n", {"Content-Type": "application/x-ndjson; charset=utf-8"})):
            answer = self.send("POST", "/v1/events", body, headers)
            self.assertEqual(answer[0], 200, answer)
            self.assertEqual(json.loads(answer[2])["count"], 2)
        self.assertEqual(len(self.sandbox.timeline(service="forms")), 8)

    def test_aliases_and_times_of_the_input(self):
        for stated in (1700000000, 1700000000000, 1700000000000000, 1700000000000000000,
                       "2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00", "2023-11-14T22:13:20.000Z"):
            service = "times"
            for name in ("ts", "time", "@timestamp", "timestamp"):
                event = {name: stated, "text": "when", "severity": "warning", "service": service}
                self.assertEqual(self.post(event, "/v1/event")[0], 200, event)
        events = self.sandbox.timeline(service="times")
        self.assertEqual(len(events), 28)
        self.assertEqual({e["timestamp"] for e in events}, {1700000000000})
        self.assertEqual({(e["message"], e["level"]) for e in events}, {("when", "warn")})

    def test_10000_events_are_taken_and_one_more_is_413(self):
        events = [{"message": f"m{i}", "service": "many"} for i in range(10001)]
        self.check_problem(self.post(events), 413)
        self.assertEqual(self.post(events[:10000])[0], 200)
        self.assertEqual(len(self.sandbox.timeline(service="many")), 10000)

    def test_a_body_over_the_bound_is_413(self):
        self.check_problem(self.post(b'[{"message":"' + b"x" * (17 << 20) + b'"}]'), 413)
        answer = self.send("POST", "/v1/events", None, {**JSON, "Content-Length": str(1 << 40)})
        self.check_problem(answer, 413)
        packed = gzip.compress(b'[{"message":"' + b" " * (65 << 20) + b'"}]', 1)
        self.check_problem(self.post(packed, **{"Content-Encoding": "gzip"}), 413)
        self.check_serves_on()

    def test_a_gzip_body_is_taken_and_a_broken_one_is_400(self):
        packed = gzip.compress(json.dumps([{"message": "packed", "service": "gz"}]).encode())
        self.assertEqual(self.post(packed, **{"Content-Encoding": "gzip"})[0], 200)
        self.assertEqual([e["message"] for e in self.sandbox.timeline(service="gz")], ["packed"])
        for broken in (packed[:-5], packed[:10] + b"\0" * 20, b"no gzip at all"):
            self.check_problem(self.post(broken, **{"Content-Encoding": "gzip"}), 400)
        self.check_problem(self.post(packed, **{"Content-Encoding": "br"}), 415)

    def test_an_event_id_is_stored_once(self):
        event = {"event_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "message": "m", "service": "once"}
        self.assertEqual(json.loads(self.post(event, "/v1/event")[2])["event_id"], event["event_id"])
        answer = json.loads(self.post([event, event, {"message": "other", "service": "once"}])[2])
        self.assertEqual((answer["count"], answer["duplicates"]), (3, 2))
        twin = {**event, "event_id": "01ARZ3NDEKTSV4RRFFQ69G5FAW"}
        self.post([twin, twin])
        self.assertEqual(len(self.sandbox.timeline(service="once")), 3)

    def test_odd_text_comes_back_as_it_was(self):
        for text in ("", " ", "\u0000", "\u2028", "\U0001f600", "</script>", "a\nb\tc", "\u202e", '"\\'):
            with self.subTest(repr(text)):
                service = "odd" + uuid.uuid4().hex
                answer = self.post({"message": text, "service": service}, "/v1/event")
                self.assertEqual(answer[0], 200, answer)
                self.assertEqual([e["message"] for e in self.sandbox.timeline(service=service)], [text])

    def test_100000_events_are_all_in_the_timeline(self):
        total = share_of(100000) // 1000 * 1000

        def post(first):
            events = [{"message": f"m{i}", "service": "flood"} for i in range(first, first + 1000)]
            while True:
                answer = self.post(events)
                if answer[0] != 429:
                    return answer[0]
                time.sleep(float(answer[1]["retry-after"]) / 10)

        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            self.assertEqual(set(clients.map(post, range(0, total, 1000))), {200})
        messages = {e["message"] for e in self.sandbox.timeline(service="flood")}
        self.assertEqual(messages, {f"m{i}" for i in range(total)})
        self.assertEqual(self.sandbox.get("/v1/stats").json()["events"], total)


class Requests(HostileTest):
    def test_an_unknown_path_is_404(self):
        for path in ("/", "/v1", "/v2/events", "/etc/passwd", "/v1/../v1/status", "/v1/events/",
                     "/%2e%2e/%2e%2e/etc/passwd", "//v1/status"):
            with self.subTest(path):
                self.check_problem(self.send("GET", path), 404)

    def test_a_wrong_method_is_405_and_names_the_right_one(self):
        for method, path, allowed in (("GET", "/v1/events", "POST"), ("POST", "/v1/timeline", "GET"),
                                      ("DELETE", "/v1/status", "GET"), ("PUT", "/event", "POST")):
            answer = self.send(method, path, b"" if method != "GET" else None)
            self.check_problem(answer, 405)
            self.assertIn(allowed, answer[1]["allow"].replace(" ", "").split(","))

    def test_an_unsupported_type_is_415(self):
        for kind in ("application/xml", "multipart/form-data; boundary=x", "image/png"):
            answer = self.send("POST", "/v1/events", b"[]", {"Content-Type": kind})
            self.check_problem(answer, 415)

    def test_a_missing_length_is_411(self):
        self.check_problem(self.send("POST", "/v1/events", None, JSON), 411)

    def test_a_head_over_the_bound_is_431(self):
        self.check_problem(self.send("GET", "/healthz", None, {"X-Long": "x" * 200000}), 431)
        self.check_problem(self.send("GET", "/healthz", None, {f"X-{i}": "1" for i in range(5000)}), 431)
        self.check_serves_on()

    def test_a_bad_query_is_400_and_says_what_is_accepted(self):
        for query in ("limit=0", "limit=10001", "limit=x", "level=loud", "start_time=yesterday",
                      "cursor=nonsense", "no_such_filter=1"):
            with self.subTest(query):
                self.check_problem(self.send("GET", "/v1/timeline?" + query), 400)

    def test_what_is_no_http_is_refused(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, b"GET\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 10000, b"A" * 100000,
                     b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n",
                     b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
                     b"Content-Length: 2\r\n\r\nab"):
            with self.subTest(data[:40]):
                with self.connect() as connection:
                    with contextlib.suppress(OSError):
                        connection.sendall(data)
                        connection.shutdown(socket.SHUT_WR)
                        answer = read_answer(connection)
                        if answer is not None:
                            self.assertGreaterEqual(answer[0], 400)
        self.check_serves_on()

    def test_a_chunked_body_and_pipelined_requests_are_served(self):
        with self.connect() as connection:
            connection.sendall(b"POST /v1/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
                               b"\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{\"message\":\"in \r\n"
                               b"8\r\nchunks\"}\r\n0\r\n\r\n")
            self.assertEqual(read_answer(connection)[0], 200)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(read_answer(connection)[0], 200)

    def test_a_slow_client_is_served_and_holds_nobody_up(self):
        slow = self.connect()
        for byte in b"GET /heal":
            slow.sendall(bytes([byte]))
        self.check_serves_on()
        for byte in b"thz HTTP/1.1\r\nHost: localhost\r\n\r\n":
            slow.sendall(bytes([byte]))
        self.assertEqual(read_answer(slow)[0], 200)

    def test_a_head_that_never_ends_is_timed_out(self):
        connection = self.connect(30)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: local")
        answer = read_answer(connection)
        if answer is not None:
            self.check_problem(answer, 408)

    def test_many_idle_connections_do_not_shut_others_out(self):
        idle = [self.connect() for _ in range(200)]
        self.check_serves_on()
        for connection in idle:
            connection.close()
        self.check_serves_on()

    def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(self):
        for _ in range(50):
            with self.connect() as connection:
                connection.sendall(b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000"
                                   b"\r\n\r\n[{")
        self.check_serves_on()
        self.assertEqual(self.sandbox.timeline(), [])


class Access(HostileTest):
    def test_a_foreign_host_is_421(self):
        for host in ("example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.1",
                     "example.com:7890", "1270.0.0.1", "[::2]", "0.0.0.0"):
            with self.subTest(host):
                self.check_problem(self.send("GET", "/healthz", host=host), 421)

    def test_the_hosts_of_this_machine_are_served(self):
        for host in ("localhost", "localhost:7890", "api.localhost", "127.0.0.1", "127.1.2.3:80", "[::1]",
                     "[::1]:7890", "LOCALHOST"):
            with self.subTest(host):
                self.assertEqual(self.send("GET", "/healthz", host=host)[0], 200)

    def test_the_unix_socket_asks_for_no_host(self):
        answer = self.sandbox.request("GET", "/healthz", headers={"Host": "example.com"})
        self.assertEqual(answer.status, 200)

    def test_a_foreign_origin_is_403(self):
        for origin in ("https://example.com", "http://localhost.example.com", "null", "file://"):
            for method, path in (("POST", "/v1/events"), ("GET", "/v1/timeline")):
                with self.subTest(origin=origin, path=path):
                    body = b"[]" if method == "POST" else None
                    self.check_problem(self.send(method, path, body, {**JSON, "Origin": origin}), 403)

    def test_a_page_on_this_machine_may_post_events_and_nothing_else(self):
        for origin in ("http://localhost:3000", "http://127.0.0.1:5173", "http://app.localhost",
                       "chrome-extension://abcdefghijklmnop", "moz-extension://0b2c"):
            with self.subTest(origin):
                answer = self.post([{"message": "click"}], Origin=origin)
                self.assertEqual(answer[0], 200)
                self.assertEqual(answer[1]["access-control-allow-origin"], origin)
                self.check_problem(self.send("GET", "/v1/timeline", None, {"Origin": origin}), 403)

    def test_the_own_origin_may_ask(self):
        origin = f"http://localhost:{self.port}"
        answer = self.send("GET", "/v1/status", None, {"Origin": origin}, host=f"localhost:{self.port}")
        self.assertEqual(answer[0], 200)

    def test_a_preflight_is_answered(self):
        asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "content-type",
                 "Access-Control-Request-Private-Network": "true"}
        status, headers, _ = self.send("OPTIONS", "/v1/events", None, asked)
        self.assertIn(status, (200, 204))
        self.assertEqual(headers["access-control-allow-origin"], "http://localhost:3000")
        self.assertIn("POST", headers["access-control-allow-methods"])
        self.assertIn("content-type", headers["access-control-allow-headers"].lower())
        self.assertEqual(headers["access-control-allow-private-network"], "true")
        refused = self.send("OPTIONS", "/v1/events", None, {**asked, "Origin": "https://example.com"})
        self.check_problem(refused, 403)

    def test_listening_beyond_this_machine_needs_a_token(self):
        run = self.sandbox.run([program("gasolined"), "--listen", f"0.0.0.0:{free_port()}",
                                "--state-dir", self.sandbox.root + "/other",
                                "--socket", self.sandbox.root + "/other.sock"])
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(b"token", run.stderr)


if __name__ == "__main__":
    main()

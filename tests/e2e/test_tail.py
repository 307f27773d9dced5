"""A tail gives events as they arrive, goes on where it stopped, and is nobody's burden."""

import json
import os
import pty
import select
import signal
import time
import uuid

from harness import PATIENCE_S, GasolineTest, UnixConnection, main, program, share_of, wait_for


class Tail:
    """A reader of /v1/tail."""

    def __init__(self, sandbox, last_event_id=None, **parameters):
        self.connection = UnixConnection(sandbox.socket_path, PATIENCE_S)
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self.connection.request("GET", "/v1/tail" + ("?" + query if query else ""), headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.lost = 0
        self.last_id = None
        if self.status == 200:
            # The first comment says that we are among the readers.
            assert self.answer.readline().startswith(b":")

    def messages(self, count):
        """The next `count` events' messages."""
        return [event["message"] for event in self.events(count)]

    def events(self, count):
        events = []
        while len(events) < count:
            fields = {}
            while (line := self.answer.readline().rstrip(b"\n")) != b"" or not fields:
                name, _, value = line.decode().partition(": ")
                if name and not line.startswith(b":"):
                    fields[name] = value
            if fields.get("event") == "lost":
                self.lost += json.loads(fields["data"])["count"]
            elif "data" in fields:
                self.last_id = fields["id"]
                events.append(json.loads(fields["data"]))
        return events

    def close(self):
        self.connection.close()


class Tails(GasolineTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.sandbox.start_daemon()
        self.readers = []
        self.addCleanup(lambda: [reader.close() for reader in self.readers])

    def tail(self, **options):
        reader = Tail(self.sandbox, **options)
        self.readers.append(reader)
        return reader

    def post(self, *messages, **fields):
        answer = self.sandbox.post_events([{"message": message, **fields} for message in messages])
        self.assertEqual(answer.status, 200, answer)

    def metric(self, name):
        for line in self.sandbox.get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        self.fail(f"no metric {name}")

    def test_events_come_as_they_arrive_and_nothing_older(self):
        self.post("before")
        reader = self.tail()
        self.assertEqual(reader.answer.headers["Content-Type"], "text/event-stream")
        self.post("one", "two")
        self.assertEqual(reader.messages(2), ["one", "two"])
        self.post("three")
        self.assertEqual(reader.messages(1), ["three"])

    def test_filters(self):
        request_id = str(uuid.uuid4())
        by_service, by_level = self.tail(service="shop"), self.tail(level="error")
        by_id, by_text = self.tail(correlation_id=request_id), self.tail(q="NEEDLE")
        self.post("a", service="shop")
        self.post("b", service="auth", level="error")
        self.post("c", correlation_id=request_id)
        self.post("the needle")
        self.post("end", service="shop", level="error", correlation_id=request_id)
        self.post("needle end")
        self.assertEqual(by_service.messages(2), ["a", "end"])
        self.assertEqual(by_level.messages(2), ["b", "end"])
        self.assertEqual(by_id.messages(2), ["c", "end"])
        self.assertEqual(by_text.messages(2), ["the needle", "needle end"])
        self.assertEqual(self.tail(level="loud").status, 400)
        self.assertEqual(self.tail(last_event_id="nonsense").status, 400)

    def test_the_last_event_id_goes_on_without_loss_or_repeat(self):
        reader = self.tail()
        self.post(*[f"m{i}" for i in range(10)])
        self.assertEqual(reader.messages(4), [f"m{i}" for i in range(4)])
        place = reader.last_id
        reader.close()
        self.post("later")
        again = self.tail(last_event_id=place)
        self.assertEqual(again.messages(7), [f"m{i}" for i in range(4, 10)] + ["later"])

    def test_it_goes_on_after_a_restart_of_the_daemon_too(self):
        reader = self.tail()
        self.post(*[f"m{i}" for i in range(10)])  # one batch: all were received at once
        self.assertEqual(reader.messages(4), [f"m{i}" for i in range(4)])
        self.daemon.kill()
        self.daemon = self.sandbox.start_daemon()
        self.post("later")
        again = self.tail(last_event_id=reader.last_id)
        self.assertEqual(again.messages(7), [f"m{i}" for i in range(4, 10)] + ["later"])

    def test_a_slow_reader_loses_events_with_a_count_and_holds_up_nobody(self):
        slow, narrow, quick = self.tail(), self.tail(service="s7"), self.tail(service="end")
        batches, size = 25, 10000
        for batch in range(batches):
            events = [{"message": f"{batch} {i} " + "x" * 100, "service": f"s{i % 10}"} for i in range(size)]
            self.assertEqual(self.sandbox.post_events(events).status, 200)
        self.post("last", service="end")
        self.assertEqual(quick.messages(1), ["last"])
        wait_for(lambda: self.metric("gasoline_tail_events_lost_total") > 0, "lost events")
        told = [each for each in self.sandbox.get("/v1/status").json()["problems"] if "tails" in each["what"]]
        self.assertEqual(len(told), 1)
        self.assertIn("--service", told[0]["remedy"])

        def drain(reader):
            """What came, what was lost, until the very last event."""
            self.post("fin", service="s7")
            got = 0
            while True:
                event = reader.events(1)[0]
                if event["message"] == "fin":
                    return got
                got += event["service"] != "end"

        got = drain(slow)
        self.assertGreater(slow.lost, 0)
        # The one event of the service "end" may be among what was lost.
        self.assertIn(got + slow.lost, (batches * size, batches * size + 1))
        got = drain(narrow)
        # One "fin" was for the other reader.
        self.assertIn(got + narrow.lost, (batches * size // 10, batches * size // 10 + 1))

    def test_readers_are_bounded_and_leave_room_when_they_go(self):
        for _ in range(64):
            self.assertEqual(self.tail().status, 200)
        refused = self.tail()
        self.assertEqual(refused.status, 429)
        self.assertTrue(refused.answer.headers["Retry-After"])
        self.assertEqual(self.metric("gasoline_tail_readers_refused_total"), 1)
        self.readers[0].close()
        wait_for(lambda: self.tail().status == 200, "room for one more")

    def test_the_end_of_the_daemon_ends_a_tail_in_order(self):
        reader = self.tail()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertEqual(reader.answer.read().count(b"data:"), 0)


class CommandLine(GasolineTest):
    def start(self, *arguments, **options):
        return self.sandbox.popen([program("gasoline"), "tail", *arguments], stdout=options.pop("stdout", -1),
                                  stderr=-1, **options)

    def await_readers(self, count=1):
        wait_for(lambda: f"gasoline_tail_readers {count}" in self.sandbox.get("/metrics").body.decode(), "the reader")

    def test_it_prints_what_comes_until_the_limit(self):
        self.sandbox.start_daemon()
        tail = self.start("--limit", "2", "--service", "shop")
        self.await_readers()
        for service in ("shop", "auth", "shop"):
            self.sandbox.post_events([{"message": "from " + service, "service": service}])
        out, err = tail.communicate(timeout=PATIENCE_S)
        self.assertEqual((tail.returncode, err), (0, b""))
        self.assertEqual([line.split(b" api ")[-1] for line in out.splitlines()], [b"from shop"] * 2)

    def test_it_waits_for_a_daemon_that_restarts_and_misses_nothing(self):
        daemon = self.sandbox.start_daemon()
        tail = self.start("--limit", "3", "--ndjson")
        self.await_readers()
        self.sandbox.post_events([{"message": "one"}])
        line = tail.stdout.readline()
        daemon.kill()
        self.sandbox.start_daemon()
        self.sandbox.post_events([{"message": "two"}, {"message": "three"}])
        out, err = tail.communicate(timeout=2 * PATIENCE_S)
        self.assertEqual([json.loads(each)["message"] for each in (line, *out.splitlines())],
                         ["one", "two", "three"])
        self.assertIn(b"away", err)

    def test_no_daemon_and_bad_usage(self):
        self.assertEqual(self.sandbox.cli("tail").returncode, 3)
        self.sandbox.start_daemon()
        self.assertEqual(self.sandbox.cli("tail", "--level", "loud").returncode, 2)
        self.assertEqual(self.sandbox.cli("tail", "--limit", "0").returncode, 2)

    def test_on_a_terminal_it_keeps_up_by_saying_how_many_it_skipped(self):
        self.sandbox.start_daemon()
        terminal, end = pty.openpty()
        tail = self.start(stdout=end, env={**self.sandbox.env, "TERM": "xterm"})
        os.close(end)
        self.await_readers()
        total = share_of(50000)
        for first in range(0, total, 5000):
            events = [{"message": f"line {i}", "service": "s"} for i in range(first, min(total, first + 5000))]
            self.sandbox.post_events(events)
        shown, seen, told = b"", 0, 0
        deadline = time.monotonic() + PATIENCE_S
        while seen + told < total and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                shown += os.read(terminal, 65536)
            lines = shown.decode(errors="replace").replace("\x1b[2m", "").splitlines()
            seen = sum(" line " in line for line in lines if line.endswith(tuple("0123456789")))
            told = sum(int(line.split("!")[1].split()[0].replace(",", "")) for line in lines
                       if " skipped: " in line or " lost: " in line)
        os.close(terminal)
        tail.send_signal(signal.SIGINT)
        self.assertEqual(seen + told, total)
        self.assertGreater(seen, 0)


if __name__ == "__main__":
    main()

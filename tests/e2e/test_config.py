"""The configuration file: what is wrong is told, what is good is in force, at the start and at a reload."""

import contextlib
import ctypes
import json
import os
import signal

from harness import PATIENCE_S, GasolineTest, main, program, wait_for

WALL = 0x40000000  # of waitpid: threads too
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
STALL_PATIENCE_S = 90


class Config(GasolineTest):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.sandbox.root, "shop.yaml")
        self.log = os.path.join(self.sandbox.root, "shop.log")

    def configure(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def follow(self, more=""):
        self.configure(f"backend:\n  logs:\n    - {{type: file, path: {self.log}, start: beginning, service: shop}}\n{more}")

    def print_line(self, line):
        with open(self.log, "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def await_events(self, count, patience_s=None):
        def events():
            found = sorted(self.sandbox.timeline(service="shop"), key=lambda event: event["seq"])
            return found if len(found) >= count else None

        return wait_for(events, f"{count} events", patience_s)

    def start(self):
        return self.sandbox.start_daemon("--config", self.path)

    def reload(self):
        return self.sandbox.request("POST", "/v1/config/reload")

    def test_check_tells_all_errors_with_their_places(self):
        self.configure("server:\n  lisen: x\nevents:\n  ttl: 24\n")
        run = self.sandbox.cli("config", "check", "--config", self.path)
        self.assertEqual(run.returncode, 1)
        self.assertIn(f"{self.path}:2:3: server.lisen: there is no such key; did you mean 'listen'?", run.stdout.decode())
        self.assertIn(f"{self.path}:4:8: events.ttl: '24' is not accepted", run.stdout.decode())
        answer = json.loads(self.sandbox.cli("config", "check", "--json", "--config", self.path).stdout)
        self.assertEqual([(error["line"], error["key"]) for error in answer["errors"]],
                         [(2, "server.lisen"), (4, "events.ttl")])

    def test_the_daemon_does_not_start_with_a_bad_configuration_and_says_all_of_it(self):
        self.configure("server:\n  lisen: x\nevents:\n  ttl: 24\n")
        run = self.sandbox.run([program("gasolined"), "--config", self.path])
        self.assertEqual(run.returncode, 2)
        self.assertIn(b":2:3: server.lisen", run.stderr)
        self.assertIn(b":4:8: events.ttl", run.stderr)

    def test_what_is_printed_is_a_configuration_that_tells_where_each_value_comes_from(self):
        self.follow("events:\n  ttl: 2h\n")
        printed = self.sandbox.cli("config", "print", "--config", self.path)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        self.assertRegex(printed.stdout.decode(), r"  ttl: 2h +# line 5\n")
        self.configure(printed.stdout.decode())
        run = self.sandbox.cli("config", "check", "--config", self.path)
        self.assertEqual((run.returncode, run.stderr), (0, b""), run.stdout)

    def test_patterns_rules_and_zones_are_in_force_and_explained(self):
        self.configure(
            "understand:\n  patterns:\n    - name: mine\n"
            "      regex: '^(?P<timestamp>\\S+ \\S+) (?P<level>[A-Z]+) <(?P<correlation_id>\\w+)> (?P<message>.*)$'\n"
            "redaction: {rules: [{name: pin, regex: 'pin=(?P<secret>\\d+)'}]}\n"
            f"backend: {{logs: [{{type: file, path: {self.log}, start: beginning, service: shop, timezone: '+05:00'}}]}}\n")
        line = "2026-11-21 02:37:06 ERROR <q7f3f1d2> paid with pin=4711"
        self.print_line(line)
        self.start()
        event = self.await_events(1)[0]
        self.assertRegex(event["message"], r"^paid with pin=\[redacted:pin#[0-9a-f]{4}\]$")
        self.assertEqual((event["level"], event["correlation_id"]), ("error", "q7f3f1d2"))
        self.assertEqual(event["timestamp"], 1795228626000 - 5 * 3600 * 1000)
        run = self.sandbox.cli("explain", "--config", self.path, line)
        self.assertIn(b"your pattern 'mine'", run.stdout)
        self.assertIn(b"your rule 'pin'", run.stdout)

    def test_a_reload_is_in_force_as_a_whole_or_not_at_all(self):
        self.follow("security: {allowed_hosts: [one.example]}\n")
        daemon = self.start()
        self.print_line("pin=1 first")
        self.await_events(1)
        self.follow("redaction: {rules: [{name: pin, regex: 'pin=\\d'}]}\nevents: {ack: synced, ttl: 3h}\n")
        answer = self.reload()
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(sorted(answer.json()["changed"]), ["events.ttl", "redaction.rules", "security.allowed_hosts"])
        self.assertEqual(answer.json()["needs_restart"], ["events.ack"])
        self.print_line("pin=2 second")
        self.assertRegex(self.await_events(2)[1]["message"], r"^\[redacted:pin#....\] second$")
        self.follow("redaction: {rules: []}\nevents: {ttl: soon}\n")
        answer = self.reload()
        self.assertEqual((answer.status, answer.json()["code"]), (422, "bad_configuration"))
        self.assertIn(f"{self.path}:5:15: events.ttl: 'soon'", answer.json()["errors"][0])
        self.print_line("pin=3 third")
        self.assertRegex(self.await_events(3)[2]["message"], r"^\[redacted:pin#....\] third$")
        status = self.sandbox.get("/v1/status").json()
        self.assertEqual((status["configuration"]["reloads"], status["configuration"]["refused"]), (1, 1))
        shown = self.sandbox.cli("status").stdout.decode()
        self.assertIn("events.ttl: 'soon'", shown)
        self.assertIn("events.ack", shown)
        self.follow()
        os.kill(daemon.process.pid, signal.SIGHUP)
        wait_for(lambda: self.sandbox.get("/v1/status").json()["configuration"]["reloads"] == 2, "the reload by SIGHUP")
        self.assertEqual(self.sandbox.get("/v1/status").json()["configuration"]["errors"], [])
        self.print_line("pin=4 fourth")
        self.assertEqual(self.await_events(4)[3]["message"], "pin=4 fourth")

    def test_sources_come_and_go_with_a_reload_and_lose_nothing(self):
        self.configure("")
        self.start()
        for line in range(10):
            self.print_line(f"line {line}")
        self.follow()
        self.assertEqual(self.reload().json()["changed"], ["backend.logs"])
        self.await_events(10)
        self.configure("")
        self.assertEqual(self.reload().status, 200)
        self.print_line("line 10")
        self.follow()
        self.assertEqual(self.reload().status, 200)
        lines = self.await_events(11)
        self.assertEqual([event["message"] for event in lines], [f"line {line}" for line in range(11)])

    def test_a_frozen_task_is_shown_and_begun_anew_and_loses_nothing(self):
        self.follow()
        daemon = self.start()
        self.print_line("before")
        self.await_events(1)
        with self.frozen(self.thread_named(daemon.process.pid, "files")):
            self.print_line("meanwhile")
            wait_for(lambda: self.task()["state"] == "restarted", "a restart of the frozen task", STALL_PATIENCE_S)
            self.assertIn("has not been heard of", self.sandbox.cli("status").stdout.decode())
            self.assertIn('gasoline_tasks{state="restarted"} 1', self.sandbox.get("/metrics").body.decode())
        wait_for(lambda: self.task()["state"] == "running", "the task running again", STALL_PATIENCE_S)
        self.print_line("after")
        lines = self.await_events(3, STALL_PATIENCE_S)
        self.assertEqual([event["message"] for event in lines], ["before", "meanwhile", "after"])
        self.assertGreaterEqual(self.sandbox.get("/v1/status").json()["tasks"]["restarts"], 1)

    def test_a_source_that_hangs_holds_up_neither_a_reload_nor_the_end(self):
        self.follow()
        daemon = self.start()
        self.print_line("before")
        self.await_events(1)
        with self.frozen(self.thread_named(daemon.process.pid, "files")):
            self.print_line("meanwhile")
            self.configure("")
            self.assertEqual(self.reload().status, 200)
            self.configure(f"backend:\n  logs:\n    - {{type: file, path: {self.log}, service: shop, tags: [new]}}\n")
            self.assertEqual(self.reload().status, 200)
            self.assertEqual(self.sandbox.get("/readyz").status, 200)
            self.assertIn(self.log, json.dumps(self.sandbox.get("/v1/status").json()["following"]))
        self.await_events(2)
        self.print_line("after")
        lines = self.await_events(3)
        self.assertEqual([event["message"] for event in lines], ["before", "meanwhile", "after"])
        self.assertIn("new", lines[2]["tags"])
        task = self.thread_named(daemon.process.pid, "files")
        with self.frozen(task):
            daemon.process.terminate()
            # Its tracer sees the thread's end first.
            wait_for(lambda: os.waitpid(task, WALL | os.WNOHANG)[0] == task, "the end of the thread")
            self.assertEqual(daemon.process.wait(PATIENCE_S), 0)
        self.assertIn("hangs and is left behind", daemon.log())
        self.start()
        self.print_line("and anew")
        self.assertEqual(self.await_events(4)[3]["message"], "and anew")

    @contextlib.contextmanager
    def frozen(self, task):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        if libc.ptrace(PTRACE_SEIZE, task, None, None) != 0:
            self.skipTest(f"threads cannot be frozen here: {os.strerror(ctypes.get_errno())}")
        try:
            self.assertEqual(libc.ptrace(PTRACE_INTERRUPT, task, None, None), 0)
            os.waitpid(task, WALL)
            yield
        finally:
            libc.ptrace(PTRACE_DETACH, task, None, None)

    @staticmethod
    def thread_named(pid, name):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/comm", encoding="utf-8") as file:
                if file.read().strip() == name:
                    return int(task)
        raise AssertionError(f"no thread is named {name}")

    def task(self):
        tasks = self.sandbox.get("/v1/status").json()["tasks"]["watched"]
        return next((task for task in tasks if task["name"].startswith("file:")), {"state": "gone"})


if __name__ == "__main__":
    main()

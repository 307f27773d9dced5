"""The command line asks the daemon, says it well, and ends with a code that a script can use."""

import json
import os
import pty
import select
import subprocess
import unittest
import uuid

from harness import GasolineTest, main, program

FOUND, NOTHING, USAGE, AWAY = 0, 1, 2, 3


class Cli(GasolineTest):
    def setUp(self):
        super().setUp()
        if not os.access(program("gasoline"), os.X_OK):
            raise unittest.SkipTest("the command line is not built")

    def with_events(self):
        self.sandbox.start_daemon()
        request_id = str(uuid.uuid4())
        base = 1700000000000
        events = [{"message": f"step {i} of the order", "service": ("shop", "stock")[i % 2], "correlation_id": request_id,
                   "level": ("info", "error", "warn", "debug")[i % 4], "timestamp": base + 10 * i}
                  for i in range(12)]
        self.assertEqual(self.sandbox.post_events(events).status, 200)
        return request_id

    def on_terminal(self, *arguments, env=None, columns=120):
        """Runs the CLI with stdout on a terminal; returns what it showed."""
        terminal, end = pty.openpty()
        subprocess.run(["stty", "cols", str(columns), "rows", "50"], stdin=end, check=True)
        run = self.sandbox.popen([program("gasoline"), *arguments], stdout=end, stderr=end, stdin=end,
                                 env={**self.sandbox.env, "TERM": "xterm-256color", **(env or {})})
        os.close(end)
        shown = b""
        while select.select([terminal], [], [], 20)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
        os.close(terminal)
        run.wait(20)
        return shown.decode()

    def test_0_is_found(self):
        request_id = self.with_events()
        run = self.sandbox.cli("timeline", request_id)
        self.assertEqual((run.returncode, run.stderr), (FOUND, b""))
        places = [run.stdout.decode().index(f"step {i} of") for i in range(12)]
        self.assertEqual(places, sorted(places))
        self.assertNotIn(b"\x1b", run.stdout)

    def test_1_is_nothing_found(self):
        self.with_events()
        run = self.sandbox.cli("timeline", str(uuid.uuid4()))
        self.assertEqual(run.returncode, NOTHING)
        run = self.sandbox.cli("timeline", str(uuid.uuid4()), "--ndjson")
        self.assertEqual((run.returncode, run.stdout), (NOTHING, b""))

    def test_2_is_usage(self):
        self.sandbox.start_daemon()
        for arguments in ([], ["no-such-command"], ["timeline", "--no-such-option"], ["timeline", "a", "b"],
                          ["timeline", "x", "--level", "loud"], ["timeline", "x", "--limit", "0"],
                          ["timeline", "x", "--color", "perhaps"], ["timeline", "--url", "nonsense"]):
            with self.subTest(arguments):
                run = self.sandbox.cli(*arguments)
                self.assertEqual(run.returncode, USAGE, run)
                self.assertEqual(run.stdout, b"")
                self.assertTrue(run.stderr)

    def test_3_is_a_daemon_that_is_away(self):
        for arguments in (["timeline", "x"], ["status"], ["sources"], ["stats"]):
            with self.subTest(arguments):
                run = self.sandbox.cli(*arguments)
                self.assertEqual((run.returncode, run.stdout), (AWAY, b""))
                self.assertIn(b"gasolined", run.stderr)

    def test_a_daemon_that_was_killed_is_away_too(self):
        daemon = self.sandbox.start_daemon()
        daemon.kill()
        self.assertTrue(os.path.exists(self.sandbox.socket_path))
        self.assertEqual(self.sandbox.cli("status").returncode, AWAY)

    def test_json_is_the_answer_and_ndjson_its_events(self):
        request_id = self.with_events()
        answer = json.loads(self.sandbox.cli("timeline", request_id, "--json").stdout)
        self.assertEqual(len(answer["events"]), 12)
        self.assertIn(request_id, answer["ids"])
        lines = self.sandbox.cli("timeline", request_id, "--ndjson").stdout.splitlines()
        self.assertEqual([json.loads(line) for line in lines], answer["events"])

    def test_filters_and_pages(self):
        request_id = self.with_events()

        def steps(*options):
            run = self.sandbox.cli("timeline", request_id, "--ndjson", *options)
            return [int(json.loads(line)["message"].split()[1]) for line in run.stdout.splitlines()]

        self.assertEqual(steps("--service", "stock"), [1, 3, 5, 7, 9, 11])
        self.assertEqual(steps("--level", "warn"), [1, 2, 5, 6, 9, 10])
        self.assertEqual(steps("--q", "STEP 1 "), [1])
        self.assertEqual(steps("--limit", "5"), [0, 1, 2, 3, 4])
        self.assertEqual(steps("--limit", "5", "--all"), list(range(12)))
        self.assertEqual(steps("--start-time", "1700000000050", "--end-time", "1700000000080"), [5, 6, 7])

    def test_a_terminal_gets_colours_unless_they_are_not_wanted(self):
        request_id = self.with_events()
        shown = self.on_terminal("timeline", request_id)
        self.assertIn("\x1b[", shown)
        self.assertIn("shop", shown)
        self.assertNotIn("\x1b[", self.on_terminal("timeline", request_id, env={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b[", self.on_terminal("timeline", request_id, "--color", "never"))
        run = self.sandbox.cli("timeline", request_id, "--color", "always")
        self.assertIn(b"\x1b[", run.stdout)

    def test_a_narrow_terminal_is_not_written_over(self):
        request_id = self.with_events()
        shown = self.on_terminal("timeline", request_id, env={"NO_COLOR": "1"}, columns=60)
        for line in [line for line in shown.splitlines() if "step" in line]:
            self.assertLessEqual(len(line.rstrip()), 60, line)

    def test_escapes_in_a_message_do_not_reach_a_terminal(self):
        self.sandbox.start_daemon()
        request_id = str(uuid.uuid4())
        self.sandbox.post_events([{"message": "evil \x1b]0;title\x07 \x1b[2J text", "correlation_id": request_id,
                                   "metadata": {"k": "\x1b[2J"}, "service": "e\x1b[2Jvil"}])
        shown = self.on_terminal("timeline", request_id)
        self.assertIn("text", shown)
        self.assertNotIn("\x1b]0;", shown)
        self.assertNotIn("\x1b[2J", shown)
        self.assertNotIn(b"\x1b", self.sandbox.cli("timeline", request_id).stdout)

    def test_a_reader_that_goes_away_is_no_error(self):
        self.sandbox.start_daemon()
        events = [{"message": "m" * 200, "service": "wide"} for _ in range(10000)]
        self.assertEqual(self.sandbox.post_events(events).status, 200)
        gasoline = program("gasoline")
        run = self.sandbox.run(["bash", "-c", f"{gasoline} timeline --limit 10000 | head -1 | wc -l; "
                                              "echo ${PIPESTATUS[0]}"])
        self.assertEqual(run.stderr, b"")
        count, code = run.stdout.split()
        self.assertEqual(count, b"1")
        self.assertIn(int(code), (FOUND, 141))

    def test_a_full_disk_is_an_error(self):
        request_id = self.with_events()
        with open("/dev/full", "wb") as full:
            run = self.sandbox.cli("timeline", request_id, stdout=full)
        self.assertTrue(run.stderr)

    def test_status_sources_and_stats(self):
        self.with_events()
        run = self.sandbox.cli("status")
        self.assertEqual(run.returncode, FOUND, run.stderr)
        self.assertEqual(json.loads(self.sandbox.cli("status", "--json").stdout)["status"], "ok")
        run = self.sandbox.cli("sources")
        self.assertEqual(run.returncode, FOUND)
        for service in (b"shop", b"stock"):
            self.assertIn(service, run.stdout)
        self.assertEqual(json.loads(self.sandbox.cli("stats", "--json").stdout)["events"], 12)
        self.assertEqual(self.sandbox.cli("stats").returncode, FOUND)

    def test_no_sources_are_nothing_found(self):
        self.sandbox.start_daemon()
        self.assertEqual(self.sandbox.cli("sources").returncode, NOTHING)

    def test_help_and_version(self):
        for arguments in (["--help"], ["timeline", "--help"], ["--version"]):
            run = self.sandbox.cli(*arguments)
            self.assertEqual((run.returncode, run.stderr), (0, b""), arguments)
            self.assertTrue(run.stdout)

    def test_a_daemon_is_asked_over_tcp_when_a_url_names_it(self):
        daemon = self.sandbox.start_daemon(tcp=True)
        self.sandbox.post_events([{"message": "over tcp", "service": "s"}])
        for env, options in (({}, ["--url", f"http://127.0.0.1:{daemon.port}"]),
                             ({"GASOLINE_URL": f"http://localhost:{daemon.port}"}, [])):
            run = self.sandbox.cli("timeline", *options,
                                   env={**self.sandbox.env, "XDG_RUNTIME_DIR": "/nowhere", **env})
            self.assertEqual(run.returncode, FOUND, run.stderr)
            self.assertIn(b"over tcp", run.stdout)


if __name__ == "__main__":
    main()

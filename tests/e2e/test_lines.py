"""What a command writes becomes events: one for each line, numbered, with nothing lost and nothing twice."""

import os
import subprocess
import unittest

from harness import GasolineTest, PYTHON, is_line, main, wait_for


class Lines(GasolineTest):
    def setUp(self):
        super().setUp()
        self.sandbox.start_daemon()

    def capture(self, *command, name="lines", options=(), count=None):
        run = self.sandbox.run_wrapped(*command, options=("--no-daemon", "--name", name, *options))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.sandbox.await_run_end(name)
        return self.sandbox.lines_of(name)

    def printed(self, text, **more):
        return [event["message"] for event in self.capture("printf", text, **more)]

    def test_each_line_is_an_event_with_its_number(self):
        lines = self.capture("seq", "-f", "the line %g", "1", "3000")
        self.assertEqual([e["message"] for e in lines], [f"the line {i}" for i in range(1, 3001)])
        self.assertEqual([e["line"] for e in lines], list(range(1, 3001)))
        self.assertEqual({e["source"] for e in lines}, {"stdout"})
        self.assertEqual({e["service"] for e in lines}, {"lines"})

    def test_the_numbers_of_a_run_have_no_holes_over_both_streams(self):
        script = "for i in $(seq 300); do echo out $i; echo err $i >&2; done"
        self.capture("sh", "-c", script)
        events = sorted(self.sandbox.timeline(service="lines"), key=lambda e: e["seq"])
        self.assertEqual([e["seq"] for e in events], list(range(1, 603)))
        self.assertIn("run_started", events[0]["metadata"])
        self.assertIn("run_ended", events[-1]["metadata"])
        for stream, word in (("stdout", "out"), ("stderr", "err")):
            of_stream = [e for e in events if e["source"] == stream and is_line(e)]
            self.assertEqual([e["line"] for e in of_stream], list(range(1, 301)))
            self.assertEqual([e["message"] for e in of_stream], [f"{word} {i}" for i in range(1, 301)])

    def test_times_never_run_backwards_within_a_stream(self):
        lines = self.capture("sh", "-c", "for i in $(seq 500); do echo $i; done; seq 501 20000")
        times = [e["timestamp"] for e in lines]
        self.assertEqual(times, sorted(times))
        self.assertTrue(all(e["receive_time"] >= e["timestamp"] for e in lines))

    def test_the_run_tells_its_beginning_and_its_end(self):
        self.capture("sh", "-c", "echo one; exit 0", options=("--tag", "env:dev"))
        events = self.sandbox.timeline(service="lines")
        started = next(e["metadata"]["run_started"] for e in events if "run_started" in e["metadata"])
        ended = next(e["metadata"]["run_ended"] for e in events if "run_ended" in e["metadata"])
        self.assertEqual(os.path.realpath(started["cwd"]), os.path.realpath(self.sandbox.work))
        self.assertIn("echo one; exit 0", started["command"])
        self.assertGreater(started["pid"], 0)
        self.assertEqual(ended["exit"], 0)
        self.assertEqual(ended["bytes"], 4)
        self.assertEqual(ended["dropped_bytes"], 0)
        self.assertTrue(all("env:dev" in e["tags"] and "service:lines" in e["tags"] for e in events))

    def test_the_end_of_a_killed_command_names_the_signal(self):
        self.sandbox.run_wrapped("sh", "-c", "kill -TERM $$", options=("--no-daemon", "--name", "killed"))
        events = self.sandbox.await_run_end("killed")
        ended = next(e["metadata"]["run_ended"] for e in events if "run_ended" in e["metadata"])
        self.assertEqual(ended["signal"], "SIGTERM")

    def test_carriage_returns_and_redraws(self):
        self.assertEqual(self.printed(r"crlf\r\n"), ["crlf"])
        self.assertEqual(self.printed(r"10%%\r20%%\r30%% done\n", name="redraw"), ["30% done"])
        self.assertEqual(self.printed(r"a\rb\r\n", name="both"), ["b"])
        self.assertEqual(self.printed(r"\n\n", name="empty"), ["", ""])

    def test_an_unfinished_last_line_is_an_event(self):
        self.assertEqual(self.printed(r"first\nlast"), ["first", "last"])

    def test_bytes_that_are_not_utf_8_become_replacement_characters(self):
        self.assertEqual(self.printed(r"a\377b\n"), ["a\ufffdb"])
        self.assertEqual(self.printed(r"caf\303\251 \360\237\230\200\n", name="good"), ["café \U0001f600"])

    def test_a_nul_within_a_line_does_not_end_it(self):
        text, = self.printed(r"before\000after\n")
        self.assertTrue(text.startswith("before") and text.endswith("after"), repr(text))

    def test_a_line_over_the_bound_becomes_several_events(self):
        script = "import sys; sys.stdout.write('x' * 5000 + '\\n' + 'short\\n')"
        lines = self.capture(PYTHON, "-c", script, options=("--max-line", "1KiB"))
        self.assertEqual("".join(e["message"] for e in lines[:-1]), "x" * 5000)
        self.assertTrue(all(len(e["message"]) <= 1024 for e in lines))
        self.assertEqual([bool(e["metadata"].get("continued")) for e in lines],
                         [False] + [True] * (len(lines) - 2) + [False])
        self.assertEqual({e["line"] for e in lines[:-1]}, {1})
        self.assertEqual((lines[-1]["message"], lines[-1]["line"]), ("short", 2))

    def test_an_unfinished_line_is_shown_after_a_second_and_replaced_by_its_completed_line(self):
        run = self.sandbox.popen(
            self.sandbox.wrapper("sh", "-c", "printf 'half of '; read word; echo the line; echo next",
                                 options=("--no-daemon", "--name", "prompt")),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        partial, = self.sandbox.await_lines("prompt", 1)
        self.assertEqual(partial["message"].rstrip(), "half of")
        self.assertTrue(partial["metadata"]["partial"])
        run.communicate(b"\n", 20)
        self.sandbox.await_run_end("prompt")
        wait_for(lambda: [e["message"] for e in self.sandbox.lines_of("prompt")] ==
                 ["half of the line", "next"], "the completed line in the partial one's place")
        complete = self.sandbox.lines_of("prompt")
        self.assertEqual([e["line"] for e in complete], [1, 2])
        self.assertNotIn("partial", complete[0]["metadata"])

    def test_a_line_without_an_end_for_a_second_at_the_end_of_the_stream(self):
        lines = self.capture("sh", "-c", "printf 'prompt> '; sleep 1.3")
        self.assertEqual([e["message"].rstrip() for e in lines], ["prompt>"])

    def test_what_a_line_says_of_itself_is_read(self):
        line = '{"level":50,"time":"2020-01-01T00:00:00Z","req_id":"%s","msg":"broken","user":7}\n'
        request_id = "5e0e6eb1-6b8c-4b0a-9d0e-3f3b5a1c2d4e"
        event, = self.capture("printf", line % request_id)
        self.assertEqual(event["message"], "broken")
        self.assertEqual(event["level"], "error")
        self.assertEqual(event["correlation_id"], request_id)
        self.assertEqual(event["metadata"]["user"], 7)
        self.assertEqual(event["timestamp"], 1577836800000)
        self.assertEqual([e["event_id"] for e in self.sandbox.timeline(correlation_id=request_id)],
                         [event["event_id"]])

    def test_a_secret_is_masked_in_the_timeline_and_not_in_the_output(self):
        # Made here, so that no text of the repository looks like one.
        secret = "AKIA" + "".join(chr(65 + i * 7 % 26) for i in range(16))
        run = self.sandbox.run_wrapped("echo", f"key is {secret} indeed",
                                       options=("--no-daemon", "--name", "leaky"))
        self.assertIn(secret.encode(), run.stdout)
        self.sandbox.await_run_end("leaky")
        for event in self.sandbox.timeline(service="leaky"):
            self.assertNotIn(secret, str(event))
        self.assertIn("[redacted:", self.sandbox.lines_of("leaky")[0]["message"])

    def test_many_lines_are_all_there_once(self):
        lines = self.capture("seq", "1", "60000")
        self.assertEqual([int(e["message"]) for e in lines], list(range(1, 60001)))

    def test_the_spool_is_gone_once_everything_is_delivered(self):
        self.capture("seq", "1", "1000", options=("--flush-timeout", "20s"))
        self.assertEqual(self.sandbox.spooled_runs(), [])


if __name__ == "__main__":
    main()

"""The other engine: Podman's socket speaks Docker's language, with whole seconds for stamps."""

import os
import time
import unittest

from engine import BUSYBOX, PODMAN, Podman
from harness import GasolineTest, main, share_of, wait_for


@unittest.skipUnless(PODMAN and BUSYBOX and os.geteuid() == 0, "no Podman can be started here")
class Podmans(GasolineTest):
    def setUp(self):
        super().setUp()
        try:
            self.engine = Podman(self.sandbox)
        except AssertionError as error:
            self.skipTest(f"no Podman can be started here: {error}")
        self.addCleanup(self.engine.close)
        self.config = self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                                         f"      socket: {self.engine.socket}\n")
        self.start()
        # The first look is over: what is created now is new.
        self.run_container("probe", "while echo here; do sleep 0.2; done")
        self.await_count("probe", 1)

    def start(self):
        self.daemon = self.sandbox.start_daemon("--config", self.config)

    def run_container(self, name, script, **options):
        return self.engine.run(name, script, labels={"team": "shop"}, **options)

    def lines(self, service):
        events = self.sandbox.timeline(source="container", service=service)
        return sorted(events, key=lambda event: (event["run_id"], event["seq"]))

    def await_count(self, service, count):
        wait_for(lambda: len(self.lines(service)) >= count, f"{count} lines of {service}")
        return self.lines(service)

    def test_streams_are_told_apart_terminals_and_long_lines_are_whole(self):
        self.run_container("both", "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf unfinished")
        events = self.await_count("both", 7)
        self.assertEqual([(e["metadata"]["stream"], e["message"]) for e in events],
                         [("stdout", "out 1"), ("stdout", "out 2"), ("stdout", "out 3"), ("stdout", "unfinished"),
                          ("stderr", "err 1"), ("stderr", "err 2"), ("stderr", "err 3")])
        self.assertIn("team:shop", events[0]["tags"])
        self.run_container("long", "yes 0123456789 | head -10000 | tr -d '\\n'; echo; echo after")
        events = self.await_count("long", 2)
        self.assertEqual([e["message"] for e in events], ["0123456789" * 10000, "after"])
        self.run_container("terminal", "echo one; echo two", tty=True)
        self.assertEqual([e["message"] for e in self.await_count("terminal", 2)], ["one", "two"])

    def test_nothing_is_lost_or_repeated_when_we_die_and_when_its_service_dies(self):
        count = share_of(40) * 20
        self.run_container("writer", f"i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo same; echo line $i; "
                                     "[ $((i % 20)) = 0 ] && sleep 0.1; done; sleep 1000")
        self.await_count("writer", min(100, count))
        self.daemon.kill()
        time.sleep(0.3)
        self.start()
        self.await_count("writer", min(600, count))
        self.engine.kill()
        time.sleep(0.3)
        self.engine.start()
        events = self.await_count("writer", 2 * count)
        expected = [text for i in range(1, count + 1) for text in ("same", f"line {i}")]
        self.assertEqual([e["message"] for e in events], expected)


if __name__ == "__main__":
    main()

"""The other engine: Podman's socket speaks Docker's language, with whole seconds for stamps."""

import os
import time
import unittest

from engine import BUSYBOX, PODMAN, Podman
from engine_test import EngineTest
from harness import main, share_of


@unittest.skipUnless(PODMAN and BUSYBOX and os.geteuid() == 0, "no Podman can be started here")
class Podmans(EngineTest):
    engine_class = Podman

    def setUp(self):
        super().setUp()
        self.start()
        self.await_watching()

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

"""Containers of a real engine: both streams, terminals, long lines, restarts of everything."""

import os
import time
import unittest

from engine import BUSYBOX, DOCKERD, Engine
from engine_test import EngineTest
from harness import main, share_of, wait_for


def can_run_an_engine():
    return DOCKERD and BUSYBOX and os.geteuid() == 0 and os.path.isdir("/sys/fs/cgroup")


@unittest.skipUnless(can_run_an_engine(), "no container engine can be started here")
class Containers(EngineTest):
    engine_class = Engine
    settings = "      labels: [watched]\n"
    labels = {"watched": "yes", "team": "shop"}

    def test_streams_are_told_apart_terminals_and_long_lines_are_whole(self):
        self.start()
        self.await_watching()
        self.run_container("both", "for i in 1 2 3; do echo out $i; echo err $i >&2; done; printf unfinished")
        events = self.await_count("both", 7)
        self.assertEqual([(e["metadata"]["stream"], e["message"]) for e in events],
                         [("stdout", "out 1"), ("stdout", "out 2"), ("stdout", "out 3"), ("stdout", "unfinished"),
                          ("stderr", "err 1"), ("stderr", "err 2"), ("stderr", "err 3")])
        self.assertEqual(events[0]["metadata"]["container"], "both")
        self.assertIn("team:shop", events[0]["tags"])
        self.run_container("terminal", "echo one; echo two; yes x | head -40000 | tr -d '\\n'; echo; echo three",
                           tty=True)
        events = self.await_count("terminal", 4)
        self.assertEqual([e["message"] for e in events], ["one", "two", "x" * 40000, "three"])
        self.run_container("long", "yes 0123456789 | head -10000 | tr -d '\\n'; echo; echo after")
        events = self.await_count("long", 2)
        self.assertEqual([e["message"] for e in events], ["0123456789" * 10000, "after"])
        self.engine.run("other", "echo not watched", labels={})
        self.run_container("none", "echo lost", log="none")
        wait_for(lambda: len(self.lines("long")) == 2, "nothing else")
        self.assertEqual(self.lines("other"), [])

    def test_nothing_is_lost_or_repeated_when_we_die_and_when_the_engine_dies(self):
        self.start()
        self.await_watching()
        count = share_of(40) * 50
        self.run_container("writer", f"i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo line $i; "
                                     "[ $((i % 50)) = 0 ] && sleep 0.1; done; sleep 1000")
        self.await_count("writer", min(100, count))
        self.daemon.kill()
        time.sleep(0.3)
        self.start()
        self.await_count("writer", min(700, count))
        self.engine.kill()
        time.sleep(0.3)
        self.engine.start()
        self.await_count("writer", min(1200, count))
        self.daemon.kill()
        self.run_container("meanwhile", "echo born while nobody looked")
        self.start()
        events = self.await_count("writer", count)
        self.assertEqual([e["message"] for e in events], [f"line {i}" for i in range(1, count + 1)])
        self.assertEqual([e["message"] for e in self.await_count("meanwhile", 1)], ["born while nobody looked"])

    def test_its_files_can_be_followed_instead_through_rotations_by_the_engine(self):
        self.config = self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n      mode: files\n"
                                         f"      data_root: {self.engine.place}/data\n      labels: [watched]\n")
        self.start()
        self.engine.run("other", "echo not watched", labels={})
        count = share_of(40) * 50
        self.run_container("rotated", f"i=0; while [ $i -lt {count} ]; do i=$((i+1)); echo line $i; "
                                      "[ $((i % 50)) = 0 ] && sleep 0.05; done; echo oops >&2",
                           log_options={"max-size": "20k", "max-file": "30"})
        self.await_count("rotated", min(200, count))
        self.daemon.kill()
        self.start()
        events = self.await_count("rotated", count + 1)
        numbers = sorted(int(e["message"].split()[1]) for e in events if e["message"].startswith("line"))
        self.assertEqual(numbers, list(range(1, count + 1)))
        self.assertEqual([e["metadata"]["stream"] for e in events if e["message"] == "oops"], ["stderr"])
        self.assertEqual(events[0]["metadata"]["container"], "rotated")
        self.assertIn("team:shop", events[0]["tags"])
        self.assertEqual(self.lines("other"), [])

    def test_history_is_not_replayed_and_a_restarted_container_goes_on(self):
        old = self.run_container("old", "echo history; sleep 0.2; echo again; sleep 1000")
        wait_for(lambda: b"again" in self.engine.ask("GET", f"/containers/{old}/logs?stdout=1"), "history")
        self.start()
        self.await_watching()
        self.assertEqual(self.lines("old"), [])
        self.engine.ask("POST", f"/containers/{old}/restart?t=0")
        self.assertEqual([e["message"] for e in self.await_count("old", 2)], ["history", "again"])


if __name__ == "__main__":
    main()

"""gasoline-run is killed, and its command lives on, with every byte recorded: by the daemon's hand, or a guardian's."""

import concurrent.futures
import contextlib
import itertools
import os
import random
import shlex
import signal
import subprocess
import time
import unittest

from harness import GasolineTest, PYTHON, is_alive, main, needs_root, share_of, wait_for
from takeover import Kill, POINTS, SPEEDS, run_kill, run_kill_at
from terminal import Terminal

HERE = os.path.dirname(os.path.abspath(__file__))
IS_SANITIZED = os.environ.get("GASOLINE_E2E_SANITIZED") == "1"
BYTES_MAX = 2_000_000 if IS_SANITIZED else 20_000_000
WAYS = list(itertools.product(SPEEDS, (False, True), ("daemon", "guardian", "stopgap")))


def children_of(pid):
    children = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                children += file.read().split()
    return children


def problems_of(jobs):
    """Of many kills, some at a time."""
    with concurrent.futures.ThreadPoolExecutor(3) as lanes:
        return [problem for problem in lanes.map(lambda job: job(), jobs) if problem]


class Kills(unittest.TestCase):
    def test_at_any_moment(self):
        first = int(os.environ.get("GASOLINE_E2E_SEED") or random.randrange(1 << 31))
        print(f"seeds from {first}", flush=True)
        kills = share_of(24)
        ways = random.Random(first).sample(WAYS, len(WAYS))
        jobs = [lambda i=i: run_kill(first + i, *ways[i % len(ways)], bytes_max=BYTES_MAX) for i in range(kills)]
        self.assertEqual(problems_of(jobs), [])

    @unittest.skipIf(IS_SANITIZED, "a sanitizer's library comes first, or none")
    def test_at_every_point(self):
        first = int(os.environ.get("GASOLINE_E2E_SEED") or random.randrange(1 << 31))
        print(f"seeds from {first}", flush=True)
        chance = random.Random(first)
        kill = Kill(first, "paced", False, "daemon")
        self.addCleanup(kill.close)
        preload = kill.sandbox.root + "/kill_at.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", preload, HERE + "/kill_at.c", "-ldl"], check=True)
        ways = itertools.cycle(chance.sample(WAYS, len(WAYS)))
        jobs = [lambda i=i, way=way, point=point: run_kill_at(preload, first + i, *way, point, bytes_max=BYTES_MAX)
                for i, (point, way) in enumerate(zip([f"{point} {chance.randrange(1, 100)}" for point in 2 * POINTS], ways))]
        self.assertEqual(problems_of(jobs), [])


class Holders(unittest.TestCase):
    """What becomes of the daemon meanwhile."""

    def kill(self, speed="lines", is_terminal=False, holder="daemon"):
        kill = Kill(1, speed, is_terminal, holder, bytes_max=BYTES_MAX)
        self.addCleanup(kill.close)
        kill.start()
        return kill

    def check(self, kill):
        kill.finish()
        self.assertIsNone(kill.problem())

    def runs(self, kill):
        return kill.sandbox.get("/v1/status").json()["runs"]

    def await_takeover(self, kill, count=1):
        return wait_for(lambda: self.runs(kill)["taken_over_total"] >= count and self.runs(kill)["taken_over"],
                        "the run to be taken over")

    def test_a_daemon_that_is_frozen_goes_on_with_the_run_when_it_can(self):
        kill = self.kill()
        wait_for(kill.is_held, "the run to be held")
        with kill.daemon.frozen():
            kill.kill_now()
            time.sleep(0.3)
        self.check(kill)

    def test_a_run_is_held_as_soon_as_its_daemon_is_gone(self):
        kill = self.kill()
        wait_for(kill.is_held, "the run to be held")
        wait_for(lambda: len(children_of(kill.wrapper.pid)) == 1, "nobody but the command to be there")
        kill.daemon.kill()
        wait_for(lambda: len(children_of(kill.wrapper.pid)) > 1, "somebody else to hold the run")
        kill.kill_now()
        self.check(kill)

    def test_whoever_held_the_run_while_the_daemon_came_up_is_gone_then(self):
        kill = self.kill("paced", holder="stopgap")
        wait_for(kill.is_held, "the command to begin")
        kill.daemon = kill.sandbox.start_daemon()
        wait_for(lambda: self.runs(kill)["held"] or kill.is_guarded(), "the run to be held")
        guardians = len(kill.sandbox.keepers())
        wait_for(lambda: len(children_of(kill.wrapper.pid)) == 1 + guardians, "the stopgap to be gone")
        kill.kill_now()
        self.check(kill)

    def test_a_daemon_that_starts_anew_holds_the_run_again(self):
        kill = self.kill()
        wait_for(kill.is_held, "the run to be held")
        kill.daemon.kill()
        kill.daemon = kill.sandbox.start_daemon()
        # By whoever was there first: a guardian, if the daemon took its time.
        wait_for(lambda: kill.is_held() or kill.is_guarded(), "the run to be held again")
        kill.kill_now()
        self.check(kill)

    def test_a_keeper_that_is_killed_is_followed_by_the_next(self):
        kill = self.kill()
        kill.kill()
        for count in (1, 2):
            self.await_takeover(kill, count)
            keepers = kill.sandbox.keepers()
            self.assertEqual(len(keepers), 1)
            os.kill(keepers[0], signal.SIGKILL)
        self.await_takeover(kill, 3)
        self.check(kill)

    def test_a_keeper_needs_no_daemon_to_go_on(self):
        kill = self.kill()
        kill.kill()
        run = self.await_takeover(kill)[0]
        kill.daemon.kill()
        time.sleep(0.2)
        kill.daemon = kill.sandbox.start_daemon()
        shown = wait_for(lambda: self.runs(kill)["taken_over"] or kill.is_guarded(), "the keeper to find a holder")
        if shown is not True:
            self.assertEqual(shown[0]["run_id"], run["run_id"])
        self.check(kill)

    def test_a_guardian_ends_with_its_wrapper(self):
        kill = self.kill("paced", holder="guardian")
        wait_for(kill.is_held, "the run to be held")
        open(kill.stop_path, "w").close()
        self.assertEqual(kill.wrapper.wait(20), 0)
        wait_for(lambda: not kill.sandbox.keepers(), "the guardian to end")

    def test_a_guardian_that_is_killed_is_followed_by_the_next(self):
        kill = self.kill("paced", holder="guardian")
        wait_for(kill.is_held, "the run to be held")
        guardian = kill.sandbox.keepers()[0]
        os.kill(guardian, signal.SIGKILL)
        wait_for(lambda: kill.is_held() and kill.sandbox.keepers()[0] != guardian, "the next guardian")
        kill.kill()
        self.check(kill)


class Takeover(GasolineTest):
    def start(self, *command, options=("--no-daemon", "--name", "w"), **more):
        more.setdefault("stdout", subprocess.DEVNULL)
        return self.sandbox.popen(self.sandbox.wrapper(*command, options=options), **more)

    def runs(self):
        return self.sandbox.get("/v1/status").json()["runs"]

    def kill(self, wrapper, lines=1):
        """Once it is held, and has delivered something."""
        wait_for(lambda: self.runs()["held"], "the run to be held")
        self.sandbox.await_lines("w", lines)
        wrapper.kill()
        wrapper.wait()
        return wait_for(lambda: self.runs()["taken_over"], "the run to be taken over")[0]

    def test_the_timeline_goes_on_with_the_runs_own_numbers(self):
        self.sandbox.start_daemon()
        wrapper = self.start("sh", "-c", "i=0; while [ $i -lt 200 ]; do echo out $i; echo err $i >&2; i=$((i+1)); "
                                         "sleep 0.01; done; printf unfinished", stderr=subprocess.DEVNULL)
        run = self.kill(wrapper, 5)
        events = self.sandbox.await_run_end("w")
        self.assertEqual(sorted(event["seq"] for event in events), list(range(1, len(events) + 1)))
        self.assertEqual({event["run_id"] for event in events}, {run["run_id"]})
        for source, name in (("stdout", "out"), ("stderr", "err")):
            lines = [event for event in self.sandbox.lines_of("w") if event["source"] == source]
            expected = [f"{name} {i}" for i in range(200)] + (["unfinished"] if name == "out" else [])
            self.assertEqual([line["message"] for line in lines], expected)
            self.assertEqual([line["line"] for line in lines], list(range(1, len(expected) + 1)))
        end = next(event["metadata"]["run_ended"] for event in events if "run_ended" in event["metadata"])
        self.assertTrue(end["taken_over"])

    def test_a_line_in_the_middle_of_which_the_wrapper_died_is_one_line(self):
        self.sandbox.start_daemon()
        wrapper = self.start("sh", "-c", f"echo first; printf begin; read x < {self.fifo()}; echo end")
        self.kill(wrapper)
        open(self.sandbox.work + "/fifo", "w").close()
        self.sandbox.await_run_end("w")
        self.assertEqual([line["message"] for line in self.sandbox.lines_of("w")], ["first", "beginend"])

    def fifo(self):
        os.mkfifo(self.sandbox.work + "/fifo")
        return self.sandbox.work + "/fifo"

    def test_status_shows_the_run_and_run_end_ends_it(self):
        self.sandbox.start_daemon()
        wrapper = self.start("sh", "-c", "echo $$; while :; do echo tick; sleep 0.02; done")
        run = self.kill(wrapper)
        shown = self.sandbox.cli("status").stdout.decode()
        self.assertIn(f"taken over   run {run['run_id']} (w)", shown)
        child = int(self.sandbox.lines_of("w")[0]["message"])
        self.assertTrue(is_alive(child))
        self.assertEqual(self.sandbox.cli("run", "end", run["run_id"]).returncode, 0)
        events = self.sandbox.await_run_end("w")
        self.assertFalse(is_alive(child))
        end = next(event["metadata"]["run_ended"] for event in events if "run_ended" in event["metadata"])
        self.assertTrue(end["ended_by_user"])
        gone = self.sandbox.cli("run", "end", run["run_id"])
        wait_for(lambda: not self.runs()["taken_over"], "the run to be forgotten")
        gone = self.sandbox.cli("run", "end", run["run_id"])
        self.assertEqual(gone.returncode, 1, gone.stderr)

    def test_run_end_closes_the_output_of_a_command_that_does_not_mind_a_hang_up(self):
        self.sandbox.start_daemon()
        wrapper = self.start(PYTHON, "-c", "import os, signal, time\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
                                           "print(os.getpid(), flush=True)\nwhile True:\n"
                                           "  print('still', flush=True); time.sleep(0.05)", stderr=subprocess.DEVNULL)
        run = self.kill(wrapper)
        child = int(self.sandbox.lines_of("w")[0]["message"])
        self.assertEqual(self.sandbox.cli("run", "end", run["run_id"]).returncode, 0)
        wait_for(lambda: not is_alive(child), "the command to end by SIGPIPE")
        self.sandbox.await_run_end("w")

    def test_run_end_leaves_a_run_alone_whose_wrapper_lives(self):
        self.sandbox.start_daemon()
        wrapper = self.start("sh", "-c", "echo there; exec sleep 60")
        self.sandbox.await_lines("w", 1)
        run_id = self.sandbox.lines_of("w")[0]["run_id"]
        answer = self.sandbox.cli("run", "end", run_id)
        self.assertEqual(answer.returncode, 2)
        self.assertIn(b"End it where it runs", answer.stderr)
        self.assertIsNone(wrapper.poll())

    def test_the_reader_of_the_output_goes_away_while_the_daemon_is_frozen(self):
        for holder in ("daemon", "guardian"):
            with self.subTest(holder):
                daemon = self.sandbox.start_daemon() if holder == "daemon" else None
                wrapper = self.start("sh", "-c", "echo $$; sleep 1; exec yes", stdout=subprocess.PIPE)
                child = int(wrapper.stdout.readline())
                if daemon:
                    wait_for(lambda: self.runs()["held"], "the run to be held")
                    os.kill(daemon.pid, signal.SIGSTOP)
                else:
                    guardian = wait_for(lambda: [pid for pid in self.children(1) + self.children(wrapper.pid)
                                                 if self.is_keeper(pid)], "the guardian")[0]
                    os.kill(guardian, signal.SIGSTOP)
                wrapper.stdout.read(100_000)
                wrapper.stdout.close()
                # By SIGPIPE, as bare; and at once.
                wait_for(lambda: not is_alive(child), "yes to end")
                self.assertEqual(wrapper.wait(20), -signal.SIGPIPE)
                if daemon:
                    os.kill(daemon.pid, signal.SIGCONT)
                    daemon.stop()
                else:
                    os.kill(guardian, signal.SIGCONT)

    @staticmethod
    def children(pid):
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]

    @staticmethod
    def is_keeper(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().endswith(b"--keeper\0")
        except OSError:
            return False

    def test_the_terminal_gets_its_modes_back_and_the_child_no_hang_up(self):
        self.sandbox.start_daemon()
        script = self.sandbox.write("raw.py", "import os, sys, time, tty\ntty.setraw(1)\nprint('raw', flush=True)\n"
                                              "while not os.path.exists('stop'): print('on', flush=True); time.sleep(0.02)\n"
                                              "open('ended', 'w').close()")
        # A shell leads the session, as on any terminal: the death of a leader hangs up by itself.
        wrapped = self.sandbox.wrapper(PYTHON, script, options=("--no-daemon", "--name", "w"))
        terminal = Terminal(self.sandbox, ["sh", "-c", f"{shlex.join(wrapped)}; echo back; sleep 60"])
        self.addCleanup(terminal.close)
        before = terminal.modes()
        terminal.expect(b"raw")
        wait_for(lambda: terminal.read(0.01) is not None and terminal.modes() != before, "the terminal to be raw")
        wait_for(lambda: self.runs()["held"], "the run to be held")
        self.sandbox.await_lines("w", 1)
        wrapper = next(pid for pid in self.children(terminal.pid) if not self.is_keeper(pid))
        os.kill(wrapper, signal.SIGKILL)
        terminal.expect(b"back")
        wait_for(lambda: self.runs()["taken_over"], "the run to be taken over")
        wait_for(lambda: terminal.modes() == before, "the terminal's modes")
        self.sandbox.write("stop", "")
        wait_for(lambda: os.path.exists(self.sandbox.work + "/ended"), "the child's normal end")
        self.sandbox.await_run_end("w")

    @needs_root()
    def test_without_shared_memory_the_run_is_a_plain_one_and_a_warning_says_so(self):
        self.sandbox.start_daemon()
        for size, what in (("64k", "no ring"), ("2m", "no more of it")):
            with self.subTest(what):
                self.plain_run(size)

    def plain_run(self, size):
        prefix = ["unshare", "-m", "sh", "-c",
                  f"mount -t tmpfs -o size={size} tmpfs /dev/shm && unset XDG_RUNTIME_DIR && exec \"$@\"", "sh"]
        if self.sandbox.run([*prefix, "true"]).returncode != 0:
            self.skipTest("no mount namespaces here")
        lines = share_of(300_000)
        run = self.sandbox.run([*prefix, *self.sandbox.wrapper("seq", str(lines), options=("--no-daemon",))])
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, b"".join(b"%d\n" % i for i in range(1, lines + 1)))
        self.assertLessEqual(run.stderr.count(b"a kill -9 of gasoline-run would lose lines"), 1)
        if size == "64k":
            self.assertEqual(run.stderr.count(b"a kill -9 of gasoline-run would lose lines"), 1)


if __name__ == "__main__":
    main()

"""One kill of a wrapper, and what must be true afterwards: the child lives to its normal end, and its spool holds every
byte that it wrote, once and in order. Used by test_takeover.py, and by bench/takeover_soak.py for hundreds of kills.
"""

import contextlib
import os
import random
import subprocess
import time

from harness import PYTHON, Sandbox, wait_for
from takeover_writer import lines

WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "takeover_writer.py")
SPEEDS = ("bulk", "lines", "paced")
POINTS = ("after_splice", "before_read", "half_read", "after_read", "before_write", "after_write", "before_append",
          "after_append")


class Kill:
    """`holder`: "daemon", "guardian", or "stopgap": until one of those is there. `point`: where the wrapper kills itself ("POINT NTH"), else any moment."""

    def __init__(self, seed, speed, is_terminal, holder, point=None, bytes_max=50_000_000):
        self.name = f"seed {seed}, {speed}, {'pty' if is_terminal else 'pipe'}, {holder}, {point or 'any moment'}"
        self.chance = random.Random(seed)
        self.speed, self.is_terminal, self.holder, self.point = speed, is_terminal, holder, point
        self.bytes_max = bytes_max
        self.sandbox = Sandbox()
        self.end_path = self.sandbox.root + "/end"
        self.stop_path = self.sandbox.root + "/stop"
        # Of its own, so that no daemon adopts it before it has been looked at; delivered to nobody.
        self.spool = self.sandbox.root + "/spool"

    def start(self, preload=None):
        if self.holder == "daemon":
            self.daemon = self.sandbox.start_daemon()
        env = dict(self.sandbox.env)
        if preload:
            env.update(LD_PRELOAD=preload, KILL_AT=self.point, KILL_AT_FROM=self.stop_path + ".armed")
        command = [PYTHON, WRITER, self.end_path, self.stop_path, self.speed, str(self.bytes_max)]
        options = ["--no-daemon", "--spool-dir", self.spool, "--spool-max", "4GiB", "--lossless", "--fsync", "never",
                   "--url", "http://127.0.0.1:9", "--pty", "always" if self.is_terminal else "never"]
        self.wrapper = self.sandbox.popen(self.sandbox.wrapper(*command, options=options), env=env,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                          start_new_session=True)

    def is_held(self):
        """By the daemon; or by a guardian that has all it needs."""
        if self.wrapper.poll() is not None:
            return True
        if self.holder == "stopgap":
            return os.path.exists(self.end_path + ".begun")  # from before its birth
        if self.holder == "daemon":
            return self.sandbox.get("/v1/status").json()["runs"]["held"] > 0
        return self.is_guarded()

    def is_guarded(self):
        for pid in self.sandbox.keepers():
            with contextlib.suppress(OSError):
                ends = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
                if sum(end.startswith("socket:") for end in ends) > 5:
                    return True
        return False

    def kill_now(self):
        self.wrapper.kill()
        self.wrapper.wait()

    def kill(self):
        wait_for(self.is_held, f"the run to be held ({self.name})")
        if self.chance.random() < 0.9:  # else it may be at birth
            begun = self.end_path + ".begun"
            wait_for(lambda: os.path.exists(begun), f"the child to begin ({self.name})")
        time.sleep(self.chance.choice((0, 0.001, 0.01, 0.1)) * self.chance.random())
        self.kill_now()

    def finish(self):
        """Lets the child come to its end, and waits until all of it is spooled."""
        time.sleep(self.chance.uniform(0, 0.1))
        open(self.stop_path, "w").close()
        wait_for(lambda: os.path.exists(self.end_path), f"the child's normal end ({self.name})")
        wait_for(lambda: not self.sandbox.rings(), f"the run to be spooled ({self.name})")

    def problem(self):
        with open(self.end_path) as file:
            counts = [int(count) for count in file.read().split()]
        runs = [name for name in os.listdir(self.spool) if name != "pool"]
        if len(runs) != 1:
            return f"{self.name}: {len(runs)} spools"
        for stream, prefix, count in zip(("stdout", "stderr"), (b"out", b"err"), counts):
            got = self.sandbox.cli("journal", "cat", f"{self.spool}/{runs[0]}", "--stream", stream).stdout
            expected = lines(prefix, 0, count)
            if got != expected:
                at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
                return (f"{self.name}: {stream} has {len(got)} bytes, not {len(expected)}, and differs at {at}: "
                        f"{got[at - 40:at + 80]!r}")
        return None

    def close(self):
        self.sandbox.close()


def run_kill(*arguments, **more):
    """None, or words for what was wrong."""
    kill = Kill(*arguments, **more)
    try:
        kill.start()
        kill.kill()
        kill.finish()
        return kill.problem()
    except AssertionError as problem:
        return str(problem)
    finally:
        kill.close()


def run_kill_at(preload, *arguments, **more):
    """Likewise, at a point; a wrapper that does not get there is killed like any other."""
    kill = Kill(*arguments, **more)
    try:
        kill.start(preload)
        wait_for(kill.is_held, f"the run to be held ({kill.name})")
        open(kill.stop_path + ".armed", "w").close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            kill.wrapper.wait(1)
        kill.kill()
        kill.finish()
        return kill.problem()
    except AssertionError as problem:
        return str(problem)
    finally:
        kill.close()

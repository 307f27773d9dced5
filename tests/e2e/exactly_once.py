"""Schedules of disaster for one run, and what must be in the timeline afterwards.

Used by test_exactly_once.py, and by bench/exactly_once_soak.py for thousands of schedules.
"""

import contextlib
import http.client
import os
import random
import signal
import socket
import struct
import threading
import time

from harness import PYTHON, Sandbox, free_port, is_line, wait_for
from numbered_writer import line

WRITER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "numbered_writer.py")
STREAMS = {"out": "stdout", "err": "stderr"}
# What a killed wrapper that nobody held may take along: what it had taken from the pipe and not published yet, one
# read, and what was still in the pipe.
LOST_BYTES_MAX = 64 * 1024 + 64 * 1024


class Proxy:
    """Stands between a wrapper and the daemon, and cuts a connection after some bytes when told to."""

    def __init__(self, target_port, chance):
        self.target_port = target_port
        self.chance = chance
        self.cut_requests_after = self.cut_answers_after = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.cuts = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), 5)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.relay, args=(client, server, "requests"), daemon=True).start()
            threading.Thread(target=self.relay, args=(server, client, "answers"), daemon=True).start()

    def relay(self, source, to, what):
        member = f"cut_{what}_after"
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                left = getattr(self, member)
                if left is not None and left < len(piece):
                    setattr(self, member, None)
                    to.sendall(piece[:left])
                    self.cuts += 1
                    break
                if left is not None:
                    setattr(self, member, left - len(piece))
                to.sendall(piece)
        except OSError:
            pass
        for end in (source, to):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut_soon(self):
        if self.chance.random() < 0.5:
            self.cut_requests_after = self.chance.randrange(20000)
        else:
            self.cut_answers_after = self.chance.randrange(300)

    def close(self):
        self.listener.close()


class Schedule:
    """One run under one seed: a wrapper, a daemon, and what happens to them."""

    def __init__(self, seed):
        self.seed = seed
        self.chance = random.Random(seed)
        self.sandbox = Sandbox()
        self.counts_path = os.path.join(self.sandbox.root, "counts")
        with open(self.counts_path, "wb") as file:
            file.write(bytes(16))
        self.story = []
        self.daemon = None
        self.port = free_port()
        # Whether the wrapper is killed only when the daemon holds the run: then nothing at all may be lost.
        self.is_held = self.chance.random() < 0.6
        self.wrapper_killed = False

    def start_daemon(self):
        self.daemon = self.sandbox.start_daemon("--listen", f"127.0.0.1:{self.port}", is_awaited=False)

    def start_wrapper(self, options=()):
        lines = self.lines = self.chance.choice((50, 2000, 20000))
        pause_s = self.chance.choice((0, 0.001, 0.01)) if lines < 20000 else 0
        transport = []
        self.proxy = None
        if self.chance.random() < 0.5:
            self.proxy = Proxy(self.port, self.chance)
            transport = ["--url", f"http://127.0.0.1:{self.proxy.port}"]
        writer = [PYTHON, WRITER, self.counts_path, str(lines), str(pause_s), str(self.seed)]
        self.story.append(f"{lines} lines, pause {pause_s} s, {'proxy' if self.proxy else 'socket'}")
        sink = open(os.devnull, "wb")
        self.wrapper = self.sandbox.popen(
            self.sandbox.wrapper(*writer, options=("--no-daemon", "--name", "writer", *transport, *options)),
            stdout=sink, stderr=sink, start_new_session=True)
        sink.close()

    # What can happen

    def kill_daemon(self):
        if self.is_held and self.wrapper_killed:
            self.await_holder(("keeper",))  # until there is one all hangs on the daemon
        self.daemon.kill()
        time.sleep(self.chance.choice((0, 0, 0.05, 0.3)))
        self.start_daemon()

    def freeze_daemon(self):
        try:
            os.kill(self.daemon.pid, signal.SIGSTOP)
            time.sleep(self.chance.uniform(0.01, 0.4))
            os.kill(self.daemon.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def runs(self):
        with contextlib.suppress(OSError, http.client.HTTPException, KeyError):
            return self.sandbox.get("/v1/status").json()["runs"]

    def await_holder(self, kinds=("keeper", "daemon")):
        """Somebody holds the run, or has taken it over; or it is over."""
        def is_held():
            is_over = not self.sandbox.spooled_runs() and not self.sandbox.rings()
            return is_over or self.has_keeper() or ("daemon" in kinds and (self.runs() or {"held": 0})["held"])

        wait_for(is_held, f"the run to be held ({self})")

    def has_keeper(self):
        """That has had the time to be given the run."""
        keepers = self.sandbox.keepers()
        if keepers:
            time.sleep(0.2)
        return keepers

    def kill_wrapper(self):
        if self.is_held and self.wrapper.poll() is None:
            self.await_holder()
        self.wrapper_killed = self.wrapper.poll() is None or self.wrapper_killed
        self.wrapper.kill()

    def kill_frozen(self):
        """The wrapper, while the daemon cannot do anything about it."""
        if self.is_held and self.wrapper.poll() is None:
            self.await_holder()
        try:
            os.kill(self.daemon.pid, signal.SIGSTOP)
            self.wrapper_killed = self.wrapper.poll() is None or self.wrapper_killed
            self.wrapper.kill()
            time.sleep(self.chance.uniform(0.01, 0.4))
            os.kill(self.daemon.pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def kill_both(self):
        self.kill_wrapper()
        self.kill_daemon()

    def cut(self):
        if self.proxy:
            self.proxy.cut_soon()

    def run(self):
        self.start_daemon()
        self.start_wrapper()
        if self.is_held or self.chance.random() < 0.8:  # else it happens at birth
            wait_for(lambda: any(self.written().values()) or self.wrapper.poll() is not None, "a line")
        acts = [self.kill_daemon, self.freeze_daemon, self.cut, self.cut, self.kill_wrapper,
                self.kill_frozen, self.kill_both]
        for _ in range(self.chance.randrange(1, 6)):
            time.sleep(self.chance.uniform(0, 0.25))
            act = self.chance.choice(acts)
            self.story.append(act.__name__)
            act()
        self.wrapper.wait(60)
        self.await_delivery()

    def await_delivery(self):
        """A daemon is there and nothing is left to deliver: no spool, no rings."""
        if self.daemon.process.poll() is not None:
            self.start_daemon()
        self.sandbox.await_daemon(self.daemon)
        # A keeper ends last of all, and with the child.
        wait_for(lambda: not self.sandbox.rings() and not self.sandbox.spooled_runs() and not self.sandbox.keepers(),
                 f"the spool to be delivered ({self})", 60)

    # What must be true

    def written(self):
        with open(self.counts_path, "rb") as file:
            return dict(zip(STREAMS, struct.unpack("<QQ", file.read(16))))

    def captured(self):
        """The bytes of each stream as the timeline has them, in the order of their numbers."""
        events = [event for event in self.sandbox.timeline(service="writer") if is_line(event)]
        numbers = [event["seq"] for event in events]
        assert len(numbers) == len(set(numbers)), f"{self}: a line is there twice"
        events.sort(key=lambda event: event["seq"])
        return {name: "\n".join(event["message"] for event in events if event["source"] == source)
                for name, source in STREAMS.items()}

    def check(self):
        if self.is_held or not self.wrapper_killed:
            written = sum(self.written().values())
            assert written == self.lines, f"{self}: the child ended after {written} of {self.lines} lines"
        captured = self.captured()
        for name, count in self.written().items():
            expected = b"".join(line(name, i) for i in range(count)).decode().rstrip("\n")
            got = captured[name]
            if self.is_held or not self.wrapper_killed:
                assert got == expected, f"{self}: {name} differs: {difference(expected, got)}"
                continue
            # One more line may have been on its way into the pipe.
            expected += "\n" + line(name, count).decode().rstrip("\n")
            assert expected.startswith(got), f"{self}: {name} differs: {difference(expected, got)}"
            lost = len(expected) - len(got)
            assert lost <= LOST_BYTES_MAX + 400, f"{self}: {name} lost {lost} bytes"

    def close(self):
        if getattr(self, "proxy", None):
            self.proxy.close()
        self.sandbox.close()

    def __str__(self):
        return f"seed {self.seed} ({', '.join(self.story)})"


def difference(expected, got):
    expected, got = expected.split("\n"), got.split("\n")
    for i, (a, b) in enumerate(zip(expected, got)):
        if a != b:
            return f"line {i} is {b[:60]!r}, not {a[:60]!r}"
    return f"{len(got)} lines, not {len(expected)}; the last is {got[-1][:60]!r}"


def run_schedule(seed):
    """None, or words for what was wrong."""
    schedule = Schedule(seed)
    try:
        schedule.run()
        schedule.check()
        return None
    except AssertionError as problem:
        return str(problem)
    finally:
        schedule.close()

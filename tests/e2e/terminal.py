"""A real terminal for end-to-end tests: a pseudo-terminal whose other end is the test, or tmux."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from harness import PATIENCE_S, wait_for

PROMPT = b"ready> "
SHELL = ("bash", "--norc", "--noprofile", "--noediting", "-i")


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Terminal:
    """Runs a program as the leader of a session on a terminal of its own, as a terminal window does."""

    def __init__(self, sandbox, arguments, rows=30, columns=100, env=None):
        ready, go = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(ready, 1)
            os.chdir(sandbox.work)
            os.execvpe(arguments[0], list(arguments), {"TERM": "xterm", "PS1": PROMPT.decode(), **(env or sandbox.env)})
        set_size(self.fd, rows, columns)
        os.close(ready)
        os.write(go, b"x")
        os.close(go)
        self.seen = b""
        self.status = None

    def read(self, timeout_s):
        """What comes within the time; None at the end."""
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return b""
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return None
        self.seen += chunk
        return chunk or None

    def expect(self, wanted, patience_s=None):
        """Reads until `wanted` has come; returns what came, up to its end, and takes it off what was seen."""
        deadline = time.monotonic() + (patience_s or PATIENCE_S)
        while wanted not in self.seen:
            if time.monotonic() > deadline or self.read(0.5) is None:
                raise AssertionError(f"{wanted!r} does not come; so far: {self.seen[-2000:]!r}")
        got, _, self.seen = self.seen.partition(wanted)
        return got + wanted

    def read_to_end(self):
        deadline = time.monotonic() + PATIENCE_S
        while self.read(0.5) is not None:
            if time.monotonic() > deadline:
                raise AssertionError(f"the terminal is not left; so far: {self.seen[-2000:]!r}")
        return self.seen

    def send(self, text):
        os.write(self.fd, text)

    def run(self, command):
        """Types a command to the shell and returns what it showed, without the command and the prompt."""
        self.send(command.encode() + b"\n")
        self.expect(b"\n")
        return self.expect(PROMPT)[:-len(PROMPT)]

    def resize(self, rows, columns):
        set_size(self.fd, rows, columns)

    def modes(self):
        return termios.tcgetattr(self.fd)

    def wait(self):
        """The exit code of the program; minus the signal that killed it."""
        def ended():
            pid, self.status = os.waitpid(self.pid, os.WNOHANG)
            return pid == self.pid

        if self.status is None:
            wait_for(ended, "the end of what runs on the terminal")
        return os.waitstatus_to_exitcode(self.status)

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.fd)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


class Tmux:
    """A terminal that understands what is drawn on it: the test sees the screen as a person does."""

    def __init__(self, sandbox, rows=30, columns=100):
        self.sandbox = sandbox
        self.call("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"PS1='{PROMPT.decode()}' exec {' '.join(SHELL)}")
        self.wait_for(PROMPT.decode().strip())

    def call(self, *arguments):
        env = {"SHELL": "/bin/sh", **self.sandbox.env}
        return subprocess.run(["tmux", "-S", self.sandbox.root + "/tmux", *arguments], env=env, check=True,
                              capture_output=True, cwd=self.sandbox.work).stdout.decode()

    def screen(self):
        return self.call("capture-pane", "-p")

    def wait_for(self, text):
        return wait_for(lambda: (lambda screen: screen if text in screen else None)(self.screen()),
                        lambda: f"{text!r} on the screen; it shows: {self.screen()}")

    def wait_for_prompt(self):
        wait_for(lambda: self.screen().rstrip().endswith("\n" + PROMPT.decode().strip()),
                 lambda: f"the prompt; the screen shows: {self.screen()}")

    def keys(self, *keys):
        self.call("send-keys", *keys)

    def type(self, command):
        self.keys("-l", command)
        self.keys("Enter")

    def resize(self, rows, columns):
        self.call("resize-window", "-x", str(columns), "-y", str(rows))

    def close(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.call("kill-server")

"""What the end-to-end tests stand on: places of their own, programs that are ended, waits with an end.

A test never sleeps in order to let something happen: it polls for what must come, until a deadline.
"""

import contextlib
import glob
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BIN = os.environ.get("GASOLINE_BIN", "")
PATIENCE_S = float(os.environ.get("GASOLINE_E2E_PATIENCE_S", "20"))
SHARE = float(os.environ.get("GASOLINE_E2E_SHARE", "1"))
SKIPPED_EXIT_CODE = 77
PYTHON = sys.executable


def program(name):
    return os.path.join(BIN, name)


def share_of(amount):
    """A smaller amount for a build that runs under a sanitizer."""
    return max(1, int(amount * SHARE))


def wait_for(condition, what, patience_s=None):
    """Polls until `condition` returns something true, and returns that. `what` it waits for is a
    text, or a function that makes one when it was in vain."""
    deadline = time.monotonic() + (patience_s or PATIENCE_S)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"waited in vain for {what}; last seen: {value!r}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def state_of(pid):
    """The state letter of a process; None if it is gone. A zombie is 'Z'."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0].decode()
    except (FileNotFoundError, ProcessLookupError):
        return None


def is_alive(pid):
    return state_of(pid) not in (None, "Z", "X")


def commands_of(wrapper):
    """Its children, but for whoever waits for its death: that one has a session of its own."""
    with open(f"/proc/{wrapper}/task/{wrapper}/children") as file:
        children = [int(child) for child in file.read().split()]
    return [child for child in children if os.getsid(child) == os.getsid(wrapper)]


def processes_naming(text):
    """Pids, other than ours, whose environment or command line holds `text`."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid() or not is_alive(entry):
            continue
        for file in ("environ", "cmdline"):
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/{file}", "rb") as of:
                    if text.encode() in of.read():
                        found.append(int(entry))
                        break
    return found


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout_s):
        super().__init__("localhost", timeout=timeout_s)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Daemon:
    """A gasolined in the foreground, started by a test."""

    def __init__(self, sandbox, process, port, log_path):
        self.sandbox = sandbox
        self.process = process
        self.pid = process.pid
        self.port = port
        self.log_path = log_path

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it as a user would; returns its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    @contextlib.contextmanager
    def frozen(self):
        os.kill(self.pid, signal.SIGSTOP)
        wait_for(lambda: state_of(self.pid) == "T", "the daemon to freeze")
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


class Sandbox:
    """Directories and environment for one test, and the end of every process that was started in it."""

    def __init__(self):
        # Short, since a socket's path has room for 107 characters only.
        self.root = tempfile.mkdtemp(prefix="gl-", dir="/tmp")
        self.home = self.make("home")
        self.state = self.make("state")
        self.runtime = self.make_runtime()
        self.work = self.make("work")
        self.socket_path = self.runtime + "/gasoline/gasolined.sock"
        self.spool = self.state + "/gasoline/spool"
        kept = ("PATH", "LANG", "LC_ALL", "TZ", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        self.env.update(HOME=self.home, XDG_STATE_HOME=self.state, XDG_RUNTIME_DIR=self.runtime,
                        XDG_CACHE_HOME=self.make("cache"), XDG_CONFIG_HOME=self.make("config"))
        self.processes = []
        self.daemons = 0

    def make_runtime(self):
        """In memory, as on a user's machine, where there is such a place."""
        if os.access("/dev/shm", os.W_OK):
            return tempfile.mkdtemp(prefix="gl-", dir="/dev/shm")
        return self.make("run")

    def make(self, name, mode=0o700):
        path = os.path.join(self.root, name)
        os.mkdir(path, mode)
        return path

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    # Programs

    def popen(self, arguments, **options):
        options.setdefault("env", self.env)
        options.setdefault("cwd", self.work)
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(arguments, **options)
        self.processes.append(process)
        return process

    def run(self, arguments, input=None, patience_s=None, **options):
        """Runs to the end; returns an object with returncode, stdout and stderr as bytes."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("stdin", subprocess.PIPE if input is not None else subprocess.DEVNULL)
        process = self.popen(arguments, **options)
        try:
            stdout, stderr = process.communicate(input, patience_s or 2 * PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            stdout, stderr = process.communicate()
            raise AssertionError(f"{arguments} does not end; stderr: {stderr[-2000:]!r}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def wrapper(self, *command, options=("--no-daemon",)):
        return [program("gasoline-run"), *options, "--", *command]

    def run_wrapped(self, *command, options=("--no-daemon",), **more):
        return self.run(self.wrapper(*command, options=options), **more)

    def cli(self, *arguments, **more):
        return self.run([program("gasoline"), *arguments], **more)

    def start_daemon(self, *options, tcp=False, is_awaited=True, env=None):
        port = free_port() if tcp else None
        listen = ["--listen", f"127.0.0.1:{port}"] if tcp else ["--no-listen"]
        if any(option == "--listen" for option in options):
            listen = []
        self.daemons += 1
        log_path = os.path.join(self.root, f"gasolined-{self.daemons}.log")
        with open(log_path, "wb") as log:
            process = self.popen([program("gasolined"), *listen, *options], stdout=log, stderr=log,
                                 env=env or self.env, start_new_session=True)
        daemon = Daemon(self, process, port, log_path)
        if is_awaited:
            self.await_daemon(daemon)
        return daemon

    def await_daemon(self, daemon=None):
        def answers():
            if daemon and daemon.process.poll() is not None:
                raise AssertionError(f"gasolined ended with {daemon.process.returncode}: {daemon.log()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.get("/readyz").status == 200
            return False

        wait_for(answers, "the daemon to be ready")

    # Asking the daemon over its Unix socket

    def request(self, method, target, body=None, headers=None, timeout_s=None):
        connection = UnixConnection(self.socket_path, timeout_s or PATIENCE_S)
        try:
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters, doseq=True)
        return self.request("GET", path + ("?" + query if query else ""))

    def get_beginning(self, path, **parameters):
        """The first piece of an answer that has no end."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        connection = UnixConnection(self.socket_path, PATIENCE_S)
        try:
            connection.request("GET", path + ("?" + query if query else ""))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read1(65536))
        finally:
            connection.close()

    def post_events(self, events, **envelope):
        body = json.dumps({"events": events, **envelope})
        return self.request("POST", "/v1/events", body, {"Content-Type": "application/json"})

    def timeline(self, **parameters):
        """Every event that the filters let through, over all pages."""
        parameters.setdefault("limit", 10000)
        events = []
        while True:
            answer = self.get("/v1/timeline", **parameters)
            if answer.status != 200:
                raise AssertionError(f"timeline {parameters}: {answer}")
            page = answer.json()
            events += page["events"]
            if not page["next_cursor"]:
                return events
            parameters["cursor"] = page["next_cursor"]

    def lines_of(self, service):
        """The events of a service that are lines, in the order in which they were written."""
        events = [event for event in self.timeline(service=service) if is_line(event)]
        return sorted(events, key=lambda event: (event["run_id"], event["seq"]))

    def await_lines(self, service, count, patience_s=None):
        wait_for(lambda: len(self.lines_of(service)) >= count, f"{count} lines of {service}",
                 patience_s)
        return self.lines_of(service)

    def await_run_end(self, service, runs=1):
        """The events of a service once `runs` of its runs have told their end."""
        def ended():
            events = self.timeline(service=service)
            ends = [event for event in events if "run_ended" in event["metadata"]]
            return events if len(ends) >= runs else None

        return wait_for(ended, f"the end of {runs} run(s) of {service}")

    def spooled_runs(self):
        with contextlib.suppress(FileNotFoundError):
            return sorted(os.listdir(self.spool))
        return []

    def rings(self):
        """Directories of runs whose rings are there: they live, or wait to be recovered."""
        return glob.glob(self.runtime + "/gasoline/rings-*/*")

    def keepers(self):
        """Pids of processes that hold a run, or have taken it over."""
        found = []
        for pid in processes_naming(self.root):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read().endswith(b"gasoline-run\0--keeper\0"):
                        found.append(pid)
        return found

    # The end

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGCONT)
                    process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    with contextlib.suppress(OSError):
                        stream.close()
        # Daemons that a wrapper started and children that outlived theirs: the path is ours alone.
        for _ in range(100):
            left = processes_naming(self.root)
            if not left:
                break
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        shutil.rmtree(self.runtime, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)


def is_line(event):
    """True for an event that is a line of a stream, not a mark of a run or a gap."""
    return "line" in event and "gap" not in event["metadata"]


class GasolineTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.sandbox = Sandbox()
        self.addCleanup(self.sandbox.close)

    def shortDescription(self):
        return None

    def check_same(self, arguments, input=None, options=("--no-daemon",), **more):
        """Runs a command bare and wrapped: every byte and the exit must agree. Returns the wrapped run."""
        bare = self.sandbox.run(arguments, input=input, **more)
        wrapped = self.sandbox.run_wrapped(*arguments, options=options, input=input, **more)
        self.assertEqual(bare.returncode, wrapped.returncode)
        for stream in ("stdout", "stderr"):
            expected, got = getattr(bare, stream), getattr(wrapped, stream)
            if expected != got:
                self.fail(f"{arguments}: {stream} differs: bare {len(expected)} bytes "
                          f"{expected[:200]!r}, wrapped {len(got)} bytes {got[:200]!r}")
        return wrapped


def needs(name):
    """Skips a test where a program is missing."""
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


def needs_root():
    return unittest.skipUnless(os.geteuid() == 0, "only root can prepare this place")


def main():
    """Runs a file's tests. Exits with 77 if all of them were skipped."""
    if not os.access(program("gasoline-run"), os.X_OK):
        sys.exit(f"GASOLINE_BIN={BIN!r} has no gasoline-run")
    # A wrapper that runs these tests must not make every wrapper in them a nested one.
    for name in list(os.environ):
        if name.startswith("GASOLINE_") and not name.startswith("GASOLINE_E2E") and name != "GASOLINE_BIN":
            del os.environ[name]
    run = unittest.main(module="__main__", exit=False, verbosity=2).result
    if run.testsRun > 0 and len(run.skipped) == run.testsRun:
        sys.exit(SKIPPED_EXIT_CODE)
    sys.exit(0 if run.wasSuccessful() else 1)

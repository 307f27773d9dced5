"""Real container engines for tests, in directories of their own, without a network, with one small image."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import urllib.parse

from harness import UnixConnection, wait_for

DOCKERD = shutil.which("dockerd", path="/usr/sbin:/usr/bin")
PODMAN = shutil.which("podman")
BUSYBOX = shutil.which("busybox")
TOOLS = ("sh", "echo", "seq", "sleep", "cat", "printf", "head", "tr", "yes")


class Engine:
    """dockerd."""

    image = "bb:test"
    host_config = {}

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.place = sandbox.make("engine")
        self.socket = self.place + "/docker.sock"
        self.process = None
        self.start()
        tree = sandbox.make("image")
        os.mkdir(tree + "/bin")
        os.mkdir(tree + "/tmp")
        shutil.copy(BUSYBOX, tree + "/bin/busybox")
        for tool in TOOLS:
            os.symlink("busybox", f"{tree}/bin/{tool}")
        tar = subprocess.run(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE, check=True).stdout
        made = self.ask("POST", "/images/create?fromSrc=-&repo=bb&tag=test", tar, "application/x-tar")
        self.image_id = json.loads(made.splitlines()[-1])["status"].partition(":")[2]

    def start(self):
        # A dead process that nobody has reaped yet counts as a living one.
        for stale in ("docker.pid", "exec/containerd/containerd.pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.place}/{stale}")
        self.serve(
            [DOCKERD, "--host=unix://" + self.socket, f"--data-root={self.place}/data",
             f"--exec-root={self.place}/exec", f"--pidfile={self.place}/docker.pid", "--storage-driver=vfs",
             "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none",
             "--live-restore", "--exec-opt", "native.cgroupdriver=cgroupfs"], dict(os.environ))

    def serve(self, command, env):
        with open(self.place + "/log", "ab") as log:
            self.process = self.sandbox.popen(command, stdout=log, stderr=log, start_new_session=True, env=env)
        wait_for(self.answers, command[0])

    def answers(self):
        if self.process.poll() is not None:
            with open(self.place + "/log") as log:
                raise AssertionError("the engine ended: " + log.read()[-1500:])
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/_ping") == b"OK"
        return False

    def kill(self):
        """As a crash: containers live on."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, method, target, body=None, kind="application/json"):
        connection = UnixConnection(self.socket, 60)
        try:
            connection.request(method, target, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 400:
                raise AssertionError(f"{method} {target}: {answer.status} {data[:300]!r}")
            return data
        finally:
            connection.close()

    def run(self, name, script, log_options=None, tty=False, labels=None, log="json-file"):
        """Creates and starts a container that runs a shell script; returns its id."""
        made = json.loads(self.ask("POST", "/containers/create?name=" + urllib.parse.quote(name), json.dumps({
            "Image": self.image, "Cmd": ["/bin/sh", "-c", script], "Tty": tty, "Labels": labels or {},
            "NetworkDisabled": True, "HostConfig": {"NetworkMode": "none", **self.host_config,
                                                    "LogConfig": {"Type": log, "Config": log_options or {}}}})))
        self.ask("POST", f"/containers/{made['Id']}/start")
        return made["Id"]

    def wait(self, id):
        self.ask("POST", f"/containers/{id}/wait")

    def close(self):
        """Shims outlive the engine: its containers go first."""
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
            if not self.answers():
                self.start()
            for container in json.loads(self.ask("GET", "/containers/json?all=1")):
                self.ask("DELETE", f"/containers/{container['Id']}?force=1")
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        for mount in ("data", "exec/netns/default"):
            subprocess.run(["umount", f"{self.place}/{mount}"], stderr=subprocess.DEVNULL, check=False)


class Podman(Engine):
    """Podman's service: its containers live on without it."""

    # By default it raises limits, which not every root may.
    host_config = {"Ulimits": [{"Name": "nofile", "Soft": 1024, "Hard": 1024},
                               {"Name": "nproc", "Soft": 1024, "Hard": 1024}]}

    @property
    def image(self):
        return self.image_id  # it would look for the name in a registry

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.socket)
        self.serve(
            [PODMAN, f"--root={self.place}/data", f"--runroot={self.place}/run", f"--tmpdir={self.place}/tmp",
             "--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file", "--runtime=runc",
             "system", "service", "--time=0", "unix://" + self.socket], dict(os.environ))

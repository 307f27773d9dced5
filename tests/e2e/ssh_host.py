"""A remote host for tests: a real sshd on loopback with throw-away keys, behind a network that can stand still."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import free_port, wait_for

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


class Network:
    """Passes bytes between a port of its own and another; frozen, it passes nothing and closes nothing."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.frozen = False
        self.closed = False
        self.pairs = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        peers = {}
        while not self.closed:
            if self.frozen:
                time.sleep(0.01)
                continue
            readable, _, _ = select.select([self.listener, *peers], [], [], 0.05)
            for one in readable:
                if one is self.listener:
                    self.accept(peers)
                elif one in peers:
                    self.pass_on(peers, one)
        for one in peers:
            one.close()
        self.listener.close()

    def accept(self, peers):
        client, _ = self.listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self.target_port))
        except OSError:
            client.close()  # nobody there at present
            return
        peers[client], peers[server] = server, client

    @staticmethod
    def pass_on(peers, one):
        other = peers[one]
        try:
            data = one.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        del peers[one], peers[other]
        one.close()
        other.close()

    def close(self):
        self.closed = True
        self.thread.join()


class Cable:
    """A network namespace for the far host, and a cable to it that can be pulled. For root only."""

    IP = shutil.which("ip", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))

    def __init__(self):
        """OSError or CalledProcessError where there are no namespaces."""
        number = os.getpid()
        self.name, self.near, self.far = f"gl-{number}", f"gla{number}", f"glb{number}"
        # Of the block for measurements (RFC 2544), which nobody routes.
        net = f"198.{18 + (number >> 14) % 2}.{(number >> 6) % 256}.{number % 64 * 4}"
        near_address, self.address = (f"{net.rpartition('.')[0]}.{number % 64 * 4 + i}" for i in (1, 2))
        self.ip("netns", "add", self.name)
        try:
            self.ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.name)
            self.ip("addr", "add", near_address + "/30", "dev", self.near)
            self.ip("link", "set", self.near, "up")
            self.ip("-n", self.name, "addr", "add", self.address + "/30", "dev", self.far)
            self.plug()
        except subprocess.CalledProcessError:
            self.close()
            raise

    def ip(self, *arguments):
        if self.IP is None:
            raise FileNotFoundError("ip")
        subprocess.run([self.IP, *arguments], check=True, stderr=subprocess.PIPE)

    def inside(self, command):
        return [self.IP, "netns", "exec", self.name, *command]

    def pull(self):
        self.ip("-n", self.name, "link", "set", self.far, "down")

    def plug(self):
        self.ip("-n", self.name, "link", "set", self.far, "up")

    def close(self):
        for command in (("link", "del", self.near), ("netns", "del", self.name)):
            with contextlib.suppress(subprocess.CalledProcessError):
                self.ip(*command)


class SshHost:
    """What `forced` names, if anything, runs instead of what the client asks for. With a cable it is behind that, else
    behind a network that can stand still."""

    def __init__(self, sandbox, forced=None, cable=None):
        self.sandbox = sandbox
        self.cable = cable
        self.address = cable.address if cable else "127.0.0.1"
        self.place = sandbox.make("sshd")
        self.files = sandbox.make("far")
        self.port = free_port()
        self.new_key("host")
        self.new_key("user")
        self.authorize("user", forced)
        config = [f"Port {self.port}", f"ListenAddress {self.address}", f"HostKey {self.place}/host",
                  f"PidFile {self.place}/pid", f"AuthorizedKeysFile {self.place}/authorized_keys",
                  "StrictModes no", "UsePAM no", "PasswordAuthentication no",
                  "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password", "MaxStartups 100",
                  "LogLevel VERBOSE", "Subsystem sftp internal-sftp"]
        self.write("sshd_config", "\n".join(config) + "\n")
        self.process = None
        self.start()
        self.network = None if cable else Network(self.port)
        self.way_in = self.port if cable else self.network.port
        self.know_host()
        # KexAlgorithms: the default's post-quantum exchange takes most of a second here.
        self.write("ssh_config", f"Host web1\n  HostName {self.address}\n  Port {self.way_in}\n"
                                 f"  User {os.environ.get('USER', 'root')}\n  IdentitiesOnly yes\n"
                                 f"  IdentityFile {self.place}/user\n  KexAlgorithms curve25519-sha256\n"
                                 f"  UserKnownHostsFile {self.place}/known_hosts\n")

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.place, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def new_key(self, name):
        for path in (f"{self.place}/{name}", f"{self.place}/{name}.pub"):
            if os.path.exists(path):
                os.unlink(path)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.place}/{name}"], check=True)

    def public(self, name):
        with open(f"{self.place}/{name}.pub") as file:
            return " ".join(file.read().split()[:2])

    def authorize(self, name, forced=None):
        prefix = f'command="{forced}" ' if forced else ""
        self.write("authorized_keys", prefix + self.public(name) + "\n")

    def know_host(self, key=None):
        self.write("known_hosts", f"[{self.address}]:{self.way_in} {key or self.public('host')}\n")

    def start(self):
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with open(f"{self.place}/log", "ab") as log:
            command = [SSHD, "-D", "-e", "-f", f"{self.place}/sshd_config"]
            self.process = self.sandbox.popen(self.cable.inside(command) if self.cable else command,
                                              stdout=log, stderr=log)
        wait_for(self.answers, "sshd")

    def kill(self):
        """Ends sshd and every connection that it has."""
        for pid in [*descendants(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def answers(self):
        try:
            with socket.create_connection((self.address, self.port), 1):
                return True
        except OSError:
            return False

    def attempts(self):
        """How many clients came; the probes of answers() among them say nothing."""
        with open(f"{self.place}/log") as file:
            return file.read().count("Connection from")

    def configure(self, *paths, start="beginning"):
        """Writes gasolined's configuration; returns its path."""
        listed = "".join(f"        - {quoted(path)}\n" for path in paths)
        return self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: ssh\n      host: web1\n"
                                  f"      start: {start}\n      path:\n{listed}"
                                  f"      ssh_options: ['-F', '{self.place}/ssh_config']\n")

    def path(self, name):
        return os.path.join(self.files, name)

    def append(self, name, text):
        with open(self.path(name), "a") as file:
            file.write(text)


def descendants(pid):
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat", "rb") as file:
                parents[int(entry)] = int(file.read().rpartition(b")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"

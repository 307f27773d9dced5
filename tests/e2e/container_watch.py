"""A daemon that follows containers of the scripted engine (fake_engine.py), and what must be true of it."""

import os
import subprocess
import time

from harness import PYTHON, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class ContainerWatch:
    def __init__(self, sandbox, containers, *commands):
        """`commands`: what the engine obeys before it has containers."""
        self.sandbox = sandbox
        self.count = containers
        self.written = 0
        socket = sandbox.root + "/engine.sock"
        self.engine = sandbox.popen([PYTHON, HERE + "/fake_engine.py", socket, str(containers)],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.engine.stdout.readline() != "ready\n":
            raise AssertionError("the scripted engine does not start")
        self.config = sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                                    f"      socket: {socket}\n")
        self.daemon = sandbox.start_daemon("--config", self.config)
        for command in (*commands, "create"):
            self.tell(command)
        self.write(1)
        self.await_all()

    def tell(self, command):
        """Has the engine obey (Engine.obey); returns its number, if it has one to say."""
        self.engine.stdin.write(command + "\n")
        self.engine.stdin.flush()
        word, _, number = self.engine.stdout.readline().strip().partition(" ")
        if word != "done":
            raise AssertionError(f"the scripted engine does not {command}")
        return int(number or 0)

    def write(self, lines):
        self.tell(f"write {lines}")
        self.written += lines

    def write_while_cut(self, lines, pause_s, rounds, cuts):
        """Writes `lines` a round while streams are cut: so many rounds, and on until there were so many cuts."""
        def round_is_last():
            self.write(lines)
            time.sleep(pause_s)
            nonlocal rounds
            rounds -= 1
            return rounds <= 0 and self.tell("cuts") >= cuts

        self.tell("cut 0.3")
        wait_for(round_is_last, f"{cuts} cuts")

    def got(self):
        return self.sandbox.timeline(source="container")

    def await_all(self, without=()):
        """Every line of every container once, and nothing else."""
        wanted = self.written * (self.count - len(without))
        wait_for(lambda: self.sandbox.get("/v1/status").json()["store"]["events"] >= wanted, f"{wanted} events")
        events = wait_for(lambda: (found := self.got()) and len(found) >= wanted and found, f"{wanted} lines")
        of = {}
        for event in events:
            of.setdefault(event["service"], []).append(int(event["message"].split()[1]))
        wrong = [service for service, lines in of.items() if sorted(lines) != list(range(self.written))]
        if wrong or set(of) != {f"c{i}" for i in range(self.count)} - set(without):
            raise AssertionError(f"lines are missing or came twice: {wrong}, {len(of)} containers")

    def heal(self):
        """No stream is cut any more, and each is there again: a further line of each has come."""
        self.tell("cut 0")
        self.await_all()
        self.write(1)
        self.await_all()

    def resources(self):
        directory = f"/proc/{self.daemon.pid}"
        with open(directory + "/status") as file:
            status = dict(line.split(":", 1) for line in file)
        return {"descriptors": len(os.listdir(directory + "/fd")), "threads": int(status["Threads"]),
                "memory_kib": int(status["VmRSS"].split()[0])}

    def settled_resources(self, before):
        """Once no more descriptors are open than before, which a connection that just ended may delay."""
        wait_for(lambda: self.resources()["descriptors"] <= before["descriptors"],
                 lambda: f"descriptors as before: {before}, now {self.resources()}")
        return self.resources()

#!/usr/bin/env python3
"""How long a line of a container, or of a file on a remote host, takes until it is in the timeline.

    bench/remote_latency.py BUILD-DIRECTORY [SECONDS [LINES-A-SECOND]]

Containers (needs root and dockerd): from the engine's stamp to the event in /v1/tail, beside the time to the same line in
`curl --unix-socket`, which is the engine's own. Remote files, with sshd on loopback: from the write to the event, beside
`ssh host tail -f`; at the usual and at a short interval between two looks, with the CPU that each costs the far host.
"""

import calendar
import http.client
import json
import subprocess
import sys
import threading
import time

from backlog import cpu_of

from engine import DOCKERD, Engine  # isort: skip, its path is backlog's
from harness import Sandbox, UnixConnection, wait_for  # isort: skip
from ssh_backlog import FarCpu, without_network  # isort: skip
from ssh_host import SSHD, SshHost  # isort: skip


def show(name, delays_us, more=""):
    """`delays_us`: by line."""
    all = sorted(delays_us.values())
    at = lambda share: all[min(len(all) - 1, int(len(all) * share))] / 1000  # noqa: E731
    print(f"{name:34} {len(all):6} lines: p50 {at(0.5):7.1f} ms, p90 {at(0.9):7.1f} ms, p99 {at(0.99):7.1f} ms, "
          f"most {at(1):7.1f} ms{more}", flush=True)


class Reader(threading.Thread):
    """Notes when each line came; what a line is named by and when it was written, `parse` tells."""

    def __init__(self, read_line, parse):
        super().__init__(daemon=True)
        self.read_line = read_line
        self.parse = parse
        self.delays_us = {}
        self.start()

    def run(self):
        try:
            while line := self.read_line():
                now_us = time.time_ns() // 1000
                if found := self.parse(line):
                    name, written_us = found
                    self.delays_us[name] = now_us - written_us
        except (OSError, ValueError, http.client.HTTPException):
            pass


def event_reader(sandbox, source, written_us):
    connection = UnixConnection(sandbox.socket_path, 3600)
    connection.request("GET", f"/v1/tail?source={source}")
    answer = connection.getresponse()

    def parse(line):
        if not line.startswith(b"data: "):
            return None
        event = json.loads(line[6:])
        words = event.get("message", "").split()
        return (words[1], written_us(event)) if words[:1] == ["line"] else None

    return Reader(answer.readline, parse)


def stamp_us(text):
    """2026-11-21T02:32:17.793144969Z"""
    whole, _, fraction = text.decode().rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 1_000_000 + int(fraction.ljust(6, "0")[:6])


def frames_of(stream):
    """Reads one record of the engine's stream, without its frame."""
    def read():
        head = stream.read(8)
        return stream.read(int.from_bytes(head[4:], "big")) if len(head) == 8 else b""
    return read


def containers(seconds, rate):
    sandbox = Sandbox()
    engine = Engine(sandbox)
    try:
        config = sandbox.write("config.yaml", f"backend: {{logs: [{{type: container, socket: {engine.socket}}}]}}\n")
        daemon = sandbox.start_daemon("--config", config)
        # Where the line states none, an event's time is the engine's stamp.
        ours = event_reader(sandbox, "container", lambda event: round(event["timestamp"] * 1000))
        engine.run("probe", "while echo here; do sleep 0.2; done")
        wait_for(lambda: sandbox.timeline(source="container"), "the first container")
        id = engine.run("writer", f"sleep 2; i=0; while [ $i -lt {seconds * rate} ]; do i=$((i+1)); echo line $i; "
                                  f"sleep {1 / rate}; done")
        curl = subprocess.Popen(["curl", "-sN", "--unix-socket", engine.socket,
                                 f"http://localhost/containers/{id}/logs?follow=1&stdout=1&timestamps=1"],
                                stdout=subprocess.PIPE)
        bare = Reader(frames_of(curl.stdout), lambda text: (text.split()[2].decode(), stamp_us(text.split()[0])))
        before = cpu_of(f"/proc/{daemon.pid}/stat")[1]
        begin = time.monotonic()
        engine.wait(id)
        cpu = (cpu_of(f"/proc/{daemon.pid}/stat")[1] - before) / (time.monotonic() - begin)
        wait_for(lambda: len(ours.delays_us) >= seconds * rate, "all lines")
        curl.wait()
        show("container: curl", bare.delays_us)
        show("container: timeline", ours.delays_us, f"; the daemon takes {cpu:.1%} of a core")
        show("container: timeline less curl", {name: ours.delays_us[name] - delay
                                               for name, delay in bare.delays_us.items() if name in ours.delays_us})
        daemon.stop()
    finally:
        engine.close()
        sandbox.close()


def write_lines(path, seconds, rate, first):
    with open(path, "ab", buffering=0) as file:
        begin = time.monotonic()
        for i in range(seconds * rate):
            time.sleep(max(0, begin + i / rate - time.monotonic()))
            file.write(b"line %d %d\n" % (first + i, time.time_ns() // 1000))


def remote_files(seconds, rate):
    sandbox = Sandbox()
    host = SshHost(sandbox)
    without_network(host)
    path = host.path("app.log")
    try:
        host.append("app.log", "begun\n")
        used = FarCpu(host)
        tail = subprocess.Popen(["ssh", "-F", host.place + "/ssh_config", "web1", "tail", "-n", "1", "-f", path],
                                stdout=subprocess.PIPE)
        tail.stdout.readline()
        bare = Reader(tail.stdout.readline, lambda line: (line.split()[1].decode(), int(line.split()[2])))
        write_lines(path, seconds, rate, 0)
        wait_for(lambda: len(bare.delays_us) == seconds * rate, "all lines")
        tail.kill()
        show("ssh: tail -f", bare.delays_us)
        first = 0
        for interval_ms in (100, 20):
            config = host.configure(path)
            with open(config, "a") as file:
                file.write(f"      poll_interval_ms: {interval_ms}\n")
            daemon = sandbox.start_daemon("--config", config, "--state-dir", sandbox.make(f"state-{interval_ms}"))
            ours = event_reader(sandbox, "ssh", lambda event: int(event["message"].split()[2]))
            wait_for(lambda: sandbox.timeline(source="ssh"), "the file's beginning")
            ours.delays_us.clear()
            used.ask()
            begin = time.monotonic()
            first += seconds * rate
            write_lines(path, seconds, rate, first)
            wait_for(lambda: f"{first + seconds * rate - 1}" in ours.delays_us, "all lines")
            far = used.ask() / (time.monotonic() - begin)
            new = {name: delay for name, delay in ours.delays_us.items() if int(name) >= first}
            show(f"ssh: timeline, a look in {interval_ms} ms", new, f"; the far host spends {far:.1%} of a core")
            daemon.stop()
    finally:
        sandbox.close()


def main():
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    rate = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    if DOCKERD:
        containers(seconds, rate)
    if SSHD:
        remote_files(seconds, rate)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The log of a container: gasolined over the engine's API against `curl --unix-socket` of the same stream.

    bench/container_backlog.py BUILD-DIRECTORY [LINES [ROUNDS]]

Needs root and dockerd. In turns: curl, the source without a daemon behind it, and through a daemon. Wall time, lines/s,
CPU by thread, and the ratios of the medians.
"""

import os
import sys

from backlog import Table, cpu_of, cpu_with_children, source_alone, through_daemon

from engine import Engine  # isort: skip, its path is backlog's
from harness import Sandbox, wait_for  # isort: skip


def look_around(sandbox, config, state):
    """What is created after this is read from its beginning."""
    daemon = sandbox.start_daemon("--config", config, "--state-dir", state)
    wait_for(lambda: os.path.isdir(state + "/sources") and os.listdir(state + "/sources"), "a checkpoint")
    daemon.stop()


def main():
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 300_000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    sandbox = Sandbox()
    engine = Engine(sandbox)
    try:
        config = sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                               f"      socket: {engine.socket}\n      names: [writer]\n")
        for round in range(rounds):
            look_around(sandbox, config, sandbox.make(f"state-{round}"))
            source_alone("container", engine.socket, "writer", sandbox.make(f"alone-{round}"), 0)
        id = engine.run("writer", "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo 2026-11-21 INFO [req:$i] served "
                                  f"/api/v1/orders in $i ms; done >/tmp/x; seq {lines // 1000} | "
                                  "while read -r n; do cat /tmp/x; done", labels={})
        engine.wait(id)
        table = Table(lines)
        curl = ["curl", "-sN", "-o", "/dev/null", "--unix-socket", engine.socket,
                f"http://localhost/containers/{id}/logs?follow=1&stdout=1&stderr=1&timestamps=1"]
        before = cpu_of(f"/proc/{engine.process.pid}/stat")[1]

        def of_engine():
            nonlocal before
            now = cpu_of(f"/proc/{engine.process.pid}/stat")[1]
            used, before = now - before, now
            return used

        for round in range(rounds):
            wall, cpu, _ = cpu_with_children(curl)
            table.add("curl", wall, {"curl": cpu, "engine": of_engine()})
            wall, cpu = source_alone("container", engine.socket, "writer", f"{sandbox.root}/alone-{round}", lines)
            table.add("source alone", wall, {"source": cpu, "engine": of_engine()})
            wall, cpu = through_daemon(sandbox, config, f"{sandbox.root}/state-{round}", lines)
            table.add("daemon", wall, {**cpu, "engine": of_engine()})
        table.end("curl")
    finally:
        engine.close()
        sandbox.close()


if __name__ == "__main__":
    main()

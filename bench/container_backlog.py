#!/usr/bin/env python3
"""The log of a container: gasolined over the engine's API against `curl --unix-socket` of the same stream.

    bench/container_backlog.py BUILD-DIRECTORY [LINES]

Needs root and dockerd. Three rounds of each, in turn. Prints wall time, CPU of the daemon and the ratio of the best.
"""

import os
import subprocess
import sys
import time

os.environ.setdefault("GASOLINE_BIN", os.path.join(os.path.abspath(sys.argv[1]), "bin"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from engine import Engine  # noqa: E402, needs the path above
from harness import Sandbox, wait_for  # noqa: E402
from ssh_backlog import cpu_seconds  # noqa: E402


def with_curl(engine, id):
    begin = time.monotonic()
    subprocess.run(["curl", "-sN", "-o", "/dev/null", "--unix-socket", engine.socket,
                    f"http://localhost/containers/{id}/logs?follow=1&stdout=1&stderr=1&timestamps=1"], check=True)
    return time.monotonic() - begin


def start(sandbox, engine, round):
    config = sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                           f"      socket: {engine.socket}\n      names: [writer]\n")
    return sandbox.start_daemon("--config", config, "--state-dir", f"{sandbox.root}/state-{round}", "--log-max", "8GiB")


def look_around(sandbox, engine, round):
    """What is created after this is read from its beginning."""
    daemon = start(sandbox, engine, round)
    sources = f"{sandbox.root}/state-{round}/sources"
    wait_for(lambda: os.path.isdir(sources) and os.listdir(sources), "a checkpoint")
    daemon.stop()


def followed(sandbox, engine, lines, round):
    begin = time.monotonic()
    daemon = start(sandbox, engine, round)
    wait_for(lambda: sandbox.get("/v1/status").json()["store"]["events"] >= lines, f"{lines} lines", 300)
    wall = time.monotonic() - begin
    cpu = cpu_seconds(daemon.pid)
    daemon.stop()
    return wall, cpu


def main():
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 300_000
    sandbox = Sandbox()
    engine = Engine(sandbox)
    try:
        for round in range(3):
            look_around(sandbox, engine, round)
        id = engine.run("writer", "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo 2026-11-21 INFO [req:$i] served "
                                  f"/api/v1/orders in $i ms; done >/tmp/x; seq {lines // 1000} | "
                                  "while read -r n; do cat /tmp/x; done", labels={})
        engine.wait(id)
        best_curl, best_followed = 1e9, 1e9
        for round in range(3):
            wall = with_curl(engine, id)
            best_curl = min(best_curl, wall)
            print(f"curl      {wall:6.2f} s  {lines / wall:10.0f} lines/s", flush=True)
            wall, cpu = followed(sandbox, engine, lines, round)
            best_followed = min(best_followed, wall)
            print(f"gasolined {wall:6.2f} s  {lines / wall:10.0f} lines/s  "
                  f"{cpu * 1e6 / lines:5.2f} s of CPU per million lines", flush=True)
        print(f"ratio of the best: {best_followed / best_curl:.2f}")
    finally:
        engine.close()
        sandbox.close()


if __name__ == "__main__":
    main()

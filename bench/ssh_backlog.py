#!/usr/bin/env python3
"""A backlog on a remote host: gasolined over ssh against `ssh host cat FILE | wc -l`, on loopback.

    bench/ssh_backlog.py BUILD-DIRECTORY [LINES]

Three rounds of each, in turn, on one sshd. Prints wall time, CPU of the daemon and the ratio of the best.
"""

import os
import subprocess
import sys
import time

os.environ.setdefault("GASOLINE_BIN", os.path.join(os.path.abspath(sys.argv[1]), "bin"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))

from harness import Sandbox, wait_for  # noqa: E402, needs the path above
from ssh_host import SshHost  # noqa: E402

LINE = '2026-11-21T16:00:00.{:06d}Z INFO [req:{:016x}] orders served /api/v1/orders/{} in {} ms\n'


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def plain(host):
    begin = time.monotonic()
    subprocess.run(f"ssh -F {host.place}/ssh_config web1 cat {host.path('app.log')} | wc -l", shell=True, check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def followed(sandbox, host, lines, round):
    state = sandbox.make(f"state-{round}")
    begin = time.monotonic()
    daemon = sandbox.start_daemon("--config", host.configure(host.path("app.log")), "--state-dir", state,
                                  "--log-max", "8GiB")

    def is_done():
        with open(f"{state}/sources/" + next(iter(os.listdir(state + "/sources")))) as file:
            fields = [line.split() for line in file if line.startswith("file ")]
        return fields and int(fields[0][5]) == os.path.getsize(host.path("app.log"))

    wait_for(lambda: os.path.isdir(state + "/sources") and os.listdir(state + "/sources"), "a checkpoint")
    wait_for(is_done, f"{lines} lines", 600)
    wall = time.monotonic() - begin
    cpu = cpu_seconds(daemon.pid)
    daemon.stop()
    return wall, cpu


def main():
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    sandbox = Sandbox()
    host = SshHost(sandbox)
    host.network.close()
    host.write("ssh_config", open(f"{host.place}/ssh_config").read().replace(str(host.network.port), str(host.port)))
    host.write("known_hosts", f"[127.0.0.1]:{host.port} {host.public('host')}\n")
    try:
        with open(host.path("app.log"), "w") as file:
            file.writelines(LINE.format(i % 1_000_000, i, i % 977, i % 89) for i in range(lines))
        best_plain, best_followed = 1e9, 1e9
        for round in range(3):
            wall = plain(host)
            best_plain = min(best_plain, wall)
            print(f"ssh cat | wc -l  {wall:6.2f} s  {lines / wall:10.0f} lines/s", flush=True)
            wall, cpu = followed(sandbox, host, lines, round)
            best_followed = min(best_followed, wall)
            print(f"gasolined        {wall:6.2f} s  {lines / wall:10.0f} lines/s  "
                  f"{cpu * 1e6 / lines:5.2f} s of CPU per million lines", flush=True)
        print(f"ratio of the best: {best_followed / best_plain:.2f}")
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A backlog on a remote host: gasolined over ssh against `ssh host cat FILE | wc -l`, on loopback.

    bench/ssh_backlog.py BUILD-DIRECTORY [LINES [ROUNDS]]

In turns: the bare cat, the source without a daemon behind it, the same lines from a file here through a daemon (what
the pipeline alone takes), and over ssh through a daemon. Wall time, lines/s, CPU by thread, and the ratios of the medians.
"""

import sys

from backlog import Table, cpu_of, cpu_with_children, source_alone, through_daemon

from harness import Sandbox  # isort: skip, its path is backlog's
from ssh_host import SshHost, descendants  # isort: skip

LINE = '2026-11-21T16:00:00.{:06d}Z INFO [req:{:016x}] orders served /api/v1/orders/{} in {} ms\n'


def without_network(host):
    """No proxy between: its bytes would be in the figures."""
    host.network.close()
    host.write("ssh_config", open(f"{host.place}/ssh_config").read().replace(str(host.network.port), str(host.port)))
    host.write("known_hosts", f"[127.0.0.1]:{host.port} {host.public('host')}\n")


class FarCpu:
    """What sshd and all that it starts has used since the last question, as far as it has ended."""

    def __init__(self, host):
        self.host = host
        self.before = 0
        self.ask()

    def ask(self):
        pids = [self.host.process.pid, *descendants(self.host.process.pid)]
        now = sum(cpu_of(f"/proc/{pid}/stat")[1] for pid in pids)
        used, self.before = now - self.before, now
        return used


def main():
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    sandbox = Sandbox()
    host = SshHost(sandbox)
    without_network(host)
    try:
        path = host.path("app.log")
        with open(path, "w") as file:
            file.writelines(LINE.format(i % 1_000_000, i, i % 977, i % 89) for i in range(lines))
        here = sandbox.write("here.yaml", f"backend: {{logs: [{{type: file, path: [{path}], start: beginning}}]}}\n")
        far = host.configure(path)
        table = Table(lines)
        cat = f"ssh -F {host.place}/ssh_config web1 cat {path} | wc -l"
        used = FarCpu(host)
        for round in range(rounds):
            wall, cpu, _ = cpu_with_children(cat, shell=True)
            table.add("ssh cat | wc -l", wall, {"ssh, wc": cpu, "far side": used.ask()})
            state = sandbox.make(f"alone-{round}")
            wall, cpu = source_alone("ssh", "web1", f"{host.place}/ssh_config", path, state, lines)
            table.add("source alone", wall, {"source": cpu, "far side": used.ask()})
            table.add("file, daemon", *through_daemon(sandbox, here, sandbox.make(f"here-{round}"), lines))
            wall, cpu = through_daemon(sandbox, far, sandbox.make(f"far-{round}"), lines)
            table.add("ssh, daemon", wall, {**cpu, "far side": used.ask()})
        table.end("ssh cat | wc -l")
    finally:
        sandbox.close()


if __name__ == "__main__":
    main()

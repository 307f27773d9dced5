"""What a real engine does not show on demand: streams cut again and again, stalls, half frames, 500s, restarts."""

import os
import subprocess
import time

from harness import PYTHON, GasolineTest, main, share_of, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))


class ContainerFaults(GasolineTest):
    def begin(self, containers):
        self.count = containers
        self.written = 0
        self.socket = self.sandbox.root + "/engine.sock"
        self.engine = self.sandbox.popen([PYTHON, HERE + "/fake_engine.py", self.socket, str(containers)],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.engine.stdout.readline(), "ready\n")
        config = self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: container\n"
                                    f"      socket: {self.socket}\n")
        self.daemon = self.sandbox.start_daemon("--config", config)
        self.tell("create")
        self.write(1)

    def tell(self, command):
        self.engine.stdin.write(command + "\n")
        self.engine.stdin.flush()
        self.assertEqual(self.engine.stdout.readline(), "done\n")

    def write(self, lines):
        self.tell(f"write {lines}")
        self.written += lines

    def got(self):
        return self.sandbox.timeline(source="container")

    def await_all(self, without=()):
        wanted = self.written * (self.count - len(without))
        events = wait_for(lambda: (found := self.got()) and len(found) >= wanted and found, f"{wanted} lines")
        of = {}
        for event in events:
            of.setdefault(event["service"], []).append(int(event["message"].split()[1]))
        self.assertEqual(set(of), {f"c{i}" for i in range(self.count)} - set(without))
        for service, lines in of.items():
            self.assertEqual(sorted(lines), list(range(self.written)), service)

    def resources(self):
        directory = f"/proc/{self.daemon.pid}"
        with open(directory + "/status") as file:
            status = dict(line.split(":", 1) for line in file)
        return len(os.listdir(directory + "/fd")), int(status["Threads"]), int(status["VmRSS"].split()[0])

    def test_streams_that_are_cut_all_the_time_cost_no_line_and_no_descriptor(self):
        self.begin(50)
        self.await_all()
        descriptors, threads, memory = self.resources()
        self.tell("cut 0.3")
        for _ in range(share_of(30)):
            self.write(3)
            time.sleep(0.2)
        self.tell("cut 0")
        self.await_all()
        # Every stream is back once another line of each has come.
        self.write(1)
        self.await_all()
        wait_for(lambda: self.resources()[0] <= descriptors, "descriptors as before")
        self.assertEqual(self.resources()[1], threads)
        print(f"memory {memory} -> {self.resources()[2]} KiB", flush=True)
        self.assertLess(self.resources()[2], memory + 40_000)

    def test_a_stuck_container_a_failing_engine_and_its_restart_hold_up_nobody_else(self):
        self.begin(20)
        self.await_all()
        self.tell("stuck 7")
        self.tell("restart")
        self.write(5)
        stuck = self.written
        wait_for(lambda: len(self.got()) >= 19 * stuck + 1, "the lines of the others")
        self.tell("fail 1")
        self.tell("restart")
        self.write(5)
        time.sleep(1)
        self.tell("fail 0")
        wait_for(lambda: len(self.got()) >= 19 * self.written + 1, "the lines of the others")

    def test_three_hundred_containers_are_followed_at_once(self):
        self.begin(300)
        self.await_all()
        self.write(2)
        self.await_all()


if __name__ == "__main__":
    main()

"""The first day: odd homes, taken ports, many wrappers, daemons that are absent, foreign, frozen or killed."""

import contextlib
import http.server
import os
import random
import shutil
import signal
import socket
import subprocess
import threading

from harness import (GasolineTest, PYTHON, free_port, main, needs_root, processes_naming,
                     program, share_of, wait_for)

COUNT_SLOWLY = """
import sys, time
for i in range(int(sys.argv[1])):
    sys.stdout.write("%d\\n" % i)
    if i % 50 == 0:
        sys.stdout.flush()
        time.sleep(0.001)
"""


def command_line(pid):
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    return [b""]


class DayOne(GasolineTest):
    def daemons(self):
        """Pids of the daemons that run in this test's places."""
        return [pid for pid in processes_naming(self.sandbox.root)
                if os.path.basename(command_line(pid)[0]) == b"gasolined"]

    def numbers(self, service):
        return [int(e["message"]) for e in self.sandbox.lines_of(service) if e["source"] == "stdout"]

    def warnings(self, run):
        return [line for line in run.stderr.splitlines() if line.startswith(b"gasoline-run: ")]


class Autostart(DayOne):
    def run_started(self, *command, **more):
        return self.sandbox.run_wrapped(*command, options=(), **more)

    def test_the_first_wrapper_starts_the_daemon_and_its_lines_arrive(self):
        run = self.run_started("sh", "-c", "echo hello; exit 3")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (3, b"hello\n", b""))
        self.sandbox.await_daemon()
        self.assertEqual(self.sandbox.await_lines("sh", 1)[0]["message"], "hello")
        wait_for(lambda: not self.sandbox.spooled_runs(), "the spool to be gone")

    def test_ten_wrappers_at_once_start_one_daemon(self):
        runs = [self.sandbox.popen(self.sandbox.wrapper("seq", "1", "100", options=("--name", f"run{i}")),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(10)]
        for run in runs:
            output, errors = run.communicate(timeout=60)
            self.assertEqual((output.count(b"\n"), errors, run.returncode), (100, b"", 0))
        self.sandbox.await_daemon()
        for i in range(10):
            self.assertEqual([int(e["message"]) for e in self.sandbox.await_lines(f"run{i}", 100)],
                             list(range(1, 101)))
        wait_for(lambda: len(self.daemons()) == 1, "one daemon to be left")

    def test_an_autostarted_daemon_is_a_good_guest(self):
        self.sandbox.env["PRIVATE_OF_THE_SHELL"] = "must not stay in a daemon"
        read_end, write_end = os.pipe()
        run = self.run_started("true", pass_fds=(write_end,))
        os.close(write_end)
        self.assertEqual(run.returncode, 0)
        self.sandbox.await_daemon()
        pid, = self.daemons()
        # Reaches the end only if no process holds the other one.
        self.assertEqual(os.read(read_end, 1), b"")
        os.close(read_end)
        self.assertEqual(os.readlink(f"/proc/{pid}/cwd"), "/")
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        with open(f"/proc/{pid}/environ", "rb") as file:
            self.assertNotIn(b"PRIVATE_OF_THE_SHELL", file.read())
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                self.assertFalse(os.readlink(f"/proc/{pid}/fd/{name}").startswith("/dev/pts"))

    def test_the_pipes_of_the_wrapper_end_although_a_daemon_was_started(self):
        run = self.sandbox.run(["sh", "-c", " ".join(self.sandbox.wrapper("yes", options=())) + " | head -1"],
                               patience_s=20)
        self.assertEqual(run.stdout, b"y\n")
        run = self.sandbox.run(["sh", "-c", "x=$(" + " ".join(self.sandbox.wrapper("echo", "inner", options=())) +
                                "); echo got $x"], patience_s=20)
        self.assertEqual(run.stdout, b"got inner\n")

    def test_no_daemon_is_started_where_it_is_not_wanted(self):
        for variables, options in (({"GASOLINE_AUTOSTART": "0"}, ()), ({"CI": "true"}, ()),
                                   ({}, ("--no-daemon",))):
            with self.subTest(variables=variables, options=options):
                run = self.sandbox.run_wrapped("echo", "hello", options=options,
                                               env={**self.sandbox.env, **variables})
                self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"hello\n", b""))
                self.assertEqual(self.daemons(), [])
        self.assertEqual(len(self.sandbox.spooled_runs()), 3)

    def test_a_missing_daemon_program_is_no_reason_to_fail(self):
        alone = os.path.join(self.sandbox.work, "gasoline-run")
        shutil.copy(program("gasoline-run"), alone)
        run = self.sandbox.run([alone, "echo", "hello"])
        self.assertEqual((run.returncode, run.stdout), (0, b"hello\n"))
        self.assertLessEqual(len(self.warnings(run)), 1)
        self.assertEqual(len(self.sandbox.spooled_runs()), 1)


class Nesting(DayOne):
    def test_a_wrapper_within_a_wrapper_records_every_line_once(self):
        self.sandbox.start_daemon()
        run = self.sandbox.run_wrapped(*self.sandbox.wrapper("seq", "1", "100"),
                                       options=("--no-daemon", "--name", "outer"))
        self.assertEqual(run.stdout.count(b"\n"), 100)
        events = self.sandbox.await_run_end("outer")
        self.assertEqual(self.numbers("outer"), list(range(1, 101)))
        self.assertEqual({event["run_id"] for event in self.sandbox.timeline()},
                         {event["run_id"] for event in events})

    def test_a_nested_wrapper_records_its_own_run_when_asked_to(self):
        self.sandbox.start_daemon()
        inner = self.sandbox.wrapper("seq", "1", "10", options=("--no-daemon", "--nested", "--name", "inner"))
        self.sandbox.run_wrapped(*inner, options=("--no-daemon", "--name", "outer"))
        for service in ("inner", "outer"):
            self.sandbox.await_run_end(service)
            self.assertEqual(self.numbers(service), list(range(1, 11)))

    def test_disabled_means_gone(self):
        environment = {**self.sandbox.env, "GASOLINE_DISABLE": "1"}
        run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", "echo $$ $GASOLINE_RUN_ID; exit 6", options=()),
                                 stdout=subprocess.PIPE, env=environment)
        output, _ = run.communicate(timeout=20)
        self.assertEqual((output, run.returncode), (b"%d\n" % run.pid, 6))
        self.assertEqual((self.sandbox.spooled_runs(), self.daemons()), ([], []))
        lost = self.sandbox.run_wrapped("no-such-command", options=(), env=environment)
        self.assertEqual(lost.returncode, 127)


class Places(DayOne):
    def test_without_a_runtime_directory_the_socket_is_with_the_state(self):
        del self.sandbox.env["XDG_RUNTIME_DIR"]
        self.sandbox.socket_path = self.sandbox.state + "/gasoline/run/gasolined.sock"
        self.assertEqual(self.sandbox.run_wrapped("echo", "hello", options=()).stdout, b"hello\n")
        self.sandbox.await_daemon()
        self.assertEqual(self.sandbox.await_lines("echo", 1)[0]["message"], "hello")
        self.assertEqual(os.stat(self.sandbox.socket_path).st_mode & 0o777, 0o600)

    @needs_root()
    def test_without_a_home_or_an_account(self):
        uid = random.randrange(200000, 60000000)
        places = f"/tmp/gasoline-{uid}"
        self.addCleanup(shutil.rmtree, places, ignore_errors=True)
        self.addCleanup(shutil.rmtree, f"/dev/shm/gasoline-{uid}", ignore_errors=True)
        # The build may lie where this user may not go; and the copies name this test's places.
        os.chmod(self.sandbox.root, 0o755)
        bin_directory = self.sandbox.make("bin", 0o755)
        for name in ("gasoline-run", "gasolined", "gasoline"):
            if os.path.exists(program(name)):
                shutil.copy(program(name), bin_directory)
        run = self.sandbox.run([bin_directory + "/gasoline-run", "echo", "hello"], user=uid, group=uid,
                               extra_groups=[], cwd="/", env={"PATH": "/usr/bin:/bin"})
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"hello\n", b""))
        self.sandbox.socket_path = places + "/run/gasolined.sock"
        self.assertEqual(os.stat(places).st_mode & 0o777, 0o700)
        wait_for(lambda: os.path.exists(places + "/state/run/gasolined.sock") or
                 os.path.exists(self.sandbox.socket_path), "the socket")
        if not os.path.exists(self.sandbox.socket_path):
            self.sandbox.socket_path = places + "/state/run/gasolined.sock"
        self.sandbox.await_daemon()
        self.assertEqual(self.sandbox.await_lines("echo", 1)[0]["message"], "hello")

    def check_runs_without_a_spool(self, prefix=(), has_daemon=False):
        command = self.sandbox.wrapper("sh", "-c", "echo $GASOLINE_RUN_ID; seq 1 1000; echo err >&2; exit 9",
                                       options=("--no-daemon", "--name", "homeless"))
        run = self.sandbox.run([*prefix, *command])
        run_id, _, rest = run.stdout.partition(b"\n")
        self.addCleanup(shutil.rmtree, f"/dev/shm/gasoline-{os.geteuid()}/spool/{run_id.decode()}",
                        ignore_errors=True)
        self.assertEqual(run.returncode, 9)
        self.assertEqual(rest, b"".join(b"%d\n" % i for i in range(1, 1001)))
        self.assertEqual(len(self.warnings(run)), 1, run.stderr)
        self.assertEqual([line for line in run.stderr.splitlines() if line not in self.warnings(run)], [b"err"])
        return run

    def test_a_home_that_is_a_file_is_warned_of_once_and_the_command_runs(self):
        self.sandbox.write("file", "not a directory")
        self.sandbox.env["XDG_STATE_HOME"] = self.sandbox.work + "/file/state"
        self.check_runs_without_a_spool()

    @needs_root()
    def test_a_read_only_home_is_warned_of_once_and_the_command_runs(self):
        prefix = self.with_mount("ro")
        self.check_runs_without_a_spool(prefix)

    @needs_root()
    def test_lines_arrive_from_a_read_only_home_too(self):
        self.sandbox.start_daemon()
        self.check_runs_without_a_spool(self.with_mount("ro"))
        self.sandbox.await_run_end("homeless")
        lines = [e["message"] for e in self.sandbox.lines_of("homeless") if e["source"] == "stdout"]
        self.assertEqual(lines[1:], [str(i) for i in range(1, 1001)])

    def with_mount(self, options):
        """A command prefix under which the state's place is a tmpfs with these mount options."""
        place = self.sandbox.make("small")
        self.sandbox.env["XDG_STATE_HOME"] = place
        prefix = ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o {options} tmpfs {place} && exec \"$@\"", "sh"]
        if self.sandbox.run([*prefix, "true"]).returncode != 0:
            self.skipTest("no mount namespaces here")
        return prefix

    @needs_root()
    def test_a_full_disk_holds_nothing_up(self):
        prefix = self.with_mount("size=1m")
        size = share_of(8_000_000)
        command = self.sandbox.wrapper("sh", "-c", f"yes 0123456789abcdef | head -c {size}",
                                       options=("--no-daemon", "--ring-size", "2MiB", "--name", "full"))
        run = self.sandbox.run([*prefix, *command])
        self.assertEqual((run.returncode, len(run.stdout)), (0, size))
        self.assertLessEqual(len(self.warnings(run)), 2, run.stderr)
        self.assertEqual(len(self.warnings(run)), len(run.stderr.splitlines()))


class Strangers(DayOne):
    def test_a_port_that_another_program_holds_is_named_and_left_alone(self):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            daemon = self.sandbox.start_daemon("--listen", f"127.0.0.1:{port}")
            self.assertEqual(self.sandbox.get("/healthz").status, 200)
            self.assertIn(str(port), daemon.log())
            status = self.sandbox.get("/v1/status").json()
            self.assertIn(str(port), str(status["problems"]))
        self.assertEqual(self.sandbox.run_wrapped("echo", "hello").stdout, b"hello\n")
        self.assertEqual(self.sandbox.await_lines("echo", 1)[0]["message"], "hello")

    def test_a_frozen_program_on_the_port_holds_nothing_up(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as frozen:
            url = f"http://127.0.0.1:{frozen.getsockname()[1]}"
            run = self.sandbox.run_wrapped("seq", "1", "1000", options=("--url", url, "--name", "patient"))
        self.assertEqual((run.returncode, run.stdout.count(b"\n")), (0, 1000))
        self.assertLessEqual(len(self.warnings(run)), 1)
        self.assertEqual(len(self.sandbox.spooled_runs()), 1)
        self.check_adopted("patient", 1000)

    def check_adopted(self, service, count):
        self.sandbox.start_daemon()
        self.sandbox.await_run_end(service)
        self.assertEqual(self.numbers(service), list(range(1, count + 1)))
        wait_for(lambda: not self.sandbox.spooled_runs(), "the spool to be gone")

    def test_a_foreign_web_server_is_warned_of_once_and_gets_no_line_acknowledged(self):
        for status in (200, 404, 405, 301):
            with self.subTest(status=status), self.foreign_server(status) as url:
                name = f"kept{status}"
                run = self.sandbox.run_wrapped("sh", "-c", "seq 1 500; sleep 0.5; seq 501 1000",
                                               options=("--no-daemon", "--url", url, "--name", name))
                self.assertEqual((run.returncode, run.stdout.count(b"\n")), (0, 1000))
                self.assertEqual(len(self.warnings(run)), 1, run.stderr)
        self.assertEqual(len(self.sandbox.spooled_runs()), 4)
        self.sandbox.start_daemon()
        for status in (200, 404, 405, 301):
            self.sandbox.await_run_end(f"kept{status}")
            self.assertEqual(self.numbers(f"kept{status}"), list(range(1, 1001)))

    @contextlib.contextmanager
    def foreign_server(self, status):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                body = b"<html>Welcome to somebody else's server</html>"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def test_a_url_that_cannot_be_used_is_warned_of_and_the_command_runs(self):
        for url in ("nonsense", "http://127.0.0.1:99999", f"http://127.0.0.1:{free_port()}",
                    "http://no-such-host.invalid:7890", "unix:/no/such.sock"):
            with self.subTest(url):
                run = self.sandbox.run_wrapped("echo", "hello", options=("--no-daemon", "--url", url))
                self.assertEqual((run.returncode, run.stdout), (0, b"hello\n"))
                self.assertLessEqual(len(self.warnings(run)), 1)

    def test_a_frozen_daemon_holds_nothing_up_and_gets_the_lines_later(self):
        daemon = self.sandbox.start_daemon()
        with daemon.frozen():
            run = self.sandbox.run_wrapped("seq", "1", "2000", options=("--no-daemon", "--name", "thawed"))
            self.assertEqual((run.returncode, run.stdout.count(b"\n")), (0, 2000))
            self.assertLessEqual(len(self.warnings(run)), 1, run.stderr)
        daemon.stop()
        self.check_adopted("thawed", 2000)


class Losses(DayOne):
    def test_what_was_written_without_a_daemon_is_adopted_by_the_next_exactly_once(self):
        for name in ("a", "b", "c"):
            self.sandbox.run_wrapped("seq", "1", "5000", options=("--no-daemon", "--name", name))
        self.assertEqual(len(self.sandbox.spooled_runs()), 3)
        self.sandbox.start_daemon()
        for name in ("a", "b", "c"):
            self.sandbox.await_run_end(name)
            self.assertEqual(self.numbers(name), list(range(1, 5001)))
        wait_for(lambda: not self.sandbox.spooled_runs(), "the spools to be gone")

    def test_a_daemon_that_comes_late_gets_everything_while_the_command_runs(self):
        run = self.sandbox.popen(
            self.sandbox.wrapper("sh", "-c", "seq 1 3000; read word; seq 3001 4000",
                                 options=("--no-daemon", "--name", "late")),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.sandbox.start_daemon()
        self.sandbox.await_lines("late", 3000)
        run.communicate(b"\n", 20)
        self.sandbox.await_run_end("late")
        self.assertEqual(self.numbers("late"), list(range(1, 4001)))

    def test_the_daemon_may_be_killed_at_any_moment_and_every_line_is_there_once(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        count = share_of(200000)
        daemon = self.sandbox.start_daemon()
        run = self.sandbox.popen(
            self.sandbox.wrapper(PYTHON, "-c", COUNT_SLOWLY, str(count), options=("--no-daemon", "--name", "bumpy")),
            stdout=subprocess.DEVNULL)
        kills = 0
        while run.poll() is None or kills == 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(chance.uniform(0.02, 0.6))
            daemon.kill()
            daemon = self.sandbox.start_daemon(is_awaited=chance.random() < 0.7)
            kills += 1
        self.sandbox.await_daemon(daemon)
        self.sandbox.await_run_end("bumpy")
        self.assertEqual(self.numbers("bumpy"), list(range(count)), f"after {kills} kills")

    def test_what_a_killed_wrapper_had_spooled_arrives_once_and_in_order(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        for is_daemon_there in (True, False):
            name = f"killed{is_daemon_there}"
            daemon = self.sandbox.start_daemon() if is_daemon_there else None
            run = self.sandbox.popen(
                self.sandbox.wrapper(PYTHON, "-c", COUNT_SLOWLY, "10000000", options=("--no-daemon", "--name", name)),
                stdout=subprocess.PIPE)
            seen = b""
            enough = chance.randint(1000, 500000)
            while len(seen) < enough:
                seen += os.read(run.stdout.fileno(), 65536)
            with open(f"/proc/{run.pid}/task/{run.pid}/children") as file:
                children = [int(pid) for pid in file.read().split()]
            run.kill()
            run.wait()
            # With whoever goes on with it: the command would live on, and so would the run.
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            shown = seen.count(b"\n")
            if daemon:
                daemon.stop()
            daemon = self.sandbox.start_daemon()
            wait_for(lambda: not self.sandbox.spooled_runs(), "the dead run to be adopted")
            numbers = self.numbers(name)
            self.assertEqual(numbers, list(range(len(numbers))))
            # The writer thread of the spool may be behind what was shown, but not by seconds.
            self.assertGreater(len(numbers), 0, f"of {shown} lines that were shown")
            daemon.stop()

    def test_a_run_whose_wrapper_was_killed_is_delivered_to_its_end(self):
        self.sandbox.start_daemon()
        run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", "echo before; read word",
                                                      options=("--no-daemon", "--name", "orphan")),
                                 stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.sandbox.await_lines("orphan", 1)
        run.kill()
        run.wait()
        run.stdin.close()
        wait_for(lambda: not self.sandbox.spooled_runs(), "the run to be delivered", 60)
        self.assertEqual([e["message"] for e in self.sandbox.lines_of("orphan")], ["before"])

    def test_a_spool_that_was_damaged_holds_up_neither_its_rest_nor_the_others(self):
        for name in ("damaged", "whole"):
            self.sandbox.run_wrapped("seq", "1", "20000", options=("--no-daemon", "--name", name))
        first = os.path.join(self.sandbox.spool, self.sandbox.spooled_runs()[0])
        segment = max((os.path.join(first, name) for name in os.listdir(first)), key=os.path.getsize)
        with open(segment, "r+b") as file:
            file.seek(os.path.getsize(segment) // 200)
            file.write(b"\xff" * 64)
        self.sandbox.start_daemon()
        self.sandbox.await_run_end("whole")
        self.assertEqual(self.numbers("whole"), list(range(1, 20001)))
        wait_for(lambda: not self.sandbox.spooled_runs(), "both spools to be gone")
        left = self.numbers("damaged")
        self.assertEqual(left, sorted(set(left)))


if __name__ == "__main__":
    main()

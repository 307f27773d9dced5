"""The command's end is ours, and what is sent to us reaches it: once, and all of it."""

import contextlib
import os
import pty
import resource
import select
import signal
import subprocess
import time

from harness import (GasolineTest, PYTHON, commands_of, is_alive, main, needs, processes_naming, state_of, wait_for)

# Says which signals it gets, and ends at the word "end" on stdin.
COUNT_SIGNALS = """
import os, select, signal
def say(number, frame):
    os.write(1, b"got %d\\n" % number)
for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "CONT", "WINCH"):
    signal.signal(getattr(signal, "SIG" + name), say)
# A signal just before a blocking read would wait for that to end: Python runs handlers in between.
woken, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
os.write(1, b"ready\\n")
got = b""
while b"end\\n" not in got:
    ready = select.select([0, woken], [], [])[0]
    if woken in ready:
        os.read(woken, 64)
    if 0 in ready:
        came = os.read(0, 4096)
        if not came:
            break
        got += came
"""


def read_until(fd, wanted, patience_s=20):
    """Reads from a descriptor until what came contains `wanted`; returns all of it."""
    got = b""
    deadline = time.monotonic() + patience_s
    while wanted not in got:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            raise AssertionError(f"{wanted!r} does not come; so far: {got!r}")
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            chunk = b""
        if not chunk:
            raise AssertionError(f"{wanted!r} does not come before the end: {got!r}")
        got += chunk
    return got


def read_rest(fd):
    got = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(fd, 65536):
            got += chunk
    return got


class Ends(GasolineTest):
    def test_an_exit_code_is_passed_on(self):
        for code in (0, 1, 2, 3, 42, 63, 64, 77, 124, 125, 126, 127, 128, 129, 130, 143, 200, 254, 255):
            with self.subTest(code=code):
                self.assertEqual(self.sandbox.run_wrapped("sh", "-c", f"exit {code}").returncode, code)

    def test_a_shell_sees_128_plus_the_signal_that_killed_the_command(self):
        wrapper = " ".join(self.sandbox.wrapper())
        for name in ("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
                     "USR2", "PIPE", "ALRM", "TERM", "XCPU", "SYS"):
            with self.subTest(signal=name):
                number = getattr(signal, "SIG" + name)
                command = f"{wrapper} sh -c 'kill -{name} $$'; echo $?"
                seen = int(self.sandbox.run(["sh", "-c", command]).stdout)
                self.assertEqual(seen, 128 + number)
                self.assertEqual(self.sandbox.run_wrapped("sh", "-c", f"kill -{name} $$").returncode,
                                 -number)

    def test_a_killed_command_leaves_no_core_of_ours(self):
        def allow_cores():
            most = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))

        run = self.sandbox.run_wrapped("sh", "-c", "ulimit -c 0; kill -SEGV $$", preexec_fn=allow_cores)
        self.assertEqual(run.returncode, -signal.SIGSEGV)
        self.assertEqual([name for name in os.listdir(self.sandbox.work) if "core" in name], [])

    def test_125_is_a_bad_option(self):
        for options in (["--no-such-option"], ["--max-line", "much"], ["--fsync=perhaps"],
                        ["--flush-timeout", "-1s"], ["--tag", "no-colon"], ["--pty", "perhaps"], []):
            with self.subTest(options):
                command = ["true"] if options else []
                run = self.sandbox.run([self.sandbox.wrapper()[0], *options, *command])
                self.assertEqual(run.returncode, 125)
                self.assertEqual(run.stdout, b"")
                self.assertEqual(run.stderr.count(b"\n"), 1, run.stderr)
                self.assertTrue(run.stderr.startswith(b"gasoline-run: "), run.stderr)

    def test_126_is_found_but_not_executable(self):
        path = self.sandbox.write("not-executable", "#!/bin/sh\n", 0o644)
        for command in (path, self.sandbox.work, "./not-executable"):
            run = self.sandbox.run_wrapped(command)
            self.assertEqual(run.returncode, 126, run.stderr)
            self.assertTrue(run.stderr.startswith(b"gasoline-run: "), run.stderr)

    def test_127_is_not_found(self):
        for command in ("no-such-command-anywhere", "/no/such/path", "./nothing", ""):
            run = self.sandbox.run_wrapped(command)
            self.assertEqual(run.returncode, 127, run.stderr)
            self.assertTrue(run.stderr.startswith(b"gasoline-run: "), run.stderr)

    def test_a_script_without_an_interpreter_line_runs_as_in_a_shell(self):
        path = self.sandbox.write("plain-script", "echo from the script: $1\nexit 5\n", 0o755)
        run = self.sandbox.run_wrapped(path, "argument")
        self.assertEqual((run.returncode, run.stdout), (5, b"from the script: argument\n"))

    def test_a_script_with_a_missing_interpreter_ends_as_in_a_shell(self):
        path = self.sandbox.write("lost-script", "#!/no/such/interpreter\n", 0o755)
        self.assertIn(self.sandbox.run_wrapped(path).returncode, (126, 127))

    def test_help_is_as_agreed(self):
        run = self.sandbox.run([self.sandbox.wrapper()[0], "--help"])
        with open(os.path.join(os.path.dirname(__file__), "golden", "gasoline_run_help.txt"), "rb") as file:
            self.assertEqual(run.stdout, file.read())

    def test_help_and_version_go_to_stdout(self):
        for option, text in (("--help", b"Usage: gasoline-run"), ("--version", b"gasoline-run ")):
            run = self.sandbox.run([self.sandbox.wrapper()[0], option])
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertIn(text, run.stdout)


class Pipes(GasolineTest):
    def endless(self):
        wrapper = " ".join(self.sandbox.wrapper(options=("--no-daemon",)))
        return ["bash", "-c", f"{wrapper} yes | head -1; echo ${{PIPESTATUS[0]}}"]

    def test_an_endless_writer_ends_with_its_reader_without_a_daemon(self):
        run = self.sandbox.run(self.endless())
        self.assertEqual((run.stdout, run.stderr), (b"y\n141\n", b""))

    def test_an_endless_writer_ends_with_its_reader_while_the_daemon_answers(self):
        self.sandbox.start_daemon()
        run = self.sandbox.run(self.endless())
        self.assertEqual((run.stdout, run.stderr), (b"y\n141\n", b""))

    def test_an_endless_writer_ends_with_its_reader_while_the_daemon_is_frozen(self):
        daemon = self.sandbox.start_daemon()
        with daemon.frozen():
            run = self.sandbox.run(self.endless())
        self.assertEqual((run.stdout, run.stderr), (b"y\n141\n", b""))

    def test_the_other_stream_is_captured_on_after_a_broken_pipe(self):
        self.sandbox.start_daemon()
        wrapper = " ".join(self.sandbox.wrapper(options=("--no-daemon", "--name", "half")))
        script = f"trap \"\" PIPE; {wrapper} sh -c 'seq 1 50000; seq 1 5000 >&2' 2>err | head -1"
        run = self.sandbox.run(["sh", "-c", script])
        self.assertEqual(run.stdout, b"1\n")
        self.sandbox.await_run_end("half")
        lines = [e["message"] for e in self.sandbox.lines_of("half") if e["source"] == "stderr"]
        self.assertEqual([text for text in lines if text.isdigit()], [str(i) for i in range(1, 5001)])

    def test_a_grandchild_that_holds_the_pipe_does_not_hold_us_for_ever(self):
        command = "echo early; (sleep 100; echo never) & echo done"
        begin = time.monotonic()
        run = self.sandbox.run_wrapped("sh", "-c", command, options=("--no-daemon",
                                                                     "--drain-timeout", "300ms"))
        self.assertEqual((run.returncode, run.stdout), (0, b"early\ndone\n"))
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

    def test_a_grandchild_that_goes_on_writing_is_waited_for(self):
        command = "(for i in 1 2 3 4 5 6; do sleep 0.1; echo $i; done) & exit 4"
        run = self.sandbox.run_wrapped("sh", "-c", command)
        self.assertEqual((run.returncode, run.stdout), (4, b"1\n2\n3\n4\n5\n6\n"))

    def test_a_grandchild_that_outlives_the_command_is_captured_by_the_daemon(self):
        self.sandbox.start_daemon()
        proof, left = self.sandbox.work + "/proof", self.sandbox.work + "/left"
        script = (f"(for i in 1 2 3 4; do sleep 0.3; echo $i; done; until [ -e {left} ]; do sleep 0.1; done; "
                  f"for i in 5 6 7 8; do echo $i; done; echo $? >{proof}) & echo early; exit 4")
        run = self.sandbox.run_wrapped("sh", "-c", script, options=("--no-daemon", "--name", "left"))
        self.assertEqual(run.returncode, 4, run.stderr)
        self.assertTrue(run.stdout.startswith(b"early\n"))
        with open(left, "w"):
            pass
        lines = [event["message"] for event in self.sandbox.await_lines("left", 9)]
        self.assertEqual(lines, ["early", "1", "2", "3", "4", "5", "6", "7", "8"])
        wait_for(lambda: os.path.exists(proof), "the grandchild to end")
        with open(proof) as file:
            self.assertEqual(file.read(), "0\n")
        seqs = sorted(event["seq"] for event in self.sandbox.timeline(service="left"))
        self.assertEqual(len(seqs), len(set(seqs)))


class Signals(GasolineTest):
    def start_counter(self, *options):
        run = self.sandbox.popen(
            self.sandbox.wrapper(PYTHON, "-c", COUNT_SIGNALS, options=("--no-daemon", *options)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        read_until(run.stdout.fileno(), b"ready\n")
        return run

    def test_each_signal_is_forwarded_to_the_command(self):
        run = self.start_counter()
        for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH", "INT", "TERM"):
            number = getattr(signal, "SIG" + name)
            run.send_signal(number)
            got = read_until(run.stdout.fileno(), b"\n")
            self.assertEqual(got, b"got %d\n" % number)
        rest, errors = run.communicate(b"end\n", 20)
        self.assertEqual((rest, errors, run.returncode), (b"", b"", 0))

    def test_a_signal_that_ends_the_command_ends_us_in_the_same_way(self):
        for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2"):
            with self.subTest(signal=name):
                number = getattr(signal, "SIG" + name)
                run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", "echo ready; exec sleep 100"),
                                         stdout=subprocess.PIPE, start_new_session=True)
                read_until(run.stdout.fileno(), b"ready\n")
                run.send_signal(number)
                self.assertEqual(run.wait(20), -number)

    def test_one_term_ends_a_shell_and_what_runs_under_it(self):
        script = f"sleep 1000 & echo $!; {PYTHON} -c 'import time; print(1, flush=True); time.sleep(1000)'"
        run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", script + "; true"),
                                 stdout=subprocess.PIPE, start_new_session=True)
        read_until(run.stdout.fileno(), b"\n1\n")
        run.terminate()
        self.assertEqual(run.wait(20), -signal.SIGTERM)
        wait_for(lambda: not processes_naming(self.sandbox.root), "the whole tree to end")

    @needs("npm")
    def test_one_term_ends_an_npm_script_and_the_server_under_it(self):
        self.sandbox.write("package.json", '{"name": "shop", "version": "1.0.0", '
                                           '"scripts": {"dev": "node server.js"}}')
        self.sandbox.write("server.js", "require('http').createServer().listen(0, '127.0.0.1', () => "
                                        "console.log('listening', process.pid))\n")
        run = self.sandbox.popen(self.sandbox.wrapper("npm", "run", "dev"), stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, start_new_session=True)
        read_until(run.stdout.fileno(), b"listening")
        self.assertGreater(len(processes_naming(self.sandbox.root)), 1)
        run.terminate()
        run.wait(20)
        self.assertNotEqual(run.returncode, 0)
        wait_for(lambda: not processes_naming(self.sandbox.root), "npm and its server to end")

    def test_a_stopped_command_goes_on_with_cont(self):
        # A group whose parent is in the same session: the kernel stops no other by TSTP.
        run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", "echo $$; read word; echo $word"),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=os.setpgrp)
        child = int(read_until(run.stdout.fileno(), b"\n"))
        run.send_signal(signal.SIGTSTP)
        wait_for(lambda: state_of(child) == "T" and state_of(run.pid) == "T", "both to stop")
        run.send_signal(signal.SIGCONT)
        wait_for(lambda: state_of(child) != "T" and state_of(run.pid) != "T", "both to go on")
        rest, _ = run.communicate(b"goes on\n", 20)
        self.assertEqual((rest, run.returncode), (b"goes on\n", 0))

    def test_no_zombie_stays_behind(self):
        run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", "exec >&- 2>&-; exit 0"))
        self.assertEqual(run.wait(20), 0)
        run = self.start_counter()
        child, = commands_of(run.pid)
        run.communicate(b"end\n", 20)
        wait_for(lambda: not is_alive(child), "the child to be reaped")

    def test_a_signal_before_the_command_has_started_is_not_lost(self):
        for _ in range(20):
            run = self.sandbox.popen(self.sandbox.wrapper("sleep", "100"), start_new_session=True)
            run.terminate()
            self.assertEqual(run.wait(20), -signal.SIGTERM)
        wait_for(lambda: not processes_naming(self.sandbox.root), "every sleep to end")


class Terminals(GasolineTest):
    """A shell on a terminal; Ctrl-C is a byte that the terminal turns into a signal."""

    def start(self, script, shell=("bash", "-c")):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.sandbox.work)
            os.execvpe(shell[0], [*shell, script], self.sandbox.env)
        self.addCleanup(os.close, terminal)
        self.addCleanup(self.end, pid)
        return pid, terminal

    @staticmethod
    def end(pid):
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def test_ctrl_c_ends_the_command_and_the_shell_runs_nothing_after_it(self):
        wrapper = " ".join(self.sandbox.wrapper())
        for after in ("&& echo next", "; echo next"):
            with self.subTest(after):
                _, terminal = self.start(f"{wrapper} sh -c 'echo ready; exec sleep 100' {after}")
                read_until(terminal, b"ready")
                os.write(terminal, b"\x03")
                self.assertNotIn(b"next", read_rest(terminal))

    def test_ctrl_c_is_delivered_once(self):
        wrapper = self.sandbox.wrapper(PYTHON, "-c", COUNT_SIGNALS)
        self.sandbox.write("counter.py", COUNT_SIGNALS)
        script = " ".join([*wrapper[:-2], "counter.py"])
        _, terminal = self.start("exec " + script)
        read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        got = read_until(terminal, b"got 2")
        # The answer to the second is the proof that no other one to the first was under way.
        os.write(terminal, b"\x03")
        got += read_until(terminal, b"got 2")
        os.write(terminal, b"end\n")
        got += read_rest(terminal)
        self.assertEqual(got.count(b"got 2"), 2, got)

    def test_a_signal_from_another_process_reaches_the_command_on_a_terminal_too(self):
        self.sandbox.write("counter.py", COUNT_SIGNALS)
        script = " ".join([*self.sandbox.wrapper(PYTHON), "counter.py"])
        pid, terminal = self.start("exec " + script)
        read_until(terminal, b"ready")
        os.kill(pid, signal.SIGTERM)
        read_until(terminal, b"got 15")
        os.kill(pid, signal.SIGINT)
        read_until(terminal, b"got 2")
        os.write(terminal, b"end\n")
        read_rest(terminal)

    def test_a_terminal_that_goes_away_ends_the_command(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("sh", ["sh", "-c", " ".join(self.sandbox.wrapper("sh", "-c",
                       "'echo ready; exec sleep 100'"))], self.sandbox.env)
        self.addCleanup(self.end, pid)
        read_until(terminal, b"ready")
        os.close(terminal)
        wait_for(lambda: not processes_naming(self.sandbox.root), "the hung-up command to end")


if __name__ == "__main__":
    main()

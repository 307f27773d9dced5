"""On a terminal a wrapped command finds a terminal, and whoever sits before it notices nothing."""

import os
import re
import signal
import termios
import time

from harness import GasolineTest, PYTHON, commands_of, is_alive, main, needs, state_of, wait_for
from terminal import PROMPT, SHELL, Terminal, Tmux

SAY_TERMINALS = "import os; open('said', 'w').write(str([os.isatty(fd) for fd in (0, 1, 2)]))"

SAY_SIZES = """
import os, signal, sys
def say(*_):
    os.write(1, b"size %d %d\\n" % (os.get_terminal_size(1).columns, os.get_terminal_size(2).lines))
signal.signal(signal.SIGWINCH, say)
say()
sys.stdin.readline()
"""

CURSES = """
import curses
def show(screen):
    screen.addstr(0, 0, "key?")
    screen.refresh()
    key = screen.getkey()
    screen.addstr(1, 0, "got " + key)
    screen.refresh()
    screen.getkey()
curses.wrapper(show)
"""

RAW_FOR_EVER = """
import os, sys, time, tty
tty.setraw(int(sys.argv[1]))
os.write(1, b"raw")
time.sleep(1000)
"""

# Both streams in turn, one system call each.
ALTERNATE = """
import os, time
for i in range(200):
    os.write(1, b"out %d\\n" % i)
    os.write(2, b"err %d\\n" % i)
"""


class TerminalTest(GasolineTest):
    def start(self, *arguments, **more):
        terminal = Terminal(self.sandbox, arguments, **more)
        self.addCleanup(terminal.close)
        return terminal

    def wrapped(self, *command, options=("--no-daemon",), **more):
        return self.start(*self.sandbox.wrapper(*command, options=options), **more)

    def shell(self):
        terminal = self.start(*SHELL)
        terminal.expect(PROMPT)
        return terminal

    def command(self, *command, options=("--no-daemon",)):
        """A command line for the shell."""
        return " ".join(self.sandbox.wrapper(*command, options=options))

    def python(self, name, script):
        return f"{PYTHON} {self.sandbox.write(name, script)}"


class Streams(TerminalTest):
    def check(self, redirection, expected, *options):
        shell = self.shell()
        script = self.python("say.py", SAY_TERMINALS)
        shell.run(f"{self.command(script, options=('--no-daemon', *options))} {redirection}")
        with open(self.sandbox.work + "/said") as file:
            self.assertEqual(file.read(), expected)

    def test_each_stream_is_a_terminal_where_ours_is_one(self):
        for redirection, expected in (("", "[True, True, True]"), ("</dev/null", "[False, True, True]"),
                                      (">file", "[True, False, True]"), ("2>file", "[True, True, False]"),
                                      ("| cat", "[True, False, True]"), ("2>&1 | cat", "[True, False, False]")):
            with self.subTest(redirection):
                self.check(redirection, expected)

    def test_the_user_decides(self):
        self.check("", "[True, False, False]", "--pty", "never")
        self.check("</dev/null 2>&1 | cat", "[False, True, True]", "--pty", "always")
        self.check("", "[True, True, True]", "--merge")

    def test_a_terminal_without_a_terminal_changes_no_byte(self):
        run = self.sandbox.run_wrapped("sh", "-c", "printf 'a\\nb\\r\\n\\tc\\033[1m\\n'; test -t 1; echo $?; exit 3",
                                       options=("--no-daemon", "--pty", "always"))
        self.assertEqual((run.returncode, run.stdout), (3, b"a\nb\r\n\tc\x1b[1m\n0\n"))
        run = self.sandbox.run_wrapped("seq", "200000", options=("--no-daemon", "--pty", "always"))
        self.assertEqual(run.stdout, b"".join(b"%d\n" % i for i in range(1, 200001)))

    def test_a_reader_that_leaves_ends_the_writer_at_a_terminal_without_one_too(self):
        command = self.command("yes", options=("--no-daemon", "--pty", "always"))
        run = self.sandbox.run(["bash", "-c", f"{command} 2>/dev/null | head -1"])
        self.assertEqual(run.stdout, b"y\n")

    def test_stdin_and_the_controlling_terminal_are_the_real_ones(self):
        shell = self.shell()
        bare = shell.run("tty; ps -o pgid=,tpgid=,sid= -p $$")
        wrapped = shell.run(self.command("sh", "-c", "'tty; stty -a </dev/tty | head -1'"))
        self.assertEqual(wrapped.split(b"\r\n")[0], bare.split(b"\r\n")[0])
        self.assertIn(b"rows 30; columns 100", wrapped)

    def test_the_command_is_in_our_group_and_in_the_foreground(self):
        shell = self.shell()
        groups = shell.run(self.command("sh", "-c", "'ps -o pgid=,tpgid= -p $$; ps -o pgid=,tpgid= -p $PPID'"))
        numbers = groups.split()
        self.assertEqual(len(set(numbers)), 1, groups)

    def test_colours_are_kept(self):
        os.mkdir(self.sandbox.work + "/directory")
        shell = self.shell()
        bare = shell.run("ls --color=auto")
        self.assertIn(b"\x1b[", bare)
        self.assertEqual(shell.run(self.command("ls", "--color=auto")), bare)

    @needs("git")
    def test_git_shows_the_same_colours_and_no_fewer(self):
        shell = self.shell()
        shell.run("git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first; echo x > new")
        for command in (["git", "status"], ["git", "--no-pager", "log"], ["git", "branch"]):
            bare = shell.run(" ".join(command))
            self.assertIn(b"\x1b[", bare)
            self.assertEqual(shell.run(self.command(*command)), bare)

    def test_every_kind_of_byte_comes_out_as_without_us(self):
        shell = self.shell()
        for script in ("printf 'a\\tb\\n\\n\\r\\nc\\rd\\n'", "printf 'no end'", "seq 20000", "printf '\\0\\1\\377\\n'",
                       "head -c 100000 /dev/zero | tr '\\\\0' x"):
            path = self.sandbox.write("script", script + "\n")
            self.assertEqual(shell.run(self.command("sh", path)), shell.run("sh " + path), script)

    def test_a_traceback_comes_before_the_prompt_that_follows_it(self):
        shell = self.shell()
        shell.send(self.command(PYTHON, "-q").encode() + b"\n")
        shell.expect(b">>> ")
        for i in range(50):
            # Its line editor shows a key that came before it was ready twice, without us too.
            wait_for(lambda: not shell.modes()[3] & termios.ICANON, "the line editor")
            shell.send(b"1/0\n")
            shell.expect(b"\n")
            got = shell.expect(b">>> ")
            self.assertIn(b"ZeroDivisionError: division by zero\r\n", got, i)

    def test_merged_streams_keep_the_order_in_which_they_were_written(self):
        script = self.python("alternate.py", ALTERNATE)
        expected = b"".join(b"out %d\r\nerr %d\r\n" % (i, i) for i in range(200))
        self.assertEqual(self.shell().run(self.command(script, options=("--no-daemon", "--merge"))), expected)
        run = self.sandbox.run_wrapped(*script.split(), options=("--no-daemon", "--merge"))
        self.assertEqual((run.stdout, run.stderr), (expected.replace(b"\r", b""), b""))

    def test_unmerged_streams_lose_nothing(self):
        shown = self.shell().run(self.command(self.python("alternate.py", ALTERNATE))).split(b"\r\n")
        self.assertEqual([line for line in shown if line.startswith(b"out")], [b"out %d" % i for i in range(200)])
        self.assertEqual([line for line in shown if line.startswith(b"err")], [b"err %d" % i for i in range(200)])

    def test_the_timeline_tells_the_streams_apart(self):
        self.sandbox.start_daemon()
        terminal = self.wrapped("sh", "-c", "echo one; echo two >&2; printf '\\033[31mthree\\033[0m\\n'; exit 5",
                                options=("--no-daemon", "--name", "shown"))
        terminal.read_to_end()
        self.assertEqual(terminal.wait(), 5)
        self.sandbox.await_run_end("shown")
        lines = {(event["source"], event["message"]) for event in self.sandbox.lines_of("shown")}
        self.assertEqual(lines, {("stdout", "one"), ("stderr", "two"), ("stdout", "three")})

    def test_what_is_left_behind_on_a_terminal_is_captured_by_the_daemon(self):
        self.sandbox.start_daemon()
        script = "(for i in 1 2 3 4 5; do sleep 0.3; echo late $i; echo error $i >&2; done) & echo early; exit 4"
        shell = self.shell()
        shown = shell.run(self.command("sh", "-c", f"'{script}'", options=("--no-daemon", "--name", "left")))
        self.assertTrue(shown.startswith(b"early\r\n"), shown)
        self.assertEqual(shell.run("echo $?").strip(), b"4")
        self.sandbox.await_lines("left", 11)
        lines = [event["message"] for event in self.sandbox.lines_of("left")]
        self.assertEqual([line for line in lines if line.startswith("late")], [f"late {i}" for i in range(1, 6)])
        self.assertEqual([line for line in lines if line.startswith("error")], [f"error {i}" for i in range(1, 6)])

    def test_our_own_warnings_wait_until_the_command_has_ended(self):
        terminal = self.wrapped("sh", "-c", "echo early; sleep 0.5; echo late",
                                options=("--no-daemon", "--spool-dir", "/proc/nowhere"))
        shown = terminal.read_to_end()
        self.assertTrue(shown.startswith(b"early\r\nlate\r\ngasoline-run: "), shown)


class Sizes(TerminalTest):
    def test_the_size_and_its_changes_reach_the_command(self):
        terminal = self.wrapped(*self.python("sizes.py", SAY_SIZES).split(), rows=31, columns=77)
        terminal.expect(b"size 77 31")
        for rows, columns in ((40, 120), (24, 80), (25, 81)):
            terminal.resize(rows, columns)
            terminal.expect(b"size %d %d" % (columns, rows))
        terminal.send(b"\n")
        terminal.read_to_end()
        self.assertEqual(terminal.wait(), 0)

    def test_a_job_of_a_shell_that_we_wrap_sees_them_too(self):
        shell = self.shell()
        shell.send(self.command(*SHELL).encode() + b"\n")
        shell.expect(PROMPT)
        shell.send(self.python("sizes.py", SAY_SIZES).encode() + b"\n")
        shell.expect(b"size 100 30")
        shell.resize(20, 60)
        shell.expect(b"size 60 20")


class JobControl(TerminalTest):
    def pid_of(self, name):
        def find():
            for entry in os.listdir("/proc"):
                if entry.isdigit() and is_alive(entry):
                    with open(f"/proc/{entry}/cmdline", "rb") as file:
                        if name.encode() in file.read().split(b"\0"):
                            return int(entry)
            return None

        return wait_for(find, f"a process with the argument {name}")

    def test_keys_end_the_command_as_without_us(self):
        shell = self.shell()
        for key, code in ((b"\x03", 130), (b"\x1c", 131)):
            shell.send(self.command("sh", "-c", "'echo begun; exec sleep 1000'").encode() + b"\n")
            shell.expect(b"begun")
            shell.expect(b"begun")
            shell.send(key)
            shell.expect(PROMPT)
            self.assertEqual(shell.run("echo $?").strip(), b"%d" % code)

    def test_the_suspend_key_stops_the_job_and_fg_continues_it(self):
        shell = self.shell()
        shell.send(self.command("sh", "-c", "'echo begun; read word; echo got $word'").encode() + b"\n")
        shell.expect(b"begun\r\n")
        for _ in range(3):
            # Before that the key would be lost without us too.
            self.await_foreground(shell)
            shell.send(b"\x1a")
            shell.expect(b"Stopped")
            shell.expect(PROMPT)
            self.assertIn(b"Stopped", shell.run("jobs"))
            shell.send(b"fg\n")
        shell.expect(b"fg")
        self.await_foreground(shell)
        shell.send(b"word\n")
        shell.expect(b"got word")
        shell.expect(PROMPT)
        self.assertEqual(shell.run("echo $?").strip(), b"0")

    @staticmethod
    def await_foreground(terminal):
        """Waits until a job, the wrapper with its command, runs in the foreground."""
        def runs():
            group = os.tcgetpgrp(terminal.fd)
            return group != terminal.pid and state_of(group) in ("S", "R")

        wait_for(runs, "the job to run in the foreground")

    def test_a_command_that_ignores_the_suspend_key_goes_on(self):
        shell = self.shell()
        shell.send(self.command("sh", "-c", "'trap \"\" TSTP; echo begun; read word; echo got $word'").encode() + b"\n")
        shell.expect(b"begun;")
        shell.expect(b"begun\r\n")
        shell.send(b"\x1a")
        shell.send(b"word\n")
        self.assertNotIn(b"Stopped", shell.expect(b"got word"))

    def test_what_was_written_before_a_stop_comes_before_the_prompt(self):
        shell = self.shell()
        script = self.python("stop.py", "import os, signal\nfor i in range(5000): print(i, flush=True)\n"
                                        "os.kill(os.getpid(), signal.SIGTSTP)\nprint('back')\n")
        shell.send(self.command(script).encode() + b"\n")
        shown = shell.expect(PROMPT)
        self.assertLess(shown.index(b"\n4999\r"), shown.index(b"Stopped"))
        self.assertIn(b"back", shell.run("fg"))

    def test_a_job_in_the_background_runs_on_and_comes_back(self):
        shell = self.shell()
        shell.send(self.command("sh", "-c", "'echo begun; read word; echo got $word'").encode() + b" &\n")
        shell.expect(b"begun;")
        shell.expect(b"begun\r\n")
        # It is stopped because it reads, not before.
        wait_for(lambda: b"Stopped" in shell.run("jobs"), "the job to stop at its read")
        shell.send(b"fg\n")
        self.await_foreground(shell)
        shell.send(b"word\n")
        shell.expect(b"got word")

    def test_a_job_is_killed_as_without_us(self):
        shell = self.shell()
        shell.run(self.command("sleep", "12345") + " &")
        pid = self.pid_of("12345")
        shell.run("kill %1")
        wait_for(lambda: not is_alive(pid), "the job to end")
        self.assertIn(b"Terminated", shell.run("wait %1; sleep 0.1; jobs; echo") + shell.run("echo"))

    def test_what_the_command_left_in_the_background_lives_on(self):
        shell = self.shell()
        shell.run(self.command("sh", "-c", "'sleep 54321 >/dev/null 2>&1 &'"))
        pid = self.pid_of("54321")
        self.assertIn(state_of(pid), "SR")
        os.kill(pid, signal.SIGKILL)

    def test_a_signal_to_the_whole_group_by_the_command_itself_comes_once(self):
        shell = self.shell()
        script = self.python("all.py", "import os, signal, time\ncount = 0\ndef add(*_):\n    global count\n    count += 1\n"
                                       "signal.signal(signal.SIGUSR1, add)\nos.kill(0, signal.SIGUSR1)\n"
                                       "time.sleep(0.5)\nprint('count', count)\n")
        shell.run("trap '' USR1")
        self.assertIn(b"count 1\r\n", shell.run(self.command(script)))


class Modes(TerminalTest):
    def test_a_password_is_asked_for_and_not_shown(self):
        self.sandbox.start_daemon()
        script = self.python("ask.py", "import getpass; print(len(getpass.getpass('Key: ')), 'characters')")
        terminal = self.wrapped(*script.split(), options=("--no-daemon", "--name", "asks"))
        terminal.expect(b"Key: ")
        wait_for(lambda: not terminal.modes()[3] & termios.ECHO, "echo to be off")
        secret = os.urandom(8).hex().encode()
        terminal.send(secret + b"\n")
        terminal.expect(b"16 characters")
        self.assertNotIn(secret, terminal.read_to_end())
        self.sandbox.await_run_end("asks")
        self.assertNotIn(secret.decode(), str(self.sandbox.timeline(service="asks")))

    def raw_command(self, fd):
        self.sandbox.write("raw.py", RAW_FOR_EVER)
        return self.command(PYTHON, "raw.py", str(fd))

    def check_restored(self, fd, end):
        # A shell without job control, which restores nothing itself.
        terminal = self.start("sh", "-c", "stty -a; " + self.raw_command(fd) + "; stty -a; echo after; sleep 1000")
        before = terminal.modes()
        terminal.expect(b"raw")
        wait_for(lambda: not terminal.modes()[3] & termios.ICANON, "raw mode")
        end(terminal)
        terminal.expect(b"after")
        self.assertEqual(terminal.modes(), before)

    def test_modes_are_restored_when_the_command_is_killed(self):
        def kill_child(terminal):
            wrapper, = commands_of(terminal.pid)
            child, = commands_of(wrapper)
            os.kill(child, signal.SIGKILL)

        for fd in (0, 1, 2):
            with self.subTest(fd=fd):
                self.check_restored(fd, kill_child)

    def test_modes_are_restored_when_we_are_terminated(self):
        def terminate(terminal):
            os.kill(commands_of(terminal.pid)[0], signal.SIGTERM)

        for fd in (0, 1):
            with self.subTest(fd=fd):
                self.check_restored(fd, terminate)

    def test_modes_that_a_command_sets_on_purpose_stay(self):
        for redirection in ("", "<&1"):
            terminal = self.start("sh", "-c", self.command("sh", "-c", f"'stty -echo susp ^X {redirection}'") +
                                  "; echo after; sleep 1000")
            terminal.expect(b"after")
            modes = terminal.modes()
            self.assertFalse(modes[3] & termios.ECHO)
            self.assertEqual(modes[6][termios.VSUSP], b"\x18")
            self.assertTrue(modes[1] & termios.OPOST)

    def test_curses_works(self):
        terminal = self.wrapped(*self.python("show.py", CURSES).split())
        terminal.expect(b"key?")
        wait_for(lambda: not terminal.modes()[3] & termios.ICANON, "curses to set the modes")
        terminal.send(b"k")
        terminal.expect(b"got k")
        terminal.send(b"x")
        terminal.read_to_end()
        self.assertEqual(terminal.wait(), 0)

    def test_a_held_terminal_does_not_keep_us_from_ending(self):
        terminal = self.wrapped("sh", "-c", "echo begun; exec yes")
        terminal.expect(b"begun")
        child, = commands_of(terminal.pid)
        os.kill(child, signal.SIGSTOP)  # stops us too; nothing more is shown
        wait_for(lambda: state_of(terminal.pid) == "T" or terminal.read(0.01) is None, "the stop")
        os.kill(terminal.pid, signal.SIGCONT)
        time.sleep(0.1)
        os.kill(terminal.pid, signal.SIGTERM)
        wait_for(lambda: terminal.read(0.01) is None, "the end")
        self.assertEqual(terminal.wait(), -signal.SIGTERM)

    def test_output_waits_while_the_terminal_is_held(self):
        terminal = self.wrapped("sh", "-c", "read word; echo got $word")
        terminal.send(b"\x13")  # Ctrl-S
        terminal.send(b"word\n")
        time.sleep(0.5)
        self.assertNotIn(b"got", terminal.seen + (terminal.read(0) or b""))
        terminal.send(b"\x11")  # Ctrl-Q
        terminal.expect(b"got word")


class FullScreen(TerminalTest):
    def setUp(self):
        super().setUp()
        self.screen = Tmux(self.sandbox)
        self.addCleanup(self.screen.close)

    def leave(self):
        # A program may take what is typed right after its last key as well, without us too.
        self.screen.wait_for_prompt()
        self.screen.type("echo code=$?")
        self.screen.wait_for("code=0")

    @needs("tmux")
    @needs("less")
    def test_less(self):
        self.sandbox.write("lines", "".join(f"line {i}\n" for i in range(1, 1001)))
        self.screen.type(self.command("less", "lines"))
        self.screen.wait_for("line 29")
        self.screen.keys("G")
        self.screen.wait_for("line 1000")
        self.screen.keys("C-z")
        self.screen.wait_for("Stopped")
        self.screen.type("fg")
        self.screen.wait_for("line 1000")
        self.screen.resize(12, 60)
        self.screen.wait_for("line 982\n:")
        # less drops a key that comes together with SIGWINCH, and a second one comes from us; what it
        # draws then looks no different.
        time.sleep(0.5)
        self.screen.keys("g")
        screen = self.screen.wait_for("line 11")
        self.assertNotIn("line 12", screen)
        self.screen.keys("q")
        self.leave()

    @needs("tmux")
    @needs("more")
    def test_more_at_the_end_of_a_pipe(self):
        self.screen.type("seq 100 | " + self.command("more"))
        self.screen.wait_for("--More--")
        self.screen.keys("Space")
        self.screen.wait_for("\n57\n")
        self.screen.keys("q")
        self.leave()

    @needs("tmux")
    @needs("vim")
    def test_vim(self):
        self.screen.type(self.command("vim", "-u", "NONE", "-N", "note"))
        self.screen.wait_for('"note"')
        self.screen.keys("i", "hello", "Enter", "world", "Escape")
        self.screen.keys("C-z")
        self.screen.wait_for("Stopped")
        self.screen.type("fg")
        self.screen.wait_for("world")
        self.screen.resize(20, 70)
        self.screen.type(":call append(0, 'width')")

        def width_is_new():
            # Asked too early, vim knows the old one still.
            self.screen.type(":call setline(1, 'width ' . &columns)")
            time.sleep(0.2)
            return "width 70" in self.screen.screen()

        wait_for(width_is_new, "the new width")
        self.screen.type(":1delete")
        self.screen.type(":wq")
        self.leave()
        with open(self.sandbox.work + "/note") as file:
            self.assertEqual(file.read(), "hello\nworld\n")

    @needs("tmux")
    @needs("top")
    def test_top(self):
        self.screen.type(self.command("top"))
        self.screen.wait_for("load average")
        self.screen.keys("h")
        self.screen.wait_for("Help for Interactive Commands")
        self.screen.keys("q")
        self.screen.wait_for("load average")
        self.screen.keys("q")
        self.leave()

    @needs("tmux")
    @needs("git")
    @needs("less")
    def test_git_with_its_pager(self):
        self.screen.type("git init -q . && for i in $(seq 60); do git -c user.name=a -c user.email=a@b commit -q"
                         " --allow-empty -m message-$i; done; clear; echo do''ne")
        self.screen.wait_for("done")
        self.screen.type(self.command("git", "log", "--oneline"))
        self.screen.wait_for("message-60")
        self.screen.keys("G")
        self.screen.wait_for("message-1\n")
        self.screen.keys("q")
        self.leave()

    @needs("tmux")
    @needs("node")
    def test_a_node_program_with_shortcuts(self):
        self.sandbox.write("keys.js", "process.stdin.setRawMode(true); console.log('colours', process.stdout.getColorDepth()"
                           ", process.stdout.columns);\nprocess.stdin.on('data', key => { console.log('key', String(key));"
                           " if (String(key) == 'q') process.exit(0); });\n"
                           "process.stdout.on('resize', () => console.log('columns', process.stdout.columns));\n")
        self.screen.type(self.command("node", "keys.js"))
        screen = self.screen.wait_for("colours")
        self.assertRegex(screen, re.compile(r"colours (4|8|24) 100"))
        self.screen.keys("r")
        self.screen.wait_for("key r")
        self.screen.resize(30, 90)
        self.screen.wait_for("columns 90")
        self.screen.keys("q")
        self.leave()


if __name__ == "__main__":
    main()

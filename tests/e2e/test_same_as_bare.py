"""Many programs, each run bare and wrapped, in pipes and on a terminal: what they write to each stream, how
they end and what they find around them must be the same."""

import os
import resource
import shutil
import signal
import subprocess

from harness import GasolineTest, PYTHON, main
from terminal import PROMPT, SHELL, Terminal

PIPES, TERMINAL = "in pipes", "on a terminal"

TEN_THOUSAND_DESCRIPTORS = """
import os
held = [os.open("/dev/null", os.O_RDONLY) for _ in range(10000)]
os.write(1, b"%d\\n" % len(set(held)))
"""

FORKING_WRITERS = """
import os
for i in range(40):
    if os.fork() == 0:
        os.write(1, b"line of a child\\n" * 50)
        os._exit(0)
for i in range(40):
    os.wait()
"""

PER_BYTE = """
import os
for i in range(2000):
    os.write(1 + i % 2, b"%d" % (i % 10))
"""

WHERE_AM_I = """
import os, sys
try:
    size = os.get_terminal_size(1)
except OSError:
    size = None
print([os.isatty(fd) for fd in (0, 1, 2)], size, os.getcwd() == os.environ.get("EXPECTED"))
"""

FILES = {
    "words": "one\ntwo\nthree\n\nfive with ünïcode\n",
    "other": "one\n2\nthree\n",
    "bad.c": "int main(void) { return undeclared; }\n",
    "Makefile": "all: a b c\n\t@echo all is made\na b c:\n\t@echo made > $@.made\n.PHONY: all a b c\n",
    "wrong.mk": "all:\n\t@echo before; exit 7\n",
    "Hello.java": "class Hello { public static void main(String[] a) { System.out.println(\"hello\"); "
                  "System.err.println(\"error\"); System.exit(4); } }\n",
    "many.py": TEN_THOUSAND_DESCRIPTORS,
    "fork.py": FORKING_WRITERS,
    "bytes.py": PER_BYTE,
    "where.py": WHERE_AM_I,
    "trace.py": "def f():\n    raise ValueError('no')\nprint('before', flush=True)\nf()\n",
    "app.js": "console.log('\\u001b[1mlog\\u001b[0m', {a: 1, b: ['x']}); console.error(new Map([[1, 2]]));"
              "process.exitCode = 9;\n",
    "throw.js": "console.log(process.stdout.isTTY, process.stderr.isTTY); throw 'thrown';\n",
}

# name: (command, and what differs from the usual: no stdin, both places)
PROGRAMS = {
    "both streams": ["sh", "-c", "echo out; echo err >&2; exit 3"],
    "no line end": ["printf", "no line end"],
    "nothing": ["true"],
    "failure": ["false"],
    "many lines": ["seq", "100000"],
    "cat": ["cat", "words", "-", "missing"],
    "cat of what cannot be shown": ["cat", "random"],
    "tr": ["tr", "a-z", "A-Z"],
    "sort": ["sort", "-r", "words"],
    "grep with colours": ["grep", "--color=auto", "-n", "t", "words"],
    "grep without a match": ["grep", "nowhere", "words"],
    "sed": ["sed", "-n", "s/o/0/gp", "words"],
    "awk": ["awk", "{ print NR, $0 } END { print \"end\" > \"/dev/stderr\"; exit 6 }", "words"],
    "perl": ["perl", "-e", "$| = 1; print \"a\\n\"; warn \"b\\n\"; print -t STDOUT ? 1 : 0; exit 5"],
    "python": [PYTHON, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(8)"],
    "python with a traceback": [PYTHON, "trace.py"],
    "python and its terminals": [PYTHON, "where.py"],
    "python writing bytes in turns": [PYTHON, "bytes.py"],
    "python with 10,000 descriptors": [PYTHON, "many.py"],
    "forking writers": [PYTHON, "fork.py"],
    "node": ["node", "app.js"],
    "node that throws": ["node", "throw.js"],
    "java": ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "Hello.java"],
    "go": ["go", "version"],
    "gcc with an error": ["gcc", "-c", "bad.c", "-o", "/dev/null"],
    "make": ["make", "-s", "-j4"],
    "make that fails": ["make", "-f", "wrong.mk"],
    "git status": ["git", "status"],
    "git log": ["git", "--no-pager", "log", "--format=%s %an", "--graph"],
    "git diff": ["git", "--no-pager", "diff"],
    "git with an error": ["git", "checkout", "no-such-branch"],
    "ls": ["ls", "--color=auto", "-1", "directory"],
    "ls in columns": ["ls", "directory"],
    "ls of nothing": ["ls", "missing"],
    "find": ["find", "directory", "-name", "*.x", "-exec", "echo", "{}", ";"],
    "xargs": ["xargs", "-n1", "echo", "got"],
    "diff": ["diff", "--color=auto", "-u", "--label", "a", "--label", "b", "words", "other"],
    "tar": ["tar", "cf", "-", "words", "other"],
    "gzip": ["gzip", "-cn", "words"],
    "base64": ["base64", "random"],
    "dd": ["dd", "if=random", "bs=1000", "status=none"],
    "sqlite3": ["sqlite3", ":memory:", "select 1, 'a'; select * from missing;"],
    "jq": ["jq", "-n", "{a: [1, 2]}"],
    "curl": ["curl", "-s", "file:///etc/hostname", "file:///no/such/file"],
    "ssh": ["ssh", "-V"],
    "ssh with a bad option": ["ssh", "-o", "NoSuchOption=1", "localhost"],
    "timeout": ["timeout", "0.2", "sleep", "100"],
    "nice": ["nice", "-n", "7", "nice"],
    "env": ["env", "-i", "A=b", "env"],
    "nohup": ["nohup", "sh", "-c", "kill -HUP $$; echo lives"],
    "id of another user": ["setpriv", "--reuid=65534", "--clear-groups", "id", "-u"],
    "sudo": ["sudo", "-n", "true"],
    "the streams by their names": ["sh", "-c", "cat /dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr"],
    "stdout closed": ["sh", "-c", "exec >&-; echo lost; echo $? >&2"],
    "both closed": ["sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 12"],
    "a pipe within": ["bash", "-c", "yes | head -3; echo ${PIPESTATUS[0]}"],
    "a shell that reads": ["sh", "-c", "while read line; do echo \"[$line]\"; done"],
    "NULs": ["head", "-c", "70000", "/dev/zero"],
    "progress": ["sh", "-c", "for i in 1 2 3; do printf '\\r%d%%' $i; done; echo; printf '\\033[2K\\r\\033[1mend\\033[0m\\n'"],
    "killed by TERM": ["sh", "-c", "echo before; kill -TERM $$"],
    "killed by KILL": ["sh", "-c", "echo before; kill -KILL $$"],
    "killed by SEGV": ["sh", "-c", "ulimit -c 0; kill -SEGV $$"],
    "exit 255": ["sh", "-c", "exit 255"],
}

# What a terminal is asked for and told is another matter than bytes.
ON_TERMINAL_ONLY = {
    "the terminal by its name": ["sh", "-c", "echo to the terminal >/dev/tty; sleep 0.1; echo out; tty"],
    "the size": ["sh", "-c", "stty size; stty size </dev/tty; tput cols"],
    "the modes": ["sh", "-c", "stty -a"],
}
# They wait for their stdin's end, or are asked by it.
READS_STDIN = ("cat", "tr", "xargs", "the streams by their names", "a shell that reads")


class SameAsBare(GasolineTest):
    def setUp(self):
        super().setUp()
        for name, text in FILES.items():
            self.sandbox.write(name, text)
        with open(self.sandbox.work + "/random", "wb") as file:
            file.write(b"".join(bytes([i * i % 251, i % 256]) for i in range(50000)))
        os.mkdir(self.sandbox.work + "/directory")
        for name in ("a.x", "b.x", "c"):
            open(f"{self.sandbox.work}/directory/{name}", "w").close()
        os.mkdir(self.sandbox.work + "/directory/sub")
        self.sandbox.env.update(TERM="xterm", EXPECTED=self.sandbox.work, LC_ALL="C.UTF-8", GOTOOLCHAIN="local")
        if shutil.which("git"):
            git = "git -c user.name=A -c user.email=a@b"
            self.sandbox.run(["sh", "-c", f"git init -q -b main . && git add words && {git} commit -qm first && "
                              f"{git} commit -q --allow-empty -m second && echo more >>words"])

    def in_pipes(self, command, is_wrapped, input=None):
        run = self.sandbox.run_wrapped if is_wrapped else lambda *words, **more: self.sandbox.run(list(words), **more)
        ended = run(*command, input=input if input is not None else b"")
        return ended.returncode, ended.stdout, ended.stderr

    def on_terminal(self, command, is_wrapped, redirection="2>errors"):
        """One stream on the terminal and one in a file, so that each can be compared byte by byte."""
        arguments = self.sandbox.wrapper(*command) if is_wrapped else command
        terminal = Terminal(self.sandbox, ["sh", "-c", f'"$0" "$@" {redirection}; code=$?; sleep 0.05; exit $code',
                                           *arguments])
        try:
            shown = terminal.read_to_end()
            code = terminal.wait()
        finally:
            terminal.close()
        with open(self.sandbox.work + "/errors", "rb") as file:
            return code, shown, file.read()

    def check(self, name, place, run, *more):
        bare, wrapped = run(*more, False), run(*more, True)
        for what, expected, got in zip(("the exit", "the first stream", "the other stream"), bare, wrapped):
            if expected != got:
                self.fail(f"{name} {place}: {what} differs: bare {expected[-300:] if what != 'the exit' else expected!r},"
                          f" wrapped {got[-300:] if what != 'the exit' else got!r}")

    def programs(self, table):
        for name, command in table.items():
            if shutil.which(command[0]):
                yield name, command

    def test_there_are_enough_of_them(self):
        self.assertGreaterEqual(sum(1 for _ in self.programs(PROGRAMS)), 40)

    def test_in_pipes(self):
        for name, command in self.programs(PROGRAMS):
            with self.subTest(name):
                input = b"some\nlines on stdin\nwithout an end" if name in READS_STDIN else None
                self.check(name, PIPES, lambda is_wrapped: self.in_pipes(command, is_wrapped, input))

    def test_stdout_on_a_terminal(self):
        for name, command in [*self.programs(PROGRAMS), *self.programs(ON_TERMINAL_ONLY)]:
            with self.subTest(name):
                redirection = "2>errors" + ("" if name in ON_TERMINAL_ONLY else " </dev/null")
                self.check(name, TERMINAL, lambda is_wrapped: self.on_terminal(command, is_wrapped, redirection))

    def test_stderr_on_a_terminal(self):
        for name, command in self.programs(PROGRAMS):
            with self.subTest(name):
                self.check(name, TERMINAL, lambda is_wrapped: self.on_terminal(command, is_wrapped,
                                                                              ">errors </dev/null"))

    def test_one_that_writes_after_its_parent_has_died(self):
        command = ["sh", "-c", "(sleep 0.3; echo late; echo late error >&2) & echo early; exit 2"]
        self.check("late", PIPES, lambda is_wrapped: self.in_pipes(command, is_wrapped))

    def test_what_it_finds_around_it_on_a_terminal(self):
        script = ("umask; nice; ulimit -a; pwd; env -0 | tr '\\0' '\\n' | grep -v ^GASOLINE_ | grep -Ev '^(_|PS1)=' | sort;"
                  " cat /proc/self/oom_score_adj; trap;"
                  " grep -E '^(Sig(Blk|Cgt)|ShdPnd|Groups|Uid|Cap|NoNew|Seccomp:|Cpus_allowed_list)' /proc/self/status;"
                  # The last is that of the listing itself.
                  " ls /proc/$$/fd; ps -o tty=,sid= -p $$; test $(ps -o pgid= -p $$) = $(ps -o tpgid= -p $$) && echo front")
        path = self.sandbox.write("around.sh", script)
        shell = Terminal(self.sandbox, SHELL)
        self.addCleanup(shell.close)
        shell.expect(PROMPT)
        shell.run("umask 027; renice -n 3 $$ >/dev/null; ulimit -n 300; ulimit -c 0")
        bare = shell.run("sh " + path)
        wrapped = shell.run(" ".join(self.sandbox.wrapper("sh", path)))
        self.assertIn(b"front", bare[-300:])
        self.assertEqual(bare, wrapped)

    def test_what_it_finds_around_it_in_pipes(self):
        def prepare():
            os.umask(0o027)
            os.nice(3)
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 400))
            signal.signal(signal.SIGUSR1, signal.SIG_IGN)

        script = ("umask; nice; ulimit -a; pwd; ls /proc/$$/fd; ps -o sid= -p $$;"
                  " grep -E '^(Sig(Blk|Cgt)|ShdPnd|Groups|Uid|Cap|NoNew|Seccomp:|Cpus_allowed_list)' /proc/self/status")
        options = {"preexec_fn": prepare, "stdin": subprocess.DEVNULL}
        bare = self.sandbox.run(["sh", "-c", script], **options)
        wrapped = self.sandbox.run_wrapped("sh", "-c", script, **options)
        self.assertEqual(bare.stdout.splitlines(), wrapped.stdout.splitlines())
        self.assertEqual((bare.returncode, bare.stderr), (wrapped.returncode, wrapped.stderr))


if __name__ == "__main__":
    main()

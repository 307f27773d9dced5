"""A wrapped command cannot tell that it is wrapped, and neither can whoever reads its output."""

import hashlib
import os
import resource
import signal
import subprocess
import unittest

from harness import GasolineTest, PYTHON, main, needs, share_of

WRITE_RANDOM = """
import os, random, sys
generator = random.Random(7)
left = int(sys.argv[1])
while left > 0:
    chunk = generator.randbytes(min(left, generator.randint(1, 100000)))
    left -= len(chunk)
    while chunk:
        chunk = chunk[os.write(1, chunk):]
"""

WRITE_FAST = """
import os, sys
block = b"".join(b"%07d a line of a program that writes as fast as it can\\n" % i for i in range(2000))
left = int(sys.argv[1])
while left > 0:
    left -= os.write(1, block[:left])
"""

DESCRIPTORS = """
import os
listing = os.open("/proc/self/fd", os.O_RDONLY)
for name in sorted(os.listdir(listing), key=int):
    if int(name) != listing:
        target = os.readlink("/proc/self/fd/" + name)
        print(name, target.split(":")[0])
"""


# Signals 32 and 33 belong to the C library, which has its own ways with them in a child.
SIGNALS = """
for line in open("/proc/self/status"):
    if line.startswith(("SigBlk", "SigIgn")):
        name, mask = line.split()
        print(name, hex(int(mask, 16) & ~0x180000000))
"""


class Bytes(GasolineTest):
    def test_shell_pipelines_come_out_the_same(self):
        for script in ("seq 1 5000 | sort -r | head -100",
                       "for i in 1 2 3; do echo out $i; echo err $i >&2; done",
                       "echo a; (echo b; echo c >&2) | cat; exit 3",
                       "printf 'no newline'; printf 'nor here' >&2; false",
                       "cat /proc/self/mounts | wc -l; true"):
            self.check_same(["sh", "-c", script])

    def test_odd_bytes_come_out_the_same(self):
        for text in (r"", r"\n", r"\n\n\n", r"a\000b\000\n", r"crlf\r\nline\r\n",
                     r"10%%\r20%%\r30%%\rdone\n", r"\r\r\r", r"\377\376 not utf-8 \200\n",
                     r"\033[31mred\033[0m\n", r"caf\303\251\n", r"half of \303"):
            self.check_same(["printf", text])

    def test_python_comes_out_the_same(self):
        self.check_same([PYTHON, "-c", "import sys; print('out'); print('err', file=sys.stderr); "
                                       "sys.stdout.flush(); sys.exit(7)"])
        self.check_same([PYTHON, "-c", "raise ValueError('traceback on stderr')"])

    @needs("node")
    def test_node_comes_out_the_same(self):
        self.check_same(["node", "-e", "for (let i = 0; i < 20000; ++i) console.log('line ' + i); "
                                       "console.error('err'); process.exitCode = 9"])
        self.check_same(["node", "-e", "console.log(process.stdout.isTTY, process.stdin.isTTY); "
                                       "throw new Error('boom')"])

    def test_a_program_that_writes_100_MB_as_fast_as_it_can(self):
        size = share_of(100_000_000)
        script = f"{PYTHON} -c '{WRITE_FAST}' {size}"
        for options in (("--no-daemon",), ("--no-daemon", "--lossless")):
            run = self.sandbox.popen(self.sandbox.wrapper("sh", "-c", script, options=options),
                                     stdout=subprocess.PIPE)
            got, count = hashlib.sha256(), 0
            while chunk := run.stdout.read(1 << 20):
                got.update(chunk)
                count += len(chunk)
            self.assertEqual(run.wait(), 0)
            bare = self.sandbox.run(["sh", "-c", script], patience_s=120)
            self.assertEqual(count, size)
            self.assertEqual(got.digest(), hashlib.sha256(bare.stdout).digest())

    def test_a_program_that_writes_20_MB_of_random_bytes(self):
        self.check_same([PYTHON, "-c", WRITE_RANDOM, str(share_of(20_000_000))], patience_s=120)

    def test_stdin_is_passed_through(self):
        text = os.urandom(share_of(3_000_000))
        self.assertEqual(self.check_same(["cat"], input=text).stdout, text)
        self.check_same(["sh", "-c", "read first; echo got $first; cat >/dev/null"],
                        input=b"one\ntwo\nthree\n")

    def test_bytes_come_out_before_the_line_is_complete(self):
        run = self.sandbox.popen(
            self.sandbox.wrapper("sh", "-c", "printf prompt:; read answer; echo you said $answer"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertEqual(os.read(run.stdout.fileno(), 100), b"prompt:")
        run.stdin.write(b"hello\n")
        run.stdin.flush()
        self.assertEqual(run.stdout.read(), b"you said hello\n")
        self.assertEqual(run.wait(), 0)

    def test_the_child_may_open_its_streams_by_name(self):
        self.check_same(["sh", "-c", "echo a >/dev/stdout; echo b >/dev/stderr; echo c >/dev/fd/1; "
                                     "echo d >/proc/self/fd/2"])

    def test_a_slow_reader_gets_everything(self):
        run = self.sandbox.popen(self.sandbox.wrapper("seq", "1", "200000"), stdout=subprocess.PIPE)
        got = b""
        while chunk := os.read(run.stdout.fileno(), 777):
            got += chunk
        self.assertEqual(got, b"".join(b"%d\n" % i for i in range(1, 200001)))
        self.assertEqual(run.wait(), 0)


class Streams(GasolineTest):
    def check_same_in_shell(self, redirection):
        command = "sh -c 'echo out; a=$?; echo err >&2; echo $a $? >{}; ls /proc/self/fd >>{}' {}"
        results = []
        for name, prefix in (("bare", ""), ("wrapped", " ".join(self.sandbox.wrapper()) + " ")):
            path = f"{self.sandbox.work}/{name}"
            run = self.sandbox.run(["sh", "-c", prefix + command.format(path, path, redirection)])
            with open(path, "rb") as file:
                results.append((run.returncode, run.stdout, run.stderr, file.read()))
        # A shell's complaint about a closed stream names itself the same way in both.
        self.assertEqual(results[0], results[1])

    def test_streams_that_are_closed_stay_closed(self):
        for redirection in (">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"):
            with self.subTest(redirection):
                self.check_same_in_shell(redirection)

    def test_both_streams_into_one_pipe_hold_every_line(self):
        run = self.sandbox.run(["sh", "-c", " ".join(self.sandbox.wrapper()) +
                                " sh -c 'seq 1 1000; seq 1001 2000 >&2' 2>&1"])
        self.assertEqual(sorted(map(int, run.stdout.split())), list(range(1, 2001)))

    def test_output_into_a_file_and_a_full_device(self):
        path = self.sandbox.work + "/out"
        with open(path, "wb") as file:
            self.sandbox.run_wrapped("seq", "1", "100000", stdout=file)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"".join(b"%d\n" % i for i in range(1, 100001)))
        with open("/dev/full", "wb") as file:
            run = self.sandbox.run_wrapped("sh", "-c", "seq 1 100000; echo said=$? >&2", stdout=file)
        self.assertIn(b"said=", run.stderr)

    def test_the_child_gets_no_descriptor_of_ours(self):
        self.check_same([PYTHON, "-c", DESCRIPTORS], stdin=subprocess.PIPE, input=b"")

    def test_a_descriptor_that_was_given_to_us_reaches_the_child(self):
        read_end, write_end = os.pipe()
        try:
            command = ["sh", "-c", f"echo through >&{write_end}"]
            run = self.sandbox.run_wrapped(*command, pass_fds=(write_end,))
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(os.read(read_end, 100), b"through\n")
        finally:
            os.close(read_end)
            os.close(write_end)


class Surroundings(GasolineTest):
    def test_the_environment_differs_by_the_two_documented_variables(self):
        self.sandbox.env.update({"ODD": "a=b\nc", "EMPTY": "", "NO_COLOR": "1"})
        bare = set(self.sandbox.run(["env", "-0"]).stdout.split(b"\0"))
        wrapped = set(self.sandbox.run_wrapped("env", "-0").stdout.split(b"\0"))
        self.assertEqual(bare - wrapped, set())
        added = {variable.split(b"=")[0] for variable in wrapped - bare}
        self.assertEqual(added, {b"GASOLINE_RUN_ID", b"GASOLINE_URL"})

    def test_limits_priority_masks_and_session_are_the_same(self):
        def prepare():
            os.umask(0o027)
            os.nice(5)
            resource.setrlimit(resource.RLIMIT_NOFILE, (300, 400))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        script = ("umask; nice; ulimit -a; pwd; cut -d' ' -f6 /proc/self/stat; "
                  "cat /proc/self/oom_score_adj; "
                  "grep -E '^(ShdPnd|Groups|Uid|Cap|NoNew|Seccomp:|Cpus_allowed_list)' "
                  "/proc/self/status")
        self.check_same(["sh", "-c", script], preexec_fn=prepare)

    def test_signals_are_blocked_and_ignored_as_without_us(self):
        def prepare():
            for ignored in (signal.SIGUSR1, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
                signal.signal(ignored, signal.SIG_IGN)

        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, signal.SIGUSR2])

        # Python itself ignores SIGPIPE at its start, whatever it was given.
        self.check_same([PYTHON, "-c", SIGNALS], preexec_fn=prepare)
        self.check_same([PYTHON, "-c", SIGNALS], preexec_fn=block)

    def test_a_hangup_that_was_ignored_stays_ignored(self):
        def ignore():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        run = self.check_same(["sh", "-c", "kill -HUP $$; echo still here"], preexec_fn=ignore)
        self.assertEqual(run.stdout, b"still here\n")

    def test_a_broken_pipe_that_was_ignored_stays_ignored(self):
        def ignore():
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)

        endless = "(yes; echo $? >&2) | head -1"
        self.check_same(["sh", "-c", endless], preexec_fn=ignore, restore_signals=False)
        self.check_same(["sh", "-c", endless])

    def test_arguments_reach_the_command_untouched(self):
        for arguments in (["--name", "x", "--version", "-v"], ["", " ", "a b", "*", "$HOME", "'", "\n"]):
            self.check_same(["printf", "[%s]", *arguments])

    def test_nothing_of_ours_is_said_when_all_is_well(self):
        for options in (("--no-daemon",), ("--no-daemon", "--name", "quiet", "--tag", "env:dev")):
            run = self.sandbox.run_wrapped("true", options=options)
            self.assertEqual((run.stdout, run.stderr), (b"", b""))


if __name__ == "__main__":
    main()

"""The rows of docs/ROTATION.md, each as a scene that a seed varies: a real writer under load, the real logrotate,
and a daemon that is killed in between. Run by test_rotation.py with few seeds and by bench/rotation_soak.py with
many.
"""

import bz2
import collections
import contextlib
import glob
import gzip
import lzma
import os
import random
import re
import shutil
import signal
import subprocess
import time

import harness

NUMBER = re.compile(r" says n=(\d+)")
HERE = os.path.dirname(os.path.abspath(__file__))
LINES_PER_S = 1500
PATIENCE_S = 4 * harness.PATIENCE_S  # many scenes at once, each with processes of its own


class Lost(AssertionError):
    """Lines are missing or were taken twice."""


class Stage:
    """A sandbox with a directory of logs, a writer, a logrotate and a daemon that may be killed."""

    def __init__(self, seed, cache=None):
        self.random = random.Random(seed)
        self.seed = seed
        self.sandbox = harness.Sandbox()
        if cache:
            self.sandbox.env["XDG_CACHE_HOME"] = cache  # compiled patterns are the same for all
        self.logs = self.sandbox.work + "/logs"
        os.mkdir(self.logs, 0o755)
        self.path = self.logs + "/app.log"
        self.pattern = self.path
        self.options = ""
        self.daemon = None
        self.writer = None
        self.written = None
        self.rotations = 0

    def close(self):
        self.sandbox.close()

    def pause(self, least=0.03, most=0.25):
        time.sleep(self.random.uniform(least, most))

    # The daemon

    def configure(self):
        paths = self.pattern if isinstance(self.pattern, list) else [self.pattern]
        return self.sandbox.write(
            "config.yaml", "backend:\n  logs:\n    - type: file\n      service: app\n      path: ["
            + ", ".join(f'"{path}"' for path in paths) + "]\n" + self.options)

    def start(self):
        self.daemon = self.sandbox.start_daemon("--config", self.configure())

    def kill(self):
        self.daemon.kill()

    def restart(self):
        self.kill()
        self.pause(0, 0.15)
        self.start()

    @contextlib.contextmanager
    def blind(self, is_killed):
        """The daemon sees nothing meanwhile: frozen, or dead."""
        if is_killed:
            self.kill()
            yield
            self.start()
        else:
            with self.daemon.frozen():
                yield

    # The writer and the rotation

    def write(self, rate=LINES_PER_S):
        self.writer = self.sandbox.popen(
            [harness.PYTHON, HERE + "/log_writer.py", self.path, "app", str(rate)],
            stdout=subprocess.PIPE)
        if self.writer.stdout.readline() != b"ready\n":
            raise AssertionError("the writer does not begin")

    def end_writing(self):
        self.writer.send_signal(signal.SIGTERM)
        self.written = int(self.writer.communicate(timeout=PATIENCE_S)[0])

    def rotate(self, directives, signals_writer=True):
        # A date has a resolution of a second; a rotation to a name that exists is refused.
        self.rotations += 1
        text = directives.replace("%N", str(self.rotations))
        conf = self.sandbox.write("logrotate.conf", f"{self.path} {{\n rotate 1000\n missingok\n {text}\n}}\n")
        done = self.sandbox.run(["/usr/sbin/logrotate", "-f", "-s", self.sandbox.work + "/rotated", conf],
                                patience_s=PATIENCE_S)
        if done.returncode != 0:
            raise AssertionError(f"logrotate: {done.stderr!r}")
        if signals_writer and self.writer:
            self.writer.send_signal(signal.SIGHUP)

    # What came of it

    def in_files(self):
        numbers = set()
        for path in glob.glob(self.logs + "/**", recursive=True):
            if not os.path.isfile(path):
                continue
            if path.endswith((".gz", ".xz", ".bz2")):
                opened = {".gz": gzip, ".xz": lzma, "bz2": bz2}[path[-3:]].open(path)
                with opened:
                    data = opened.read()
            elif path.endswith(".zst"):
                data = subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout
            else:
                with open(path, "rb") as file:
                    data = file.read()
            numbers.update(int(number) for number in NUMBER.findall(data.decode(errors="replace")))
        return numbers

    def taken(self):
        events = self.sandbox.timeline(service="app")
        found = (NUMBER.search(event["message"]) for event in events)
        return collections.Counter(int(match[1]) for match in found if match)

    def check(self, wanted):
        """All of `wanted` is there, and nothing twice."""
        def missing():
            return wanted - set(self.taken())

        deadline = time.monotonic() + PATIENCE_S
        while missing() and time.monotonic() < deadline:
            time.sleep(0.05)
        lost = sorted(missing())
        twice = sorted(number for number, count in self.taken().items() if count > 1)
        if lost or twice:
            raise Lost(f"seed {self.seed}: {len(lost)} of {len(wanted)} lost {lost[:5]}, "
                       f"{len(twice)} twice {twice[:5]}, last {twice[-1:]}\n{self.story(lost or twice)}")

    def story(self, numbers):
        """What the daemons said, and which generations have the first and the last of these lines."""
        told = []
        for path in sorted(glob.glob(self.sandbox.root + "/gasolined-*.log")):
            with open(path, errors="replace") as file:
                told.append(file.read()[-3000:])
        for event in self.sandbox.timeline(service="app"):
            found = NUMBER.search(event["message"])
            if found and int(found[1]) in (numbers[0], numbers[-1]):
                told.append(f"line {found[1]} is {event['seq']} of {event['run_id']}")
        return "\n".join(told + [str(sorted(os.listdir(self.logs)))])

    def check_all_written(self):
        self.check(set(range(1, self.written + 1)))

    def await_followed(self):
        """The daemon has the file that the path names now: what it never saw, nobody can read once it is gone."""
        def is_open():
            with contextlib.suppress(OSError):
                wanted = os.stat(self.path)
                for name in os.listdir(f"/proc/{self.daemon.pid}/fd"):
                    with contextlib.suppress(OSError):
                        if os.path.samestat(os.stat(f"/proc/{self.daemon.pid}/fd/{name}"), wanted):
                            return True
            return False

        harness.wait_for(is_open, "the file to be followed", PATIENCE_S)

    def await_taken(self, number):
        harness.wait_for(lambda: self.taken()[number], f"line {number}", PATIENCE_S)


def disturbed(stage, act, times=3):
    """Acts some times under load, with kills of the daemon at moments of chance between and during."""
    stage.start()
    stage.write()
    for _ in range(times):
        stage.pause()
        if stage.random.random() < 0.4:
            stage.restart()
        with stage.blind(True) if stage.random.random() < 0.25 else contextlib.nullcontext():
            act()
        if stage.random.random() < 0.3:
            stage.restart()
    stage.pause()
    stage.end_writing()


def create(stage):
    disturbed(stage, lambda: stage.rotate("create 0644"))
    stage.check_all_written()


def create_while_the_writer_goes_on(stage):
    def act():
        stage.rotate("create 0644", signals_writer=False)
        stage.pause()
        stage.writer.send_signal(signal.SIGHUP)

    disturbed(stage, act)
    stage.check_all_written()


def dateext(stage):
    disturbed(stage, lambda: stage.rotate("create 0644\n dateext\n dateformat -%Y%m%d-%s%N"))
    stage.check_all_written()


def dateext_before_the_extension(stage):
    act = lambda: stage.rotate("create 0644\n dateext\n dateformat -%Y%m%d.%N\n extension .log")  # noqa: E731
    disturbed(stage, act)
    stage.check_all_written()


def olddir(stage):
    """What is open is read to its end, wherever it is moved."""
    os.mkdir(stage.logs + "/old")
    stage.start()
    stage.write()
    for _ in range(3):
        stage.pause()
        stage.await_followed()
        with stage.blind(False) if stage.random.random() < 0.5 else contextlib.nullcontext():
            stage.rotate("create 0644\n olddir old")
            stage.pause()
    stage.end_writing()
    stage.check_all_written()


def olddir_that_a_pattern_matches(stage):
    os.mkdir(stage.logs + "/old")
    stage.pattern = [stage.path, stage.logs + "/old/app.log*"]
    disturbed(stage, lambda: stage.rotate("create 0644\n olddir old"))
    stage.check_all_written()


def copytruncate(stage):
    disturbed(stage, lambda: stage.rotate("copytruncate", signals_writer=False))
    stage.check(stage.in_files())


def copytruncate_followed_by_glob(stage):
    """The copies match the pattern too."""
    stage.pattern = stage.logs + "/app.log*"
    disturbed(stage, lambda: stage.rotate("copytruncate", signals_writer=False))
    stage.check(stage.in_files())


def create_followed_by_glob(stage):
    stage.pattern = stage.logs + "/app.log*"
    disturbed(stage, lambda: stage.rotate("create 0644"))
    stage.check_all_written()


def copytruncate_grown_past_the_old_place(stage):
    stage.start()
    stage.write()
    for _ in range(2):
        stage.pause()
        with stage.blind(stage.random.random() < 0.5):
            size = os.path.getsize(stage.path)
            stage.rotate("copytruncate", signals_writer=False)
            harness.wait_for(lambda: os.path.getsize(stage.path) > size + 100, "the file to grow again",
                             PATIENCE_S)
    stage.end_writing()
    stage.check(stage.in_files())


def compress(stage):
    packing = stage.random.choice(["", "\n compresscmd /usr/bin/zstd\n compressext .zst\n compressoptions -q --rm",
                                   "\n compresscmd /usr/bin/xz\n compressext .xz",
                                   "\n compresscmd /usr/bin/bzip2\n compressext .bz2"])
    way = stage.random.choice(["create 0644", "copytruncate"])
    delay = stage.random.choice(["", "\n delaycompress"])
    disturbed(stage, lambda: stage.rotate(f"{way}\n compress{packing}{delay}", signals_writer=way != "copytruncate"))
    # Without delaycompress a writer that goes on in the renamed file writes into what nobody reads.
    is_whole = way != "copytruncate" and delay
    stage.check_all_written() if is_whole else stage.check(stage.in_files())


def several_rotations_between_two_looks(stage):
    way = stage.random.choice(["create 0644", "copytruncate"])
    stage.start()
    stage.write()
    for _ in range(2):
        stage.pause()
        with stage.blind(stage.random.random() < 0.5):
            for _ in range(3):
                stage.rotate(way, signals_writer=way != "copytruncate")
                stage.pause()
    stage.end_writing()
    stage.check_all_written() if way != "copytruncate" else stage.check(stage.in_files())


def rotated_before_the_first_look(stage):
    """The file comes and is rotated away before the daemon has looked at it once."""
    way = stage.random.choice(["create 0644", "copytruncate"])
    packing = stage.random.choice(["", "\n compress\n delaycompress"])
    stage.start()
    with stage.blind(stage.random.random() < 0.5):
        stage.write()
        for _ in range(stage.random.choice([1, 2])):
            stage.pause()
            stage.rotate(way + packing, signals_writer=way != "copytruncate")
        stage.pause()
    stage.pause()
    stage.end_writing()
    stage.check_all_written() if way != "copytruncate" else stage.check(stage.in_files())


def several_compressed_rotations_while_down(stage):
    stage.start()
    stage.write()
    stage.pause()
    with stage.blind(True):
        for _ in range(3):
            stage.rotate("create 0644\n compress\n delaycompress")
            stage.pause()
    stage.pause()
    stage.end_writing()
    stage.check_all_written()


def symlink_switch(stage):
    link, number = stage.path, 0
    stage.path = f"{stage.logs}/app-current-0.log"
    os.symlink(stage.path, link)
    stage.pattern = link
    stage.start()
    stage.path = link
    stage.write()
    for _ in range(3):
        stage.pause()
        number += 1
        os.symlink(f"app-current-{number}.log", link + ".new")
        os.rename(link + ".new", link)
        stage.writer.send_signal(signal.SIGHUP)
        stage.pause()
        if stage.random.random() < 0.3:
            stage.restart()
    stage.end_writing()
    stage.check_all_written()


def delete_and_create(stage):
    stage.start()
    stage.write()
    for _ in range(3):
        stage.pause()
        stage.await_followed()
        os.unlink(stage.path)
        stage.pause()
        stage.writer.send_signal(signal.SIGHUP)
    stage.pause()
    stage.end_writing()
    stage.check_all_written()


def truncate_and_rewrite(stage):
    """What was taken before stays; what comes after is all there."""
    stage.start()
    stage.write(rate=400)
    for _ in range(3):
        stage.pause()
        # The writer pauses, since what it cuts off before anybody reads it is gone for all.
        stage.writer.send_signal(signal.SIGUSR1)
        number = int(stage.writer.stdout.readline())
        stage.check(set(range(1, number + 1)))
        if stage.random.random() < 0.5:
            stage.restart()
        stage.writer.send_signal(signal.SIGUSR2)
    stage.end_writing()
    stage.check_all_written()


def directory_recreated(stage):
    stage.start()
    stage.write()
    for number in range(2):
        stage.pause()
        stage.await_followed()
        os.rename(stage.logs, f"{stage.logs}-{number}")
        stage.pause(0, 0.1)
        os.mkdir(stage.logs)
        stage.pause(0, 0.1)
        stage.writer.send_signal(signal.SIGHUP)
    stage.pause()
    stage.end_writing()
    stage.check_all_written()
    for old in glob.glob(stage.logs + "-*"):
        shutil.rmtree(old)


def appearing_and_vanishing(stage):
    stage.pattern = stage.logs + "/*/app.log"
    stage.start()
    base = 0
    for number in range(3):
        os.mkdir(f"{stage.logs}/{number}")
        stage.path = f"{stage.logs}/{number}/app.log"
        with open(stage.path, "w") as file:
            for line in range(base + 1, base + 51):
                file.write(f"app says n={line} in {number}\n")
        base += 50
        stage.await_taken(base)
        if stage.random.random() < 0.5:
            stage.restart()
        if stage.random.random() < 0.5:
            shutil.rmtree(f"{stage.logs}/{number}")
    stage.written = base
    stage.check_all_written()


ROWS = [create, create_while_the_writer_goes_on, dateext, dateext_before_the_extension, create_followed_by_glob,
        olddir, olddir_that_a_pattern_matches, copytruncate, copytruncate_followed_by_glob, copytruncate_grown_past_the_old_place, compress,
        several_rotations_between_two_looks, rotated_before_the_first_look,
        several_compressed_rotations_while_down, symlink_switch, delete_and_create, truncate_and_rewrite,
        directory_recreated, appearing_and_vanishing]


def play(row, seed, cache=None):
    stage = Stage(seed, cache)
    try:
        row(stage)
        code = stage.daemon.stop()
        if code != 0:
            raise AssertionError(f"seed {seed}: gasolined ended with {code}: {stage.daemon.log()[-2000:]}")
    finally:
        stage.close()

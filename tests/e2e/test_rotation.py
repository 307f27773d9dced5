"""Files are followed through every rotation, each line once: the rows of docs/ROTATION.md, and what is around
them: first sight, polling, many files, large offsets, checkpoints that are lost or foreign."""

import concurrent.futures
import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
import time
import unittest

import harness
import rotation
from harness import GasolineTest, main, wait_for
from ssh_host import SSHD, SshHost

SEEDS = 5 if harness.SHARE == 1 else 1
AT_ONCE = 6 if harness.SHARE == 1 else 3


def source(path, *more):
    return "backend:\n  logs:\n    - type: file\n      service: app\n      path: " + path + "\n" + "".join(
        f"      {line}\n" for line in more)


class RotationRows(GasolineTest):
    def test_every_row_has_every_line_once(self):
        """A single row: bench/rotation_soak.py ROW."""
        with tempfile.TemporaryDirectory(prefix="gl-cache-", dir="/tmp") as cache, \
                concurrent.futures.ThreadPoolExecutor(AT_ONCE) as players:
            scenes = [(row, seed) for seed in range(1, SEEDS + 1) for row in rotation.ROWS]
            played = [players.submit(rotation.play, row, seed, cache) for row, seed in scenes]
            for (row, seed), each in zip(scenes, played):
                with self.subTest(row=row.__name__, seed=seed):
                    each.result()


class Following(GasolineTest):
    def setUp(self):
        super().setUp()
        self.logs = self.sandbox.make("logs")
        self.path = self.logs + "/app.log"

    def start(self, *more, path=None):
        config = self.sandbox.write("config.yaml", source(path or self.path, *more))
        return self.sandbox.start_daemon("--config", config)

    def append(self, *lines, path=None):
        with open(path or self.path, "a") as file:
            file.write("".join(line + "\n" for line in lines))

    def messages(self):
        return [event["message"] for event in self.sandbox.timeline(service="app")]

    def await_messages(self, *wanted):
        wait_for(lambda: set(wanted) <= set(self.messages()), f"{wanted}")
        self.assertEqual(sorted(self.messages()), sorted(wanted))

    def files_of(self, daemon):
        files = []
        for fd in os.listdir(f"/proc/{daemon.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                files.append(os.readlink(f"/proc/{daemon.pid}/fd/{fd}"))
        return files

    def test_nothing_old_is_read_unless_it_is_asked_for(self):
        self.append("old")
        daemon = self.start()
        wait_for(lambda: self.path in self.files_of(daemon), "the file to be followed")
        self.append("new")
        self.await_messages("new")
        daemon.kill()
        self.append("while it was down")
        self.start()
        self.await_messages("new", "while it was down")

    def test_from_the_beginning_when_it_is_asked_for(self):
        self.append("old")
        self.start("start: beginning")
        self.await_messages("old")

    def test_of_the_past_only_what_is_recent(self):
        now = time.time()
        stamp = lambda age: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age))  # noqa: E731
        self.append(*(f"{stamp(10000 - i)} INFO old {i}" for i in range(5000)),
                    *(f"{stamp(60)} INFO recent {i}" for i in range(3)))
        self.start("start: recent", "recent: 1h")
        self.await_messages("recent 0", "recent 1", "recent 2")

    def test_the_last_line_of_a_file_is_taken_when_it_is_whole(self):
        self.append("old")
        self.start()
        with open(self.path, "ab", buffering=0) as file:
            wait_for(lambda: self.sandbox.get("/readyz").status == 200, "the daemon")
            file.write(b"begun ")
            time.sleep(0.1)
            self.assertEqual(self.messages(), [])
            file.write(b"and ended\r\n")
            self.await_messages("begun and ended")

    def test_a_file_is_followed_from_offsets_beyond_32_bits(self):
        with open(self.path, "w") as file:
            file.truncate((4 << 30) + 5)
        self.append("", "first")
        daemon = self.start()
        wait_for(lambda: self.path in self.files_of(daemon), "the file to be followed")
        self.append("behind 4 GiB")
        self.await_messages("behind 4 GiB")
        event = self.sandbox.timeline(service="app")[0]
        self.assertEqual(event["seq"], os.path.getsize(self.path))
        daemon.kill()
        self.append("after a restart")
        self.start()
        self.await_messages("behind 4 GiB", "after a restart")

    def test_a_hole_of_4_GiB_is_passed_over(self):
        with open(self.path, "w") as file:
            file.truncate(4 << 30)
        self.append("behind the hole")
        self.start("start: beginning")
        self.await_messages("behind the hole")

    def test_a_thousand_files_of_one_beginning(self):
        count = harness.share_of(1000)
        # Fewer descriptors than files: the daemon takes as many as it may have.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        paths = [f"{self.logs}/{number}.log" for number in range(count)]
        for path in paths:
            self.append("the same banner in all", path=path)
        daemon = self.start("start: beginning", path=f'"{self.logs}/*.log"')
        wait_for(lambda: len(self.messages()) == count, "the banners")
        for path in paths:
            os.rename(path, path + ".1")
            self.append("the same banner in all", "of " + path, path=path)
        wait_for(lambda: len(self.messages()) >= 3 * count, "all after a rotation")
        daemon.kill()
        self.start("start: beginning", path=f'"{self.logs}/*.log"')
        self.append("last", path=paths[0])
        wait_for(lambda: "last" in self.messages(), "the last")
        messages = self.messages()
        self.assertEqual(len(messages), 3 * count + 1)
        self.assertEqual(len([text for text in messages if text.startswith("of ")]), count)

    @staticmethod
    def cpu_s_of_a_second(pid):
        def used_s():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before = used_s()
        time.sleep(1)
        return used_s() - before

    @unittest.skipIf(harness.SHARE < 1, "a sanitizer's memory is its own")
    def test_idle_files_take_little_memory_and_no_cpu_time(self):
        def memory_of(count):
            for number in range(count):
                self.append("line", path=f"{self.logs}/{number}.log")
            daemon = self.start(path=f'"{self.logs}/*.log"')
            followed = lambda: self.sandbox.get("/v1/status").json()["following"][0]["count"]  # noqa: E731
            wait_for(lambda: followed() == count, f"{count} files to be followed")
            wait_for(lambda: self.cpu_s_of_a_second(daemon.pid) < 0.02, "files that nobody writes to cost no CPU time")
            with open(f"/proc/{daemon.pid}/status") as file:
                memory = next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
            self.assertEqual(daemon.stop(), 0)
            return memory

        none, many = memory_of(0), memory_of(1000)
        self.assertLess((many - none) / 1000, 16, "KiB for each file")

    def test_polling_follows_as_well(self):
        self.append("old")
        daemon = self.start("inotify: false", "poll_interval_ms: 20")
        wait_for(lambda: self.path in self.files_of(daemon), "the file to be followed")
        self.assertNotIn("anon_inode:inotify", self.files_of(daemon))
        self.append("one")
        self.await_messages("one")
        os.rename(self.path, self.path + ".1")
        self.append("two", path=self.path + ".1")
        self.append("three")
        self.await_messages("one", "two", "three")
        shutil.copy(self.path, self.path + ".2")
        os.truncate(self.path, 0)
        self.append("four, and longer than the one before")
        self.await_messages("one", "two", "three", "four, and longer than the one before")
        sources = self.sandbox.get("/v1/sources").json()["sources"]
        self.assertEqual([(source["place"], source["events"]) for source in sources], [("path:" + self.path, 4)])

    def overlay(self):
        """The directory of the logs as a container's file system has it; what is there now is in a lower layer."""
        layers = {name: self.sandbox.make(name) for name in ("upper", "workdir", "merged")}
        done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                               f"lowerdir={self.logs},upperdir={layers['upper']},workdir={layers['workdir']}",
                               layers["merged"]], stderr=subprocess.PIPE)
        if done.returncode != 0:
            self.skipTest(f"no overlay can be mounted here: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", layers["merged"]], check=True)
        return layers["merged"] + "/app.log"

    def test_a_file_is_followed_through_an_overlay(self):
        self.append("old")
        path = self.overlay()
        daemon = self.start("poll_interval_ms: 20", path=path)
        wait_for(lambda: path in self.files_of(daemon), "the file to be followed")
        self.append("one", path=path)  # copies it up: no notice comes of that
        self.await_messages("one")
        daemon.kill()
        self.append("two", path=path)
        self.start("poll_interval_ms: 20", path=path)
        self.await_messages("one", "two")
        os.rename(path, path + ".1")
        self.append("three", path=path + ".1")
        self.append("four", path=path)
        self.await_messages("one", "two", "three", "four")

    def far_directory(self):
        """The directory of the logs as a network file system shows it: what is written there makes no notice here."""
        if not (SSHD and shutil.which("sshfs") and os.path.exists("/dev/fuse")):
            self.skipTest("no sshd, no sshfs or no FUSE here")
        host = SshHost(self.sandbox)
        self.addCleanup(host.network.close)
        near = self.sandbox.make("near")
        done = subprocess.run(["sshfs", "-F", f"{host.place}/ssh_config", "-o", "dir_cache=no",
                               f"web1:{self.logs}", near], stderr=subprocess.PIPE)
        if done.returncode != 0:
            self.skipTest(f"nothing can be mounted by FUSE here: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", near], check=True)
        return host, near + "/app.log"

    def test_a_file_system_that_does_not_answer_holds_up_nothing_else(self):
        host, far = self.far_directory()
        near = self.sandbox.make("local") + "/app.log"
        self.append("far", path=self.path)
        self.append("near", path=near)
        config = self.sandbox.write(
            "config.yaml", "backend:\n  logs:\n" + "".join(
                f"    - {{type: file, service: app, name: {name}, path: {path}, start: beginning, poll_interval_ms: 50}}\n"
                for name, path in (("far", far), ("near", near))))
        self.sandbox.start_daemon("--config", config)
        self.await_messages("far", "near")

        def state(name):
            tasks = self.sandbox.get("/v1/status").json()["tasks"]["watched"]
            return next((task["state"] for task in tasks if task["name"] == name), "gone")

        host.network.frozen = True
        self.append("far again", path=self.path)
        wait_for(lambda: state("far") != "running", "the stall to be noticed", 3 * harness.PATIENCE_S)
        self.append("near again", path=near)
        wait_for(lambda: "near again" in self.messages(), "the other file")
        wait_for(lambda: state("near") == "running", "its task to be well")
        self.assertIn(b"far", self.sandbox.cli("status").stdout)
        host.network.frozen = False
        wait_for(lambda: "far again" in self.messages(), "the line behind the stall", 3 * harness.PATIENCE_S)
        self.await_messages("far", "near", "far again", "near again")

    def test_a_network_file_system_is_polled_without_being_asked_to(self):
        self.append("old")
        _, path = self.far_directory()
        daemon = self.start("poll_interval_ms: 20", path=path)
        wait_for(lambda: path in self.files_of(daemon), "the file to be followed")
        notes = lambda: [each["note"] for each in self.sandbox.get("/v1/status").json()["following"]]  # noqa: E731
        wait_for(lambda: notes() == [f"polling: the file system of {path} tells of no changes"], "the status to say so")
        self.append("one")
        self.await_messages("one")
        daemon.kill()
        self.append("two")
        self.start("poll_interval_ms: 20", path=path)
        self.await_messages("one", "two")
        os.rename(self.path, self.path + ".1")
        self.append("three")
        self.await_messages("one", "two", "three")
        os.truncate(self.path, 0)
        self.append("4")
        self.await_messages("one", "two", "three", "4")

    def test_watches_are_given_back(self):
        daemon = self.start(path=f'"{self.logs}/*.log"')

        def watches():
            text = ""
            for fd in os.listdir(f"/proc/{daemon.pid}/fdinfo"):
                try:
                    with open(f"/proc/{daemon.pid}/fdinfo/{fd}") as file:
                        text += file.read()
                except FileNotFoundError:
                    pass
            return text.count("inotify wd:")

        wait_for(lambda: watches() == 1, "the watch of the directory")
        paths = [f"{self.logs}/{number}.log" for number in range(20)]
        for path in paths:
            self.append("line", path=path)
        wait_for(lambda: watches() == 21, "a watch for each file")
        for path in paths:
            os.unlink(path)
        wait_for(lambda: watches() == 1, "the watches to be given back", patience_s=60)
        self.assertEqual(len([name for name in self.files_of(daemon) if ".log" in name and "(deleted)" in name]), 0)

    def test_what_a_rotation_lost_is_a_gap_in_the_timeline(self):
        daemon = self.start("start: beginning")
        self.append("whole " + "x" * 100)
        with open(self.path, "a") as file:
            file.write("begun and lost")
        size = os.path.getsize(self.path)

        def following():
            (source,) = self.sandbox.get("/v1/status").json()["following"]
            return source

        wait_for(lambda: any(file["size_bytes"] == size for file in following()["followed"]), "it to be seen")
        wait_for(lambda: following()["lines"] == 1, "the line")
        with open(self.path + ".1", "w") as file:
            file.write("whole " + "x" * 100 + "\n")  # the copy was made before the rest was written
        os.truncate(self.path, 0)
        self.append("new")

        def check():
            wait_for(lambda: len(self.messages()) == 3, "the gap")
            answer = self.sandbox.get("/v1/timeline?service=app").json()
            (gap,) = answer["gaps"]
            self.assertEqual((gap["source"], gap["bytes"]), ("file:app", len("begun and lost")))
            self.assertIn("not in the copy", gap["reason"])
            (told,) = [event for event in answer["events"] if event["message"] == "lines were not captured"]
            self.assertEqual((told["level"], told["metadata"]["path"]), ("warn", self.path))

        check()
        wait_for(lambda: following()["losses"] == 1, "the status to tell of it")
        daemon.kill()
        self.start("start: beginning")
        check()

    def test_a_lost_checkpoint_repeats_nothing(self):
        daemon = self.start("start: beginning")
        self.append("one", "two")
        self.await_messages("one", "two")
        daemon.kill()
        shutil.rmtree(self.sandbox.state + "/gasoline/sources")
        self.append("three")
        daemon = self.start("start: beginning")
        self.await_messages("one", "two", "three")
        self.assertIn("whose places the event log knows: it was lost", daemon.log())

    def test_a_checkpoint_that_is_damaged_is_said_and_repeats_nothing(self):
        daemon = self.start("start: beginning")
        self.append("one")
        self.await_messages("one")
        self.assertEqual(daemon.stop(), 0)
        directory = self.sandbox.state + "/gasoline/sources"
        (name,) = os.listdir(directory)
        with open(f"{directory}/{name}", "r+b") as file:
            file.seek(20)
            file.write(b"\xff\xff")
        self.append("two")
        daemon = self.start("start: beginning")
        self.await_messages("one", "two")
        self.assertIn("it is damaged", daemon.log())


if __name__ == "__main__":
    main()

"""`gasoline journal` looks into real journals, living, killed and damaged, and ends with a code for scripts."""

import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import unittest

from harness import GasolineTest, main, program, share_of, wait_for

SOUND, DAMAGED, USAGE, FAILED, IN_USE = 0, 1, 2, 4, 5
SEGMENT_HEADER_SIZE = 64
RECORD_HEADER_SIZE = 24


class Journal(GasolineTest):
    def journal(self, verb, path, *options):
        return self.sandbox.cli("journal", verb, path, *options)

    def check(self, expected, verb, path, *options):
        run = self.journal(verb, path, *options)
        self.assertEqual(run.returncode, expected, run)
        return run

    def only_spool(self):
        runs = self.sandbox.spooled_runs()
        self.assertEqual(len(runs), 1, runs)
        return os.path.join(self.sandbox.spool, runs[0])

    def spool_of(self, *command):
        """The spool that a run leaves where no daemon takes it."""
        self.assertEqual(self.sandbox.run_wrapped(*command).returncode, 0)
        return self.only_spool()

    def newest_segment(self, path):
        return max(glob.glob(path + "/*.seg"))

    def records(self, path):
        """(offset, size) of each record of the first segment, as docs/JOURNAL.md says."""
        with open(min(glob.glob(path + "/*.seg")), "rb") as file:
            bytes_ = file.read()
        places, at = [], SEGMENT_HEADER_SIZE
        while at + RECORD_HEADER_SIZE <= len(bytes_):
            size = RECORD_HEADER_SIZE + int.from_bytes(bytes_[at + 4:at + 8], "little")
            places.append((at, size))
            at += size
        return places

    def overwrite(self, path, offset, text):
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(text)

    def test_a_spool_is_given_back_byte_by_byte(self):
        self.sandbox.write("odd", "")
        with open(os.path.join(self.sandbox.work, "odd"), "wb") as file:
            file.write(b"plain\nwith CR\r\n\n50%\r100%\n\xff\xfe\x00not text\n" + b"x" * 2_500_000 + b"\nno end")
        with open(os.path.join(self.sandbox.work, "odd"), "rb") as file:
            written = file.read()
        path = self.spool_of("bash", "-c", "cat odd; echo to stderr >&2")
        self.assertEqual(self.check(SOUND, "cat", path, "--stream", "stdout").stdout, written)
        self.assertEqual(self.check(SOUND, "cat", path, "--stream=stderr").stdout, b"to stderr\n")
        both = self.check(SOUND, "cat", path).stdout
        self.assertEqual(len(both), len(written) + len(b"to stderr\n"))

        records = [json.loads(line) for line in self.check(SOUND, "cat", path, "--ndjson").stdout.splitlines()]
        self.assertEqual([record["seq"] for record in records], list(range(1, len(records) + 1)))
        self.assertEqual(records[0]["kind"], "run_started")
        self.assertEqual(sum(record["bytes"] for record in records if record.get("stream") == "stdout"
                             and "bytes" in record), len(written))
        self.assertEqual(records[-1]["kind"], "run_ended")

        stat = json.loads(self.check(SOUND, "stat", path, "--json").stdout)
        self.assertEqual(stat["captured_bytes"], {"stdout": len(written), "stderr": 10})
        self.assertEqual(stat["lines"], {"stdout": written.count(b"\n") + 1, "stderr": 1})
        self.assertEqual((stat["kind"], stat["sound"], stat["events"]), ("spool", True, len(records)))
        self.assertIn(b"sound", self.check(SOUND, "verify", path).stdout)

    def test_a_line_that_was_journalled_unfinished_is_given_once(self):
        wrapper = self.sandbox.popen(self.sandbox.wrapper("bash", "-c", "printf half; read; echo ' and half'"),
                                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_for(self.sandbox.spooled_runs, "the spool")
        path = self.only_spool()
        wait_for(lambda: self.journal("cat", path).stdout == b"half", "the unfinished line in the spool")
        wrapper.communicate(b"\n")
        self.assertEqual(self.check(SOUND, "cat", path).stdout, b"half and half\n")
        self.assertEqual(self.check(SOUND, "cat", path, "--ndjson").stdout.count(b'"replaces"'), 1)

    def test_the_spool_of_a_killed_wrapper_is_sound(self):
        count = share_of(200_000)
        for delay in (20_000, 60_000, 150_000):
            with self.subTest(delay):
                shutil.rmtree(self.sandbox.spool, ignore_errors=True)
                # In bursts: what a slow build of ours is behind must not be all that a disk and this test can hold.
                wrapper = self.sandbox.popen(
                    self.sandbox.wrapper("bash", "-c", "echo $$ > pid; i=1; while :; do seq $i $((i + 4999)); "
                                         "i=$((i + 5000)); sleep 0.02; done"), stdout=subprocess.DEVNULL)
                wait_for(self.sandbox.spooled_runs, "the spool")
                path = self.only_spool()
                wait_for(lambda: self.journal("cat", path).stdout.count(b"\n") > count * delay // 150_000,
                         "lines in the spool")
                # While it is being written.
                self.check(SOUND, "verify", path)
                self.check(SOUND, "stat", path)
                refused = self.check(IN_USE, "repair", path)
                self.assertIn(str(wrapper.pid).encode(), refused.stderr)
                os.kill(wrapper.pid, signal.SIGKILL)
                wrapper.wait()
                self.check(SOUND, "verify", path)
                # Whoever goes on capturing has an end with the command's.
                with open(os.path.join(self.sandbox.work, "pid")) as file, contextlib.suppress(ProcessLookupError):
                    os.kill(int(file.read()), signal.SIGKILL)
                wait_for(lambda: self.journal("repair", path).returncode == SOUND, "an end of the writing")
                lines = self.check(SOUND, "cat", path).stdout.split(b"\n")
                # What a line had been when the wrapper died may be there as a beginning.
                self.assertEqual(lines[:-1], [b"%d" % n for n in range(1, len(lines))])
                self.check(SOUND, "verify", path)

    def test_damage_is_named_and_repaired_and_the_rest_is_delivered(self):
        lines = share_of(20_000)
        path = self.spool_of("bash", "-c", f"for i in 1 2 3 4 5 6 7 8; do seq -f 'part '$i' line %.0f' {lines}; "
                                           "sleep 0.05; done")
        whole = self.check(SOUND, "cat", path, "--ndjson").stdout.splitlines()
        offset, size = self.records(path)[3]
        segment = min(glob.glob(path + "/*.seg"))
        self.overwrite(segment, offset + size // 2, b"\0" * 7)
        copy = os.path.join(self.sandbox.work, "copy")
        shutil.copytree(path, copy)

        verify = self.check(DAMAGED, "verify", copy)
        name = os.path.basename(segment)
        self.assertIn(f"{name} at offset {offset}: {size} bytes damaged, 1 record gone: 4\n", verify.stdout.decode())
        report = json.loads(self.check(DAMAGED, "verify", copy, "--json").stdout)
        self.assertEqual(report["damage"], [{"segment": name, "offset": offset, "bytes": size,
                                             "first_missing": 4, "end_missing": 5}])
        self.check(DAMAGED, "stat", copy)
        cat = self.check(DAMAGED, "cat", copy, "--ndjson")
        self.assertIn(b"1 record gone: 4", cat.stderr)
        rest = [line for line in whole if json.loads(line)["record"] != 4]
        self.assertLess(len(rest), len(whole))
        self.assertEqual([line for line in cat.stdout.splitlines() if b'"kind":"damage"' not in line], rest)

        repair = self.check(SOUND, "repair", copy)
        kept = f"{name}.cut-1"
        self.assertIn(kept.encode(), repair.stdout)
        with open(os.path.join(copy, kept), "rb") as file:
            cut = file.read()
        with open(segment, "rb") as file:
            file.seek(offset)
            self.assertEqual(cut, f"{name} {offset} {size}\n".encode() + file.read(size) + b"\n")
        report = json.loads(self.check(DAMAGED, "verify", copy, "--json").stdout)
        self.assertEqual((report["damaged_bytes"], report["missing_records"]), (0, 1))
        again = [line for line in self.check(DAMAGED, "cat", copy, "--ndjson").stdout.splitlines()
                 if b'"kind":"damage"' not in line]
        self.assertEqual(again, rest)
        self.assertIn(b"nothing to repair", self.check(SOUND, "repair", copy).stdout)

        # What a repair left is a spool like any other.
        shutil.rmtree(path)
        shutil.move(copy, path)
        self.sandbox.start_daemon()
        wait_for(lambda: not os.path.exists(path + "/run"), "the adoption of the repaired spool")
        self.assertEqual(os.listdir(path), [kept])
        stats = json.loads(self.sandbox.cli("stats", "--json").stdout)
        told = [event["metadata"]["gap"]["reason"] for event in self.sandbox.timeline(level="warn")
                if "gap" in event["metadata"]]
        self.assertEqual(told, ["the spool is damaged there"])
        self.assertEqual(stats["events"], len(rest) + 1)

    def test_a_torn_tail_is_no_damage_and_can_be_cut_off(self):
        path = self.spool_of("bash", "-c", "echo one; sleep 0.05; echo two")
        segment = self.newest_segment(path)
        os.truncate(segment, os.path.getsize(segment) - 3)
        self.assertIn(b"torn tail", self.check(SOUND, "verify", path).stdout)
        self.assertEqual(self.check(SOUND, "cat", path).stdout, b"one\ntwo\n")
        self.assertIn(b"torn tail is cut off", self.check(SOUND, "repair", path).stdout)
        self.assertNotIn(b"torn", self.check(SOUND, "verify", path).stdout)

    def test_the_event_log_of_a_living_daemon_and_of_a_dead_one(self):
        daemon = self.sandbox.start_daemon()
        events = [{"message": f"event {i}", "service": "s"} for i in range(100)]
        self.assertEqual(self.sandbox.post_events(events).status, 200)
        log = self.sandbox.state + "/gasoline/events"
        for _ in range(2):
            self.check(SOUND, "verify", log)
            self.assertEqual(self.check(SOUND, "cat", log).stdout,
                             b"".join(b"event %d\n" % i for i in range(100)))
            stat = json.loads(self.check(SOUND, "stat", log, "--json").stdout)
            self.assertEqual((stat["kind"], stat["events"]), ("event_log", 100))
            first = json.loads(self.check(SOUND, "cat", log, "--ndjson").stdout.splitlines()[0])
            self.assertEqual((first["record"], first["kind"], first["message"]), (1, "event", "event 0"))
            if daemon.process.poll() is None:
                self.check(IN_USE, "repair", log)
                daemon.kill()
        self.check(SOUND, "repair", log)

    def test_what_is_no_journal_is_said(self):
        empty = self.sandbox.make("empty")
        file = self.sandbox.write("file", "text")
        for verb in ("verify", "repair", "stat"):
            with self.subTest(verb):
                self.assertIn(b"no segment", self.check(DAMAGED, verb, empty).stderr)
                self.check(USAGE, verb, self.sandbox.root + "/nowhere")
                self.check(USAGE, verb, file)
        self.assertEqual(self.check(DAMAGED, "cat", empty).stdout, b"")
        self.assertEqual(os.listdir(empty), [])
        self.assertFalse(os.path.exists(self.sandbox.root + "/nowhere"))

    def test_usage_is_said(self):
        for arguments in (["journal"], ["journal", "verify"], ["journal", "mend", "x"], ["journal", "cat", "x", "y"],
                          ["journal", "cat", "x", "--json"], ["journal", "verify", "x", "--ndjson"],
                          ["journal", "cat", "x", "--stream", "stdin"], ["journal", "verify", "x", "--url", "y"]):
            with self.subTest(arguments):
                run = self.sandbox.cli(*arguments)
                self.assertEqual((run.returncode, run.stdout), (USAGE, b""))
                self.assertTrue(run.stderr)
        run = self.sandbox.cli("journal", "--help")
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        for word in (b"verify", b"repair", b"cat", b"stat"):
            self.assertIn(word, run.stdout)

    def test_a_symbolic_link_in_place_of_a_segment_is_refused(self):
        path = self.spool_of("echo", "hello")
        segment = self.newest_segment(path)
        outside = os.path.join(self.sandbox.work, "outside")
        shutil.move(segment, outside)
        os.symlink(outside, segment)
        before = os.path.getsize(outside)
        for verb in ("verify", "repair", "stat", "cat"):
            self.assertEqual(self.check(FAILED, verb, path).stdout, b"")
        self.assertEqual(os.path.getsize(outside), before)

    def test_output_that_cannot_be_written_and_a_reader_that_has_enough(self):
        path = self.spool_of("seq", str(share_of(300_000)))
        with open("/dev/full", "wb") as full:
            self.assertEqual(self.sandbox.cli("journal", "cat", path, stdout=full).returncode, FAILED)
        run = self.sandbox.run(["bash", "-c", f"{program('gasoline')} journal cat {path} | head -1; "
                                              "echo ${PIPESTATUS[0]}"])
        self.assertEqual((run.stdout, run.stderr), (b"1\n0\n", b""))


if __name__ == "__main__":
    main()

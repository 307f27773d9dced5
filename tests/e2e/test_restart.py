"""What was acknowledged is there after a restart, however the daemon ended."""

import json
import os
import random
import shutil
import signal
import subprocess
import threading

from harness import GasolineTest, is_line, main, program, share_of, wait_for


class Restart(GasolineTest):
    def post(self, first, count, service="poster"):
        events = [{"message": f"event {i}", "service": service} for i in range(first, first + count)]
        return self.sandbox.post_events(events)

    def numbers(self, service="poster"):
        return sorted(int(e["message"].split()[1]) for e in self.sandbox.timeline(service=service))

    def test_everything_acknowledged_is_back_after_kill_9_between_batches(self):
        daemon = self.sandbox.start_daemon()
        acknowledged = 0
        for round in range(4):
            for _ in range(5):
                answer = self.post(acknowledged, 500)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.json()["ack"], "written")
                acknowledged += 500
            daemon.kill()
            daemon = self.sandbox.start_daemon()
            self.assertEqual(self.numbers(), list(range(acknowledged)), f"round {round}")

    def test_everything_acknowledged_is_back_after_kill_9_at_any_moment(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        chance = random.Random(seed)
        acknowledged, sent = [], 0
        for _ in range(share_of(6)):
            daemon = self.sandbox.start_daemon()
            killer = threading.Timer(chance.uniform(0.01, 0.4), os.kill, (daemon.pid, signal.SIGKILL))
            killer.start()
            try:
                while True:
                    first, sent = sent, sent + 200
                    if self.post(first, 200).status == 200:
                        acknowledged += range(first, first + 200)
            except OSError:
                pass
            killer.join()
            daemon.process.wait()
        self.sandbox.start_daemon()
        numbers = self.numbers()
        self.assertEqual(sorted(set(acknowledged) - set(numbers)), [], "lost")
        self.assertEqual(len(numbers), len(set(numbers)), "something came twice")

    def test_everything_is_back_after_an_orderly_end(self):
        daemon = self.sandbox.start_daemon()
        self.post(0, 3000)
        before = self.sandbox.timeline(service="poster")
        self.assertEqual(daemon.stop(), 0)
        self.assertFalse(os.path.exists(self.sandbox.socket_path))
        self.sandbox.start_daemon()
        self.assertEqual(self.sandbox.timeline(service="poster"), before)

    def test_an_event_id_is_still_known_after_a_restart(self):
        daemon = self.sandbox.start_daemon()
        event = {"event_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "message": "only once", "service": "s"}
        self.assertEqual(self.sandbox.post_events([event]).status, 200)
        daemon.kill()
        self.sandbox.start_daemon()
        answer = self.sandbox.post_events([event]).json()
        self.assertEqual((answer["count"], answer["duplicates"]), (1, 1))
        self.assertEqual(len(self.sandbox.timeline(service="s")), 1)

    def test_a_batch_of_a_run_is_known_after_a_restart(self):
        daemon = self.sandbox.start_daemon()
        batch = [{"message": f"line {i}"} for i in range(10)]
        # The run's id is a time and chance; this one is of now.
        run = self.run_id()
        first = self.sandbox.post_events(batch, run_id=run, seq=1, service="s").json()
        self.assertEqual((first["count"], first["duplicates"]), (10, 0))
        daemon.kill()
        self.sandbox.start_daemon()
        again = self.sandbox.post_events(batch, run_id=run, seq=6, service="s").json()
        self.assertEqual((again["count"], again["duplicates"]), (10, 5))
        self.assertEqual(len(self.sandbox.timeline(service="s")), 15)

    def test_lines_acknowledged_to_a_log_that_was_emptied_are_accounted_for(self):
        daemon = self.sandbox.start_daemon()
        wrapper = self.sandbox.popen(self.sandbox.wrapper(
            "sh", "-c", "seq -f 'line %g' 1 1000; read go; seq -f 'line %g' 1001 1500",
            options=("--no-daemon", "--name", "w")), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.sandbox.await_lines("w", 1000)
        # The wrapper has the acknowledgement of all of them: its spool has nothing left to send.
        wait_for(lambda: self.sandbox.get("/v1/stats").json()["events"] >= 1001, "the start too")
        daemon.kill()
        shutil.rmtree(self.sandbox.state + "/gasoline/events")
        self.sandbox.start_daemon()
        wrapper.communicate(b"go\n", timeout=30)
        events = self.sandbox.await_run_end("w")
        lines = [int(e["message"].split()[1]) for e in events if is_line(e)]
        gaps = [e["metadata"]["gap"] for e in events if "gap" in e["metadata"]]
        self.assertEqual(len(lines), len(set(lines)), "a line is there twice")
        self.assertEqual(lines, list(range(1501 - len(lines), 1501)))
        self.assertEqual([(gap["lines"], gap["reason"]) for gap in gaps],
                         [(1500 - len(lines), "they were acknowledged, and the event log does not have them")])

    def run_id(self):
        self.sandbox.run_wrapped("true", options=("--no-daemon", "--name", "donor"))
        return self.sandbox.await_run_end("donor")[0]["run_id"][:-4] + "ZZZZ"

    def test_columns_of_ids_are_known_after_a_restart(self):
        def ids(count):
            return ["%032x" % random.getrandbits(128) for _ in range(count)]

        def post(service, lines):
            events = [{"message": line, "service": service, "source": "file"} for line in lines]
            self.assertEqual(self.sandbox.post_events(events).status, 200)

        def is_found(id):
            return len(self.sandbox.timeline(correlation_id=id)) == 1

        def access(id):
            return f"GET /orders 200 12.3 ms - {id} 512b"

        daemon = self.sandbox.start_daemon()
        [before] = ids(1)
        post("gateway", [access(before)])
        self.assertFalse(is_found(before), "nothing told what the column is")
        known = ids(60)
        post("shop", [f"loaded request_id={id}" for id in known])
        post("gateway", [access(id) for id in known])
        self.assertEqual(daemon.stop(), 0)

        daemon = self.sandbox.start_daemon()
        [after, of_order] = ids(2)
        post("gateway", [access(after), f"order {of_order} loaded"])
        self.assertTrue(is_found(after))
        self.assertFalse(is_found(of_order))
        daemon.kill()

        path = self.sandbox.state + "/gasoline/learnt"
        with open(path, "r+b") as file:
            file.write(b"nonsense")
        self.sandbox.start_daemon()
        [unknown] = ids(1)
        post("gateway", [access(unknown)])
        self.assertFalse(is_found(unknown), "a damaged file teaches nothing")
        self.assertEqual(self.sandbox.get("/v1/status").json()["status"], "ok")

    def test_the_counts_after_a_restart(self):
        daemon = self.sandbox.start_daemon()
        self.post(0, 1000)
        stats = self.sandbox.get("/v1/stats").json()
        self.assertEqual(stats["events"], 1000)
        daemon.kill()
        self.sandbox.start_daemon()
        sources = self.sandbox.get("/v1/sources").json()["sources"]
        self.assertEqual(sum(source["events"] for source in sources), 1000)
        self.assertEqual(self.sandbox.get("/v1/status").json()["status"], "ok")

    def test_ready_is_told_only_when_everything_is_back(self):
        daemon = self.sandbox.start_daemon()
        for first in range(0, 100000, 10000):
            self.assertEqual(self.post(first, 10000).status, 200)
        daemon.kill()
        daemon = self.sandbox.start_daemon(is_awaited=False)

        def answers():
            try:
                return self.sandbox.get("/readyz")
            except OSError:
                return None

        def is_ready():
            answer = answers()
            if answer is None:
                return False
            self.assertIn(answer.status, (200, 503))
            if answer.status == 503:
                self.assertEqual(self.sandbox.get("/healthz").status, 200)
            return answer.status == 200

        wait_for(is_ready, "the daemon to be ready")
        self.assertEqual(len(self.sandbox.timeline(service="poster")), 100000)

    def test_term_ends_a_busy_daemon_within_its_time(self):
        daemon = self.sandbox.start_daemon()
        stop = threading.Event()
        taken = []

        def post():
            first = 0
            while not stop.is_set():
                try:
                    if self.post(first, 100).status == 200:
                        taken.extend(range(first, first + 100))
                except (OSError, json.JSONDecodeError):
                    return
                first += 100

        poster = threading.Thread(target=post)
        poster.start()
        wait_for(lambda: len(taken) > 1000, "some batches to be taken")
        self.assertEqual(daemon.stop(), 0)
        stop.set()
        poster.join()
        self.sandbox.start_daemon()
        self.assertEqual(sorted(set(taken) - set(self.numbers())), [])

    def test_a_second_daemon_on_the_same_state_is_refused(self):
        self.sandbox.start_daemon()
        run = self.sandbox.run([program("gasolined"), "--no-listen", "--socket",
                                self.sandbox.root + "/other.sock"])
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(b"gasolined", run.stderr)
        self.assertEqual(self.sandbox.get("/healthz").status, 200)


if __name__ == "__main__":
    main()

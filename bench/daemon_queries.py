#!/usr/bin/env python3
"""What a daemon full of events costs and how fast it answers: python3 bench/daemon_queries.py [EVENTS]

Fills a second gasolined with EVENTS (2,000,000) events over HTTP: messages of a mean of 178 bytes in the
kinds of bench/store_workload.h, 20 services, 100,000 ids with 20 events each over the whole history, and
one hot id in every hundredth event. Then prints, from one run:

  - anonymous memory and CPU seconds, against the promise of bytes per event
  - timelines of ids with 20 events, idle and under full ingest, beside `rg -F ID` over the same text in a
    cached file (grep where there is no rg), and the newest 100 events of the hot id
  - searches by expression of everything, beside the same tool
  - the restart: until /readyz says so, per million events
"""
import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

NOUNS = ("payment billing order customer inventory cart session shipment invoice coupon search warehouse gateway "
         "profile catalog ranking").split()
ENDS = ("was accepted", "failed", "timed out", "was rejected", "was retried", "completed", "was queued",
        "was cancelled")
HOSTS = ("db-primary.internal:5432", "cache-2.internal:6379", "kafka-0.internal:9092", "api.partner.example.com",
         "auth.internal:8443", "queue.internal:5672")
BODY = 10_000
HOT = "9d3f1b7c5ae84206b1d2c3f4a5968778"


def message(rnd):
    n, r = lambda: rnd.choice(NOUNS), lambda bound: int(rnd.random() * bound)
    kind = r(6)
    if kind == 0:
        return (f"{n()} {rnd.choice(ENDS)} for user_id={r(100000)} order={r(1000000)} in {r(4000)} ms, attempt "
                f"{1 + r(3)} of 3, upstream {rnd.choice(HOSTS)} answered {200 + r(5) * 100} with {r(65000)} bytes "
                f"after the connection had been idle for {r(300)} s")
    if kind == 1:
        return (f"GET /api/v2/{n()}/{r(1000000)}?page={r(90)}&limit=50 HTTP/1.1 200 {r(90000)} \"Mozilla/5.0 (X11; "
                f"Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36\" "
                f"{r(900)}.{r(1000):03} ms 10.{r(255)}.{r(255)}.{r(255)}")
    if kind == 2:
        return (f"SELECT id, status, total_cents, created_at FROM {n()}_items WHERE {n()}_id = {r(1000000)} AND status "
                f"IN ('open','pending') ORDER BY created_at DESC LIMIT 50 -- {r(50)} rows in {r(90)}.{r(100):02} ms")
    if kind == 3:
        return (f"java.lang.NullPointerException: Cannot invoke \"com.example.{n()}.Service.find(long)\" because "
                f"\"this.{n()}Service\" is null at com.example.{n()}.Controller.handle(Controller.java:{r(500)}) "
                f"order={r(1000000)}")
    if kind == 4:
        return (f"published message {r(2**31)} to topic {n()}.events partition {r(24)} offset {r(2**33)} "
                f"key={rnd.getrandbits(64):016x} in {r(9000)} us; the queue holds {r(4000)} messages and the slowest "
                f"consumer is {r(90000)} behind")
    return (f"{n()} {rnd.choice(ENDS)}: stock of sku-{r(1000000)} in warehouse {r(40)} went from {r(900)} to {r(900)} "
            f"after reservation {r(10000000)} was confirmed by customer {r(1000000)} through the mobile app")


class Daemon:
    def __init__(self, binaries, root):
        self.binaries, self.root = binaries, root
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]

    def start(self):
        env = dict(os.environ, HOME=self.root, XDG_STATE_HOME=self.root + "/state", XDG_RUNTIME_DIR=self.root,
                   XDG_CACHE_HOME=self.root + "/cache", XDG_CONFIG_HOME=self.root + "/config")
        begun = time.monotonic()
        self.process = subprocess.Popen([f"{self.binaries}/gasolined", "--listen", f"127.0.0.1:{self.port}"], env=env,
                                        stderr=subprocess.DEVNULL)
        while True:
            try:
                connection = self.connect()
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    return time.monotonic() - begun
            except OSError:
                pass
            time.sleep(0.01)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def anonymous_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(connection, path):
    begun = time.perf_counter()
    connection.request("GET", path)
    text = connection.getresponse().read()
    return time.perf_counter() - begun, text


def post(connection, body):
    connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        sys.exit(f"HTTP {answer.status}: {text[:300]}")


def fill(daemon, events, ids, text):
    """Posts `events` events and writes the same lines to a file. Seconds that the daemon's answers took."""
    rnd = random.Random(1)
    connection = daemon.connect()
    start_ms = (time.time() - 3600) * 1000
    spent = 0.0
    for first in range(0, events, BODY):
        batch = []
        for n in range(first, first + BODY):
            said = message(rnd)
            identity = HOT if n % 100 == 0 else ids[n % len(ids)]
            batch.append({"timestamp": start_ms + n / 100, "message": said, "correlation_id": identity,
                          "tags": [f"service:service-{rnd.getrandbits(16) % 20}"]})
            text.write(f"{identity} {said}\n")
        body = json.dumps({"events": batch}).encode()
        begun = time.monotonic()
        post(connection, body)
        spent += time.monotonic() - begun
    return spent


def percentiles(seconds):
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1e6:.0f} us, p99 {ordered[len(ordered) * 99 // 100] * 1e6:.0f} us"


def measure_timelines(daemon, ids, count, what):
    connection = daemon.connect()
    rnd = random.Random(2)
    seconds, found = [], 0
    for _ in range(count):
        spent, text = get(connection, "/v1/timeline?correlation_id=" + rnd.choice(ids))
        seconds.append(spent)
        found += len(json.loads(text)["events"])
    print(f"  timelines of an id, {what}: {percentiles(seconds)}, {found / count:.1f} events each")
    return sorted(seconds)[count // 2]


def measure_under_ingest(daemon, ids):
    rnd = random.Random(3)
    bodies = [json.dumps({"events": [{"message": message(rnd), "correlation_id": f"{rnd.getrandbits(128):032x}",
                                      "tags": [f"service:service-{i % 20}"]} for i in range(BODY)]}).encode()
              for _ in range(4)]
    ended, taken = threading.Event(), [0]

    def write():
        connection = daemon.connect()
        while not ended.is_set():
            post(connection, bodies[taken[0] % len(bodies)])
            taken[0] += 1
    writer = threading.Thread(target=write)
    writer.start()
    begun = time.monotonic()
    measure_timelines(daemon, ids, 200, "under full ingest")
    ended.set()
    writer.join()
    print(f"    with {taken[0] * BODY / (time.monotonic() - begun):.0f} events/s coming in meanwhile")
    return taken[0] * BODY


def tool_seconds(tool, expression, path, fixed, runs=3):
    command = tool + (["-F"] if fixed else []) + [expression, path]
    best = 1e9
    for _ in range(runs):
        begun = time.perf_counter()
        subprocess.run(command, stdout=subprocess.PIPE, check=False)
        best = min(best, time.perf_counter() - begun)
    return best


def measure_search(daemon, tool, path, expression):
    """Both sides count all matches; ours answers the newest 100 too."""
    connection = daemon.connect()
    ours, theirs, found = [], [], 0
    for _ in range(7):  # in turns
        theirs.append(tool_seconds(tool, expression, path, False, 1))
        asked = urllib.parse.urlencode({"q": expression, "limit": "100", "count": "true"})
        seconds, text = get(connection, "/v1/search?" + asked)
        ours.append(seconds)
        answer = json.loads(text)
        found = answer["matched_events"]
        if answer["stopped_early"]:
            print("  (stopped early)")
    ours, theirs = sorted(ours)[3], sorted(theirs)[3]
    print(f"  search /{expression}/: {found} found in {ours:.3f} s, {tool[0]} {theirs:.3f} s, ratio {ours / theirs:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("events", type=int, nargs="?", default=2_000_000)
    parser.add_argument("--bin", default="build/release/bin")
    options = parser.parse_args()
    rnd = random.Random(4)
    ids = [f"{rnd.getrandbits(128):032x}" for _ in range(100_000)]
    tool = ["rg", "-c"] if shutil.which("rg") else ["grep", "-cE"]
    root = tempfile.mkdtemp(prefix="gasoline-bench-")
    daemon = Daemon(os.path.abspath(options.bin), root)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        daemon.start()
        empty_mib = daemon.anonymous_mib()
        path = root + "/lines.txt"
        with open(path, "w") as text:
            spent = fill(daemon, options.events, ids, text)
        mib = daemon.anonymous_mib()
        print(f"{options.events} events taken in at {options.events / spent:.0f}/s, "
              f"{daemon.cpu_seconds() / options.events * 1e6:.2f} CPU s per million")
        print(f"  anonymous memory {mib:.0f} MiB ({empty_mib:.0f} MiB when empty): "
              f"{mib * 2**20 / options.events:.0f} B an event all told")
        tool_s = tool_seconds(tool, ids[1], path, True)
        median = measure_timelines(daemon, ids, 1000, "idle")
        print(f"    {tool[0]} -F of the same text: {tool_s * 1e3:.0f} ms, {tool_s / median:.0f} times as long")
        connection = daemon.connect()
        seconds = [get(connection, f"/v1/search?q=.&limit=100&correlation_id={HOT}")[0] for _ in range(200)]
        print(f"  newest 100 events of an id with {options.events // 100}: {percentiles(seconds)}")
        for expression in ("NullPointerException", "order=[0-9]*777 in [0-9]+ ms",
                           "(payment|billing) (failed|timed out) for user_id=4", "user_id=1234\\b",
                           "[a-z]+ was rejected .*attempt 3"):
            measure_search(daemon, tool, path, expression)
        events = options.events + measure_under_ingest(daemon, ids)
        daemon.stop()
        seconds = daemon.start()
        print(f"  ready {seconds:.2f} s after a restart: {seconds / (events / 1e6):.2f} s per million of {events} events")
    finally:
        daemon.stop()
        shutil.rmtree(root)


if __name__ == "__main__":
    main()

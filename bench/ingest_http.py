#!/usr/bin/env python3
"""How many events a second gasolined takes: POST /v1/events, 10,000 events a body, one connection; then one event a body.

    python3 bench/ingest_http.py --bin build/release/bin [--events 1000000]

Prints events/s, CPU seconds of the daemon per million events, and peak memory, beside the time that a
server which reads the same bodies and does nothing needs in the same run. One event a body is measured beside a GET of
/healthz by the same sender.
"""
import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def make_bodies(count, size):
    """Bodies of `size` events, about 200 bytes each."""
    bodies = []
    for body in range(count):
        events = []
        for i in range(size):
            n = body * size + i
            events.append({"timestamp": 1795237200000 + n, "level": ("info", "warn", "error")[n % 3],
                           "message": f"order {n % 977} was handled for customer {n % 5003} in {n % 311} ms",
                           "correlation_id": f"{(n * 2654435761) % 2**64:016x}{n // 20:016x}",
                           "tags": [f"service:svc{n % 20}"]})
        bodies.append(json.dumps({"events": events}).encode())
    return bodies


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send(connection, bodies, repeats):
    start = time.monotonic()
    taken = 0
    for _ in range(repeats):
        for body in bodies:
            connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                sys.exit(f"HTTP {answer.status}: {text[:200]}")
            taken += json.loads(text[:200].split(b',"duplicates"')[0] + b"}")["count"]
    return taken, time.monotonic() - start


def ask_singly(port, requests):
    """Requests one after the other on one connection: requests a second, and the median time of one in us."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        for request in requests:
            before = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(65536)  # it comes as one piece
            times.append(time.perf_counter() - before)
            if not answer.startswith(b"HTTP/1.1 200"):
                sys.exit(f"answered: {answer[:200]}")
        seconds = time.perf_counter() - start
    return len(times) / seconds, sorted(times)[len(times) // 2] * 1e6


def one_event_requests(bodies, count):
    events = [event for body in bodies for event in json.loads(body)["events"]][:count]
    for event in events:
        body = json.dumps(event).encode()
        yield (b"POST /v1/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def serve_nothing(listener):
    """Reads each body and answers, as fast as Python can: the cost of the sender and the socket."""
    peer, _ = listener.accept()
    stream = peer.makefile("rb")
    while True:
        line = stream.readline()
        if not line:
            return
        length = 0
        while line not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            line = stream.readline()
        stream.read(length)
        answer = b'{"count":0,"duplicates":0}'
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    binaries = os.path.abspath(options.bin)
    bodies = make_bodies(10, 10_000)
    repeats = max(options.events // 100_000, 1)
    total = repeats * 100_000
    print(f"{total} events, {sum(map(len, bodies)) / len(bodies) / 1e6:.2f} MB a body")

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_nothing, args=(listener,), daemon=True).start()
    connection = http.client.HTTPConnection(*listener.getsockname())
    _, seconds = send(connection, bodies, repeats)
    print(f"  reads and answers only  {total / seconds:10.0f} events/s")

    root = tempfile.mkdtemp(prefix="gasoline-bench-")
    env = dict(os.environ, HOME=root, XDG_STATE_HOME=root + "/state", XDG_RUNTIME_DIR=root,
               XDG_CACHE_HOME=root + "/cache")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    daemon = subprocess.Popen([f"{binaries}/gasolined", "--listen", f"127.0.0.1:{port}"], env=env,
                              stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            try:
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.05)
        taken, seconds = send(connection, bodies, repeats)
        with open(f"/proc/{daemon.pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        usage = cpu_s(daemon.pid)
        singly = ask_singly(port, list(one_event_requests(bodies, 50_000)))
        nothing = ask_singly(port, [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"] * 50_000)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        shutil.rmtree(root)
    print(f"  gasolined               {taken / seconds:10.0f} events/s  "
          f"{usage / taken * 1e6:.2f} CPU s per million  "
          f"{peak / 1024:.0f} MiB peak")
    print(f"  one event a body        {singly[0]:10.0f} events/s  p50 {singly[1]:.0f} us")
    print(f"  GET /healthz            {nothing[0]:10.0f} requests/s  p50 {nothing[1]:.0f} us")
    return 0 if taken == total else 1


if __name__ == "__main__":
    sys.exit(main())

"""A scripted container engine on a Unix socket: it stalls, cuts, answers nonsense and restarts when told to.

Run as a program: fake_engine.py SOCKET CONTAINERS; it obeys lines on stdin (see Engine.obey).
"""

import asyncio
import json
import random
import sys
import time
import urllib.parse


def stamp(ns, has_fraction):
    fraction = f".{ns % 10**9:09d}" if has_fraction else ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + fraction + "Z"


class Engine:
    def __init__(self, path, count):
        self.path = path
        self.chance = random.Random(1)
        self.logs = {f"{i:064x}": [] for i in range(count)}
        self.last_ns = 0
        self.stuck = set()
        self.cut_s = None
        self.cuts = 0
        self.has_fraction = True
        self.failing = False
        self.server = None
        self.writers = set()
        self.was_listed = asyncio.Event()
        self.has_containers = asyncio.Event()

    async def obey(self, line):
        """Says "done", and how many streams were cut so far.

        create: until then there are no containers, and this waits for somebody to see that; write N: N lines to each
        container; cut S: each stream lives about S; cuts: nothing; podman: stamps are whole seconds; stuck I: container I's
        log hangs; fail 0|1: everything answers 500; restart: all connections end and the socket is made anew."""
        word, _, rest = line.partition(" ")
        if word == "create":
            await self.was_listed.wait()
            self.has_containers.set()
        elif word == "write":
            for id, log in self.logs.items():
                for _ in range(int(rest)):
                    # Some stamps come twice: only their order tells the lines apart.
                    self.last_ns = max(self.last_ns + self.chance.choice((0, 1, 1000)), time.time_ns())
                    log.append((self.last_ns, 1 + len(log) % 2, f"line {len(log)}\n"))
        elif word == "cut":
            self.cut_s = float(rest) or None
        elif word == "podman":
            self.has_fraction = False
        elif word == "stuck":
            self.stuck.add(f"{int(rest):064x}")
        elif word == "fail":
            self.failing = rest == "1"
        elif word == "restart":
            self.server.close()
            for writer in list(self.writers):
                writer.transport.abort()
            await self.listen()
        print("done", self.cuts, flush=True)

    async def listen(self):
        self.server = await asyncio.start_unix_server(self.serve, self.path, backlog=1024)

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await self.answer(urllib.parse.urlsplit(head.split()[1]), writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    async def answer(self, target, writer):
        parts = target.path.split("/")
        if self.failing:
            return self.send(writer, 500, {"message": "out of order"})
        if target.path == "/containers/json":
            self.was_listed.set()
            logs = self.logs if self.has_containers.is_set() else ()
            return self.send(writer, 200, [{"Id": id, "Names": ["/c" + str(int(id, 16))], "Image": "fake", "Labels": {},
                                            "State": "running", "Created": int(time.time()) + 60} for id in logs])
        if target.path == "/events":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            await self.has_containers.wait()
            writer.write(b"3\r\n{}\n\r\n")
            await asyncio.sleep(3600)
        elif parts[-1] == "json":
            self.send(writer, 200, {"Config": {"Tty": False}, "HostConfig": {"LogConfig": {"Type": "json-file"}}})
        elif parts[-1] == "logs":
            await self.follow(parts[2], urllib.parse.parse_qs(target.query), writer)

    @staticmethod
    def send(writer, status, body):
        data = json.dumps(body).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(data), data))

    async def follow(self, id, query, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        if id in self.stuck:
            writer.write(b"40\r\n\x01\x00")  # a chunk whose rest never comes
            await asyncio.sleep(3600)
        since, at, begun = float(query["since"][0]), 0, time.monotonic()
        while not writer.transport.is_closing():
            log = self.logs[id]
            out = b""
            while at < len(log):
                ns, stream, text = log[at]
                at += 1
                if ns >= since * 10**9:
                    payload = f"{stamp(ns, self.has_fraction)} {text}".encode()
                    out += bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload
            is_over = self.cut_s and time.monotonic() - begun > self.cut_s * self.chance.uniform(0.5, 1.5)
            if is_over and out:
                out = out[:self.chance.randrange(len(out))]
            if out:
                writer.write(b"%x\r\n%s\r\n" % (len(out), out))
            await writer.drain()
            if is_over:
                self.cuts += 1
                writer.transport.abort() if self.chance.random() < 0.5 else writer.close()
                return
            await asyncio.sleep(0.05)


async def main():
    engine = Engine(sys.argv[1], int(sys.argv[2]))
    await engine.listen()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await engine.obey(line.strip())


if __name__ == "__main__":
    asyncio.run(main())

"""A program that logs, for the tests of rotation: keeps its descriptor open, as most programs do.

    log_writer.py PATH SERVICE LINES_PER_S [--truncates]

Writes numbered lines, one write(2) each. SIGHUP: opens PATH again, as after a rotation by renaming. SIGUSR1:
says how far it is and waits for SIGUSR2, to truncate its file by itself and go on. SIGTERM: ends after a whole line. Says "N" on stdout for the last one written.
"""

import os
import signal
import sys
import time

path, service, rate = sys.argv[1], sys.argv[2], float(sys.argv[3])
asked = {"reopen": False, "truncate": False, "end": False}
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def ask(name):
    return lambda *_: asked.__setitem__(name, True)


signal.signal(signal.SIGHUP, ask("reopen"))
signal.signal(signal.SIGUSR1, ask("truncate"))
signal.signal(signal.SIGTERM, ask("end"))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
fd = os.open(path, FLAGS, 0o644)
print("ready", flush=True)
number = 0
next_at = time.monotonic()
while not asked["end"]:
    if asked["reopen"]:
        asked["reopen"] = False
        os.close(fd)
        fd = os.open(path, FLAGS, 0o644)
    if asked["truncate"]:
        asked["truncate"] = False
        print(number, flush=True)
        signal.sigwait({signal.SIGUSR2})
        os.ftruncate(fd, 0)
    number += 1
    padding = "x" * (number * 7 % 60)
    os.write(fd, f"{service} says n={number} {padding}\n".encode())
    next_at += 1 / rate
    pause = next_at - time.monotonic()
    if pause > 0:
        time.sleep(pause)
    else:
        next_at = time.monotonic()
print(number, flush=True)

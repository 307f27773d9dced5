"""A child that says exactly what it wrote: numbered lines on both streams, and their counts in a file.

    numbered_writer.py COUNTS-FILE LINES PAUSE-S SEED

The file holds two 64-bit counts, stdout and stderr, of the lines whose write(2) has returned: they are
right however the writer ends.
"""

import mmap
import os
import random
import struct
import sys
import time


def line(stream, number):
    """Of every length, so that reads and pipes cut it anywhere."""
    return f"{stream} {number} ".encode() + b"x" * (number * 7919 % 300) + b"\n"


def main():
    path, lines, pause_s, seed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    chance = random.Random(seed)
    with open(path, "r+b") as file:
        counts = mmap.mmap(file.fileno(), 16)
    written = [0, 0]
    for _ in range(lines):
        stream = chance.random() < 0.3
        try:
            os.write(2 if stream else 1, line("err" if stream else "out", written[stream]))
        except BrokenPipeError:
            sys.exit(3)
        written[stream] += 1
        counts[8 * stream:8 * stream + 8] = struct.pack("<Q", written[stream])
        if pause_s and chance.random() < 0.2:
            time.sleep(pause_s)


if __name__ == "__main__":
    main()

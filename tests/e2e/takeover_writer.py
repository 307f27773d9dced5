"""A child whose every byte is known: numbered lines on both streams, at one of three speeds, until told to stop.

    takeover_writer.py END-FILE STOP-FILE SPEED BYTES-MAX

SPEED is `bulk` (40 KiB a write), `lines` (a line a write) or `paced` (20,000 lines a second). After BYTES-MAX it goes on
slowly. At its end, and only if every write succeeded, END-FILE holds the numbers of lines of both streams.
"""

import os
import sys
import time

PACE_S = 0.001
LINES_A_TURN = {"bulk": 500, "lines": 100, "paced": 20}


def line(stream, number):
    """Of every length, so that reads and pipes cut it anywhere."""
    return b"%s %d %s\n" % (stream, number, b"x" * (number * 7919 % 150))


def lines(stream, first, end):
    return b"".join(line(stream, number) for number in range(first, end))


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def main():
    end_path, stop_path, speed, bytes_max = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    out = err = written = turns = 0
    count = LINES_A_TURN[speed]
    while True:
        turns += 1
        if turns == 2:
            open(end_path + ".begun", "w").close()
        if speed == "lines":
            for number in range(out, out + count):
                write_all(1, line(b"out", number))
        else:
            write_all(1, lines(b"out", out, out + count))
        out += count
        written += 90 * count
        if turns % 3 == 0:
            write_all(2, line(b"err", err))
            err += 1
        if speed == "paced" or written > bytes_max:
            time.sleep(PACE_S if written < bytes_max else 0.01)
        if turns % 10 == 0 or written > bytes_max:
            if os.path.exists(stop_path):
                break
    with open(end_path + ".new", "w") as file:
        file.write(f"{out} {err}")
    os.rename(end_path + ".new", end_path)


if __name__ == "__main__":
    main()

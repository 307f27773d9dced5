#!/usr/bin/env python3
"""The rows of docs/ROTATION.md with many seeds.

    GASOLINE_BIN=build/release/bin python3 bench/rotation_soak.py [--seeds 100] [--first 1] [--at-once 4] [ROW...]

Needs logrotate, zstd, xz and bzip2. Prints a line for each row, and what happened where a line was lost or taken twice.
"""
import argparse
import concurrent.futures
import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "e2e"))
import rotation  # noqa: E402


def attempt(row, seed, cache):
    try:
        rotation.play(row, seed, cache)
    except Exception as failure:  # told, and the next seed played
        return f"seed {seed}: {failure}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4)
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="gl-cache-") as cache, \
            concurrent.futures.ThreadPoolExecutor(args.at_once) as players:
        for row in rotation.ROWS:
            if args.rows and row.__name__ not in args.rows:
                continue
            start = time.monotonic()
            seeds = range(args.first, args.first + args.seeds)
            failures = [text for text in players.map(lambda seed: attempt(row, seed, cache), seeds) if text]
            failed += len(failures)
            print(f"{row.__name__}: {args.seeds - len(failures)} of {args.seeds} whole, "
                  f"{time.monotonic() - start:.0f} s", flush=True)
            for text in failures:
                print(text, flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

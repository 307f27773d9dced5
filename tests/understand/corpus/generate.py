"""Records the corpus again: runs each logger, and joins what it printed with what is known of it.

    npm install pino@10 winston@3 bunyan@1 log4js@6 morgan@1 signale@1     (anywhere: NODE_PATH)
    NODE_PATH=.../node_modules python3 generate.py > corpus.jsonl

Needs node, python3, go and java. Every record holds a token that its label names; a line without one
belongs to the record before it. Times are not known here: only that a line shows one.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
COMMANDS = {
    ("node", "loggers.js"): ["pino", "winston-json", "winston-printf", "bunyan", "log4js", "signale", "console",
                             "morgan"],
    ("python3", "loggers.py"): ["py-logging-keyed", "py-logging-bracketed", "py-logging-basic",
                                "py-http-server"],
    ("go run", "loggers.go"): ["go-log", "go-slog-text", "go-slog-json"],
    ("java", "Loggers.java"): ["java-jul"],
}
TOKEN = re.compile(r"step-\d\d\d")


def expectations(known):
    expect = {"timestamp_ms": None, "level": known["level"], "correlation_id": known["id"]}
    if known["message"]:
        expect["message"] = known["message"]
    return expect


def record(variant, lines, labels):
    group = 0
    for number, raw in enumerate(lines, 1):
        token = TOKEN.search(raw)
        line = {"id": f"{variant}:{number}", "variant": variant, "raw": raw}
        if token:
            group += 1
            known = labels[token.group()]
            line["expect"] = expectations(known)
            if known["hasTime"]:
                line["ts_assumed"] = "any"
            if known["id"]:
                line.update(std=True, id_context=known["context"])
        else:
            line.update(cont=True, expect={"timestamp_ms": None, "level": None, "correlation_id": None})
        print(json.dumps({**line, "group": group}, ensure_ascii=False))


def run(command, variant):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "labels")
        environment = {**os.environ, "TZ": "UTC", "GO111MODULE": "off", "NO_COLOR": "1"}
        printed = subprocess.run([*command, variant, path], check=True, cwd=directory, env=environment,
                                 stdout=subprocess.PIPE, timeout=300).stdout.decode()
        with open(path) as file:
            labels = {known["token"]: known for known in map(json.loads, file)}
    # Where the sources lay says nothing, and differs from run to run.
    printed = printed.replace(HERE, "/srv/app").replace(directory, "/srv")
    for modules in os.environ.get("NODE_PATH", "").split(":"):
        printed = printed.replace(modules, "/srv/node_modules") if modules else printed
    record(variant, printed.removesuffix("\n").split("\n"), labels)


def main():
    for (program, source), variants in COMMANDS.items():
        for variant in variants:
            print(variant, file=sys.stderr)
            run([*program.split(), os.path.join(HERE, source)], variant)


main()

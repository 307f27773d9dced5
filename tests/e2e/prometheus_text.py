"""Holds a page of metrics against Prometheus' text format 0.0.4 and what `promtool check metrics` asks for beside it.

The format: https://prometheus.io/docs/instrumenting/exposition_formats/; the rules: promlint of client_golang.
"""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')
VALUE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|[+-]?Inf|NaN")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
ABBREVIATIONS = {"s", "ms", "us", "ns", "sec", "min", "b", "kb", "mb", "gb", "kib", "mib", "gib", "milliseconds",
                 "microseconds", "minutes", "hours", "kilobytes", "megabytes", "percent"}


class Page:
    """What was read: `types` and `helps` by name, `samples` by (name, labels)."""

    def __init__(self, text):
        self.types, self.helps, self.samples, self.problems = {}, {}, {}, []
        self.finished, self.family = set(), None
        if not text.endswith("\n"):
            self.problems.append("the last line has no end")
        for number, line in enumerate(text.split("\n")[:-1], 1):
            self.line = f"line {number}, {line!r}"
            if line.startswith("# "):
                self.read_comment(line)
            elif line:
                self.read_sample(line)
        for name, kind in self.types.items():
            self.look_at(name, kind)

    def wrong(self, what):
        self.problems.append(f"{self.line}: {what}")

    def enter(self, name):
        if name == self.family:
            return
        if name in self.finished:
            self.wrong("the lines of one metric do not stand together")
        self.finished.add(name)
        self.family = name

    def read_comment(self, line):
        words = line.split(" ", 3)
        if len(words) < 4 or words[1] not in ("HELP", "TYPE") or not NAME.fullmatch(words[2]):
            return self.wrong("neither HELP nor TYPE of a metric")
        self.enter(words[2])
        known = self.helps if words[1] == "HELP" else self.types
        if words[2] in known:
            self.wrong(f"a second {words[1]}")
        if any(name == words[2] for name, _ in self.samples):
            self.wrong("it comes behind its samples")
        if words[1] == "TYPE" and words[3] not in TYPES:
            self.wrong("a type that does not exist")
        known[words[2]] = words[3]

    def read_sample(self, line):
        name = NAME.match(line)
        if not name:
            return self.wrong("no name")
        rest, labels = line[name.end():], []
        if rest.startswith("{"):
            rest = rest[1:]
            while label := LABEL.match(rest):
                labels.append(label.groups())
                rest = rest[label.end():]
                if not rest.startswith(","):
                    break
                rest = rest[1:]
            if not rest.startswith("}"):
                return self.wrong("labels that do not end")
            rest = rest[1:]
        if not rest.startswith(" ") or not VALUE.fullmatch(rest[1:]):
            return self.wrong("no value")
        self.enter(name.group())
        if len({label for label, _ in labels}) < len(labels):
            self.wrong("a label twice")
        series = (name.group(), tuple(sorted(labels)))
        if series in self.samples:
            self.wrong("the same series twice")
        self.samples[series] = float(rest[1:])

    def look_at(self, name, kind):
        """The rules for names and helps."""
        self.line = name
        values = [value for (of, _), value in self.samples.items() if of == name]
        if not self.helps.get(name, "").strip():
            self.wrong("no help")
        if not values:
            self.wrong("a type without a sample")
        if (kind == "counter") != name.endswith("_total"):
            self.wrong("counters end in _total, and nothing else does")
        if kind == "counter" and any(not 0 <= value < float("inf") for value in values):
            self.wrong("a counter is a number from 0 on")
        if re.search("[A-Z:]", name):
            self.wrong("names are in snake_case")
        words = set(name.split("_"))
        if words & ABBREVIATIONS:
            self.wrong(f"base units, in full: {words & ABBREVIATIONS}")
        if words & set(TYPES):
            self.wrong("the type is no part of the name")


def read_page(text):
    page = Page(text)
    page.problems += [f"{name}: a sample without a type" for name, _ in page.samples if name not in page.types]
    return page

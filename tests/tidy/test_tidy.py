"""The rules of the house that a compiler does not check. See docs/ARCHITECTURE.md."""

import os
import re
import unittest

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
CODE = ("lib", "apps", "tests", "bench")
HEAVY = re.compile(r'^#include [<"](simdjson|cxxopts|yaml-cpp/|re2/|hs\.h|hs/|boost/|fmt/|regex>|filesystem>)', re.M)
# A header that only sources of its own library include.
HEAVY_ALLOWED = {"lib/event/event_fields.h"}
LINES_MAX = {".cc": 600, ".h": 250, ".py": 600}
COLUMNS_MAX = 110
LINK = re.compile(r"\]\(([^)\s]+)\)")


def files(extensions, *directories):
    """Paths below ROOT, with one of these endings, that are not somebody's build or download."""
    for directory in directories or CODE:
        for place, names, found in os.walk(os.path.join(ROOT, directory)):
            names[:] = sorted(name for name in names
                              if name not in ("build", "corpus", "node_modules", "__pycache__"))
            for name in sorted(found):
                if name.endswith(extensions):
                    yield os.path.relpath(os.path.join(place, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def documents():
    return [path for path in ("README.md", *files((".md",), "docs")) if os.path.exists(os.path.join(ROOT, path))]


def anchors_of(text):
    """The names by which headings can be linked to."""
    anchors = set()
    for heading in re.findall(r"^#+ +(.*)$", text, re.M):
        plain = re.sub(r"[`*\[\]]|\(.*?\)", "", heading).strip().lower()
        anchors.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return anchors


class Tidy(unittest.TestCase):
    def check_none(self, wrong):
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_heavy_headers_stay_in_sources(self):
        self.check_none([path for path in files((".h",), "lib")
                         if path not in HEAVY_ALLOWED and HEAVY.search(read(path))])

    def test_every_source_is_built(self):
        wrong = []
        lists = {path: read(path) for path in files(("CMakeLists.txt", ".cmake"))}
        for path in files((".cc",)):
            directory, name = os.path.split(path)
            own = "".join(text for listing, text in lists.items() if os.path.dirname(listing) == directory)
            # A directory that globs its sources has none that is left out.
            is_built = (re.search(rf"(^|[\s(/]){re.escape(name)}\b", own) or
                        re.search(r"GLOB[^)]*\*\S*\.cc", own) or
                        any(f"{os.path.basename(directory)}/{name}" in text for text in lists.values()))
            if not is_built:
                wrong.append(f"{path} is in no CMakeLists.txt")
        self.check_none(wrong)

    def test_every_header_is_included_by_something_else(self):
        included = set()
        for path in files((".h", ".cc")):
            for name in re.findall(r'^#include "([^"]+)"', read(path), re.M):
                included.add((name, path))
        names = {name for name, _ in included}
        wrong = []
        for path in files((".h",)):
            inside = path.removeprefix("lib/").removeprefix("tests/")
            if inside not in names and os.path.basename(path) not in names:
                wrong.append(f"{path} is included by nothing")
        self.check_none(wrong)

    def test_headers_are_guarded_by_pragma_once(self):
        self.check_none([path for path in files((".h",)) if not read(path).startswith("#pragma once\n")])

    def test_no_file_is_too_long(self):
        wrong = []
        for path in files(tuple(LINES_MAX)):
            lines = read(path).count("\n")
            bound = LINES_MAX[os.path.splitext(path)[1]]
            if lines > bound:
                wrong.append(f"{path} has {lines} lines, more than {bound}")
        self.check_none(wrong)

    def test_no_line_is_too_long(self):
        wrong = []
        for path in files((".h", ".cc")):
            # Text in quotes is data, as long as it is.
            text = re.sub(r'R"([^\s()]*)\(.*?\)\1"', lambda raw: "\n" * raw[0].count("\n"), read(path), flags=re.S)
            text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
            text = re.sub(r"  // NOLINT.*", "", text)
            for number, line in enumerate(text.split("\n"), 1):
                if len(line) > COLUMNS_MAX:
                    wrong.append(f"{path}:{number} has {len(line)} columns, more than {COLUMNS_MAX}")
        self.check_none(wrong)

    def test_nothing_is_left_to_be_done(self):
        # Put together here, so that this file does not find itself.
        words = re.compile("|".join(("TO" + "DO", "FIX" + "ME")))
        self.check_none([f"{path}: {found[0]}" for path in files((".h", ".cc", ".py", ".sh", ".txt"))
                         for found in [words.search(read(path))] if found])

    def test_no_place_of_one_machine_is_named(self):
        words = re.compile("/" + "work/|/ro" + "ot/")
        self.check_none([f"{path}: {found[0]}" for path in (*files((".h", ".cc", ".py", ".txt", ".cmake")),
                                                            *files(("",), "packaging"), *documents())
                         for found in [words.search(read(path))] if found])

    def test_links_in_documents_lead_somewhere(self):
        wrong = []
        for path in documents():
            text = re.sub(r"```.*?```", "", read(path), flags=re.S)
            for link in LINK.findall(text):
                if re.match(r"[a-z]+:", link):
                    continue
                file, _, anchor = link.partition("#")
                target = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
                if not os.path.exists(os.path.join(ROOT, target)):
                    wrong.append(f"{path}: {link} leads nowhere")
                elif anchor and target.endswith(".md") and anchor not in anchors_of(read(target)):
                    wrong.append(f"{path}: {link} names no heading")
        self.check_none(wrong)

    def test_programs_of_the_repository_can_be_run(self):
        for path in ("packaging/quickstart", "packaging/test", ".ci/run"):
            self.assertTrue(os.access(os.path.join(ROOT, path), os.X_OK), path)


if __name__ == "__main__":
    unittest.main()

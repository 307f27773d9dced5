"""A stack trace is one event, printed by the runtimes themselves, also mixed and after a restart."""

import os
import shutil
import subprocess

from harness import GasolineTest, PYTHON, main

PYTHON_CRASH = """
import sys
def pay(card): return {}[card]
def run():
    try: pay("visa")
    except KeyError as error: raise RuntimeError("no payment") from error
print("before", file=sys.stderr, flush=True)
run()
"""
NODE_CRASH = """
console.error('before');
function pay() { const error = new Error('card declined', {cause: new TypeError('no card')}); throw error; }
setTimeout(pay, 1);
"""
JAVA_CRASH = """
public class Crash {
  static void pay() { throw new IllegalStateException("card declined", new RuntimeException("no card")); }
  public static void main(String[] args) { System.err.println("before"); pay(); }
}
"""
GO_CRASH = """
package main
import "os"
func pay(cards map[string]int) { cards["visa"] = 1 }
func main() { os.Stderr.WriteString("before\\n"); pay(nil) }
"""
RUST_CRASH = """
fn pay(card: Option<u8>) -> u8 { card.expect("card declined") }
fn main() { eprintln!("before"); pay(None); }
"""
MIXED = """
import os, sys, time
trace = ["Traceback (most recent call last):", '  File "/srv/a.py", line 3, in run', "    pay()", "KeyError: 'card'"]
other = ["Error: boom"] + [f"    at f{i} (/srv/app.js:{i}:1)" for i in range(3)]
for left, right in zip(trace, other):
    os.write(1, (left + "\\n").encode())
    time.sleep(0.05)
    os.write(2, (right + "\\n").encode())
    time.sleep(0.05)
"""


class Traces(GasolineTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.sandbox.start_daemon()

    def write(self, name, text):
        path = os.path.join(self.sandbox.work, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def stderr_events(self, name, *command):
        self.sandbox.run_wrapped(*command, options=("--no-daemon", "--name", name))
        self.sandbox.await_run_end(name)
        return [e for e in self.sandbox.lines_of(name) if e["source"] == "stderr" and e["message"]]

    def check_crash(self, name, command, parts):
        before, trace, *after = self.stderr_events(name, *command)
        self.assertEqual(before["message"], "before")
        self.assertEqual([e["message"] for e in after], [])
        for part in parts:
            self.assertIn(part, trace["message"])
        self.assertEqual(trace["metadata"]["lines"], trace["message"].count("\n") + 1)
        return trace

    def needs(self, name):
        path = shutil.which(name)
        if path is None:
            self.skipTest(f"{name} is not installed")
        return path

    def test_python(self):
        command = (PYTHON, self.write("crash.py", PYTHON_CRASH))
        trace = self.check_crash("python", command, ("KeyError: 'visa'", "The above exception was",
                                                     "RuntimeError: no payment"))
        self.assertTrue(trace["message"].startswith("Traceback"), trace)
        self.assertTrue(trace["message"].endswith("RuntimeError: no payment"), trace)

    def test_node(self):
        command = (self.needs("node"), self.write("crash.js", NODE_CRASH))
        trace = self.check_crash("node", command, ("crash.js:3", "Error: card declined", "    at ",
                                                   "[cause]: TypeError: no card", "Node.js v"))
        self.assertIn("\n\nError: card declined\n", trace["message"])

    def test_java(self):
        command = (self.needs("java"), self.write("Crash.java", JAVA_CRASH))
        self.check_crash("java", command, ("java.lang.IllegalStateException: card declined",
                                           "\n\tat ", "Caused by: java.lang.RuntimeException"))

    def test_go(self):
        source = self.write("crash.go", GO_CRASH)
        binary = os.path.join(self.sandbox.work, "go_crash")
        environment = {**os.environ, "GOCACHE": os.path.join(self.sandbox.work, "go"), "GO111MODULE": "off"}
        subprocess.run([self.needs("go"), "build", "-o", binary, source], check=True, env=environment)
        trace = self.check_crash("go", (binary,), ("goroutine 1 [running]:", "main.pay", "crash.go:4"))
        self.assertTrue(trace["message"].startswith("panic: assignment"), trace)

    def test_rust(self):
        source, binary = self.write("crash.rs", RUST_CRASH), os.path.join(self.sandbox.work, "rust_crash")
        subprocess.run([self.needs("rustc"), "-o", binary, source], check=True)
        self.check_crash("rust", ("env", "RUST_BACKTRACE=1", binary), ("panicked at", "card declined", "backtrace"))

    def test_traces_on_both_streams_line_by_line_are_two_events_before_and_after_a_kill(self):
        expected = [("stdout", "Traceback (most recent call last):\n  File \"/srv/a.py\", line 3, in run\n"
                               "    pay()\nKeyError: 'card'"),
                    ("stderr", "Error: boom\n    at f0 (/srv/app.js:0:1)\n    at f1 (/srv/app.js:1:1)\n"
                               "    at f2 (/srv/app.js:2:1)")]
        script = self.write("mixed.py", MIXED)
        self.sandbox.run_wrapped(PYTHON, script, options=("--no-daemon", "--name", "mixed"))
        self.sandbox.await_run_end("mixed")
        seen = [(e["source"], e["message"]) for e in self.sandbox.lines_of("mixed")]
        self.assertEqual(seen, expected)
        self.daemon.kill()
        self.sandbox.start_daemon()
        seen = [(e["source"], e["message"]) for e in self.sandbox.lines_of("mixed")]
        self.assertEqual(seen, expected)


if __name__ == "__main__":
    main()

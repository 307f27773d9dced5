"""No part of a secret reaches the event log, an answer or a log of ours, however it is printed."""

import glob
import json
import os
import random
import stat
import string

from harness import GasolineTest, PYTHON, main

PRINTER = """
import base64, json, os, sys, time
secrets = json.loads(os.environ["TEST_SECRETS"])
key, token, password = secrets["key"], secrets["token"], secrets["password"]
dashes = "-" * 5
print(dashes + "BEGIN PRIVATE" + " KEY" + dashes)
for line in key:
    print(line, flush=True)
    time.sleep(0.02)
    print("GET /health 200", flush=True)
print(dashes + "END PRIVATE" + " KEY" + dashes)
print("used \\x1b[32m" + token[:9] + "\\x1b[1m" + token[9:] + "\\x1b[0m")
print(json.dumps({"msg": "colour \\x1b[32m" + token[:9] + "\\x1b[0m" + token[9:]}))
print(json.dumps({"msg": "spelled"})[:-1] + ', "t": "' + "".join(f"\\\\u{ord(c):04x}" for c in token) + '"}')
print("x" * 1000 + " postgres://app:" + password + "@db/shop " + "y" * 400)
sys.stdout.write("asking with " + token[:14]); sys.stdout.flush(); time.sleep(1.5); print(token[14:])
"""


class Secrets(GasolineTest):
    def random_text(self, size, alphabet=string.ascii_letters + string.digits):
        return "".join(random.choice(alphabet) for _ in range(size - 2)) + "7q"

    def test_nothing_of_a_secret_is_kept(self):
        daemon = self.sandbox.start_daemon()
        token = "gh" + "p_" + self.random_text(36)
        password = self.random_text(24)
        key = [self.random_text(64, string.ascii_letters + string.digits + "+/") for _ in range(4)]
        secrets = json.dumps({"key": key, "token": token, "password": password})
        self.sandbox.env["TEST_SECRETS"] = secrets
        options = ("--no-daemon", "--name", "leaky", "--max-line", "1KiB", "--tag", "deploy:" + token)
        run = self.sandbox.run_wrapped(PYTHON, "-c", PRINTER, options=options)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.sandbox.await_run_end("leaky")
        events = self.sandbox.timeline(service="leaky")
        self.assertEqual(len([e for e in events if e["message"] == "GET /health 200"]), 4)
        masks = {e["message"] for e in events if e["message"].startswith("used ")}
        self.assertRegex(masks.pop(), r"^used \[redacted:github-token#[0-9a-f]{4}\]$")
        daemon.stop()
        kept = json.dumps(events).encode() + daemon.log().encode()
        for path in glob.glob(os.path.join(self.sandbox.state, "gasoline", "events", "*")):
            with open(path, "rb") as file:
                kept += file.read()
        self.assertIn(b"GET /health 200", kept[len(json.dumps(events)) + len(daemon.log()):])
        for part in [token[-20:], token[4:16], password[-12:], password[:8]] + [line[8:24] for line in key]:
            self.assertNotIn(part.encode(), kept)
        mode = os.stat(os.path.join(self.sandbox.state, "gasoline", "mask.key")).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)


if __name__ == "__main__":
    main()

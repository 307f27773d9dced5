"""`gasoline explain` shows what is read in a line, without a daemon, and masks as the daemon does."""

import json
import os
import random
import string

from harness import GasolineTest, main

LINE = "2026-11-21 02:37:06 ERROR [req:7f3f1d2c9a] payment failed"


class Explain(GasolineTest):
    def test_a_line_is_explained_without_a_daemon(self):
        run = self.sandbox.cli("explain", LINE)
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        for part in (b"payment failed", b"error", b"7f3f1d2c9a", b"short field name"):
            self.assertIn(part, run.stdout)

    def test_lines_from_stdin_are_those_of_one_stream(self):
        run = self.sandbox.cli("explain", "--json", input=b"Error: boom\n    at a (/srv/a.js:1:1)\n")
        first, second = (json.loads(line) for line in run.stdout.splitlines())
        self.assertNotIn("continues", first["event"]["metadata"])
        self.assertEqual(second["event"]["metadata"]["continues"], first["event"]["event_id"])

    def test_nothing_to_explain_is_a_usage_error(self):
        run = self.sandbox.cli("explain", input=b"")
        self.assertEqual(run.returncode, 2)

    def test_a_mask_reads_as_in_the_timeline(self):
        self.sandbox.start_daemon()
        secret = "gh" + "p_" + "".join(random.choice(string.ascii_letters) for _ in range(35)) + "7"
        self.sandbox.post_events([{"message": "used " + secret, "service": "leaky"}])
        masked = self.sandbox.timeline(service="leaky")[0]["message"]
        run = self.sandbox.cli("explain", "--json", "used " + secret)
        self.assertEqual(json.loads(run.stdout)["event"]["message"], masked)
        self.assertNotIn(secret[4:16].encode(), run.stdout)
        os.remove(os.path.join(self.sandbox.state, "gasoline", "mask.key"))
        run = self.sandbox.cli("explain", "--json", "used " + secret)
        self.assertRegex(json.loads(run.stdout)["event"]["message"], r"^used \[redacted:github-token#[0-9a-f]{4}\]$")


if __name__ == "__main__":
    main()

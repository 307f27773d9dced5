"""gasoline doctor: what is wrong, and the command that mends it, in words and in JSON."""

import json
import os
import shutil
import socket
import unittest

from harness import GasolineTest, main
from ssh_host import SSHD, SshHost


class Doctor(GasolineTest):
    def findings(self, config, exit_code):
        run = self.sandbox.cli("doctor", "--config", config, "--json")
        self.assertEqual(run.returncode, exit_code, run)
        return json.loads(run.stdout)["findings"]

    def wrong(self, findings):
        return {finding["subject"]: finding for finding in findings if finding["grade"] == "wrong"}

    def test_a_well_machine_is_told_so(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config = self.sandbox.write("config.yaml", f"server:\n  listen: 127.0.0.1:{port}\n")
        self.sandbox.start_daemon("--config", config, "--listen", f"127.0.0.1:{port}")
        findings = self.findings(config, 0)
        self.assertEqual(self.wrong(findings), {})
        self.assertLessEqual({"configuration", "daemon", f"port 127.0.0.1:{port}", "disk"},
                             {finding["subject"] for finding in findings})
        text = self.sandbox.cli("doctor", "--config", config).stdout.decode()
        self.assertIn("ok     daemon: ", text)

    def test_what_is_wrong_has_a_remedy(self):
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
            config = self.sandbox.write("config.yaml", f"server:\n  listen: 127.0.0.1:{port}\n"
                                        "backend:\n  logs:\n    - type: container\n"
                                        f"      socket: {self.sandbox.root}/none.sock\n"
                                        f"    - {{type: container, mode: files, data_root: {self.sandbox.root}/none}}\n")
            wrong = self.wrong(self.findings(config, 1))
        self.assertEqual(wrong["daemon"]["remedy"], "gasolined --background")
        self.assertIn(str(port), wrong[f"port 127.0.0.1:{port}"]["remedy"])
        self.assertIn("docker", wrong[f"containers {self.sandbox.root}/none.sock"]["remedy"])
        self.assertIn("data_root", wrong[f"containers {self.sandbox.root}/none/containers"]["remedy"])
        bad = self.sandbox.write("bad.yaml", "backend:\n  logs:\n    - type: fiel\n")
        self.assertIn("configuration", self.wrong(self.findings(bad, 1)))

    @unittest.skipUnless(SSHD and shutil.which("ssh"), "sshd is not installed")
    def test_remote_hosts_are_visited(self):
        host = SshHost(self.sandbox)
        self.addCleanup(host.network.close)
        host.append("app.log", "x\n")
        config = host.configure(host.path("app.log"), host.path("none.log"))
        self.sandbox.start_daemon("--config", config)
        findings = self.findings(config, 1)
        self.assertIn("1 files found", [f["what"] for f in findings if f["subject"] == "ssh web1"][0])
        self.assertIn("No such file", self.wrong(findings)["ssh web1"]["what"])
        os.rename(host.place + "/user", host.place + "/kept")
        host.new_key("user")
        self.assertIn("ssh-copy-id web1", self.wrong(self.findings(config, 1))["ssh web1"]["what"])


if __name__ == "__main__":
    main()

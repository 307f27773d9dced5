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
        for place, words in (("/work", "is no socket"), ("/run/user/1/podman/none.sock", "no container engine")):
            place = self.sandbox.work if place == "/work" else place
            config = self.sandbox.write("other.yaml", f"backend: {{logs: [{{type: container, socket: {place}}}]}}\n")
            finding = self.wrong(self.findings(config, 1))[f"containers {place}"]
            self.assertIn(words, finding["what"])
        self.assertEqual(finding["remedy"], "systemctl --user enable --now podman.socket")
        bad = self.sandbox.write("bad.yaml", "backend:\n  logs:\n    - type: fiel\n")
        self.assertIn("configuration", self.wrong(self.findings(bad, 1)))

    def test_files_that_are_not_there_or_cannot_be_read_are_named(self):
        log = self.sandbox.write("logs/app.log", "x\n")
        config = self.sandbox.write("config.yaml", "backend:\n  logs:\n    - type: file\n      path:\n"
                                    f"        - {self.sandbox.work}/logs/*.log\n        - {self.sandbox.work}/none/*\n")
        self.sandbox.start_daemon("--config", config)
        of = {f["subject"]: f for f in self.findings(config, 0)}
        self.assertEqual(of[f"files {self.sandbox.work}/logs/*.log"]["what"], "1 found, all can be read")
        self.assertEqual(of[f"files {self.sandbox.work}/none/*"]["grade"], "note")
        if os.geteuid() == 0:
            return  # nothing is closed to us
        os.chmod(log, 0)
        of = {f["subject"]: f for f in self.findings(config, 1)}
        self.assertIn("setfacl", of[f"files {self.sandbox.work}/logs/*.log"]["remedy"])

    @unittest.skipUnless(SSHD and shutil.which("ssh"), "sshd is not installed")
    def test_remote_hosts_are_visited(self):
        host = SshHost(self.sandbox)
        host.append("app.log", "x\n")
        os.mkdir(host.path("d.log"))
        config = host.configure(*map(host.path, ("app.log", "none.log", "d.log", "x*.log")))
        self.sandbox.start_daemon("--config", config)
        findings = [f for f in self.findings(config, 1) if f["subject"] == "ssh web1"]
        self.assertEqual([(f["grade"], f["what"].replace(host.files + "/", "")) for f in findings],
                         [("ok", "answers; 2 files found, 1 of the first 2 can be read"),
                          ("wrong", "none.log: No such file"), ("note", "no file matches x*.log"),
                          ("wrong", "d.log: Is not a regular file")])
        os.rename(host.place + "/user", host.place + "/kept")
        host.new_key("user")
        self.assertIn("ssh-copy-id web1", self.wrong(self.findings(config, 1))["ssh web1"]["remedy"])
        host.network.close()
        self.assertIn("systemctl start ssh", self.wrong(self.findings(config, 1))["ssh web1"]["remedy"])


if __name__ == "__main__":
    main()

"""Files of a remote host over the system's ssh: a real sshd, real keys, and a network that breaks."""

import os
import shutil
import subprocess
import time
import unittest

from harness import GasolineTest, main, share_of, wait_for
from ssh_host import SSHD, Cable, SshHost

BUSYBOX = shutil.which("busybox")


@unittest.skipUnless(SSHD and shutil.which("ssh"), "sshd is not installed")
class Ssh(GasolineTest):
    def begin(self, *paths, forced=None, cable=None):
        self.host = SshHost(self.sandbox, forced, cable)
        if not cable:
            self.addCleanup(self.host.network.close)
        self.config = self.host.configure(*(paths or (self.host.path("app.log"),)))
        self.written = 0
        self.daemon = self.start()

    def start(self):
        return self.sandbox.start_daemon("--config", self.config)

    def write(self, count, name="app.log"):
        self.host.append(name, "".join(f"{{\"msg\":\"line {self.written + i}\",\"trace_id\":\"{i:032x}\"}}\n"
                                       for i in range(1, count + 1)))
        self.written += count

    def got(self):
        return [event for event in self.sandbox.timeline(source="ssh")]

    def check_all(self, patience_s=None):
        wait_for(lambda: len(self.got()) >= self.written, f"{self.written} lines", patience_s)
        messages = sorted((event["message"] for event in self.got()), key=lambda text: int(text.split()[1]))
        self.assertEqual(messages, [f"line {i}" for i in range(1, self.written + 1)])

    def await_log(self, text):
        wait_for(lambda: text in self.daemon.log(), f"{text!r} in the log")

    def rotate(self):
        for i in (2, 1):
            if os.path.exists(self.host.path(f"app.log.{i}")):
                os.rename(self.host.path(f"app.log.{i}"), self.host.path(f"app.log.{i + 1}"))
        os.rename(self.host.path("app.log"), self.host.path("app.log.1"))

    def test_lines_come_with_their_ids_through_rotation_kill_9_and_restart_of_sshd(self):
        self.begin()
        self.write(100)
        self.check_all()
        event = self.got()[0]
        self.assertEqual((event["source"], event["service"]), ("ssh", "web1"))
        self.assertEqual(event["metadata"]["file"], self.host.path("app.log"))
        self.assertTrue(self.sandbox.timeline(correlation_id=f"{1:032x}"))
        self.rotate()
        self.write(50)
        self.daemon.kill()
        self.write(50, "app.log.1")
        self.rotate()
        self.write(50)
        self.daemon = self.start()
        self.check_all()
        self.host.kill()
        self.write(20)
        self.host.start()
        self.check_all()
        (source,) = self.sandbox.get("/v1/sources").json()["sources"]  # one, however often it was rotated
        self.assertEqual(source["place"], f"host:web1 path:{self.host.path('app.log')}")

    def check_cut(self, cut, heal):
        """Lines and a rotation while the link is dead: each comes once, when it is back."""
        self.write(20)
        self.check_all()
        cut()
        begun = time.monotonic()
        self.write(20)
        self.await_log("(failure 1)")
        noticed = time.monotonic() - begun
        self.write(20)
        self.rotate()
        self.write(20)
        heal()
        healed = time.monotonic()
        self.check_all()
        print(f"noticed after {noticed:.1f} s, back {time.monotonic() - healed:.1f} s after the network", flush=True)

    def test_a_dead_link_is_noticed_and_followed_again_once_it_is_back(self):
        self.begin()

        def freeze(is_frozen):
            self.host.network.frozen = is_frozen

        self.check_cut(lambda: freeze(True), lambda: freeze(False))

    def test_a_pulled_cable_is_noticed_and_followed_again_once_it_is_back(self):
        try:
            cable = Cable()
        except (OSError, subprocess.CalledProcessError) as error:
            self.skipTest(f"no network namespaces here: {error}")
        self.addCleanup(cable.close)
        self.begin(cable=cable)
        self.check_cut(cable.pull, cable.plug)

    def test_a_daemon_that_is_killed_at_any_moment_loses_and_repeats_nothing(self):
        self.begin()
        for _ in range(share_of(3)):
            self.write(3000)
            time.sleep(0.2)
            self.daemon.kill()
            self.write(200)
            self.daemon = self.start()
        self.check_all()

    @unittest.skipUnless(BUSYBOX, "busybox is not installed")
    def test_a_host_that_has_nothing_but_busybox_will_do(self):
        tools = self.sandbox.make("tools")
        for tool in ("sh", "stat", "dd", "head", "cat", "sleep"):
            os.symlink(BUSYBOX, os.path.join(tools, tool))
        self.begin(forced=f"env -i PATH={tools} {BUSYBOX} sh -s")
        self.write(500)
        self.check_all()
        self.rotate()
        self.write(500)
        self.check_all()

    def test_a_path_is_a_name_and_never_a_command(self):
        name = "a'; touch x '$(touch y)`touch z`"
        self.host = host = SshHost(self.sandbox)
        self.addCleanup(host.network.close)
        self.written = 0
        self.write(5, name)
        self.config = host.configure(host.path(name))
        self.daemon = self.start()
        self.check_all()
        self.assertEqual(os.listdir(host.files), [name])
        for place in (os.path.expanduser("~"), self.sandbox.home, self.sandbox.work):
            self.assertFalse({"x", "y", "z"} & set(os.listdir(place)), place)

    def test_a_changed_host_key_is_refused_and_said_until_it_is_known(self):
        self.begin()
        self.write(5)
        self.check_all()
        self.daemon.stop()
        self.host.new_key("user2")
        self.host.know_host(self.host.public("user2"))
        self.write(5)
        self.daemon = self.start()
        self.await_log("the host key of web1 has changed")
        attempts = self.host.attempts()
        time.sleep(2.5)
        self.assertEqual(self.host.attempts(), attempts)
        self.host.know_host()
        self.check_all()

    def test_a_refused_key_is_said_and_a_new_one_is_tried_at_once(self):
        self.begin()
        self.write(5)
        self.check_all()
        self.daemon.stop()
        os.rename(self.host.place + "/user", self.host.place + "/kept")
        self.host.new_key("user")
        self.write(5)
        self.daemon = self.start()
        self.await_log("web1 refuses our key")
        os.rename(self.host.place + "/kept", self.host.place + "/user")
        os.unlink(self.host.place + "/user.pub")
        self.check_all()


if __name__ == "__main__":
    main()

"""What a real engine does not show on demand: streams cut again and again, stalls, half frames, 500s, restarts."""

import time

from container_watch import ContainerWatch
from harness import GasolineTest, main, share_of, wait_for


class ContainerFaults(GasolineTest):
    def test_streams_that_are_cut_all_the_time_cost_no_line_no_thread_and_no_descriptor(self):
        """The short form of bench/container_soak.py."""
        watch = ContainerWatch(self.sandbox, 50)
        before = watch.resources()
        watch.write_while_cut(lines=3, pause_s=0.2, rounds=share_of(30), cuts=11)
        watch.heal()
        after = watch.settled_resources(before)
        self.assertEqual(after["threads"], before["threads"])
        print(f"{before} -> {after}", flush=True)
        self.assertLess(after["memory_kib"], before["memory_kib"] + 40_000)

    def test_whole_seconds_for_stamps_as_podman_has_them_tell_no_line_twice(self):
        watch = ContainerWatch(self.sandbox, 10, "podman")
        watch.write_while_cut(lines=5, pause_s=0.1, rounds=share_of(20), cuts=4)
        watch.heal()

    def test_a_stuck_container_a_failing_engine_and_its_restart_hold_up_nobody_else(self):
        watch = ContainerWatch(self.sandbox, 20)
        watch.tell("stuck 7")
        watch.tell("restart")
        watch.write(5)
        wait_for(lambda: len(watch.got()) >= 19 * watch.written + 1, "the lines of the others")
        watch.tell("fail 1")
        watch.tell("restart")
        watch.write(5)
        time.sleep(1)
        watch.tell("fail 0")
        wait_for(lambda: len(watch.got()) >= 19 * watch.written + 1, "the lines of the others")

    def test_three_hundred_containers_are_followed_at_once(self):
        watch = ContainerWatch(self.sandbox, 300)
        watch.write(2)
        watch.await_all()


if __name__ == "__main__":
    main()

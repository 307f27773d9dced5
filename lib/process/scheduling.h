#pragma once

namespace gasoline::process {

/// Asks the scheduler to let the calling thread run soon after it wakes, even on a busy machine: a
/// thread that stamps times must not stamp its own delay.
///
/// The lowest real-time priority where the process may have one (root, RLIMIT_RTPRIO); else the
/// shortest slice of the fair scheduler, which any user may ask for (Linux 6.12, sched_setattr(2),
/// sched_runtime of SCHED_OTHER). Where neither is to be had nothing changes. For threads that wait
/// for others most of the time; never inherited by a child.
void prefer_short_delays();

/// Asks the scheduler never to interrupt a running thread for the calling one when that wakes
/// (SCHED_BATCH, sched(7)); its share of the CPU stays the same. For work that nobody waits for, so
/// that it does not delay those who do. Inherited by threads and processes that it starts.
void avoid_interrupting_others();

}  // namespace gasoline::process

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

}  // namespace gasoline::process

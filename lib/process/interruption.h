#pragma once

#include <pthread.h>

namespace gasoline::process {

/// To get another thread out of a system call in which it sleeps: that ends with EINTR.
///
/// A signal that comes just before the call is lost, so make the call one that does not sleep first
/// (O_NONBLOCK), and interrupt then.
///
/// Takes SIGURG for the process. False if that was ignored at our start, since a child is to find it
/// as we did: then nobody can be interrupted. Any thread.
bool can_interrupt_threads();
/// To be called by a thread that may be interrupted.
void allow_interruption();
/// `thread` has not been joined yet.
void interrupt(pthread_t thread);

}  // namespace gasoline::process

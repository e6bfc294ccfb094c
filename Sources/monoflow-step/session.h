#pragma once
// Processes that are started beside the command while it runs, inside its sandbox and with no more rights than it has: they are children of
// the same first process, which has given up every privilege before. Each belongs to a connection of a server.
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_SESSIONS = 16, SESSION_TEXT = 1 << 17 };

/// What comes first on a connection, with three descriptors that become 0, 1 and 2; `count` texts follow, each ended by a zero byte.
/// The answer is one `struct report`. The end of the connection before it ends the process.
struct session_request {
    int32_t count;
    int32_t terminal;  // the descriptors are a terminal, which becomes the controlling one
};

// ---- in the supervisor ----

/// The socket `sessions` in the task's directory, where servers ask; -1 where it cannot be made.
int sessions_listen(const char *directory);
/// Hands one connection of the supervisor's own user on to init, which speaks to it from then on. `control`: the pair with init.
void sessions_pass(int listener, int control);

// ---- in init ----

/// Takes over the connection; closes it where there are too many.
void sessions_take(int connection);
/// Fills in what to wait for, at most MAX_SESSIONS entries, and returns their number.
int sessions_watch(struct pollfd *out);
/// After the wait, with what `sessions_watch` filled in.
void sessions_serve(const struct pollfd *fds, int count);
/// A child of this process has ended. - Returns: whether it was of a session.
int sessions_ended(pid_t pid, int status);
void sessions_kill(void);

#pragma once
// monoflow-step: the supervisor of one task (`run`) and the first process inside its sandbox (`init`).
// They are joined by inherited descriptors with fixed numbers, so that neither a path of the host nor a process id
// of another pid namespace has to be passed through the sandbox.
#include <stddef.h>
#include <stdint.h>

enum {
    /// A sealed text `NAME=VALUE\0NAME=VALUE\0…`: the command's whole environment. It never becomes the
    /// environment of the supervisor or of the sandbox helper, which may run as root outside the sandbox.
    FD_ENVIRONMENT = 3,
    /// This program, for `/proc/self/fd/4` inside the sandbox, where its path does not exist.
    FD_PROGRAM = 4,
    /// A SOCK_SEQPACKET pair between supervisor and init. Down: one byte, a signal to forward. Up: `struct report`.
    /// Its end tells init that the supervisor is gone.
    FD_CONTROL = 5,
};

enum report_kind {
    REPORT_STARTED = 1,
    REPORT_EXITED = 2,       // value: exit status
    REPORT_SIGNALED = 3,     // value: signal
    REPORT_NOT_STARTED = 4,  // value: 126 or 127, as shells use them
    REPORT_NO_SANDBOX = 5,   // value: errno of the helper's exec
};

struct report {
    int32_t kind;
    int32_t value;
};

/// Exit statuses of `run` itself; the command's own is in the exit file.
enum { RUN_DONE = 0, RUN_FAILED = 1, RUN_USAGE = 2, RUN_ALREADY_CLAIMED = 3 };

int run_main(int argc, char **argv);
int init_main(int argc, char **argv);
int network_main(int argc, char **argv);
/// Has the kernel refuse this process and what it starts the system calls that tasks have no use for. Returns -1 where it cannot.
/// `shared`: also those that reach objects which all processes outside of namespaces share by name.
int refuse_system_calls(int shared);

struct allowed {
    const char *path;
    int writable;
};
/// From here on this process and what it starts open only what is at or below these paths; missing ones are passed over. They signal
/// nobody else and speak to nobody else's abstract Unix sockets where the kernel knows how (6.12). Returns -1 where it has no Landlock.
int restrict_files(const struct allowed *paths, int count);
/// Enters the network namespace of a `network` process, named `PID:NET:USER` by the inodes of its namespaces, USER 0 for the own user
/// namespace. Returns -1 where it is not there any more.
int enter_network(const char *place);

// ---- shared by both ----

/// The value after an option; ends the process with RUN_USAGE where it is missing.
const char *option_value(int argc, char **argv, int *at);
double number_value(int argc, char **argv, int *at);
int64_t now_milliseconds(int clock);
/// Writes all of it or returns -1.
int write_all(int fd, const char *bytes, size_t count);
void close_from(unsigned int first);
/// SIGTERM, SIGINT and SIGCHLD blocked, everything else unblocked; a signalfd that reads the three.
int take_signals(void);
/// Every disposition back to its default and nothing blocked: how a command expects to be started.
void release_signals(void);

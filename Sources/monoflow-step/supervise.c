#define _GNU_SOURCE
// Watches one command from its start to its end, apart from the server: its log, its deadline, its exit status.
#include "record.h"
#include "session.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CGROUPS = 8, INIT_ANSWERS_MS = 250, MAX_MARKS = 1 << 20, MARK_EVERY_MS = 100 };

struct options {
    const char *directory, *log, *overlay, *network, *network_lock, *cgroups[MAX_CGROUPS];
    int cgroup_count;
    int64_t log_limit, deadline_ms, grace_ms;  // deadline_ms < 0: none
    char **command;
};

struct supervision {
    struct options o;
    int log, pipe, control, signals;
    int sessions;  // where servers ask for processes beside the command; < 0: nowhere
    int times, marks;    // times < 0: not kept
    int64_t marked_at;  // Unix milliseconds
    int64_t logged, kill_at;  // monotonic milliseconds; kill_at < 0: not ending
    pid_t child;
    struct outcome outcome;
};

static struct options parse(int argc, char **argv) {
    struct options o = {.log_limit = INT64_MAX, .deadline_ms = -1, .grace_ms = 10000};
    int at = 2;
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        const char *name = argv[at];
        if (strcmp(name, "--dir") == 0) o.directory = option_value(argc, argv, &at);
        else if (strcmp(name, "--log") == 0) o.log = option_value(argc, argv, &at);
        else if (strcmp(name, "--overlay") == 0) o.overlay = option_value(argc, argv, &at);
        else if (strcmp(name, "--network") == 0) o.network = option_value(argc, argv, &at);
        else if (strcmp(name, "--network-lock") == 0) o.network_lock = option_value(argc, argv, &at);
        else if (strcmp(name, "--log-limit") == 0) o.log_limit = (int64_t)number_value(argc, argv, &at);
        else if (strcmp(name, "--deadline") == 0) o.deadline_ms = (int64_t)(number_value(argc, argv, &at) * 1000);
        else if (strcmp(name, "--grace") == 0) o.grace_ms = (int64_t)(number_value(argc, argv, &at) * 1000);
        else if (strcmp(name, "--cgroup") == 0 && o.cgroup_count < MAX_CGROUPS)
            o.cgroups[o.cgroup_count++] = option_value(argc, argv, &at);
        else { fprintf(stderr, "monoflow-step: unknown option %s\n", name); exit(RUN_USAGE); }
    }
    if (!o.directory || !o.log || at + 1 >= argc) { fputs("monoflow-step: run needs --dir, --log and a command\n", stderr); exit(RUN_USAGE); }
    o.command = argv + at + 1;
    return o;
}

// ---- in the child, before the sandbox helper takes its place ----

static void cannot(const char *what, const char *subject) {
    int error = errno;
    dprintf(2, "monoflow: %s %s: %s\n", what, subject, strerror(error));
    struct report message = {REPORT_NO_SANDBOX, error};
    (void)!send(FD_CONTROL, &message, sizeof message, MSG_NOSIGNAL);
    _exit(126);
}

/// A writable layer over a shared directory, seen by this task alone and kept in its own directory.
static void lay_over(const char *directory, const char *task) {
    char layer[4096], options[16384];
    snprintf(layer, sizeof layer, "%s/overlay", task);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) cannot("cannot unshare mounts for", directory);
    int length = snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", directory, layer, layer);
    if (length >= (int)sizeof options) { errno = ENAMETOOLONG; cannot("cannot lay over", directory); }
    if (mount("overlay", directory, "overlay", MS_NODEV | MS_NOSUID, options) != 0) cannot("cannot lay over", directory);
}

static void become_command(const struct options *o, pid_t parent, int output, int control) {
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(126);
    // Numbers from 10 up are free: everything above FD_ENVIRONMENT was closed at the start.
    output = fcntl(output, F_DUPFD, 10);
    control = fcntl(control, F_DUPFD, 10);
    int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    program = fcntl(program, F_DUPFD, 10);
    dup2(output, 1);
    dup2(output, 2);
    dup2(program, FD_PROGRAM);
    dup2(control, FD_CONTROL);
    close_from(FD_CONTROL + 1);
    for (int i = 0; i < o->cgroup_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/cgroup.procs", o->cgroups[i]);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write_all(fd, "0", 1) != 0) cannot("cannot enter the control group", o->cgroups[i]);
        close(fd);
    }
    if (o->overlay) lay_over(o->overlay, o->directory);
    if (o->network) {
        if (enter_network(o->network) != 0) cannot("cannot enter", "the namespace's network");
        // Cleared by a change of the user namespace.
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent) _exit(126);
    }
    // SIGTERM and SIGINT stay blocked through the helper: one that comes early waits for init instead of being lost.
    char *environment[] = {"PATH=/usr/bin:/bin:/usr/sbin:/sbin", NULL};
    execve(o->command[0], o->command, environment);
    cannot("cannot run", o->command[0]);
}

// ---- in the supervisor ----

/// Writes down beside the log when what comes from here on was written, at most ten times a second: pairs of a byte's place and a time.
static void mark_time(struct supervision *s) {
    if (s->times < 0 || s->marks >= MAX_MARKS) return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t mark[2] = {s->logged, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000};
    if (s->marks > 0 && mark[1] >= s->marked_at && mark[1] - s->marked_at < MARK_EVERY_MS) return;
    if (write_all(s->times, (const char *)mark, sizeof mark) != 0) s->marks = MAX_MARKS;
    s->marks++;
    s->marked_at = mark[1];
}

static void append(struct supervision *s, const char *bytes, size_t count) {
    if (s->outcome.log_truncated) return;
    if (s->logged + (int64_t)count > s->o.log_limit) {
        count = s->logged < s->o.log_limit ? (size_t)(s->o.log_limit - s->logged) : 0;
        s->outcome.log_truncated = 1;
    }
    int full = s->outcome.log_truncated;
    mark_time(s);
    if (write_all(s->log, bytes, count) != 0) s->outcome.log_truncated = 1;
    s->logged += (int64_t)count;
    if (full) dprintf(s->log, "\nmonoflow: the log reached its limit of %lld bytes; what followed is not kept\n", (long long)s->o.log_limit);
}

/// Returns 0 at the end of the pipe.
static int pump(struct supervision *s) {
    static char buffer[1 << 16];
    for (int round = 0; round < 16; round++) {
        ssize_t got = read(s->pipe, buffer, sizeof buffer);
        if (got > 0) append(s, buffer, (size_t)got);
        else if (got == 0) return 0;
        else return errno == EAGAIN || errno == EINTR;
    }
    return 1;
}

/// First by way of init, which knows the command's group where there is no pid namespace to take it along.
static void kill_by_init(struct supervision *s) {
    shutdown(s->control, SHUT_RDWR);
    for (int i = 0; i < s->o.cgroup_count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/cgroup.kill", s->o.cgroups[i]);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0) continue;
        (void)!write(fd, "1", 1);
        close(fd);
    }
}

static void begin_end(struct supervision *s, const char *reason) {
    if (s->kill_at >= 0) return;
    // Where the command has ended already, only what lingers of its sandbox is left to end.
    if (!s->outcome.decided) s->outcome.reason = reason;
    s->kill_at = now_milliseconds(CLOCK_MONOTONIC) + (s->outcome.decided ? 0 : s->o.grace_ms);
    unsigned char number = SIGTERM;
    (void)!send(s->control, &number, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void read_reports(struct supervision *s) {
    struct report message;
    while (recv(s->control, &message, sizeof message, MSG_DONTWAIT) == sizeof message) {
        if (message.kind == REPORT_STARTED) s->outcome.started_ms = now_milliseconds(CLOCK_REALTIME);
        else outcome_take(&s->outcome, message.kind, message.value);
    }
}

static void watch(struct supervision *s) {
    int64_t deadline = s->o.deadline_ms < 0 ? -1 : now_milliseconds(CLOCK_MONOTONIC) + s->o.deadline_ms;
    int piped = 1, killed = 0;
    for (;;) {
        int64_t now = now_milliseconds(CLOCK_MONOTONIC);
        if (deadline >= 0 && now >= deadline && s->kill_at < 0 && !s->outcome.decided) {
            begin_end(s, "deadline");
            snprintf(s->outcome.message, sizeof s->outcome.message, "deadline of %g s exceeded", (double)s->o.deadline_ms / 1000);
        }
        if (s->kill_at >= 0 && now >= s->kill_at) {
            // The second time init did not answer, or was not there yet.
            if (killed) kill(s->child, SIGKILL);
            else kill_by_init(s);
            s->kill_at = now + INIT_ANSWERS_MS;
            killed = 1;
        }
        int64_t next = s->kill_at >= 0 ? s->kill_at : s->outcome.decided ? -1 : deadline;
        int64_t wait = next < 0 ? -1 : next - now > 1000000 ? 1000000 : next - now;
        struct pollfd fds[4] = {
            {.fd = s->signals, .events = POLLIN},
            {.fd = s->outcome.decided || killed ? -1 : s->control, .events = POLLIN},
            {.fd = piped ? s->pipe : -1, .events = POLLIN},
            {.fd = s->outcome.decided || killed ? -1 : s->sessions, .events = POLLIN},
        };
        if (poll(fds, 4, (int)wait) < 0 && errno != EINTR) break;
        if (fds[1].revents) {
            read_reports(s);
            if (fds[1].revents & (POLLHUP | POLLERR)) s->outcome.decided = 1;
        }
        if (fds[2].revents) piped = pump(s);
        if (fds[3].revents) sessions_pass(s->sessions, s->control);
        struct signalfd_siginfo info;
        int ended = 0;
        while (read(s->signals, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGCHLD) ended = 1;
            else begin_end(s, "stopped");
        }
        if (!ended) continue;
        int status;
        struct rusage usage;
        if (wait4(s->child, &status, WNOHANG, &usage) != s->child) continue;
        read_reports(s);
        // Processes that left the sandbox's reach may hold the pipe open: take what is there and do not wait.
        while (piped && pump(s) && errno != EAGAIN) {}
        outcome_finish(&s->outcome, status, &usage);
        return;
    }
}

/// Open to the end: it tells the process that holds the network namespace that it is in use.
static int hold(const char *lock) {
    int fd = lock ? open(lock, O_RDWR | O_CLOEXEC) : -1;
    return !lock || (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0) ? 0 : -1;
}

int run_main(int argc, char **argv) {
    struct supervision s = {.o = parse(argc, argv), .kill_at = -1, .sessions = -1};
    setsid();
    s.signals = take_signals();
    if (s.signals != FD_PROGRAM) close_from(FD_PROGRAM), s.signals = take_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    umask(022);
    if (s.signals < 0 || chdir("/") != 0) return RUN_FAILED;
    int claimed = claim(s.o.directory);
    if (claimed != 0) return claimed;

    int output[2] = {-1, -1}, pair[2] = {-1, -1};
    s.log = open(s.o.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    char times[4096];
    s.times = snprintf(times, sizeof times, "%s.times", s.o.log) < (int)sizeof times
        ? open(times, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (s.log < 0) outcome_fail(&s.outcome, "cannot open the log", errno);
    else if (hold(s.o.network_lock) != 0) outcome_fail(&s.outcome, "cannot hold the namespace's network", errno);
    else if (pipe2(output, O_CLOEXEC) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        outcome_fail(&s.outcome, "cannot make a pipe", errno);
    else {
        struct stat info;
        s.logged = fstat(s.log, &info) == 0 ? info.st_size : 0;
        pid_t self = getpid();
        s.sessions = sessions_listen(s.o.directory);
        s.child = fork();
        if (s.child == 0) become_command(&s.o, self, output[1], pair[1]);
        close(output[1]);
        close(pair[1]);
        close(FD_ENVIRONMENT);
        s.pipe = output[0];
        s.control = pair[0];
        fcntl(s.pipe, F_SETFL, O_NONBLOCK);
        if (s.child < 0) outcome_fail(&s.outcome, "cannot fork", errno);
        else watch(&s);
    }
    if (s.sessions >= 0) {
        char path[4096];
        close(s.sessions);
        snprintf(path, sizeof path, "%s/sessions", s.o.directory);
        unlink(path);
    }
    s.outcome.out_of_memory = cgroups_leave(s.o.cgroups, s.o.cgroup_count);
    return write_exit(s.o.directory, &s.outcome) == 0 ? RUN_DONE : RUN_FAILED;
}

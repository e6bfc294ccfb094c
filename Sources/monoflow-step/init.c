#define _GNU_SOURCE
// The first process of a task: gives up every privilege, starts the command, forwards signals to it, reaps orphans
// and reports the end. As pid 1 of the sandbox its end takes every other process of the task with it.
#include "session.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_ALLOWED = 128 };

struct options {
    struct allowed allowed[MAX_ALLOWED];
    int allowed_count;  // 0: files are not restricted
    int supervised, map_root, has_uid, filter;
    uid_t uid;
    gid_t gid;
    const char *directory;
    char **command;
};

static int control = -1;

static void report(int kind, int value) {
    struct report message = {kind, value};
    if (control >= 0) (void)!send(control, &message, sizeof message, MSG_NOSIGNAL);
}

/// For failures before the command runs: one line in the task's log.
static void give_up(const char *what, const char *subject, int status) {
    fprintf(stderr, "monoflow: %s%s%s: %s\n", what, *subject ? " " : "", subject, strerror(errno));
    report(REPORT_NOT_STARTED, status);
    _exit(status);
}

static void limit(int resource, rlim_t value) {
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return;
    if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) value = now.rlim_max;
    now.rlim_cur = now.rlim_max = value;
    if (setrlimit(resource, &now) != 0) give_up("cannot set a resource limit", "", 126);
}

static struct options parse(int argc, char **argv) {
    struct options o = {.directory = "/"};
    int at = 2;
    limit(RLIMIT_CORE, 0);
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        const char *name = argv[at];
        if (strcmp(name, "--supervised") == 0) o.supervised = 1;
        else if (strcmp(name, "--map-root") == 0) o.map_root = 1;
        else if (strcmp(name, "--filter") == 0) o.filter = 1;
        else if (strcmp(name, "--read") == 0 || strcmp(name, "--write") == 0) {
            if (o.allowed_count == MAX_ALLOWED) { fputs("monoflow-step: too many paths\n", stderr); exit(RUN_USAGE); }
            o.allowed[o.allowed_count++] = (struct allowed){option_value(argc, argv, &at), name[2] == 'w'};
        }
        else if (strcmp(name, "--uid") == 0) { o.uid = (uid_t)number_value(argc, argv, &at); o.has_uid = 1; }
        else if (strcmp(name, "--gid") == 0) o.gid = (gid_t)number_value(argc, argv, &at);
        else if (strcmp(name, "--nofile") == 0) limit(RLIMIT_NOFILE, (rlim_t)number_value(argc, argv, &at));
        else if (strcmp(name, "--nproc") == 0) limit(RLIMIT_NPROC, (rlim_t)number_value(argc, argv, &at));
        else if (strcmp(name, "--data") == 0) limit(RLIMIT_DATA, (rlim_t)number_value(argc, argv, &at));
        else if (strcmp(name, "--fsize") == 0) limit(RLIMIT_FSIZE, (rlim_t)number_value(argc, argv, &at));
        else if (strcmp(name, "--chdir") == 0) o.directory = option_value(argc, argv, &at);
        else { fprintf(stderr, "monoflow-step: unknown option %s\n", name); exit(RUN_USAGE); }
    }
    if (at + 1 >= argc) { fputs("monoflow-step: no command\n", stderr); exit(RUN_USAGE); }
    o.command = argv + at + 1;
    return o;
}

/// Takes the environment from its descriptor; the strings stay mapped for the life of the process.
static void take_environment(void) {
    struct stat info;
    if (fstat(FD_ENVIRONMENT, &info) != 0) give_up("cannot read the environment", "", 126);
    size_t size = (size_t)info.st_size, count = 0, done = 0;
    char *text = malloc(size + 1);
    if (!text) give_up("cannot read the environment", "", 126);
    while (done < size) {
        ssize_t got = pread(FD_ENVIRONMENT, text + done, size - done, (off_t)done);
        if (got <= 0) give_up("cannot read the environment", "", 126);
        done += (size_t)got;
    }
    text[size] = 0;
    for (size_t i = 0; i < size; i++) count += text[i] == 0;
    char **list = calloc(count + 2, sizeof *list);
    if (!list) give_up("cannot read the environment", "", 126);
    size_t index = 0;
    for (char *at = text; at < text + size; at += strlen(at) + 1) list[index++] = at;
    environ = list;
    close(FD_ENVIRONMENT);
}

static void drop_bounding_set(void) {
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static void drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    if (syscall(SYS_capset, &header, none) != 0) give_up("cannot drop capabilities", "", 126);
}

static void write_map(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write_all(fd, text, strlen(text)) != 0) give_up("cannot map the user in", path, 126);
    close(fd);
}

static void become_user(const struct options *o) {
    drop_bounding_set();
    if (o->has_uid) {
        if (setgroups(0, NULL) != 0 || setresgid(o->gid, o->gid, o->gid) != 0 || setresuid(o->uid, o->uid, o->uid) != 0)
            give_up("cannot become the task's user", "", 126);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("cannot forbid new privileges", "", 126);
    if (o->map_root) {
        char text[64];
        // A process that changed its user is not dumpable, and the maps of such a process belong to root.
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        if (unshare(CLONE_NEWUSER) != 0) give_up("cannot make a user namespace", "", 126);
        write_map("/proc/self/setgroups", "deny");
        snprintf(text, sizeof text, "0 %u 1", (unsigned)o->gid);
        write_map("/proc/self/gid_map", text);
        snprintf(text, sizeof text, "0 %u 1", (unsigned)o->uid);
        write_map("/proc/self/uid_map", text);
        drop_bounding_set();
    }
    drop_capabilities();
    if (o->allowed_count > 0 && restrict_files(o->allowed, o->allowed_count) != 0) give_up("cannot restrict access to files", "", 126);
    if (o->filter && refuse_system_calls(o->allowed_count > 0) != 0) give_up("cannot filter system calls", "", 126);
    // The command runs as the same user: without this it could read this process's memory and descriptors.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // Cleared by the change of user. Outside a pid namespace init has to outlive the supervisor for a moment, to end
    // the command's group; it learns of it by the control pair.
    prctl(PR_SET_PDEATHSIG, getpid() == 1 ? SIGKILL : 0, 0, 0, 0);
}

static pid_t start(char **command) {
    int broken[2];
    if (pipe2(broken, O_CLOEXEC) != 0) give_up("cannot make a pipe", "", 126);
    pid_t pid = fork();
    if (pid < 0) give_up("cannot fork", "", 126);
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        release_signals();
        int at = broken[1];
        if (at != 3) { dup3(at, 3, O_CLOEXEC); at = 3; }
        close_from(4);
        execvp(command[0], command);
        int error = errno;
        (void)!write(at, &error, sizeof error);
        _exit(127);
    }
    setpgid(pid, pid);
    close(broken[1]);
    int error = 0;
    ssize_t got;
    while ((got = read(broken[0], &error, sizeof error)) < 0 && errno == EINTR) {}
    close(broken[0]);
    if (got == sizeof error) {
        waitpid(pid, NULL, 0);
        errno = error;
        give_up("cannot run", command[0], error == ENOENT || error == ENOTDIR ? 127 : 126);
    }
    return pid;
}

static void end_group(pid_t group) {
    if (getpid() == 1) kill(-1, SIGKILL);
    else {
        sessions_kill();
        kill(-group, SIGKILL);
    }
}

/// One order of the supervisor: a signal for the command, or 0 with a connection of a session. Returns -1 where the supervisor is gone.
static int obey(pid_t main_pid) {
    unsigned char number = 0;
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } passed;
    struct iovec data = {&number, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed};
    ssize_t got = recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EINTR) ? -1 : 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (number != 0) kill(-main_pid, number);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        int connection;
        memcpy(&connection, CMSG_DATA(header), sizeof connection);
        sessions_take(connection);
    }
    return 0;
}

int init_main(int argc, char **argv) {
    struct options o = parse(argc, argv);
    int signals = take_signals();
    if (o.supervised) {
        control = FD_CONTROL;
        fcntl(FD_CONTROL, F_SETFD, FD_CLOEXEC);
        close(FD_PROGRAM);
        take_environment();
    }
    become_user(&o);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (chdir(o.directory) != 0) give_up("cannot change to the working directory", o.directory, 126);
    pid_t main_pid = start(o.command);
    report(REPORT_STARTED, 0);
    // The command's end of the log must be the only one, and init never reads.
    for (;;) {
        // A descriptor of -1 is passed over.
        struct pollfd wait[2 + MAX_SESSIONS] = {{.fd = signals, .events = POLLIN}, {.fd = control, .events = POLLIN}};
        int watched = sessions_watch(wait + 2);
        if (poll(wait, (nfds_t)(2 + watched), -1) < 0) {
            if (errno != EINTR) _exit(126);
            continue;
        }
        sessions_serve(wait + 2, watched);
        if ((wait[1].revents & (POLLIN | POLLHUP | POLLERR)) && obey(main_pid) != 0) {
            end_group(main_pid);
            _exit(137);
        }
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) == sizeof info)
            if (info.ssi_signo != SIGCHLD) kill(-main_pid, (int)info.ssi_signo);
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            if (sessions_ended(pid, status) || pid != main_pid) continue;
            int killed = WIFSIGNALED(status);
            report(killed ? REPORT_SIGNALED : REPORT_EXITED, killed ? WTERMSIG(status) : WEXITSTATUS(status));
            end_group(main_pid);
            _exit(killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        }
    }
}

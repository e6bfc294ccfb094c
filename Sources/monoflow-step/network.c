#define _GNU_SOURCE
// Makes and holds the network namespace of one Monoflow namespace: its own loopback, on which the server's API is
// reachable at one port. Tasks enter it by way of this process (`enter_network`). It outlives the server and ends by itself once
// nobody holds its lock any more: neither a server nor the supervisor of a task.
#include "forward.h"
#include "record.h"
#include "step.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { FD_READY = 3, UNUSED_CHECK_MS = 2000 };

/// One line to whoever started this, who waits for it.
static void refuse(const char *what) {
    dprintf(FD_READY, "%s: %s\n", what, strerror(errno));
    exit(RUN_FAILED);
}

static int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    int failed = write_all(fd, text, strlen(text));
    close(fd);
    return failed;
}

static unsigned long long inode(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (unsigned long long)info.st_ino : 0;
}

/// Returns the inode of a user namespace of its own, where only such a one may have a network namespace; else 0.
static unsigned long long separate(void) {
    if (unshare(CLONE_NEWNET) == 0) return 0;
    char text[64];
    unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) refuse("cannot make a network namespace");
    snprintf(text, sizeof text, "%u %u 1", uid, uid);
    if (write_text("/proc/self/uid_map", text) != 0) refuse("cannot map the user");
    snprintf(text, sizeof text, "%u %u 1", gid, gid);
    if (write_text("/proc/self/setgroups", "deny") != 0 || write_text("/proc/self/gid_map", text) != 0) refuse("cannot map the group");
    return inode("/proc/self/ns/user");
}

static int listen_on_loopback(unsigned port) {
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0) refuse("cannot bring loopback up");
    // Container users serve on port 80; nobody else is in here whom that could harm.
    (void)!write_text("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 512) != 0) refuse("cannot listen on loopback");
    return fd;
}

/// What comes from tasks is carried without a privilege that it could misuse.
static void give_up_privileges(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    if (syscall(SYS_capset, &header, none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) refuse("cannot give up privileges");
}

int network_main(int argc, char **argv) {
    const char *directory = NULL;
    unsigned port = 0;
    for (int at = 2; at < argc; at++) {
        if (strcmp(argv[at], "--dir") == 0) directory = option_value(argc, argv, &at);
        else if (strcmp(argv[at], "--port") == 0) port = (unsigned)number_value(argc, argv, &at);
        else { fprintf(stderr, "monoflow-step: unknown option %s\n", argv[at]); return RUN_USAGE; }
    }
    if (!directory || port == 0 || port > 65535) { fputs("monoflow-step: network needs --dir and --port\n", stderr); return RUN_USAGE; }
    setsid();
    release_signals();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    umask(077);
    close_from(FD_READY + 1);
    fcntl(FD_READY, F_SETFD, FD_CLOEXEC);
    // Relative paths from here on: those of sockets are short.
    if (chdir(directory) != 0) refuse("cannot change to the directory");
    int lock = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) refuse("cannot open the lock");
    unsigned long long user = separate();
    int listener = listen_on_loopback(port);
    give_up_privileges();
    struct rlimit files = {2048, 2048};
    setrlimit(RLIMIT_NOFILE, &files);
    char text[128];
    snprintf(text, sizeof text, "net=%llu\nuser=%llu\nport=%u\n", inode("/proc/self/ns/net"), user, port);
    if (write_text("network", text) != 0 || claim(".") != 0) refuse("cannot write the record");
    (void)!write(FD_READY, "ready\n", 6);
    close(FD_READY);
    int64_t next = now_milliseconds(CLOCK_MONOTONIC) + UNUSED_CHECK_MS;
    for (;;) {
        forward(listener, "../api.sock", UNUSED_CHECK_MS);
        if (now_milliseconds(CLOCK_MONOTONIC) < next) continue;
        // The lock is kept until the end, so that nobody counts on a process that is going.
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) return RUN_DONE;
        next = now_milliseconds(CLOCK_MONOTONIC) + UNUSED_CHECK_MS;
    }
}

static int open_namespace(long pid, const char *kind, unsigned long long expected) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/ns/%s", pid, kind);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && (unsigned long long)info.st_ino == expected) return fd;
    if (fd >= 0) { close(fd); errno = ESRCH; }  // the process id is somebody else's now
    return -1;
}

int enter_network(const char *place) {
    long pid = 0;
    unsigned long long net = 0, user = 0;
    if (sscanf(place, "%ld:%llu:%llu", &pid, &net, &user) != 3) { errno = EINVAL; return -1; }
    int network = open_namespace(pid, "net", net), owner = user ? open_namespace(pid, "user", user) : -1;
    if (network < 0 || (user && owner < 0)) return -1;
    if (user && setns(owner, CLONE_NEWUSER) != 0) return -1;
    if (setns(network, CLONE_NEWNET) != 0) return -1;
    close(network);
    if (owner >= 0) close(owner);
    return 0;
}

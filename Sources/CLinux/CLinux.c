#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operation, fd, &event);
}

int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, events, token);
}

int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, events, token);
}

int clinux_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int clinux_epoll_wait(int epoll, struct clinux_event *out, int capacity, int timeout_ms) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, capacity < 256 ? capacity : 256, timeout_ms);
    for (int i = 0; i < count; i++) {
        out[i].token = events[i].data.u64;
        out[i].events = events[i].events;
    }
    return count;
}

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_eventfd(unsigned int initial) { return eventfd(initial, EFD_NONBLOCK | EFD_CLOEXEC); }

ssize_t clinux_sendfile(int out, int in, int64_t *offset, size_t count) {
    off_t at = *offset;
    ssize_t sent = sendfile(out, in, &at, count);
    *offset = at;
    return sent;
}

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

// The raw call, because the library's wrapper drops the resource usage.
static int reap(int idtype, int id, int block, int keep, struct clinux_exit *out, struct rusage *usage) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    int options = WEXITED | (block ? 0 : WNOHANG) | (keep ? WNOWAIT : 0);
    long result;
    do {
        result = syscall(SYS_waitid, idtype, id, &info, options, usage);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return -1;
    if (info.si_pid == 0) return 0;
    out->pid = info.si_pid;
    out->status = info.si_status;
    out->exited = info.si_code == CLD_EXITED;
    out->killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    out->dumped = info.si_code == CLD_DUMPED;
    return 1;
}

int clinux_wait_pidfd(int pidfd, int block, int keep, struct clinux_exit *out, struct rusage *usage) {
    return reap(3 /* P_PIDFD */, pidfd, block, keep, out, usage);
}

int clinux_wait_pid(pid_t pid, int block, int keep, struct clinux_exit *out, struct rusage *usage) {
    return reap(pid == -1 ? P_ALL : P_PID, pid == -1 ? 0 : pid, block, keep, out, usage);
}

int clinux_set_child_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
int clinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
int clinux_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
int clinux_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }
int clinux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(436 /* SYS_close_range */, first, last, 0);
}

struct open_how_layout {
    uint64_t flags, mode, resolve;
};

int clinux_openat2(int directory, const char *path, int flags, mode_t mode, uint64_t resolve) {
    int creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    struct open_how_layout how = {(uint64_t)(flags | O_CLOEXEC), creates ? mode : 0, resolve};
    return (int)syscall(437 /* SYS_openat2 */, directory, path, &how, sizeof how);
}

int64_t clinux_birth_time(int fd) {
    struct statx info;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || !(info.stx_mask & STATX_BTIME)) return -1;
    return (int64_t)info.stx_btime.tv_sec * 1000000000 + info.stx_btime.tv_nsec;
}

int clinux_rename_new(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int clinux_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

#pragma once
// Linux calls that Swift's Glibc module does not show: missing headers, variadic functions, macros.
// Unless a comment says otherwise they return -1 and set errno, as the call they wrap does.
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

// ---- readiness -------------------------------------------------------------------------------------------------

enum {
    CLINUX_EPOLLIN = 0x001,
    CLINUX_EPOLLOUT = 0x004,
    CLINUX_EPOLLERR = 0x008,
    CLINUX_EPOLLHUP = 0x010,
    CLINUX_EPOLLRDHUP = 0x2000,
};
/// Edge-triggered; apart from the enum because its value does not fit a signed 32-bit integer.
static const uint32_t CLINUX_EPOLLET = 1u << 31;

/// One ready descriptor: `token` is what was given to `clinux_epoll_add`. (The kernel's own struct is packed.)
struct clinux_event {
    uint64_t token;
    uint32_t events;
};

int clinux_epoll_create(void);
int clinux_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token);
int clinux_epoll_remove(int epoll, int fd);
/// At most 256 events a call. `timeout_ms` 0 polls, -1 waits without end.
int clinux_epoll_wait(int epoll, struct clinux_event *_Nonnull out, int capacity, int timeout_ms);

/// Non-blocking and close-on-exec.
int clinux_accept(int listener, struct sockaddr *_Nullable address, socklen_t *_Nullable length);
int clinux_eventfd(unsigned int initial);
/// Copies file bytes to a socket inside the kernel, from `*offset`, which is moved on.
ssize_t clinux_sendfile(int out, int in, int64_t *_Nonnull offset, size_t count);

// ---- processes -------------------------------------------------------------------------------------------------

/// A close-on-exec descriptor that becomes readable when the process ends.
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);

/// How a child ended. `exited`: `status` is its exit status; `killed`: `status` is the signal.
struct clinux_exit {
    pid_t pid;
    int32_t status;
    uint8_t exited;
    uint8_t killed;
    uint8_t dumped;
};
/// Reaps by descriptor. Returns 1 when `out` was filled, 0 when the child still runs and `block` was 0, -1 on error
/// (ECHILD: not our child). `usage` may be null. With `keep` != 0 the child is left to be reaped again.
int clinux_wait_pidfd(int pidfd, int block, int keep, struct clinux_exit *_Nonnull out, struct rusage *_Nullable usage);
/// The same for a pid; pid -1 takes any child.
int clinux_wait_pid(pid_t pid, int block, int keep, struct clinux_exit *_Nonnull out, struct rusage *_Nullable usage);

/// Orphans below this process become its children.
int clinux_set_child_subreaper(void);
/// The signal this process gets when its parent thread ends; 0 takes it back.
int clinux_set_parent_death_signal(int signal);
int clinux_set_no_new_privileges(void);
/// 0 hides the process's memory and /proc entries from other processes of the same user.
int clinux_set_dumpable(int dumpable);
/// At most 15 bytes are kept.
int clinux_set_thread_name(const char *_Nonnull name);
int clinux_close_range(unsigned int first, unsigned int last);

// ---- files -----------------------------------------------------------------------------------------------------

enum {
    CLINUX_RESOLVE_NO_XDEV = 0x01,
    CLINUX_RESOLVE_NO_MAGICLINKS = 0x02,
    CLINUX_RESOLVE_NO_SYMLINKS = 0x04,
    CLINUX_RESOLVE_BENEATH = 0x08,
    CLINUX_RESOLVE_IN_ROOT = 0x10,
};
/// `openat2`; O_CLOEXEC is added. EXDEV: the path leaves the directory. ENOSYS: a kernel before 5.6.
int clinux_openat2(int directory, const char *_Nonnull path, int flags, mode_t mode, uint64_t resolve);
/// When the open file or directory was made, in nanoseconds since 1970; -1 where the file system does not tell.
int64_t clinux_birth_time(int fd);
/// Renames unless the target exists (EEXIST).
int clinux_rename_new(const char *_Nonnull from, const char *_Nonnull to);
/// An anonymous close-on-exec file in memory.
int clinux_memfd(const char *_Nonnull name);

// ---- terminals and passed descriptors --------------------------------------------------------------------------

/// A pseudo-terminal: returns the controlling end, which does not block, and sets `other` to the end that a process has. Both are
/// close-on-exec; neither becomes the terminal of this process.
int clinux_open_terminal(int *_Nonnull other);
int clinux_resize_terminal(int fd, uint16_t columns, uint16_t rows);
/// A close-on-exec connection that keeps messages apart (SOCK_SEQPACKET) to the Unix socket at a path of at most 107 bytes.
int clinux_connect_packets(const char *_Nonnull path);
/// Sends one message with copies of at most 8 descriptors; it goes whole or not at all.
int clinux_send_descriptors(int socket, const void *_Nonnull bytes, size_t count, const int *_Nonnull fds, int fd_count);
/// A pipe of two close-on-exec ends.
int clinux_pipe(int *_Nonnull ends);
/// Makes what was opened with the descriptor not block.
int clinux_set_nonblocking(int fd);

#define _GNU_SOURCE
#include "step.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct session {
    int connection;
    pid_t leader;  // 0: not started yet
} sessions[MAX_SESSIONS];
static int count;

static void answer(int connection, int kind, int value) {
    struct report message = {kind, value};
    (void)!send(connection, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void sessions_take(int connection) {
    if (count == MAX_SESSIONS) {
        answer(connection, REPORT_NOT_STARTED, EAGAIN);
        close(connection);
    }
    else sessions[count++] = (struct session){connection, 0};
}

static void drop(int index) {
    close(sessions[index].connection);
    sessions[index] = sessions[--count];
}

int sessions_watch(struct pollfd *out) {
    for (int i = 0; i < count; i++) out[i] = (struct pollfd){.fd = sessions[i].connection, .events = POLLIN};
    return count;
}

static void become(char **command, const int *fds, int terminal) {
    int kept[3];
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    release_signals();
    // Above the three that they replace.
    for (int i = 0; i < 3; i++) kept[i] = fcntl(fds[i], F_DUPFD, 10);
    for (int i = 0; i < 3; i++) dup2(kept[i], i);
    close_from(3);
    if (terminal) {
        ioctl(0, TIOCSCTTY, 0);
        setenv("TERM", "xterm", 0);
    }
    execvp(command[0], command);
    int error = errno;
    dprintf(2, "monoflow: cannot run %s: %s\n", command[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

/// Returns the number of texts, or -1 where they are not what was announced.
static int split(char *text, size_t size, int expected, char **out, int most) {
    int found = 0;
    if (size == 0 || text[size - 1] != 0) return -1;
    for (char *at = text; at < text + size && found < most; at += strlen(at) + 1) out[found++] = at;
    out[found] = NULL;
    return found == expected ? found : -1;
}

/// Returns -1 where the connection is of no use any more.
static int start(struct session *s) {
    static char text[SESSION_TEXT];
    static char *command[4097];
    struct session_request request;
    union { struct cmsghdr header; char space[CMSG_SPACE(3 * sizeof(int))]; } control;
    struct iovec parts[2] = {{&request, sizeof request}, {text, sizeof text}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(s->connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int fds[3], given = 0;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        given = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(header), (size_t)given * sizeof(int));
    }
    int usable = given == 3 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && got > (ssize_t)sizeof request
        && split(text, (size_t)got - sizeof request, request.count, command, 4096) > 0;
    pid_t pid = usable ? fork() : -1;
    if (pid == 0) become(command, fds, request.terminal);
    for (int i = 0; i < given; i++) close(fds[i]);
    if (pid < 0) {
        answer(s->connection, REPORT_NOT_STARTED, usable ? errno : EINVAL);
        return -1;
    }
    s->leader = pid;
    return 0;
}

void sessions_serve(const struct pollfd *fds, int watched) {
    // Backwards: one that is dropped is replaced by the last, which was looked at before.
    for (int i = watched - 1; i >= 0; i--) {
        if (!fds[i].revents) continue;
        struct session *s = &sessions[i];
        int failed = 0;
        if (s->leader == 0) failed = start(s);
        else {
            char ignored;
            ssize_t got = recv(s->connection, &ignored, 1, MSG_DONTWAIT);
            failed = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
        }
        if (!failed) continue;
        if (s->leader) kill(-s->leader, SIGKILL);
        drop(i);
    }
}

int sessions_ended(pid_t pid, int status) {
    for (int i = 0; i < count; i++) {
        if (sessions[i].leader != pid) continue;
        int killed = WIFSIGNALED(status);
        answer(sessions[i].connection, killed ? REPORT_SIGNALED : REPORT_EXITED, killed ? WTERMSIG(status) : WEXITSTATUS(status));
        // What it left in its group ends with the task; without a namespace of processes nobody could find it then.
        if (getpid() != 1) kill(-pid, SIGKILL);
        drop(i);
        return 1;
    }
    return 0;
}

void sessions_kill(void) {
    for (int i = 0; i < count; i++)
        if (sessions[i].leader) kill(-sessions[i].leader, SIGKILL);
}

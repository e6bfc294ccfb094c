#define _GNU_SOURCE
// Carries connections from a TCP port of one network namespace to the server's Unix socket, which is found by its path
// and so from every network namespace. Everything is bounded: connections, bytes on the way.
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 512, BUFFER = 32 << 10 };

struct flow {
    size_t start, end;  // what is on the way: bytes[start..<end]
    int no_more;        // the sender has ended
    int finished;       // and the receiver was told
    char bytes[BUFFER];
};

struct connection {
    int ends[2];           // the task's, the server's
    struct flow flows[2];  // from ends[i] to ends[1 - i]
};

static struct connection *connections[MAX_CONNECTIONS];
static int count;

static void drop(int index) {
    struct connection *c = connections[index];
    close(c->ends[0]);
    close(c->ends[1]);
    free(c);
    connections[index] = connections[--count];
}

static int connect_server(const char *path) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

/// Where the server is not there the task sees its connection end, as it would without this process.
static void take(int listener, const char *path) {
    while (count < MAX_CONNECTIONS) {
        int task = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (task < 0) return;
        int server = connect_server(path);
        struct connection *c = server < 0 ? NULL : calloc(1, sizeof *c);
        if (!c) {
            close(task);
            if (server >= 0) close(server);
            continue;
        }
        c->ends[0] = task;
        c->ends[1] = server;
        connections[count++] = c;
    }
}

/// Moves what can be moved one way. Returns -1 where the connection is broken.
static int move(int from, int to, struct flow *f) {
    if (f->start == f->end && !f->no_more) {
        ssize_t got = read(from, f->bytes, BUFFER);
        if (got < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        f->start = 0;
        f->end = (size_t)got;
        if (got == 0) f->no_more = 1;
    }
    if (f->start < f->end) {
        ssize_t put = send(to, f->bytes + f->start, f->end - f->start, MSG_NOSIGNAL);
        if (put < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        f->start += (size_t)put;
    }
    if (f->no_more && f->start == f->end && !f->finished) {
        shutdown(to, SHUT_WR);
        f->finished = 1;
    }
    return 0;
}

/// What to wait for at one end: bytes where there is room for them, room where there are bytes for it.
static short interest(const struct connection *c, int end) {
    const struct flow *out = &c->flows[end], *in = &c->flows[1 - end];
    return (short)((out->start == out->end && !out->no_more ? POLLIN : 0) | (in->start < in->end ? POLLOUT : 0));
}

void forward(int listener, const char *path, int pause_ms) {
    static struct pollfd fds[1 + 2 * MAX_CONNECTIONS];
    fds[0] = (struct pollfd){.fd = count < MAX_CONNECTIONS ? listener : -1, .events = POLLIN};
    for (int i = 0; i < count; i++)
        for (int end = 0; end < 2; end++) {
            short events = interest(connections[i], end);
            // An end that is only hung up would be told for ever.
            fds[1 + 2 * i + end] = (struct pollfd){.fd = events ? connections[i]->ends[end] : -1, .events = events};
        }
    int polled = count;
    if (poll(fds, (nfds_t)(1 + 2 * polled), pause_ms) <= 0) return;
    // Backwards: one that is dropped is replaced by the last, which was looked at before.
    for (int i = polled - 1; i >= 0; i--) {
        struct connection *c = connections[i];
        if (!(fds[1 + 2 * i].revents | fds[2 + 2 * i].revents)) continue;
        int broken = move(c->ends[0], c->ends[1], &c->flows[0]) != 0 || move(c->ends[1], c->ends[0], &c->flows[1]) != 0;
        if (broken || (c->flows[0].finished && c->flows[1].finished)) drop(i);
    }
    if (fds[0].revents) take(listener, path);
}

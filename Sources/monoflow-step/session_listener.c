#define _GNU_SOURCE
// The supervisor's part in sessions: it takes the server's connections and hands them on.
#include "session.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int sessions_listen(const char *directory) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "sessions"};
    mode_t before = umask(0177);
    // The path of a Unix socket is short: it is made from inside the directory.
    int failed = fd < 0 || chdir(directory) != 0 || (unlink(address.sun_path) != 0 && errno != ENOENT)
        || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, MAX_SESSIONS) != 0;
    umask(before);
    if (chdir("/") == 0 && !failed) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

void sessions_pass(int listener, int control) {
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid()) {
        unsigned char none = 0;
        union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } passed;
        memset(&passed, 0, sizeof passed);
        struct iovec data = {&none, 1};
        struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &passed, .msg_controllen = sizeof passed};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof connection);
        memcpy(CMSG_DATA(header), &connection, sizeof connection);
        (void)!sendmsg(control, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    close(connection);
}

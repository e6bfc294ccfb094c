#define _GNU_SOURCE
#include "step.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *option_value(int argc, char **argv, int *at) {
    if (*at + 1 >= argc) {
        fprintf(stderr, "monoflow-step: %s needs a value\n", argv[*at]);
        exit(RUN_USAGE);
    }
    return argv[++*at];
}

double number_value(int argc, char **argv, int *at) {
    const char *name = argv[*at], *text = option_value(argc, argv, at);
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !(value >= 0)) {
        fprintf(stderr, "monoflow-step: %s %s: not a number\n", name, text);
        exit(RUN_USAGE);
    }
    return value;
}

int64_t now_milliseconds(int clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int write_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t done = write(fd, bytes, count);
        if (done < 0) {
            if (errno == EINTR) continue;
            return -1;
        }
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

void close_from(unsigned int first) {
    if (syscall(436 /* SYS_close_range */, first, ~0u, 0) == 0) return;
    long limit = sysconf(_SC_OPEN_MAX);
    for (long fd = first; fd < limit; fd++) close((int)fd);
}

int take_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_SETMASK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void release_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

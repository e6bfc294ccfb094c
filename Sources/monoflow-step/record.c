#define _GNU_SOURCE
#include "record.h"
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int read_text(const char *path, char *out, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t got = read(fd, out, size - 1);
    close(fd);
    if (got < 0) return -1;
    out[got] = 0;
    return 0;
}

/// Field 22 of /proc/self/stat; the fields are counted after the name, which may hold anything.
static unsigned long long start_ticks(void) {
    char text[2048];
    if (read_text("/proc/self/stat", text, sizeof text) != 0) return 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

int claim(const char *directory) {
    char boot[64], text[256], temporary[4096], path[4096];
    if (read_text("/proc/sys/kernel/random/boot_id", boot, sizeof boot) != 0) return RUN_FAILED;
    boot[strcspn(boot, "\n")] = 0;
    int length = snprintf(text, sizeof text, "boot=%s\npid=%d\nstart=%llu\n", boot, (int)getpid(), start_ticks());
    snprintf(temporary, sizeof temporary, "%s/claim.%d", directory, (int)getpid());
    snprintf(path, sizeof path, "%s/claim", directory);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return RUN_FAILED;
    int result = RUN_FAILED;
    // A link appears whole or not at all, and never over another's.
    if (write_all(fd, text, (size_t)length) == 0) {
        if (link(temporary, path) == 0) result = fsync(fd) == 0 ? 0 : RUN_FAILED;
        else if (errno == EEXIST) result = RUN_ALREADY_CLAIMED;
    }
    unlink(temporary);
    close(fd);
    return result;
}

void outcome_take(struct outcome *o, int kind, int value) {
    o->decided = 1;
    if (kind == REPORT_NO_SANDBOX) {
        outcome_fail(o, "cannot start the sandbox", value);
        return;
    }
    o->has_code = 1;
    o->code = kind == REPORT_SIGNALED ? 128 + value : value;
    if (kind == REPORT_SIGNALED) o->signal = value;
    if (kind == REPORT_NOT_STARTED) o->not_started = 1;
}

void outcome_fail(struct outcome *o, const char *what, int error) {
    o->not_started = 1;
    snprintf(o->message, sizeof o->message, "%s: %s", what, strerror(error));
}

void outcome_finish(struct outcome *o, int status, const struct rusage *usage) {
    o->max_rss_bytes = (int64_t)usage->ru_maxrss * 1024;
    o->cpu_us = ((int64_t)usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 + usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
    if (o->has_code || o->not_started) return;
    if (o->started_ms) {
        // Init itself was ended, by the kill after the grace time or by the kernel.
        o->has_code = 1;
        o->signal = SIGKILL;
        o->code = 128 + SIGKILL;
    } else if (!o->reason) {
        o->not_started = 1;
        if (WIFEXITED(status)) snprintf(o->message, sizeof o->message, "the sandbox could not be set up (status %d); the log says why", WEXITSTATUS(status));
        else snprintf(o->message, sizeof o->message, "the sandbox was ended by signal %d before the command started", WTERMSIG(status));
    }
}

int write_exit(const char *directory, struct outcome *o) {
    char text[1024], temporary[4096], path[4096];
    o->finished_ms = now_milliseconds(CLOCK_REALTIME);
    if (o->not_started) o->reason = "start_failed";
    if (!o->reason) o->reason = o->signal ? "signaled" : "exited";
    int n = snprintf(text, sizeof text, "reason=%s\nfinished_ms=%lld\nmax_rss_bytes=%lld\ncpu_us=%lld\n", o->reason,
        (long long)o->finished_ms, (long long)o->max_rss_bytes, (long long)o->cpu_us);
    if (o->started_ms) n += snprintf(text + n, sizeof text - (size_t)n, "started_ms=%lld\n", (long long)o->started_ms);
    if (o->has_code) n += snprintf(text + n, sizeof text - (size_t)n, "code=%d\n", o->code);
    if (o->signal) n += snprintf(text + n, sizeof text - (size_t)n, "signal=%d\n", o->signal);
    if (o->out_of_memory) n += snprintf(text + n, sizeof text - (size_t)n, "out_of_memory=1\n");
    if (o->log_truncated) n += snprintf(text + n, sizeof text - (size_t)n, "log_truncated=1\n");
    if (o->message[0]) n += snprintf(text + n, sizeof text - (size_t)n, "message=%s\n", o->message);
    snprintf(temporary, sizeof temporary, "%s/exit.tmp", directory);
    snprintf(path, sizeof path, "%s/exit", directory);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    int failed = write_all(fd, text, (size_t)n) != 0 || fsync(fd) != 0 || rename(temporary, path) != 0;
    close(fd);
    return failed ? -1 : 0;
}

/// The count after a word such as `oom_kill` in a control group's file; 0 where there is none.
static long counter(const char *group, const char *file, const char *word) {
    char path[4096], text[4096];
    snprintf(path, sizeof path, "%s/%s", group, file);
    if (read_text(path, text, sizeof text) != 0) return 0;
    for (char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        size_t length = strlen(word);
        if (strncmp(line, word, length) == 0 && line[length] == ' ') return strtol(line + length, NULL, 10);
    }
    return 0;
}

int cgroups_leave(const char *const *paths, int count) {
    int out_of_memory = 0;
    for (int i = 0; i < count; i++) {
        if (counter(paths[i], "memory.events", "oom_kill") > 0 || counter(paths[i], "memory.oom_control", "oom_kill") > 0) out_of_memory = 1;
        // The last process leaves its group a moment after it was reaped.
        for (int attempt = 0; attempt < 50 && rmdir(paths[i]) != 0 && errno == EBUSY; attempt++) usleep(2000);
    }
    return out_of_memory;
}

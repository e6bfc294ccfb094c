#pragma once
// What a supervisor leaves on disk: the claim before the start, the exit record after the end. Lines of key=value.
#include <stdint.h>
#include <sys/resource.h>

struct outcome {
    const char *reason;  // stopped or deadline once the end was asked for; else set by how it ended
    int decided;         // init has reported the end, or is gone
    int has_code, code, signal, not_started, log_truncated, out_of_memory;
    int64_t started_ms, finished_ms, max_rss_bytes, cpu_us;
    char message[256];
};

/// Writes the claim unless there is one: 0, RUN_ALREADY_CLAIMED or RUN_FAILED.
int claim(const char *directory);
void outcome_take(struct outcome *o, int kind, int value);
void outcome_fail(struct outcome *o, const char *what, int error);
/// Fills in what init could not report, from how the sandbox helper ended.
void outcome_finish(struct outcome *o, int status, const struct rusage *usage);
/// 0 when the record is safe on disk.
int write_exit(const char *directory, struct outcome *o);
/// Removes the task's control groups. Returns 1 where one of them ended a process for want of memory.
int cgroups_leave(const char *const *paths, int count);

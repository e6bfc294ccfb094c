#define _GNU_SOURCE
// System calls that a task has no use for and that reach what namespaces do not keep apart (keyrings, file handles, the kernel's own
// log and programs) or make new ones, whose code is where most ways out of a sandbox were found. They fail with EPERM, as in other
// containers; programs that ask for them go on without.
#include "step.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not listed"
#endif

// By number where older headers lack the name; those from 424 on are the same on every architecture.
static const unsigned short refused[] = {
    SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
    425 /* io_uring_setup */, 426, 427,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_setns,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */, 433 /* fspick */, 442 /* mount_setattr */,
    SYS_open_by_handle_at, SYS_syslog, SYS_acct, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_quotactl,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
    SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname, SYS_setdomainname, SYS_vhangup,
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
};

// What an IPC namespace would keep apart.
static const unsigned short shared_by_name[] = {SYS_shmget, SYS_semget, SYS_msgget, SYS_mq_open, SYS_mq_unlink};

enum {
    SHARED_COUNT = sizeof shared_by_name / sizeof shared_by_name[0],
    COUNT = sizeof refused / sizeof refused[0],
    NEW_NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
    SYSTEM_CALL_CLONE3 = 435,
    X32 = 0x40000000,
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define FAIL(number) (SECCOMP_RET_ERRNO | (number))

int refuse_system_calls(int shared) {
    struct sock_filter program[(COUNT + SHARED_COUNT) * 2 + 24];
    unsigned short at = 0;
#define ADD(...) do { struct sock_filter next = __VA_ARGS__; program[at++] = next; } while (0)
    // Another architecture's calls have other numbers.
    ADD(LOAD(arch));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0));
    ADD(ANSWER(FAIL(EPERM)));
    ADD(LOAD(nr));
    ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1));
    ADD(ANSWER(FAIL(EPERM)));
    for (int i = 0; i < COUNT; i++) {
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i], 0, 1));
        ADD(ANSWER(FAIL(EPERM)));
    }
    for (int i = 0; shared && i < SHARED_COUNT; i++) {
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, shared_by_name[i], 0, 1));
        ADD(ANSWER(FAIL(EPERM)));
    }
    // Its flags are behind a pointer, which a filter cannot follow; libraries fall back to clone.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYSTEM_CALL_CLONE3, 0, 1));
    ADD(ANSWER(FAIL(ENOSYS)));
    // The flags are the first argument of both, in the lower half on the little-endian machines listed here.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
    ADD(LOAD(args[0]));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1));
    ADD(ANSWER(FAIL(EPERM)));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    struct sock_fprog whole = {.len = at, .filter = program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0);
}

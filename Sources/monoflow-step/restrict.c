#define _GNU_SOURCE
// Access to files by Landlock, for machines whose kernel does not let this program mount: what is not named cannot be opened.
#include "step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's numbers and layouts: the headers of older systems lack them, and those of newer ones have more. A kernel takes shorter
// layouts than its own.
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION = 1, BELOW_PATH = 1, SCOPES_FROM = 6 };

struct ruleset { uint64_t files, network, scopes; };
struct below { uint64_t allowed; int32_t parent; } __attribute__((packed));

enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIRECTORY = 1 << 3, TRUNCATE = 1 << 14,
    ALL_OF_1 = (1 << 13) - 1, REFER = 1 << 13, USE_DEVICE = 1 << 15,
    OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | USE_DEVICE,
    // Abstract Unix sockets of others, and signals to others.
    ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1,
};

static int allow(int rules, const char *path, uint64_t access) {
    int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0) return errno == ENOENT ? 0 : -1;
    struct stat info;
    if (fstat(parent, &info) == 0 && !S_ISDIR(info.st_mode)) access &= OF_FILES;
    struct below rule = {access, parent};
    int result = (int)syscall(ADD_RULE, rules, BELOW_PATH, &rule, 0);
    close(parent);
    return result;
}

int restrict_files(const struct allowed *paths, int count) {
    long version = syscall(CREATE_RULESET, NULL, 0, VERSION);
    if (version < 1) return -1;
    uint64_t all = ALL_OF_1 | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? USE_DEVICE : 0);
    struct ruleset attributes = {all, 0, version >= SCOPES_FROM ? ABSTRACT_SOCKETS | SIGNALS : 0};
    int rules = (int)syscall(CREATE_RULESET, &attributes, version >= SCOPES_FROM ? sizeof attributes : sizeof attributes.files, 0);
    if (rules < 0) return -1;
    for (int i = 0; i < count; i++) {
        uint64_t access = paths[i].writable ? all : all & (EXECUTE | READ_FILE | READ_DIRECTORY);
        if (allow(rules, paths[i].path, access) != 0) return -1;
    }
    int result = (int)syscall(RESTRICT_SELF, rules, 0);
    close(rules);
    return result;
}

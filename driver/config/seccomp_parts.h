/* Between the parts of the filter's compiler: architectures and their numbers (seccomp_arch.c),
 * rules by number (seccomp.c), instructions (seccomp_bpf.c). */
#ifndef RUNLXC_CONFIG_SECCOMP_PARTS_H
#define RUNLXC_CONFIG_SECCOMP_PARTS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/command.h"
#include "spec/seccomp.h"

/* x32 calls have this bit in their number and the architecture of x86-64. */
#define X32_BIT 0x40000000u

#define MUX_CALLS 25 /* of socketcall(2) 1..20, of ipc(2) 1..24 */

struct syscall_arch {
    uint32_t token;               /* libseccomp's */
    uint32_t audit;               /* the kernel's AUDIT_ARCH_* */
    bool narrow;                  /* arguments have 32 bits */
    bool scanned;                 /* the next two are filled */
    int32_t socketcall, ipc;      /* numbers; -1: there is none */
    int32_t direct[2][MUX_CALLS]; /* own numbers of what those two carry too */
};

/* Where a system call of some name is found. */
struct syscall_place {
    int32_t number;   /* -1: nowhere */
    int32_t mux;      /* number of socketcall or ipc when it carries the call too, else -1 */
    int32_t mux_call; /* its first argument then */
};

void syscall_arch_init(struct syscall_arch *arch, uint32_t token);
/* false: nobody here has heard the name. */
bool syscall_find(struct syscall_arch *arch, const char *name, struct syscall_place *out);

/* One way for one call of one architecture: all of the tests hold -> ret. */
struct seccomp_way {
    uint32_t number;
    uint32_t order;
    uint32_t ret;
    int32_t mux_call;               /* first argument that socketcall or ipc must have; -1: any */
    const struct seccomp_arg *args; /* the specification's */
    uint32_t n_args;
};

/* From `start` to the next segment's: `ret`, or the first of n ways that holds, then `ret`. */
struct seccomp_segment {
    uint32_t start;
    uint32_t ret;
    const struct seccomp_way *ways;
    size_t n;
    bool narrow;
};

struct bpf_program {
    struct sock_filter *insns;
    size_t n, cap;
    bool failed; /* out of memory */
};

void bpf_put(struct bpf_program *prog, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf);
/* For calls of the architecture `audit`, decide by these segments, the first of which starts at 0;
 * others go on behind. The accumulator holds the architecture before and behind. */
void bpf_put_arch(struct bpf_program *prog, uint32_t audit, const struct seccomp_segment *segments,
                  size_t n);

#endif

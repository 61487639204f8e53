/*
 * From a struct seccomp_spec to the program that seccomp(2) takes. Pure.
 *
 * The program is made here and not by libseccomp, of which only the tables of system calls are
 * used. Measured with libseccomp 2.5.4 and a profile of 400 calls for the three architectures of an
 * x86-64: it takes 12 to 16 ms, as long as the rest of a start, where this takes 0.3 ms, so that
 * nothing needs to be cached; and it makes 1060 to 1330 instructions of what are 600 here. It also
 * leaves out every call that is younger than itself, for the other architectures even when it is
 * told the number: fchmodat2(2) would be forbidden on Debian 12 whatever a profile says.
 */
#ifndef RUNLXC_CONFIG_SECCOMP_H
#define RUNLXC_CONFIG_SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "spec/command.h"

struct seccomp_filter {
    struct sock_filter *insns;
    size_t n;
    uint32_t flags;      /* SECCOMP_FILTER_FLAG_*, with NEW_LISTENER when a rule notifies */
    struct strv unknown; /* names of system calls that are known here on no architecture */
};

/*
 * Compile. What a system call gets, on each architecture:
 *
 * - A rule without conditions decides, the first of them if there are several; else the first rule
 *   whose conditions all hold; else the default. A rule whose action is the default's is left out
 *   first. Several conditions on the same argument are alternatives, each a rule of its own. All
 *   this is as runc has it with libseccomp, which promises no order among rules that overlap.
 * - Names that are unknown here are skipped and listed in out->unknown. On architectures where
 *   socketcall(2) or ipc(2) carries a call, that way is ruled as well; their arguments lie in
 *   memory and cannot be looked at, so a conditional rule allows nothing there and denies all.
 * - When the default denies, a call beyond the last that the rules name for its architecture gets
 *   ENOSYS: the rules were written before it, and programs go on without what a kernel lacks, but
 *   take EPERM for a refusal (C libraries try new calls first).
 * - The machine's own architecture is always included; a call of one that is not kills the thread.
 *
 * A word that is unknown, a number for an action that has none, a notification of sendmsg(2), with
 * which the init shim hands the listener over, and a program of more than 4096 instructions are
 * errors. 0, or -1 with *out empty.
 */
int seccomp_compile(const struct seccomp_spec *spec, struct seccomp_filter *out,
                    struct lxcdriver_error **err);
void seccomp_filter_clear(struct seccomp_filter *filter);

#endif

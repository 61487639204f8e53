/*
 * Filters of system calls: the reader of Docker's profiles and of OCI's linux.seccomp
 * (config-linux.md "Seccomp"), and the words that both use. Pure: what a profile makes depend on
 * the machine comes in as struct seccomp_host. run/seccomp_filter.h makes the kernel's program.
 */
#ifndef RUNLXC_SPEC_SECCOMP_H
#define RUNLXC_SPEC_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "spec/command.h"

/* What the conditions of a profile ("includes", "excludes", "archMap") are judged by. */
struct seccomp_host {
    const char *arch; /* "SCMP_ARCH_X86_64" */
    uint64_t caps;    /* bounding set of the container, a bit each */
    unsigned kernel_major, kernel_minor;
};

/*
 * A profile as Docker, Podman and containerd write them: OCI's members and archMap, "name" beside
 * "names", "includes" and "excludes" {caps, arches, minKernel} of a rule. Rules that do not apply
 * are left out of *out, which must be zeroed. "comment" and other unknown members are ignored.
 * Errors begin with the member's path ("syscalls[3].action: ..."). 0, or -1 with *out cleared.
 */
int seccomp_profile_read(const char *text, size_t len, const struct seccomp_host *host,
                         struct seccomp_spec *out, struct lxcdriver_error **err);

/* OCI's linux.seccomp: *at is the object, with its path. The same otherwise. */
int seccomp_oci_read(const struct json_at *at, struct seccomp_spec *out,
                     struct lxcdriver_error **err);

/* "5.10.0-33-amd64": the first two numbers. 0 or -1. */
int seccomp_kernel_version(const char *release, unsigned *major, unsigned *minor);

/* ---- words ---- */

enum seccomp_operator {
    SECCOMP_NE,
    SECCOMP_LT,
    SECCOMP_LE,
    SECCOMP_EQ,
    SECCOMP_GE,
    SECCOMP_GT,
    SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
};

#define SECCOMP_ARGS 6 /* of a system call */

/* SECCOMP_RET_* of linux/seccomp.h for "SCMP_ACT_*" with `data` as its low half where the action
 * has one (*has_data). 0, or -1 for an unknown word. */
int seccomp_action(const char *word, uint32_t data, uint32_t *ret, bool *has_data);
/* SCMP_CMP_*: 0 or -1. */
int seccomp_operator(const char *word, enum seccomp_operator *op);
/* SECCOMP_FILTER_FLAG_*: its bit, 0 for an unknown word. */
uint32_t seccomp_flag(const char *word);
/* The word of a bit, NULL for an unknown bit. */
const char *seccomp_flag_name(uint32_t bit);
/* libseccomp's token of "SCMP_ARCH_*", 0 for an unknown word. */
uint32_t seccomp_arch_token(const char *word);
/* "SCMP_ARCH_*" of the machine that this program is made for. */
const char *seccomp_arch_here(void);
/* The name that "arches" of a condition uses for "SCMP_ARCH_*": "amd64"; NULL for an unknown word.
 */
const char *seccomp_arch_short(const char *word);

#endif

/*
 * Calls that are younger than libseccomp, or than a profile. libseccomp knows one answer for all
 * that no rule names; instructions of classic BPF (Documentation/networking/filter.rst) before its
 * program give ENOSYS to those beyond the last number that is named, as runc does, and the answers
 * of the rules to those that libseccomp does not know.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "run/seccomp_filter.h"

/* x32 calls have this bit in their number and the architecture of x86-64. */
#define X32_BIT 0x40000000u

/* Since Linux 5.1 numbers are given out alike everywhere; what socketcall(2) and ipc(2) carry got
 * numbers of its own before that. This is the first call that is younger. */
#define YOUNGER_THAN_CARRIED "pidfd_send_signal"

/* The distance of a jump to the filter, which is known at the end only. */
#define TO_FILTER UINT32_MAX

/* A conditional jump of classic BPF reaches no further. */
#define JUMP_MAX 255

/* ---- the last numbers ---- */

static bool is_named(const struct seccomp_spec *spec, const char *name)
{
    for (size_t i = 0; i < spec->n_rules; i++)
        if (strv_contains(&spec->rules[i].names, name))
            return true;
    return false;
}

/*
 * By name libseccomp gives a negative number for what socketcall or ipc carry, even where the call
 * has a number of its own too; the other way round it knows it.
 */
static int64_t last_carried(const struct seccomp_spec *spec, uint32_t token, int64_t last)
{
    int number = seccomp_syscall_resolve_name_arch(token, YOUNGER_THAN_CARRIED);
    /* No call of x32 is below: that many numbers would take minutes. */
    int64_t first = token == SCMP_ARCH_X32 ? X32_BIT : 0;

    for (; number > last && number >= first; number--) {
        cleanup_free char *name = seccomp_syscall_resolve_num_arch(token, number);

        if (name && is_named(spec, name))
            return number;
    }
    return last;
}

static int64_t last_of(const struct seccomp_spec *spec, uint32_t token)
{
    int64_t last = -1;

    for (size_t i = 0; i < spec->n_rules; i++) {
        const struct strv *names = &spec->rules[i].names;

        for (size_t k = 0; k < names->n; k++) {
            int64_t number = seccomp_number(names->items[k], token);

            if (number > last)
                last = number;
        }
    }
    return last_carried(spec, token, last);
}

void seccomp_find_lasts(const struct seccomp_spec *spec, struct seccomp_newer *newer)
{
    for (size_t i = 0; i < newer->n_arches; i++)
        newer->arches[i].number = last_of(spec, newer->arches[i].token);
}

/* ---- the instructions ---- */

struct program {
    struct sock_filter *insns;
    size_t n;
};

static void put(struct program *out, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    out->insns[out->n++] = (struct sock_filter){code, jt, jf, k};
}

static void put_load(struct program *out, size_t offset)
{
    put(out, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* Two instructions: if the comparison holds, the answer. */
static void put_answer(struct program *out, uint16_t comparison, uint32_t k, uint32_t ret)
{
    put(out, BPF_JMP | comparison | BPF_K, k, 0, 1);
    put(out, BPF_RET | BPF_K, ret, 0, 0);
}

/* The end of a part: three instructions, or one. */
static void put_end(struct program *out, const struct seccomp_newer *newer,
                    const struct seccomp_last *last)
{
    if (newer->hides && last && last->number >= 0)
        put_answer(out, BPF_JGT, (uint32_t)last->number, SECCOMP_RET_ERRNO | ENOSYS);
    put(out, BPF_JMP | BPF_JA, TO_FILTER, 0, 0);
}

/* Nearly all calls are older than the first late one: one comparison is all that they pay. */
static void put_late(struct program *out, const struct seccomp_newer *newer, uint32_t token)
{
    int64_t first = INT64_MAX;
    size_t at = out->n;

    for (size_t i = 0; i < newer->n_late; i++) {
        int64_t number = seccomp_late_number(newer->late[i].name, token);

        if (number >= 0 && number < first)
            first = number;
    }
    if (first == INT64_MAX)
        return;
    put(out, BPF_JMP | BPF_JGE | BPF_K, (uint32_t)first, 0, 0);
    for (size_t i = 0; i < newer->n_late; i++) {
        int64_t number = seccomp_late_number(newer->late[i].name, token);

        if (number >= 0)
            put_answer(out, BPF_JEQ, (uint32_t)number, newer->late[i].ret);
    }
    out->insns[at].jf = (uint8_t)(out->n - at - 1);
}

/* Numbers of x32 lie behind those of x86-64 and come under its architecture; when x32 is not
 * included, libseccomp's program decides of them. */
static void put_x32(struct program *out, const struct seccomp_newer *newer,
                    const struct seccomp_last *x32)
{
    size_t at = out->n;

    put(out, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 0);
    if (x32)
        put_late(out, newer, x32->token);
    put_end(out, newer, x32);
    out->insns[at].jf = (uint8_t)(out->n - at - 1);
}

static void put_numbers(struct program *out, const struct seccomp_newer *newer,
                        const struct seccomp_last *last, const struct seccomp_last *x32)
{
    put_load(out, offsetof(struct seccomp_data, nr));
    /* A number that does not fit s390's instruction, and that its kernel does not know, is seen as
     * 0: setup(2), which is long gone. */
    if (newer->hides && (last->token == SCMP_ARCH_S390 || last->token == SCMP_ARCH_S390X))
        put_answer(out, BPF_JEQ, 0, SECCOMP_RET_ERRNO | ENOSYS);
    if (last->token == SCMP_ARCH_X86_64)
        put_x32(out, newer, x32);
    put_late(out, newer, last->token);
    put_end(out, newer, last);
}

/* A part of its own for each architecture. One with x32 in it is the longest. */
static void put_arch(struct program *out, const struct seccomp_newer *newer,
                     const struct seccomp_last *last, const struct seccomp_last *x32)
{
    size_t at = out->n;

    _Static_assert(12 + 2 * (1 + 2 * SECCOMP_LATE_MAX) <= JUMP_MAX, "one jump passes over a part");
    put(out, BPF_JMP | BPF_JEQ | BPF_K, last->token, 0, 0);
    put_numbers(out, newer, last, x32);
    out->insns[at].jf = (uint8_t)(out->n - at - 1);
}

size_t seccomp_put_newer(const struct seccomp_newer *newer,
                         struct sock_filter out[SECCOMP_NEWER_MAX])
{
    struct program program = {.insns = out};
    const struct seccomp_last *x32 = NULL;

    for (size_t i = 0; i < newer->n_arches; i++)
        if (newer->arches[i].token == SCMP_ARCH_X32)
            x32 = &newer->arches[i];
    if (!newer->hides && newer->n_late == 0)
        return 0;
    put_load(&program, offsetof(struct seccomp_data, arch));
    for (size_t i = 0; i < newer->n_arches; i++)
        if (&newer->arches[i] != x32 && newer->arches[i].number >= 0)
            put_arch(&program, newer, &newer->arches[i], x32);
    if (program.n == 1)
        return 0;
    for (size_t i = 0; i < program.n; i++)
        if (out[i].code == (BPF_JMP | BPF_JA))
            out[i].k = (uint32_t)(program.n - i - 1);
    return program.n;
}

/*
 * Calls that are younger than a profile. libseccomp knows one answer for all that no rule names; a
 * few instructions of classic BPF (Documentation/networking/filter.rst) before its program give
 * ENOSYS to those beyond the last number that is named, as runc does.
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

/* Distances of jumps that are not known yet. The prologue is far shorter. */
#define TO_ENOSYS 255
#define TO_FILTER 254

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

    for (; number > last; number--) {
        cleanup_free char *name = seccomp_syscall_resolve_num_arch(token, number);

        if (name && is_named(spec, name))
            return number;
    }
    return last;
}

void seccomp_find_lasts(const struct seccomp_spec *spec, struct seccomp_last *lasts, size_t n)
{
    for (size_t a = 0; a < n; a++) {
        int64_t last = -1;

        for (size_t i = 0; i < spec->n_rules; i++) {
            const struct strv *names = &spec->rules[i].names;

            for (size_t k = 0; k < names->n; k++) {
                int number = seccomp_syscall_resolve_name_arch(lasts[a].token, names->items[k]);

                if (number > last)
                    last = number;
            }
        }
        lasts[a].number = last_carried(spec, lasts[a].token, last);
    }
}

/* ---- the instructions ---- */

static void put(struct sock_filter *out, size_t *n, uint16_t code, uint32_t k, uint8_t jt,
                uint8_t jf)
{
    out[(*n)++] = (struct sock_filter){code, jt, jf, k};
}

/* Numbers of x32 lie behind those of x86-64: its own last counts there, or libseccomp's program
 * decides when it is not included. */
static void put_x32(const struct seccomp_last *x32, struct sock_filter *out, size_t *n)
{
    if (!x32 || x32->number < 0) {
        put(out, n, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, TO_FILTER, 0);
        return;
    }
    put(out, n, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    put(out, n, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)x32->number, TO_ENOSYS, TO_FILTER);
}

static void put_arch(const struct seccomp_last *last, const struct seccomp_last *x32,
                     struct sock_filter *out, size_t *n)
{
    size_t at = *n;

    put(out, n, BPF_JMP | BPF_JEQ | BPF_K, last->token, 0, 0);
    put(out, n, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
    /* A number that does not fit s390's instruction, and that its kernel does not know, is seen as
     * 0: setup(2), which is long gone. */
    if (last->token == SCMP_ARCH_S390 || last->token == SCMP_ARCH_S390X)
        put(out, n, BPF_JMP | BPF_JEQ | BPF_K, 0, TO_ENOSYS, 0);
    if (last->token == SCMP_ARCH_X86_64)
        put_x32(x32, out, n);
    put(out, n, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last->number, TO_ENOSYS, TO_FILTER);
    out[at].jf = (uint8_t)(*n - at - 1);
}

/* The ENOSYS is the last instruction, the filter follows. */
static void resolve(struct sock_filter *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t *jumps[] = {&out[i].jt, &out[i].jf};

        for (size_t k = 0; k < ARRAY_SIZE(jumps); k++)
            if (*jumps[k] >= TO_FILTER)
                *jumps[k] = (uint8_t)(n - i - (*jumps[k] == TO_ENOSYS ? 2 : 1));
    }
}

size_t seccomp_put_newer(const struct seccomp_last *lasts, size_t n,
                         struct sock_filter out[SECCOMP_NEWER_MAX])
{
    const struct seccomp_last *x32 = NULL;
    size_t len = 0;

    for (size_t i = 0; i < n; i++)
        if (lasts[i].token == SCMP_ARCH_X32)
            x32 = &lasts[i];
    put(out, &len, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
    for (size_t i = 0; i < n; i++)
        if (&lasts[i] != x32 && lasts[i].number >= 0)
            put_arch(&lasts[i], x32, out, &len);
    if (len == 1)
        return 0;
    /* Architectures without a part of their own. */
    put(out, &len, BPF_JMP | BPF_JA, 1, 0, 0);
    put(out, &len, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
    resolve(out, len);
    return len;
}

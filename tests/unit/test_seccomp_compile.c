/* SOURCES: tests/unit/seccomp_rig.c */
/* Filters: what their programs return, by an interpreter. Numbers are those of x86. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "seccomp_rig.h"

#define ALLOW SECCOMP_RET_ALLOW
#define KILL SECCOMP_RET_KILL_THREAD
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define X64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386
#define X32(n) (0x40000000u | (n))
#define ALL_X86 "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32"

static void test_plain(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read write no_such_call");
    rig_rule(&spec, "SCMP_ACT_ERRNO", ENOTTY, "ioctl");
    rig_rule(&spec, "SCMP_ACT_KILL_PROCESS", -1, "ptrace no_such_call");
    rig_rule(&spec, "SCMP_ACT_TRAP", -1, "kexec_load");
    rig_rule(&spec, "SCMP_ACT_LOG", -1, "uname");
    rig_rule(&spec, "SCMP_ACT_TRACE", 77, "getpid");
    rig_compile(&spec, &f);
    assert_int_equal(rig_call1(&f, X64, 0, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 1, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 2, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, 16, 0), ERRNO(ENOTTY));
    assert_int_equal(rig_call1(&f, X64, 101, 0), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(rig_call1(&f, X64, 246, 0), SECCOMP_RET_TRAP);
    assert_int_equal(rig_call1(&f, X64, 63, 0), SECCOMP_RET_LOG);
    assert_int_equal(rig_call1(&f, X64, 39, 0), SECCOMP_RET_TRACE | 77);
    assert_int_equal(rig_call1(&f, X64, 245, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, 247, 0), ERRNO(ENOSYS));
    assert_int_equal(rig_call1(&f, I386, 3, 0), KILL);
    assert_int_equal(rig_call1(&f, AUDIT_ARCH_AARCH64, 3, 0), KILL);
    assert_int_equal(rig_call1(&f, X64, X32(0), 0), KILL);
    assert_int_equal(f.unknown.n, 1);
    assert_string_equal(f.unknown.items[0], "no_such_call");
    assert_int_equal(f.flags, 0);
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

/* What is younger than the rules gets ENOSYS, if the default denies. */
static void test_too_young(void **state)
{
    static const struct {
        const char *action;
        int64_t number;
        uint32_t inside, beyond;
    } cases[] = {
        {"SCMP_ACT_ERRNO", -1, ERRNO(EPERM), ERRNO(ENOSYS)},
        {"SCMP_ACT_ERRNO", EACCES, ERRNO(EACCES), ERRNO(ENOSYS)},
        {"SCMP_ACT_ERRNO", ENOSYS, ERRNO(ENOSYS), ERRNO(ENOSYS)},
        {"SCMP_ACT_KILL", -1, KILL, ERRNO(ENOSYS)},
        {"SCMP_ACT_TRAP", -1, SECCOMP_RET_TRAP, ERRNO(ENOSYS)},
        {"SCMP_ACT_ALLOW", -1, ALLOW, ALLOW},
        {"SCMP_ACT_LOG", -1, SECCOMP_RET_LOG, SECCOMP_RET_LOG},
        {"SCMP_ACT_TRACE", -1, SECCOMP_RET_TRACE | EPERM, SECCOMP_RET_TRACE | EPERM},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct seccomp_spec spec;
        struct seccomp_filter f;

        rig_begin(&spec, cases[i].action, ALL_X86);
        spec.has_default_errno = cases[i].number >= 0;
        spec.default_errno = (uint32_t)cases[i].number;
        /* 332 and 383; and one with the default's action, which counts as named. */
        rig_rule(&spec, "SCMP_ACT_KILL_PROCESS", -1, "read statx");
        rig_rule(&spec, cases[i].action, cases[i].number, "pidfd_send_signal");
        rig_compile(&spec, &f);
        assert_int_equal(rig_call1(&f, X64, 1, 0), cases[i].inside);
        assert_int_equal(rig_call1(&f, X64, 332, 0), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(rig_call1(&f, X64, 424, 0), cases[i].inside);
        assert_int_equal(rig_call1(&f, X64, 425, 0), cases[i].beyond);
        assert_int_equal(rig_call1(&f, X64, 0x3fffffff, 0), cases[i].beyond);
        assert_int_equal(rig_call1(&f, X64, UINT32_MAX, 0), cases[i].beyond);
        assert_int_equal(rig_call1(&f, X64, X32(332), 0), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(rig_call1(&f, X64, X32(424), 0), cases[i].inside);
        assert_int_equal(rig_call1(&f, X64, X32(425), 0), cases[i].beyond);
        assert_int_equal(rig_call1(&f, I386, 383, 0), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(rig_call1(&f, I386, 425, 0), cases[i].beyond);
        seccomp_filter_clear(&f);
        seccomp_spec_clear(&spec);
    }
}

static void test_no_rules(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
    rig_compile(&spec, &f);
    assert_int_equal(rig_call1(&f, X64, 0, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, 5000, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, UINT32_MAX, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, X32(0), 0), KILL);
    assert_int_equal(rig_call1(&f, I386, 0, 0), ERRNO(EPERM));
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

static bool compare(const char *op, uint64_t arg, uint64_t value, uint64_t two)
{
    return strcmp(op, "SCMP_CMP_NE") == 0   ? arg != value
           : strcmp(op, "SCMP_CMP_LT") == 0 ? arg < value
           : strcmp(op, "SCMP_CMP_LE") == 0 ? arg <= value
           : strcmp(op, "SCMP_CMP_EQ") == 0 ? arg == value
           : strcmp(op, "SCMP_CMP_GE") == 0 ? arg >= value
           : strcmp(op, "SCMP_CMP_GT") == 0 ? arg > value
                                            : (arg & value) == two;
}

static const char *const operators[] = {"SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
                                        "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
                                        "SCMP_CMP_MASKED_EQ"};

/* Around zero, around the border of the halves, and the largest. */
static const uint64_t numbers[] = {0,
                                   1,
                                   5,
                                   0x7fffffff,
                                   0xfffffffe,
                                   0xffffffff,
                                   0x100000000,
                                   0x100000001,
                                   0x100000005,
                                   0x500000000,
                                   0x4ffffffff,
                                   0xfffffffffffffffe,
                                   0xffffffffffffffff};

static void test_operators(void **state)
{
    (void)state;
    for (size_t o = 0; o < ARRAY_SIZE(operators); o++) {
        for (size_t v = 0; v < ARRAY_SIZE(numbers); v++) {
            uint64_t two = numbers[v] & 0x100000005;
            struct seccomp_spec spec;
            struct seccomp_filter f;

            rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
            rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "personality"), 3, operators[o],
                    numbers[v], two);
            rig_compile(&spec, &f);
            for (size_t a = 0; a < ARRAY_SIZE(numbers); a++) {
                uint64_t args[6] = {7, 7, 7, numbers[a], 7, 7};
                uint32_t wide = compare(operators[o], numbers[a], numbers[v], two),
                         narrow = compare(operators[o], (uint32_t)numbers[a], (uint32_t)numbers[v],
                                          (uint32_t)two);

                if (rig_call(&f, X64, 135, args) != (wide ? ALLOW : ERRNO(EPERM)))
                    fail_msg("%s 0x%lx with 0x%lx: expected %u", operators[o], numbers[v],
                             numbers[a], wide);
                if (rig_call(&f, I386, 136, args) != (narrow ? ALLOW : ERRNO(EPERM)))
                    fail_msg("32 bits: %s 0x%lx with 0x%lx: expected %u", operators[o], numbers[v],
                             numbers[a], narrow);
            }
            seccomp_filter_clear(&f);
            seccomp_spec_clear(&spec);
        }
    }
}

/* All conditions of a rule; alternatives of several rules, the first with the same conditions; one
 * argument twice means either; a rule without conditions decides alone. */
static void test_rules(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_rule *rule;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    rule = rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "ioctl");
    rig_arg(rule, 0, "SCMP_CMP_EQ", 1, 0);
    rig_arg(rule, 1, "SCMP_CMP_GT", 10, 0);
    rig_arg(rig_rule(&spec, "SCMP_ACT_ERRNO", ENOTTY, "ioctl"), 0, "SCMP_CMP_EQ", 2, 0);
    rig_arg(rig_rule(&spec, "SCMP_ACT_KILL", -1, "ioctl"), 0, "SCMP_CMP_EQ", 2, 0);
    rule = rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "fcntl");
    rig_arg(rule, 1, "SCMP_CMP_EQ", 3, 0);
    rig_arg(rule, 1, "SCMP_CMP_EQ", 5, 0);
    rig_arg(rig_rule(&spec, "SCMP_ACT_KILL", -1, "read"), 0, "SCMP_CMP_EQ", 0, 0);
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read");
    rig_rule(&spec, "SCMP_ACT_KILL", -1, "read");
    /* The default's action: as if it were not there. */
    rig_rule(&spec, "SCMP_ACT_ERRNO", EPERM, "write");
    rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "write"), 0, "SCMP_CMP_EQ", 1, 0);
    rig_compile(&spec, &f);
    assert_int_equal(rig_call(&f, X64, 16, (uint64_t[6]){1, 11}), ALLOW);
    assert_int_equal(rig_call(&f, X64, 16, (uint64_t[6]){1, 10}), ERRNO(EPERM));
    assert_int_equal(rig_call(&f, X64, 16, (uint64_t[6]){2, 11}), ERRNO(ENOTTY));
    assert_int_equal(rig_call(&f, X64, 16, (uint64_t[6]){3, 11}), ERRNO(EPERM));
    assert_int_equal(rig_call(&f, X64, 72, (uint64_t[6]){0, 3}), ALLOW);
    assert_int_equal(rig_call(&f, X64, 72, (uint64_t[6]){0, 4}), ERRNO(EPERM));
    assert_int_equal(rig_call(&f, X64, 72, (uint64_t[6]){0, 5}), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 0, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 1, 1), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 1, 2), ERRNO(EPERM));
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

/* socketcall(2) is 102, ipc(2) 117; calls of their own are 359 and on, and 393 and on. */
static void test_carried(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "bind send shmat semop");
    rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "socket"), 0, "SCMP_CMP_EQ", 1, 0);
    rig_arg(rig_rule(&spec, "SCMP_ACT_ERRNO", EACCES, "connect"), 0, "SCMP_CMP_EQ", 9, 0);
    rig_compile(&spec, &f);
    assert_int_equal(rig_call1(&f, I386, 361, 0), ALLOW);         /* bind */
    assert_int_equal(rig_call1(&f, I386, 102, 2), ALLOW);         /* the same */
    assert_int_equal(rig_call1(&f, I386, 102, 9), ALLOW);         /* send */
    assert_int_equal(rig_call1(&f, I386, 359, 1), ALLOW);         /* socket */
    assert_int_equal(rig_call1(&f, I386, 359, 2), ERRNO(EPERM));  /* another family */
    assert_int_equal(rig_call1(&f, I386, 102, 1), ALLOW);         /* its family is in memory */
    assert_int_equal(rig_call1(&f, I386, 362, 9), ERRNO(EACCES)); /* connect */
    assert_int_equal(rig_call1(&f, I386, 362, 8), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, I386, 102, 3), ERRNO(EACCES));
    assert_int_equal(rig_call1(&f, I386, 102, 4), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, I386, 397, 0), ALLOW); /* shmat */
    assert_int_equal(rig_call1(&f, I386, 117, 21), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 117, 1), ALLOW); /* semop */
    assert_int_equal(rig_call1(&f, I386, 117, 2), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, X64, 49, 0), ALLOW);
    seccomp_filter_clear(&f);
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "socketcall");
    rig_compile(&spec, &f);
    assert_int_equal(rig_call1(&f, I386, 102, 1), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 102, 3), ALLOW);
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

static void test_flags(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ALLOW", "");
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_TSYNC");
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_LOG");
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
    rig_compile(&spec, &f);
    assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_LOG);
    seccomp_filter_clear(&f);
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_SPEC_ALLOW");
    rig_rule(&spec, "SCMP_ACT_NOTIFY", -1, "mkdir");
    rig_compile(&spec, &f);
    assert_int_equal(f.flags, SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | 1u << 5);
    assert_int_equal(rig_call1(&f, X64, 83, 0), SECCOMP_RET_USER_NOTIF);
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

static void refused(struct seccomp_spec *spec, const char *message)
{
    struct lxcdriver_error *err = NULL;
    struct seccomp_filter f;

    assert_int_equal(seccomp_compile(spec, &f, &err), -1);
    assert_string_equal(err_message(err), message);
    assert_null(f.insns);
    err_free(&err);
    seccomp_spec_clear(spec);
}

static void test_refused(void **state)
{
    struct seccomp_spec spec;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_MAYBE", "");
    refused(&spec, "linux.seccomp.defaultAction: \"SCMP_ACT_MAYBE\" is not an action");
    rig_begin(&spec, "SCMP_ACT_ALLOW", "");
    rig_rule(&spec, "ALLOW", -1, "read");
    refused(&spec, "linux.seccomp.syscalls.action: \"ALLOW\" is not an action");
    rig_begin(&spec, "SCMP_ACT_ALLOW", "");
    rig_rule(&spec, "SCMP_ACT_KILL", 4, "read");
    refused(&spec, "linux.seccomp.syscalls.action: SCMP_ACT_KILL takes no number");
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read"), 0, "==", 0, 0);
    refused(&spec, "linux.seccomp.syscalls.args.op: \"==\" is not an operator");
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read"), 6, "SCMP_CMP_EQ", 0, 0);
    refused(&spec, "linux.seccomp.syscalls.args.index: 6 is not below 6");
    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_PDP11");
    refused(&spec, "linux.seccomp.architectures: \"SCMP_ARCH_PDP11\" is not an architecture");
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_FAST");
    refused(&spec, "linux.seccomp.flags: \"SECCOMP_FILTER_FLAG_FAST\" is not a flag");
    rig_begin(&spec, "SCMP_ACT_ALLOW", "");
    rig_rule(&spec, "SCMP_ACT_NOTIFY", -1, "mkdir sendmsg");
    refused(&spec, "linux.seccomp.syscalls.names: \"sendmsg\" cannot have SCMP_ACT_NOTIFY");
    rig_begin(&spec, "SCMP_ACT_ERRNO", "");
    for (uint64_t i = 0; i < 1500; i++)
        rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "ioctl"), 0, "SCMP_CMP_EQ", i << 32 | i, 0);
    refused(&spec, "linux.seccomp: the filter has 6043 instructions, the kernel takes 4096");
}

/* A part that is longer than a conditional jump reaches, with calls on both sides of it. */
static void test_far(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "write open close ptrace statx");
    for (uint64_t i = 0; i < 200; i++)
        rig_arg(rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "ioctl read"), 0, "SCMP_CMP_EQ", 2 * i, 0);
    rig_compile(&spec, &f);
    for (uint64_t i = 0; i < 402; i++) {
        uint32_t want = i % 2 == 0 && i < 400 ? ALLOW : ERRNO(EPERM);

        assert_int_equal(rig_call1(&f, X64, 16, i), want);
        assert_int_equal(rig_call1(&f, X64, 0, i), want);
        assert_int_equal(rig_call1(&f, I386, 54, i), want);
        assert_int_equal(rig_call1(&f, I386, 3, i), want);
    }
    assert_int_equal(rig_call1(&f, X64, 1, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 101, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 100, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, I386, 4, 0), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 26, 0), ALLOW);
    assert_int_equal(rig_call1(&f, AUDIT_ARCH_ARM, 26, 0), KILL);
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

/* A program that names only calls with a second number: both are older than what is too young. */
static void test_carried_last(void **state)
{
    struct seccomp_spec spec;
    struct seccomp_filter f;

    (void)state;
    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read accept4 shmat");
    rig_compile(&spec, &f);
    assert_int_equal(rig_call1(&f, I386, 364, 0), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 397, 0), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 396, 0), ERRNO(EPERM));
    assert_int_equal(rig_call1(&f, I386, 398, 0), ERRNO(ENOSYS));
    assert_int_equal(rig_call1(&f, X64, 288, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 289, 0), ERRNO(ENOSYS));
    assert_int_equal(rig_call1(&f, X64, X32(0), 0), KILL);
    seccomp_filter_clear(&f);
    seccomp_spec_clear(&spec);
}

/* ---- against the rules, read one by one ---- */

#define LAST_NAME "set_mempolicy_home_node"
#define LAST 450

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

/* A rule or none for every call, some with one condition. */
static void random_spec(struct seccomp_spec *spec)
{
    rig_begin(spec, "SCMP_ACT_ERRNO", ALL_X86);
    for (int number = 0; number < LAST; number++) {
        cleanup_free char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, number);
        struct seccomp_rule *rule;

        if (!name || random_below(3) == 0)
            continue;
        rule = rig_rule(spec, "SCMP_ACT_ALLOW", -1, name);
        if (random_below(6) == 0) {
            uint64_t value = numbers[random_below(ARRAY_SIZE(numbers))];

            rig_arg(rule, random_below(6), operators[random_below(ARRAY_SIZE(operators))], value,
                    value & 0x100000005);
        }
    }
    rig_rule(spec, "SCMP_ACT_ALLOW", -1, LAST_NAME);
}

static uint32_t expected(const struct seccomp_spec *spec, const char *name, bool narrow,
                         const uint64_t *args)
{
    const uint64_t mask = narrow ? UINT32_MAX : UINT64_MAX;

    for (size_t i = 0; name && i < spec->n_rules; i++) {
        const struct seccomp_rule *rule = &spec->rules[i];
        const struct seccomp_arg *arg = rule->args;

        if (strcmp(rule->names.items[0], name) != 0)
            continue;
        return rule->n_args == 0 || compare(arg->op, args[arg->index] & mask, arg->value & mask,
                                            arg->value_two & mask)
                   ? ALLOW
                   : ERRNO(EPERM);
    }
    return ERRNO(EPERM);
}

static void check_call(const struct seccomp_spec *spec, const struct seccomp_filter *f,
                       uint32_t token, uint32_t arch, uint32_t number)
{
    cleanup_free char *name = seccomp_syscall_resolve_num_arch(token, (int)number);

    /* Calls are carried by these. */
    if (name && (strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0))
        return;
    for (int i = 0; i < 4; i++) {
        uint64_t args[6];
        uint32_t want, got;

        for (size_t k = 0; k < ARRAY_SIZE(args); k++)
            args[k] = numbers[random_below(ARRAY_SIZE(numbers))];
        want = number > LAST && number < X32(0)
                   ? ERRNO(ENOSYS)
                   : expected(spec, name, token != SCMP_ARCH_X86_64, args);
        got = rig_call(f, arch, number, args);
        if (got != want)
            fail_msg("arch %x, call %u (%s), arguments %lx %lx %lx %lx %lx %lx: 0x%x, not 0x%x",
                     token, number, name ? name : "?", args[0], args[1], args[2], args[3], args[4],
                     args[5], got, want);
    }
}

static void test_random(void **state)
{
    (void)state;
    for (uint32_t round = 1; round <= 12; round++) {
        struct seccomp_spec spec;
        struct seccomp_filter f;

        seed = round;
        random_spec(&spec);
        rig_compile(&spec, &f);
        for (uint32_t number = 0; number <= LAST + 5; number++) {
            check_call(&spec, &f, SCMP_ARCH_X86_64, X64, number);
            /* Its last are 512 to 547. */
            check_call(&spec, &f, SCMP_ARCH_X32, X64, X32(number));
            check_call(&spec, &f, SCMP_ARCH_X86, I386, number);
        }
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_AARCH64, 1, 0), KILL);
        seccomp_filter_clear(&f);
        seccomp_spec_clear(&spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_too_young),
        cmocka_unit_test(test_no_rules), cmocka_unit_test(test_operators),
        cmocka_unit_test(test_rules),    cmocka_unit_test(test_carried),
        cmocka_unit_test(test_flags),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_far),      cmocka_unit_test(test_carried_last),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SOURCES: tests/unit/seccomp_rig.c */
/* The instructions before a filter, alone: for machines that are not here too. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "seccomp_rig.h"

#define BEHIND SECCOMP_RET_LOG
#define NONE (SECCOMP_RET_ERRNO | ENOSYS)
#define X32_BIT 0x40000000u
#define ANSWER (SECCOMP_RET_ERRNO | 999)

static struct sock_filter program[SECCOMP_NEWER_MAX + 1];
static size_t length;

static void put(const struct seccomp_newer *newer)
{
    length = seccomp_put_newer(newer, program);
    assert_in_range(length, 0, SECCOMP_NEWER_MAX);
    program[length++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, BEHIND};
}

static void make(const struct seccomp_last *lasts, size_t n)
{
    struct seccomp_newer newer = {.n_arches = n, .hides = true};

    for (size_t i = 0; i < n; i++)
        newer.arches[i] = lasts[i];
    put(&newer);
}

static uint32_t call(uint32_t arch, uint32_t number)
{
    struct seccomp_data data = {.nr = (int)number, .arch = arch};

    return rig_run(program, length, &data);
}

/* Where nothing is named there is no last number; that is known at once, for x32 too, whose numbers
 * begin far up. */
static void test_none_named(void **state)
{
    static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
                                      SCMP_ARCH_S390X, SCMP_ARCH_MIPS64N32};
    const struct seccomp_spec spec = {.set = true};
    struct seccomp_newer newer = {.n_arches = ARRAY_SIZE(tokens)};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
        newer.arches[i].token = tokens[i];
    alarm(30);
    seccomp_find_lasts(&spec, &newer);
    alarm(0);
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
        assert_int_equal(newer.arches[i].number, -1);
}

static void test_each(void **state)
{
    static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86,     SCMP_ARCH_AARCH64,
                                      SCMP_ARCH_ARM,    SCMP_ARCH_RISCV64, SCMP_ARCH_PPC64LE,
                                      SCMP_ARCH_S390X,  SCMP_ARCH_S390};
    struct seccomp_last lasts[ARRAY_SIZE(tokens)];

    (void)state;
    assert_int_equal(ARRAY_SIZE(tokens), SECCOMP_ARCHES_MAX);
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
        lasts[i] = (struct seccomp_last){tokens[i], 100 + (int64_t)i};
    make(lasts, ARRAY_SIZE(lasts));
    for (uint32_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        assert_int_equal(call(tokens[i], 1), BEHIND);
        assert_int_equal(call(tokens[i], 100 + i), BEHIND);
        assert_int_equal(call(tokens[i], 101 + i), NONE);
        assert_int_equal(call(tokens[i], X32_BIT - 1), NONE);
    }
    assert_int_equal(call(AUDIT_ARCH_X86_64, 0), BEHIND);
    assert_int_equal(call(AUDIT_ARCH_S390X, 0), NONE);
    assert_int_equal(call(AUDIT_ARCH_S390, 0), NONE);
    assert_int_equal(call(AUDIT_ARCH_MIPS, 5000), BEHIND);
    /* x32 is not included: the filter's business. */
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT), BEHIND);
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 500), BEHIND);
}

static void test_x32(void **state)
{
    const struct seccomp_last lasts[] = {{SCMP_ARCH_X86_64, 100}, {SCMP_ARCH_X32, X32_BIT | 547}};

    (void)state;
    make(lasts, ARRAY_SIZE(lasts));
    assert_int_equal(call(AUDIT_ARCH_X86_64, 100), BEHIND);
    assert_int_equal(call(AUDIT_ARCH_X86_64, 101), NONE);
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 547), BEHIND);
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 548), NONE);
    assert_int_equal(call(AUDIT_ARCH_I386, 548), BEHIND);
}

static void test_nothing_named(void **state)
{
    const struct seccomp_last lasts[] = {{SCMP_ARCH_X86_64, -1}, {SCMP_ARCH_X86, -1}};

    (void)state;
    make(lasts, ARRAY_SIZE(lasts));
    assert_int_equal(length, 1);
}

/* ---- calls that libseccomp is too young to know ---- */

/* The numbers are the kernel's tables'. */
static void test_late_numbers(void **state)
{
    static const struct {
        const char *name;
        uint32_t token;
        int64_t number;
    } cases[] = {
        {"cachestat", SCMP_ARCH_X86_64, 451},    {"mseal", SCMP_ARCH_X86_64, 462},
        {"mseal", SCMP_ARCH_X86, 462},           {"mseal", SCMP_ARCH_X32, X32_BIT | 462},
        {"mseal", SCMP_ARCH_AARCH64, 462},       {"mseal", SCMP_ARCH_MIPS, 4462},
        {"mseal", SCMP_ARCH_MIPSEL64, 5462},     {"mseal", SCMP_ARCH_MIPS64N32, 6462},
        {"removexattrat", SCMP_ARCH_S390X, 466}, {"open_tree_attr", SCMP_ARCH_PPC64LE, 467},
        {"uretprobe", SCMP_ARCH_X86_64, 335},    {"uretprobe", SCMP_ARCH_X86, -1},
        {"uretprobe", SCMP_ARCH_X32, -1},        {"riscv_hwprobe", SCMP_ARCH_RISCV64, 258},
        {"riscv_hwprobe", SCMP_ARCH_X86_64, -1}, {"no_such_call", SCMP_ARCH_X86_64, -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(seccomp_late_number(cases[i].name, cases[i].token), cases[i].number);
    assert_int_equal(seccomp_number("read", SCMP_ARCH_X86_64), 0);
    assert_int_equal(seccomp_number("read", SCMP_ARCH_X86), 3);
    assert_false(seccomp_is_late("read"));
    assert_false(seccomp_is_late("no_such_call"));
    /* Until libseccomp knows it. */
    assert_true(seccomp_is_late("mseal") ==
                (seccomp_syscall_resolve_name("mseal") == __NR_SCMP_ERROR));
}

static void test_late(void **state)
{
    struct seccomp_newer newer = {
        .arches = {{SCMP_ARCH_X86_64, 462},
                   {SCMP_ARCH_X86, 460},
                   {SCMP_ARCH_X32, X32_BIT | 462},
                   {SCMP_ARCH_AARCH64, -1}},
        .n_arches = 4,
        .late = {{"mseal", SECCOMP_RET_ALLOW}, {"uretprobe", ANSWER}, {"cachestat", ANSWER}},
        .n_late = 3};

    (void)state;
    for (int hides = 0; hides <= 1; hides++) {
        newer.hides = hides;
        put(&newer);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 0), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 334), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 335), ANSWER);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 336), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 450), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 451), ANSWER);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 452), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 462), SECCOMP_RET_ALLOW);
        assert_int_equal(call(AUDIT_ARCH_X86_64, 463), hides ? NONE : BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 335), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 451), ANSWER);
        assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 462), SECCOMP_RET_ALLOW);
        assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 463), hides ? NONE : BEHIND);
        assert_int_equal(call(AUDIT_ARCH_I386, 335), BEHIND);
        assert_int_equal(call(AUDIT_ARCH_I386, 451), ANSWER);
        assert_int_equal(call(AUDIT_ARCH_I386, 461), hides ? NONE : BEHIND);
        assert_int_equal(call(AUDIT_ARCH_I386, 462), SECCOMP_RET_ALLOW);
        assert_int_equal(call(AUDIT_ARCH_AARCH64, 462), BEHIND);
    }
}

/* The longest that there can be, each jump within its reach. */
static void test_late_everywhere(void **state)
{
    static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X32,     SCMP_ARCH_X86,
                                      SCMP_ARCH_ARM,    SCMP_ARCH_RISCV64, SCMP_ARCH_PPC64LE,
                                      SCMP_ARCH_S390X,  SCMP_ARCH_AARCH64};
    struct seccomp_newer newer = {
        .n_arches = ARRAY_SIZE(tokens), .n_late = SECCOMP_LATE_MAX, .hides = true};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
        newer.arches[i] = (struct seccomp_last){
            tokens[i], tokens[i] == SCMP_ARCH_X32 ? (int64_t)X32_BIT | 500 : 500};
    for (size_t i = 0; i < SECCOMP_LATE_MAX; i++)
        newer.late[i] = (struct seccomp_late){"mseal", ANSWER};
    put(&newer);
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        if (tokens[i] == SCMP_ARCH_X32)
            continue;
        assert_int_equal(call(tokens[i], 461), BEHIND);
        assert_int_equal(call(tokens[i], 462), ANSWER);
        assert_int_equal(call(tokens[i], 500), BEHIND);
        assert_int_equal(call(tokens[i], 501), NONE);
    }
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 462), ANSWER);
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 500), BEHIND);
    assert_int_equal(call(AUDIT_ARCH_X86_64, X32_BIT | 501), NONE);
}

/* Whatever libseccomp knows of them: the rules count, with and without one that allows. */
static void test_late_rules(void **state)
{
    static const char *const defaults[] = {"SCMP_ACT_ERRNO", "SCMP_ACT_ALLOW"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
        struct seccomp_spec spec;
        struct seccomp_filter f;
        uint32_t fallback = i == 0 ? (SECCOMP_RET_ERRNO | EPERM) : SECCOMP_RET_ALLOW;

        rig_begin(&spec, defaults[i], "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32");
        rig_rule(&spec, defaults[i], -1, "listmount");
        rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "mseal read");
        rig_rule(&spec, "SCMP_ACT_ERRNO", ENOTTY, "cachestat mseal");
        rig_arg(rig_rule(&spec, "SCMP_ACT_KILL_PROCESS", -1, "fchmodat2"), 0, "SCMP_CMP_EQ", 1, 0);
        rig_compile(&spec, &f);
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 451, 0), (SECCOMP_RET_ERRNO | ENOTTY));
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, X32_BIT | 451, 0),
                         (SECCOMP_RET_ERRNO | ENOTTY));
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_I386, 451, 0), (SECCOMP_RET_ERRNO | ENOTTY));
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 452, 0), fallback);
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 453, 0), fallback);
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 458, 0), fallback);
        /* The first counts, but not one that says what the default says. */
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 462, 0),
                         i == 0 ? SECCOMP_RET_ALLOW : (SECCOMP_RET_ERRNO | ENOTTY));
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_X86_64, 463, 0),
                         i == 0 ? (SECCOMP_RET_ERRNO | ENOSYS) : SECCOMP_RET_ALLOW);
        assert_int_equal(rig_call1(&f, AUDIT_ARCH_I386, 463, 0),
                         i == 0 ? (SECCOMP_RET_ERRNO | ENOSYS) : SECCOMP_RET_ALLOW);
        assert_true(strv_contains(&f.unknown, "fchmodat2") ==
                    (seccomp_syscall_resolve_name("fchmodat2") == __NR_SCMP_ERROR));
        assert_true(f.unknown.n <= 1);
        seccomp_filter_clear(&f);
        seccomp_spec_clear(&spec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_numbers),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_late_everywhere),
        cmocka_unit_test(test_late_rules),
        cmocka_unit_test(test_none_named),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_x32),
        cmocka_unit_test(test_nothing_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SOURCES: tests/unit/seccomp_rig.c */
/* The instructions before a filter, alone: for machines that are not here too. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "seccomp_rig.h"

#define BEHIND SECCOMP_RET_LOG
#define NONE (SECCOMP_RET_ERRNO | ENOSYS)
#define X32_BIT 0x40000000u

static struct sock_filter program[SECCOMP_NEWER_MAX + 1];
static size_t length;

static void make(const struct seccomp_last *lasts, size_t n)
{
    length = seccomp_put_newer(lasts, n, program);
    assert_in_range(length, 0, SECCOMP_NEWER_MAX);
    program[length++] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, BEHIND};
}

static uint32_t call(uint32_t arch, uint32_t number)
{
    struct seccomp_data data = {.nr = (int)number, .arch = arch};

    return rig_run(program, length, &data);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_x32),
        cmocka_unit_test(test_nothing_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

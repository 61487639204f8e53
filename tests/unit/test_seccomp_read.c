/* SOURCES: tests/unit/seccomp_rig.c */
/* Profiles of filters: what is read out of them, what is refused; and our own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "seccomp_rig.h"
#include "spec/readers.h"
#include "spec/seccomp.h"

#define CAP(n) (UINT64_C(1) << (n))
#define SYS_CHROOT CAP(18)
#define SYS_ADMIN CAP(21)
#define SYS_TIME CAP(25)

static const struct seccomp_host here = {"SCMP_ARCH_X86_64", SYS_CHROOT, 6, 1};

static void read_profile(const char *text, const struct seccomp_host *host,
                         struct seccomp_spec *out)
{
    struct lxcdriver_error *err = NULL;

    *out = (struct seccomp_spec){0};
    if (seccomp_profile_read(text, strlen(text), host, out, &err) < 0)
        fail_msg("%s: %s", text, err_message(err));
}

static void test_profile(void **state)
{
    struct seccomp_spec s;

    (void)state;
    read_profile(
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,"
        " \"defaultErrno\": \"ENOSYS\","
        " \"archMap\": [{\"architecture\": \"SCMP_ARCH_AARCH64\","
        "   \"subArchitectures\": [\"SCMP_ARCH_ARM\"]},"
        "  {\"architecture\": \"SCMP_ARCH_X86_64\","
        "   \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}],"
        " \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"],"
        " \"listenerPath\": \"/run/agent\", \"listenerMetadata\": \"m\","
        " \"syscalls\": ["
        "  {\"names\": [\"read\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [],"
        "   \"comment\": \"x\", \"includes\": {}, \"excludes\": {}},"
        "  {\"name\": \"clone\", \"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 65535,"
        "   \"args\": [{\"index\": 5, \"value\": 18446744073709551615, \"valueTwo\": 2,"
        "               \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}",
        &here, &s);
    assert_true(s.set);
    assert_string_equal(s.default_action, "SCMP_ACT_ERRNO");
    assert_true(s.has_default_errno);
    assert_int_equal(s.default_errno, 38);
    assert_int_equal(s.architectures.n, 3);
    assert_string_equal(s.architectures.items[0], "SCMP_ARCH_X86_64");
    assert_string_equal(s.architectures.items[1], "SCMP_ARCH_X86");
    assert_string_equal(s.architectures.items[2], "SCMP_ARCH_X32");
    assert_int_equal(s.flags.n, 1);
    assert_string_equal(s.listener_path, "/run/agent");
    assert_string_equal(s.listener_metadata, "m");
    assert_int_equal(s.n_rules, 2);
    assert_int_equal(s.rules[0].names.n, 2);
    assert_string_equal(s.rules[0].names.items[1], "write");
    assert_false(s.rules[0].has_errno);
    assert_int_equal(s.rules[0].n_args, 0);
    assert_string_equal(s.rules[1].names.items[0], "clone");
    assert_true(s.rules[1].has_errno);
    assert_int_equal(s.rules[1].errno_ret, 65535);
    assert_int_equal(s.rules[1].args[0].index, 5);
    assert_true(s.rules[1].args[0].value == UINT64_MAX);
    assert_int_equal(s.rules[1].args[0].value_two, 2);
    assert_string_equal(s.rules[1].args[0].op, "SCMP_CMP_MASKED_EQ");
    seccomp_spec_clear(&s);
}

/* A rule with these members applies on `here` (x86-64, 6.1, CAP_SYS_CHROOT), or not. */
static void test_conditions(void **state)
{
    static const struct {
        const char *members;
        size_t n;
    } cases[] = {
        {"", 1},
        {", \"includes\": null, \"excludes\": null", 1},
        {", \"includes\": {\"caps\": [\"CAP_SYS_CHROOT\"]}", 1},
        {", \"includes\": {\"caps\": [\"CAP_SYS_CHROOT\", \"CAP_SYS_ADMIN\"]}", 0},
        {", \"includes\": {\"caps\": [\"CAP_OF_TOMORROW\"]}", 0},
        {", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\", \"CAP_SYS_CHROOT\"]}", 0},
        {", \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\", \"CAP_OF_TOMORROW\"]}", 1},
        {", \"includes\": {\"arches\": [\"arm64\", \"amd64\"]}", 1},
        {", \"includes\": {\"arches\": [\"x32\", \"x86\"]}", 0},
        {", \"excludes\": {\"arches\": [\"s390\", \"s390x\"]}", 1},
        {", \"excludes\": {\"arches\": [\"amd64\"]}", 0},
        {", \"includes\": {\"minKernel\": \"4.8\"}", 1},
        {", \"includes\": {\"minKernel\": \"6.1\"}", 1},
        {", \"includes\": {\"minKernel\": \"6.2\"}", 0},
        {", \"includes\": {\"minKernel\": \"10.0\"}", 0},
        {", \"excludes\": {\"minKernel\": \"6.2\"}", 1},
        {", \"excludes\": {\"minKernel\": \"5.19\"}", 0},
        {", \"includes\": {\"caps\": [\"CAP_SYS_CHROOT\"]}, \"excludes\": {\"arches\": "
         "[\"amd64\"]}",
         0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text =
            str_printf("{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [{\"names\": "
                       "[\"read\"], \"action\": \"SCMP_ACT_ALLOW\"%s}]}",
                       cases[i].members);
        struct seccomp_spec s;

        read_profile(text, &here, &s);
        if (s.n_rules != cases[i].n)
            fail_msg("%s: %zu rules, expected %zu", cases[i].members, s.n_rules, cases[i].n);
        seccomp_spec_clear(&s);
    }
}

#define RULE(members) "{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [{" members "}]}"
#define NAMED(members) RULE("\"names\": [\"read\"], " members)
#define ARG(members) NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{" members "}]")

static const struct {
    const char *text, *message;
} refused[] = {
    {"", "seccomp profile: line 1, column 0: unexpected token near end of file"},
    {"[]", "the document: expected an object, found []"},
    {"{}", "defaultAction: is missing"},
    {"{\"defaultAction\": 1}", "defaultAction: expected a string, found 1"},
    {"{\"defaultAction\": \"ALLOW\"}", "defaultAction: is not an action, found \"ALLOW\""},
    {"{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
     "defaultAction: cannot be the default, found \"SCMP_ACT_NOTIFY\""},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"defaultErrnoRet\": 1}",
     "defaultErrnoRet: SCMP_ACT_KILL takes no number, found 1"},
    {"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096}",
     "defaultErrnoRet: 4096 is not between 0 and 4095"},
    {"{\"defaultAction\": \"SCMP_ACT_TRACE\", \"defaultErrnoRet\": 65536}",
     "defaultErrnoRet: 65536 is not between 0 and 65535"},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"SCMP_ARCH_X86\", \"x86\"]}",
     "architectures[1]: is not an architecture, found \"x86\""},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"SCMP_ARCH_x86\"]}",
     "architectures[0]: is not an architecture, found \"SCMP_ARCH_x86\""},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"archMap\": [{\"architecture\": "
     "\"SCMP_ARCH_X86_64\", \"subArchitectures\": [\"SCMP_ARCH_X87\"]}]}",
     "archMap[0].subArchitectures[0]: is not an architecture, found \"SCMP_ARCH_X87\""},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"architectures\": [\"SCMP_ARCH_X86\"], "
     "\"archMap\": [{}]}",
     "archMap: stands beside \"architectures\", found [{}]"},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"flags\": [\"SECCOMP_FILTER_FLAG_NEW\"]}",
     "flags[0]: is not a flag, found \"SECCOMP_FILTER_FLAG_NEW\""},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": {}}",
     "syscalls: expected an array, found {}"},
    {"{\"defaultAction\": \"SCMP_ACT_KILL\", \"syscalls\": [\"read\"]}",
     "syscalls[0]: expected an object, found \"read\""},
    {RULE("\"action\": \"SCMP_ACT_ALLOW\""), "syscalls[0].names: is missing"},
    {RULE("\"names\": []"), "syscalls[0].names: names no system call, found []"},
    {RULE("\"names\": [3]"), "syscalls[0].names[0]: expected a string, found 3"},
    {RULE("\"names\": [\"read\"], \"name\": \"write\""),
     "syscalls[0].name: stands beside \"names\", found \"write\""},
    {NAMED("\"args\": []"), "syscalls[0].action: is missing"},
    {NAMED("\"action\": \"\""), "syscalls[0].action: is not an action, found \"\""},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 1"),
     "syscalls[0].errnoRet: SCMP_ACT_ALLOW takes no number, found 1"},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"args\": 0"),
     "syscalls[0].args: expected an array, found 0"},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"args\": [0]"),
     "syscalls[0].args[0]: expected an object, found 0"},
    {ARG("\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\""),
     "syscalls[0].args[0].index: 6 is not between 0 and 5"},
    {ARG("\"index\": 0, \"op\": \"SCMP_CMP_EQ\""), "syscalls[0].args[0].value: is missing"},
    {ARG("\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\""),
     "syscalls[0].args[0].value: -1 is not between 0 and 18446744073709551615"},
    {ARG("\"index\": 0, \"value\": 0, \"op\": \"EQ\""),
     "syscalls[0].args[0].op: is not an operator, found \"EQ\""},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"includes\": []"),
     "syscalls[0].includes: expected an object, found []"},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"includes\": {\"minKernel\": \"5\"}"),
     "syscalls[0].includes.minKernel: is not a kernel's version, found \"5\""},
    {NAMED("\"action\": \"SCMP_ACT_ALLOW\", \"excludes\": {\"caps\": \"ALL\"}"),
     "syscalls[0].excludes.caps: expected an array, found \"ALL\""},
    /* What does not apply is read too. */
    {NAMED("\"action\": \"SCMP_ACT_ALOW\", \"excludes\": {\"arches\": [\"amd64\"]}"),
     "syscalls[0].action: is not an action, found \"SCMP_ACT_ALOW\""},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct lxcdriver_error *err = NULL;
        struct seccomp_spec s = {0};
        const char *text = refused[i].text;

        if (seccomp_profile_read(text, strlen(text), &here, &s, &err) == 0)
            fail_msg("%s: accepted", text);
        assert_string_equal(err_message(err), refused[i].message);
        assert_false(s.set);
        assert_null(s.rules);
        err_free(&err);
    }
}

/* OCI's object: no conditions, no "name", the path in front. */
static void test_oci(void **state)
{
    const char text[] =
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"],"
        " \"archMap\": 3, \"syscalls\": [{\"names\": [\"read\"], \"name\": 1,"
        " \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 5, \"includes\": {\"caps\": [\"X\"]}}]}";
    const char bad[] = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"name\": \"x\"}]}";
    json_t *good_json = json_parse(text, strlen(text), "text", NULL),
           *bad_json = json_parse(bad, strlen(bad), "text", NULL);
    struct lxcdriver_error *err = NULL;
    struct seccomp_spec s = {0};
    struct json_at at;

    (void)state;
    at = json_root(good_json);
    strcpy(at.path, "linux.seccomp");
    assert_int_equal(seccomp_oci_read(&at, &s, &err), 0);
    assert_int_equal(s.n_rules, 1);
    assert_int_equal(s.rules[0].errno_ret, 5);
    assert_int_equal(s.architectures.n, 1);
    seccomp_spec_clear(&s);
    at = json_root(bad_json);
    strcpy(at.path, "linux.seccomp");
    assert_int_equal(seccomp_oci_read(&at, &s, &err), -1);
    assert_string_equal(err_message(err), "linux.seccomp.syscalls[0].names: is missing");
    err_free(&err);
    json_decref(good_json);
    json_decref(bad_json);
}

static void test_kernel_version(void **state)
{
    unsigned major = 0, minor = 0;

    (void)state;
    assert_int_equal(seccomp_kernel_version("6.1.0-33-amd64", &major, &minor), 0);
    assert_int_equal(major, 6);
    assert_int_equal(minor, 1);
    assert_int_equal(seccomp_kernel_version("5.10", &major, &minor), 0);
    assert_int_equal(minor, 10);
    assert_int_equal(seccomp_kernel_version("6.18-rc1", &major, &minor), 0);
    assert_int_equal(minor, 18);
    assert_int_equal(seccomp_kernel_version("", &major, &minor), -1);
    assert_int_equal(seccomp_kernel_version("6", &major, &minor), -1);
    assert_int_equal(seccomp_kernel_version("6.", &major, &minor), -1);
    assert_int_equal(seccomp_kernel_version("-6.1", &major, &minor), -1);
    assert_int_equal(seccomp_kernel_version("6.-1", &major, &minor), -1);
    assert_int_equal(seccomp_kernel_version("99999.1", &major, &minor), -1);
}

static void test_words(void **state)
{
    (void)state;
    assert_int_equal(seccomp_arch_token("SCMP_ARCH_X86_64"), AUDIT_ARCH_X86_64);
    assert_int_equal(seccomp_arch_token("SCMP_ARCH_X86"), AUDIT_ARCH_I386);
    assert_int_equal(seccomp_arch_token("SCMP_ARCH_"), 0);
    assert_int_equal(seccomp_arch_token("X86_64"), 0);
    assert_string_equal(seccomp_arch_short("SCMP_ARCH_AARCH64"), "arm64");
    assert_null(seccomp_arch_short("SCMP_ARCH_Z80"));
    assert_true(seccomp_arch_token(seccomp_arch_here()) != 0);
    assert_non_null(seccomp_arch_short(seccomp_arch_here()));
    assert_string_equal(seccomp_flag_name(seccomp_flag("SECCOMP_FILTER_FLAG_LOG")),
                        "SECCOMP_FILTER_FLAG_LOG");
    assert_null(seccomp_flag_name(1u << 30));
}

/* ---- configs/seccomp/default.json ---- */

#define ALLOW SECCOMP_RET_ALLOW
#define DENY (SECCOMP_RET_ERRNO | EPERM)
#define NONE (SECCOMP_RET_ERRNO | ENOSYS)
#define X64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386

static void compile_default(uint64_t caps, struct seccomp_filter *out)
{
    struct seccomp_host host = {"SCMP_ARCH_X86_64", caps, 6, 1};
    cleanup_free char *text = NULL;
    struct seccomp_spec s;

    assert_int_equal(fs_read_at(AT_FDCWD, "configs/seccomp/default.json", 1 << 20, &text, NULL), 0);
    read_profile(text, &host, &s);
    rig_compile(&s, out);
    seccomp_spec_clear(&s);
}

/* By capability; numbers of x86-64. */
static void test_default_caps(void **state)
{
    static const struct {
        uint32_t number;
        uint64_t cap;
    } calls[] = {
        {165, SYS_ADMIN}, {272, SYS_ADMIN},  {308, SYS_ADMIN}, {428, SYS_ADMIN}, {170, SYS_ADMIN},
        {227, SYS_TIME},  {161, SYS_CHROOT}, {169, CAP(22)},   {313, CAP(16)},   {172, CAP(17)},
        {438, CAP(19)},   {237, CAP(23)},    {103, CAP(34)},   {298, CAP(38)},   {321, CAP(39)},
        {304, CAP(2)},    {163, CAP(20)},    {153, CAP(26)},
    };
    struct seccomp_filter none;

    (void)state;
    compile_default(0, &none);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        struct seccomp_filter with;

        compile_default(calls[i].cap, &with);
        if (rig_call1(&none, X64, calls[i].number, 0) != DENY)
            fail_msg("call %u: not denied without capabilities", calls[i].number);
        if (rig_call1(&with, X64, calls[i].number, 0) != ALLOW)
            fail_msg("call %u: not allowed with 0x%lx", calls[i].number, calls[i].cap);
        seccomp_filter_clear(&with);
    }
    seccomp_filter_clear(&none);
}

static void test_default_arguments(void **state)
{
    const uint64_t new_user = 0x10000000, high = UINT64_C(1) << 32;
    /* What the kernel has lost: DECnet, econet, ATM SVC, IrDA, wanpipe, ISDN, CAIF. */
    const uint64_t forbidden = UINT64_C(1) << AF_ALG | UINT64_C(1) << AF_VSOCK | 1u << 12 |
                               1u << 19 | 1u << 20 | 1u << 23 | 1u << 25 | UINT64_C(1) << 34 |
                               UINT64_C(1) << 37;
    struct seccomp_filter f, admin;

    (void)state;
    compile_default(caps_default(), &f);
    compile_default(caps_default() | SYS_ADMIN, &admin);
    for (uint64_t family = 0; family < 64; family++) {
        uint32_t want = forbidden >> family & 1 || family > 45 ? DENY : ALLOW;

        assert_int_equal(rig_call1(&f, X64, 41, family), want);
        /* socket(2) takes an int: the kernel does not see the high half. */
        assert_int_equal(rig_call1(&f, X64, 41, family | high), want);
        assert_int_equal(rig_call1(&f, I386, 359, family), want);
    }
    assert_int_equal(rig_call1(&f, X64, 56, 0x3d0f00), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 56, new_user | 17), DENY);
    assert_int_equal(rig_call1(&admin, X64, 56, new_user | 17), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 435, 0), NONE);
    assert_int_equal(rig_call1(&admin, X64, 435, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 135, 0xffffffff), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 135, 8), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 135, 0x40000), DENY); /* ADDR_NO_RANDOMIZE */
    /* fchmodat2, mseal: younger than libseccomp 2.5.4. */
    assert_int_equal(rig_call1(&f, X64, 452, 0), ALLOW);
    assert_int_equal(rig_call1(&f, I386, 462, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 459, 0), DENY); /* lsm_get_self_attr */
    assert_int_equal(rig_call1(&admin, X64, 459, 0), ALLOW);
    assert_int_equal(rig_call1(&f, X64, 467, 0), NONE); /* open_tree_attr */
    assert_int_equal(rig_call1(&admin, X64, 467, 0), ALLOW);
    assert_int_equal(rig_call1(&admin, X64, 468, 0), NONE); /* file_getattr */
    assert_int_equal(rig_call1(&f, X64, 425, 0), DENY);     /* io_uring_setup */
    assert_int_equal(rig_call1(&f, X64, 250, 0), DENY);     /* keyctl */
    assert_int_equal(rig_call1(&f, X64, 472, 0), NONE);
    assert_int_equal(rig_call1(&f, I386, 384, 0), ALLOW); /* arch_prctl */
    assert_int_equal(rig_call1(&f, I386, 21, 0), DENY);   /* mount */
    assert_int_equal(rig_call1(&f, AUDIT_ARCH_AARCH64, 64, 0), SECCOMP_RET_KILL_THREAD);
    seccomp_filter_clear(&f);
    seccomp_filter_clear(&admin);
}

/* It can be read for every machine; only one's own can be compiled. */
static void test_default_machines(void **state)
{
    static const char *const machines[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_RISCV64",
                                           "SCMP_ARCH_S390X", "SCMP_ARCH_PPC64LE",
                                           "SCMP_ARCH_MIPS64"};
    cleanup_free char *text = NULL;

    (void)state;
    assert_int_equal(fs_read_at(AT_FDCWD, "configs/seccomp/default.json", 1 << 20, &text, NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
        struct seccomp_host host = {machines[i], caps_default(), 6, 1};
        struct seccomp_spec s;
        struct seccomp_filter f;

        read_profile(text, &host, &s);
        assert_string_equal(s.architectures.items[0], machines[i]);
        /* As further architectures of this one; libseccomp mixes no byte orders. */
        if (seccomp_arch_token(machines[i]) & __AUDIT_ARCH_LE) {
            rig_compile(&s, &f);
            seccomp_filter_clear(&f);
        }
        seccomp_spec_clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile),          cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_oci),
        cmocka_unit_test(test_kernel_version),   cmocka_unit_test(test_words),
        cmocka_unit_test(test_default_caps),     cmocka_unit_test(test_default_arguments),
        cmocka_unit_test(test_default_machines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

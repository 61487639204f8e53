/* Sentences about what failed in the container: the words in which engines look for the reason. */
#include "run/run.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <regex.h>
#include <string.h>

#include "base/cleanup.h"

struct failure {
    uint32_t stage;
    int errnum, exit_code;
    const char *detail;
    const char *sentence;
    int docker, podman; /* exit codes that their users get; 0: no special one */
};

static const struct failure failures[] = {
    {STAGE_EXEC, ENOENT, 127, "nosuch", "exec: \"nosuch\": executable file not found in PATH", 127,
     127},
    {STAGE_EXEC, ENOENT, 127, "/no/such", "exec: \"/no/such\": no such file or directory", 127,
     127},
    {STAGE_EXEC, EACCES, 126, "/etc/passwd", "exec: \"/etc/passwd\": permission denied", 126, 126},
    {STAGE_EXEC, EPERM, 126, "/x", "exec: \"/x\": operation not permitted", 0, 126},
    {STAGE_EXEC, EISDIR, 126, "/etc",
     "exec: \"/etc\": permission denied: a directory cannot be executed", 126, 126},
    {STAGE_EXEC, ENOEXEC, 126, "/x", "exec: \"/x\": exec format error", 0, 0},
    {STAGE_EXEC, EAGAIN, 125, "fork", "exec \"fork\": resource temporarily unavailable", 0, 0},
    {STAGE_CWD, ENOENT, 125, "/nosuch", "working directory \"/nosuch\": no such file or directory",
     127, 127},
    {STAGE_CWD, EACCES, 125, "/root", "working directory \"/root\": permission denied", 126, 126},
    {STAGE_CWD, ENOTDIR, 125, "/f", "working directory \"/f\": not a directory", 127, 0},
    {STAGE_MOUNT, ENOENT, 125, "/a b", "mount \"/a b\": no such file or directory", 127, 127},
    {STAGE_MOUNT, EPERM, 125, "", "mount: operation not permitted", 0, 126},
    {STAGE_USER, 0, 125, "who", "user: \"who\" is not in the container's passwd or group file", 0,
     0},
    {STAGE_USER, EINVAL, 125, "70000", "user: the container's user namespace has no id 70000", 0,
     0},
    {STAGE_RLIMIT, EPERM, 125, "7", "set resource limit RLIMIT_NOFILE: operation not permitted", 0,
     126},
    {STAGE_CAPS, 0, 125, "CAP_SYS_TIME", "capabilities: this host cannot give CAP_SYS_TIME", 0, 0},
    {STAGE_SYSCTL, 0, 125, "a\nb\x1b[31m", "set sysctl: a\\nb\\x1b[31m", 0, 0},
    {999, 0, 200, "", "start", 0, 0},
    /* What no shim of ours says. */
    {STAGE_HOOK, 0, 125, "", "run hook", 0, 0},
    {STAGE_HOOK, ENOENT, 125, "", "run hook: no such file or directory", 127, 127},
};

static bool matches(const char *text, const char *pattern)
{
    regex_t regex;
    int code;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB), 0);
    code = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return code == 0;
}

/* docker run: the client, whose comparisons mind capitals. dockerd, for exec and inspect, does not;
 * "is a directory" it would complete by itself in newer versions only. */
static int docker_code(const char *text)
{
    if (strstr(text, "executable file not found") || strstr(text, "no such file or directory") ||
        strstr(text, "not a directory"))
        return 127;
    return strstr(text, "permission denied") ? 126 : 0;
}

static int podman_code(const char *text)
{
    if (matches(text, "permission denied|operation not permitted"))
        return 126;
    return matches(text, "executable file not found in|no such file or directory") ? 127 : 0;
}

static void test_sentences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
        const struct failure *f = &failures[i];
        struct lxcdriver_error *err = NULL;

        assert_int_equal(failure_of_shim(f->stage, f->errnum, f->exit_code, f->detail, &err), -1);
        assert_string_equal(err_message(err), f->sentence);
        assert_int_equal(err->errno_code, f->errnum);
        assert_int_equal(err->exit_code, f->exit_code <= 127 ? f->exit_code : 125);
        err_free(&err);
    }
}

static void test_engines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
        const struct failure *f = &failures[i];

        if (docker_code(f->sentence) != f->docker || podman_code(f->sentence) != f->podman)
            fail_msg("%s: Docker %d, Podman %d; expected %d, %d", f->sentence,
                     docker_code(f->sentence), podman_code(f->sentence), f->docker, f->podman);
    }
}

/* Nobody to tell. */
static void test_no_error(void **state)
{
    (void)state;
    assert_int_equal(failure_of_shim(STAGE_EXEC, ENOENT, 127, "x", NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

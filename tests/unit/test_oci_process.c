/* "process" of an OCI bundle: every member arrives, what is wrong is refused with its path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "spec/oci.h"
#include "spec/readers.h"

struct read {
    struct command *cmd;
    struct strv warnings;
    struct lxcdriver_error *err;
    int result;
};

static void read_text(struct read *r, const char *text)
{
    json_t *value;
    struct json_at root, at;

    *r = (struct read){.cmd = command_new()};
    assert_non_null(r->cmd);
    value = json_parse(text, strlen(text), "text", NULL);
    assert_non_null(value);
    root = json_root(value);
    at = json_member(&root, "process");
    r->result = oci_process_read(&at, &r->cmd->process, &r->warnings, &r->err);
    json_decref(value);
}

static void read_end(struct read *r)
{
    command_free(r->cmd);
    strv_free(&r->warnings);
    err_free(&r->err);
}

static void reads_all(void **state)
{
    struct read r;
    const struct process_spec *p;

    (void)state;
    read_text(&r,
              "{\"process\": {\"terminal\": true, \"consoleSize\": {\"height\": 24, \"width\": 80},"
              "\"user\": {\"uid\": 1, \"gid\": 2, \"umask\": 18, \"additionalGids\": [3, 4]},"
              "\"args\": [\"a\", \"b\"], \"env\": [\"K=V\"], \"cwd\": \"/x/../y\","
              "\"capabilities\": {\"bounding\": [\"CAP_KILL\"], \"ambient\": [\"CAP_SYSLOG\"]},"
              "\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1, \"hard\": "
              "18446744073709551615}],"
              "\"noNewPrivileges\": true, \"oomScoreAdj\": -5, \"apparmorProfile\": \"p\","
              "\"selinuxLabel\": \"l\", \"scheduler\": {\"policy\": \"SCHED_RR\", \"priority\": 7,"
              "\"flags\": [\"SCHED_FLAG_RESET_ON_FORK\"]},"
              "\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 3},"
              "\"execCPUAffinity\": {\"initial\": \"0\", \"final\": \"0-1\"}}}");
    assert_string_equal(err_message(r.err), err_message(NULL));
    assert_int_equal(r.result, 0);
    p = &r.cmd->process;
    assert_true(p->terminal && p->no_new_privs && p->caps.set && p->user.has_umask);
    assert_true(p->has_console_size && p->has_oom_score_adj && p->scheduler.set && p->ioprio.set);
    assert_int_equal(p->console_rows, 24);
    assert_int_equal(p->console_cols, 80);
    assert_int_equal(p->user.uid, 1);
    assert_int_equal(p->user.gid, 2);
    assert_int_equal(p->user.umask, 18);
    assert_int_equal(p->user.n_gids, 2);
    assert_int_equal(p->user.gids[1], 4);
    assert_int_equal(p->args.n, 2);
    assert_string_equal(p->env.items[0], "K=V");
    assert_string_equal(p->cwd, "/y");
    assert_int_equal(p->caps.bounding, UINT64_C(1) << 5);
    assert_int_equal(p->caps.ambient, UINT64_C(1) << 34);
    assert_int_equal(p->caps.effective, 0);
    assert_int_equal(p->n_rlimits, 1);
    assert_int_equal(p->rlimits[0].hard, UINT64_MAX);
    assert_int_equal(p->oom_score_adj, -5);
    assert_string_equal(p->apparmor_profile, "p");
    assert_string_equal(p->selinux_label, "l");
    assert_string_equal(p->scheduler.policy, "SCHED_RR");
    assert_int_equal(p->scheduler.priority, 7);
    assert_int_equal(p->scheduler.flags.n, 1);
    assert_int_equal(p->ioprio.class_, 2);
    assert_int_equal(p->ioprio.priority, 3);
    assert_string_equal(p->cpu_affinity_initial, "0");
    assert_string_equal(p->cpu_affinity_final, "0-1");
    assert_int_equal(r.warnings.n, 0);
    read_end(&r);
}

static void leaves_out(void **state)
{
    struct read r;

    (void)state;
    read_text(&r, "{\"process\": {\"cwd\": \"/\", \"user\": {}, \"capabilities\": null}}");
    assert_int_equal(r.result, 0);
    assert_false(r.cmd->process.caps.set);
    assert_false(r.cmd->process.user.has_umask);
    assert_false(r.cmd->process.has_oom_score_adj);
    read_end(&r);
}

static void warns(void **state)
{
    struct read r;

    (void)state;
    read_text(&r,
              "{\"process\": {\"cwd\": \"/\", \"capabilities\": {\"permitted\": [\"CAP_X\"]}}}");
    assert_int_equal(r.result, 0);
    assert_int_equal(r.warnings.n, 1);
    assert_string_equal(
        r.warnings.items[0],
        "process.capabilities.permitted: \"CAP_X\" is not the name of a capability");
    read_end(&r);
}

static void refuses(void **state)
{
    static const struct {
        const char *members, *want;
    } cases[] = {
        {"\"cwd\": \"x\"", "process.cwd: not an absolute path"},
        {"\"cwd\": 1", "process.cwd"},
        {"\"args\": []", "process.cwd"},
        {"\"cwd\": \"/\", \"args\": 1", "process.args"},
        {"\"cwd\": \"/\", \"args\": [1]", "process.args[0]"},
        {"\"cwd\": \"/\", \"env\": {}", "process.env"},
        {"\"cwd\": \"/\", \"terminal\": 1", "process.terminal"},
        {"\"cwd\": \"/\", \"user\": []", "process.user"},
        {"\"cwd\": \"/\", \"user\": {\"uid\": 4294967295}", "process.user.uid"},
        {"\"cwd\": \"/\", \"user\": {\"umask\": 512}", "process.user.umask"},
        {"\"cwd\": \"/\", \"user\": {\"additionalGids\": [1, -1]}",
         "process.user.additionalGids[1]"},
        {"\"cwd\": \"/\", \"consoleSize\": {\"height\": 65536}", "process.consoleSize.height"},
        {"\"cwd\": \"/\", \"capabilities\": {\"bounding\": 1}", "process.capabilities.bounding"},
        {"\"cwd\": \"/\", \"rlimits\": [{\"type\": \"nofile\", \"soft\": 1, \"hard\": 1}]",
         "process.rlimits[0].type: not a resource limit"},
        {"\"cwd\": \"/\", \"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1}]",
         "process.rlimits[0].hard"},
        {"\"cwd\": \"/\", \"oomScoreAdj\": 1001", "process.oomScoreAdj"},
        {"\"cwd\": \"/\", \"scheduler\": {\"nice\": 1}", "process.scheduler.policy: is missing"},
        {"\"cwd\": \"/\", \"scheduler\": {\"policy\": \"X\", \"nice\": 20}",
         "process.scheduler.nice"},
        {"\"cwd\": \"/\", \"ioPriority\": {\"class\": \"X\"}", "process.ioPriority.class"},
        {"\"cwd\": \"/\", \"ioPriority\": {\"class\": \"IOPRIO_CLASS_RT\", \"priority\": 8}",
         "process.ioPriority.priority"},
        {"\"cwd\": \"/\", \"execCPUAffinity\": {\"final\": 1}", "process.execCPUAffinity.final"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text = str_printf("{\"process\": {%s}}", cases[i].members);
        struct read r;

        assert_non_null(text);
        read_text(&r, text);
        if (r.result != -1 || !str_starts(err_message(r.err), cases[i].want))
            fail_msg("%s: expected %s, got %d %s", text, cases[i].want, r.result,
                     err_message(r.err));
        read_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_all),
        cmocka_unit_test(leaves_out),
        cmocka_unit_test(warns),
        cmocka_unit_test(refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

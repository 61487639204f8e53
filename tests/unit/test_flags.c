#include "flags_line.h"

#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* ---- how options are written ---- */

static void test_clusters_and_values(void **state)
{
    cleanup_line struct line l = {0};
    const struct process_spec *p;

    (void)state;
    READ(l, "-itd", "--rm", "-eA=1", "-e", "B=2", "-e=C=3", "--env=D=4", "--env", "E=5", "-m512m",
         "--name=web", "@busybox", "sh", "-c", "--rm");
    p = &l.cmd->process;
    assert_true(l.opts.interactive && l.opts.detach && l.opts.remove && p->terminal);
    assert_int_equal(p->env.n, 5);
    assert_string_equal(p->env.items[0], "A=1");
    assert_string_equal(p->env.items[2], "C=3");
    assert_string_equal(p->env.items[4], "E=5");
    assert_int_equal(l.cmd->res.memory_limit, 512 * MIB);
    assert_string_equal(l.cmd->id, "web");
    assert_string_equal(l.opts.image, "@busybox");
    assert_int_equal(l.opts.args.n, 3);
    assert_string_equal(l.opts.args.items[2], "--rm");
}

static void test_switches_can_be_turned_off(void **state)
{
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "-i", "-i=false", "--rm", "--rm=0", "--tty=TRUE", "--init=1", "--read-only=f", "--",
         "-image-");
    assert_false(l.opts.interactive || l.opts.remove || l.cmd->root.readonly);
    assert_true(l.cmd->process.terminal && l.cmd->init);
    assert_string_equal(l.opts.image, "-image-");
}

static void test_defaults(void **state)
{
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "/srv/root");
    assert_int_equal(strlen(l.cmd->id), 12);
    assert_int_equal(strspn(l.cmd->id, "0123456789abcdef"), 12);
    assert_string_equal(l.cmd->hostname, l.cmd->id);
    assert_int_equal(l.opts.start_timeout_s, 30);
    assert_int_equal(l.opts.args.n, 0);
    assert_true(l.cmd->default_mounts && l.cmd->default_masks && l.cmd->has_process);
    assert_int_equal(l.cmd->net.mode, NET_NONE);
    assert_int_equal(l.cmd->ns[NS_USER].mode, NS_HOST);
    assert_int_equal(l.cmd->ns[NS_TIME].mode, NS_HOST);
    assert_int_equal(l.cmd->ns[NS_PID].mode, NS_NEW);
    assert_int_equal(l.cmd->ns[NS_CGROUP].mode, NS_NEW);
    assert_true(l.cmd->process.caps.set);
    assert_true(l.cmd->process.caps.bounding == caps_default());
    assert_true(l.cmd->res.n_devices > 0);
    assert_int_equal(l.cmd->res.memory_limit, RES_UNSET);
    assert_null(l.cmd->root.path);
    assert_null(l.opts.root);
}

static void test_two_names_differ(void **state)
{
    cleanup_line struct line a = {0};
    cleanup_line struct line b = {0};

    (void)state;
    READ(a, "/");
    READ(b, "/");
    assert_string_not_equal(a.cmd->id, b.cmd->id);
}

static void test_help_and_version_stop(void **state)
{
    static const char *const lines[][4] = {
        {"--help"}, {"--version"}, {"--help", "--nonsense"}, {"-i", "--version", "-m"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        cleanup_line struct line l = {0};

        read_line(&l, lines[i]);
        assert_true(l.opts.help || l.opts.version);
        assert_null(l.cmd);
    }
}

static void test_command_file(void **state)
{
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "--command", "-", "-d", "--rm", "--root", "/run/x", "--dry-run", "--log-level", "WARN",
         "--start-timeout=5", "--detach-keys", "ctrl-a,x,ctrl-@");
    assert_null(l.cmd);
    assert_string_equal(l.opts.command_file, "-");
    assert_string_equal(l.opts.root, "/run/x");
    assert_string_equal(l.opts.log_level, "warning");
    assert_string_equal(l.opts.detach_keys, "ctrl-a,x,ctrl-@");
    assert_true(l.opts.dry_run && l.opts.detach && l.opts.remove);
    assert_int_equal(l.opts.start_timeout_s, 5);
    assert_null(l.opts.image);
}

/* ---- what options mean ---- */

static void test_process_options(void **state)
{
    cleanup_line struct line l = {0};
    const struct process_spec *p;

    (void)state;
    READ(l, "-uwww:33", "-w", "/srv/../app/", "--group-add=audio", "--group-add=44", "--entrypoint",
         "/bin/echo", "--stop-signal=INT", "--oom-score-adj=-500", "i");
    p = &l.cmd->process;
    assert_string_equal(p->user.name, "www:33");
    assert_string_equal(p->cwd, "/app");
    assert_true(p->create_cwd && l.opts.has_workdir && l.opts.has_user && l.opts.has_entrypoint);
    assert_int_equal(p->user.groups.n, 2);
    assert_string_equal(l.opts.entrypoint, "/bin/echo");
    assert_int_equal(l.cmd->stop_signal, SIGINT);
    assert_true(p->has_oom_score_adj);
    assert_int_equal(p->oom_score_adj, -500);
}

static void test_an_empty_entrypoint_clears(void **state)
{
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "--entrypoint", "x", "--entrypoint=", "i");
    assert_true(l.opts.has_entrypoint);
    assert_null(l.opts.entrypoint);
}

static void test_ulimits(void **state)
{
    cleanup_line struct line l = {0};
    const struct rlimit_entry *limits;

    (void)state;
    READ(l, "--ulimit=nofile=1:1", "--ulimit", "core=0", "--ulimit=nofile=1024:2048",
         "--ulimit=memlock=-1", "--ulimit=stack=8:unlimited", "i");
    limits = l.cmd->process.rlimits;
    assert_int_equal(l.cmd->process.n_rlimits, 4);
    assert_int_equal(limits[0].resource, RLIMIT_NOFILE);
    assert_int_equal(limits[0].soft, 1024);
    assert_int_equal(limits[0].hard, 2048);
    assert_int_equal(limits[1].hard, 0);
    assert_true(limits[2].soft == UINT64_MAX && limits[2].hard == UINT64_MAX);
    assert_true(limits[3].soft == 8 && limits[3].hard == UINT64_MAX);
}

static void test_environment_files(void **state)
{
    static const char text[] =
        "# comment\n\nA=file\nB=two words \"quoted\"\r\n  C=3\nRUNLXC_TEST_HERE\n"
        "RUNLXC_TEST_NOT\nD=a=b";
    char path[] = "/tmp/test_flags.XXXXXX";
    cleanup_line struct line l = {0};
    cleanup_free char *option = NULL;
    const struct strv *env;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    setenv("RUNLXC_TEST_HERE", "yes", 1);
    unsetenv("RUNLXC_TEST_NOT");
    option = str_printf("--env-file=%s", path);
    READ(l, "-e", "A=flag", option, "-e", "RUNLXC_TEST_HERE=no", "-e", "RUNLXC_TEST_NOT", "i");
    unlink(path);
    unsetenv("RUNLXC_TEST_HERE");
    env = &l.cmd->process.env;
    assert_int_equal(env->n, 5);
    assert_string_equal(env->items[0], "A=flag");
    assert_string_equal(env->items[1], "B=two words \"quoted\"");
    assert_string_equal(env->items[2], "C=3");
    assert_string_equal(env->items[3], "RUNLXC_TEST_HERE=no");
    assert_string_equal(env->items[4], "D=a=b");
}

static void test_bad_environment_file(void **state)
{
    char path[] = "/tmp/test_flags.XXXXXX";
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *expected = NULL;
    struct launch_options opts;
    struct command *cmd;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "A=1\nB C=2\n", 10), 10);
    close(fd);
    assert_int_equal(parse((const char *const[]){"--env-file", path, "i", NULL}, &opts, &cmd, &err),
                     -1);
    unlink(path);
    expected =
        str_printf("--env-file %s: line 2: \"B C=2\" has white space in the variable's name", path);
    assert_string_equal(err_message(err), expected);
    assert_null(cmd);
}

static void test_volumes(void **state)
{
    cleanup_line struct line l = {0};
    cleanup_free char *cwd = getcwd(NULL, 0);
    cleanup_free char *here = str_printf("%s/sub dir", cwd);
    const struct mount_spec *m;

    (void)state;
    READ(l, "-v", "/srv:/data", "-v/a b/:/c/../d:ro,rslave,z,nocopy",
         "--volume=./sub dir:/e:rw,shared", "--tmpfs", "/tmp",
         "--tmpfs=/run:rw,exec,size=64m,mode=1777", "i");
    m = l.cmd->mounts;
    assert_int_equal(l.cmd->n_mounts, 5);
    assert_string_equal(m[0].source, "/srv");
    assert_string_equal(m[0].destination, "/data");
    assert_string_equal(m[0].type, "bind");
    assert_true(m[0].flags == (MS_BIND | MS_REC) && m[0].create_source);
    assert_true(m[0].propagation == (MS_PRIVATE | MS_REC));
    assert_string_equal(m[1].source, "/a b");
    assert_string_equal(m[1].destination, "/d");
    assert_true(m[1].flags == (MS_BIND | MS_REC | MS_RDONLY));
    assert_true(m[1].propagation == (MS_SLAVE | MS_REC));
    assert_string_equal(m[2].source, here);
    assert_true(m[2].propagation == MS_SHARED && !(m[2].flags & MS_RDONLY));
    assert_string_equal(m[3].type, "tmpfs");
    assert_true(m[3].flags == (MS_NOSUID | MS_NODEV | MS_NOEXEC) && !m[3].create_source);
    assert_true(m[4].flags == (MS_NOSUID | MS_NODEV));
    assert_int_equal(m[4].data.n, 2);
    assert_string_equal(m[4].data.items[0], "size=64m");
}

static void test_mounts_by_key(void **state)
{
    cleanup_line struct line l = {0};
    const struct mount_spec *m;

    (void)state;
    READ(l, "--mount", "type=bind,source=/a:b,target=/x,readonly,bind-propagation=rprivate",
         "--mount", "type=bind,src=/c,dst=/d,ro=false,bind-nonrecursive", "--mount",
         "type=bind,src=/e,destination=/f,readonly,bind-recursive=readonly", "--mount",
         "type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=0700,readonly=true", "i");
    m = l.cmd->mounts;
    assert_int_equal(l.cmd->n_mounts, 4);
    assert_string_equal(m[0].source, "/a:b");
    assert_true(m[0].flags == (MS_BIND | MS_REC | MS_RDONLY) && !m[0].create_source);
    assert_true(m[0].propagation == (MS_PRIVATE | MS_REC));
    assert_true(m[1].flags == MS_BIND);
    assert_true(m[2].rec_set == MOUNT_ATTR_RDONLY && m[2].flags & MS_RDONLY);
    assert_string_equal(m[3].type, "tmpfs");
    assert_true(m[3].flags & MS_RDONLY);
    assert_string_equal(m[3].data.items[0], "size=1048576");
    assert_string_equal(m[3].data.items[1], "mode=0700");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters_and_values),
        cmocka_unit_test(test_switches_can_be_turned_off),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_two_names_differ),
        cmocka_unit_test(test_help_and_version_stop),
        cmocka_unit_test(test_command_file),
        cmocka_unit_test(test_process_options),
        cmocka_unit_test(test_an_empty_entrypoint_clears),
        cmocka_unit_test(test_ulimits),
        cmocka_unit_test(test_environment_files),
        cmocka_unit_test(test_bad_environment_file),
        cmocka_unit_test(test_volumes),
        cmocka_unit_test(test_mounts_by_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which containers are systems, and what those are given. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/run.h"

static char root[] = "/tmp/runlxc-system-test.XXXXXX";

static void put_file(const char *path)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Two root filesystems: Debian's links to its systemd, and beside it one of busybox. */
static int make_roots(void **state)
{
    (void)state;
    if (!mkdtemp(root) || chdir(root) < 0)
        return -1;
    assert_int_equal(mkdir("usr", 0755) | mkdir("usr/sbin", 0755) | mkdir("usr/lib", 0755) |
                         mkdir("usr/lib/systemd", 0755) | symlink("usr/lib", "lib") |
                         symlink("usr/sbin", "sbin") | mkdir("other", 0755) |
                         mkdir("other/sbin", 0755),
                     0);
    put_file("usr/lib/systemd/systemd");
    put_file("usr/sbin/busybox");
    put_file("other/sbin/busybox");
    assert_int_equal(symlink("/lib/systemd/systemd", "usr/sbin/init") |
                         symlink("busybox", "usr/sbin/sh") | symlink("busybox", "other/sbin/init"),
                     0);
    return 0;
}

static int remove_roots(void **state)
{
    static const char *const files[] = {
        "usr/lib/systemd/systemd", "usr/sbin/busybox",   "usr/sbin/init", "usr/sbin/sh",
        "other/sbin/init",         "other/sbin/busybox", "lib",           "sbin"};
    static const char *const dirs[] = {"other/sbin", "other",    "usr/lib/systemd",
                                       "usr/lib",    "usr/sbin", "usr"};
    int result = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        result |= unlink(files[i]);
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        result |= rmdir(dirs[i]);
    return result | rmdir(root);
}

/* What is wrong with a container that would be a system: its annotation, uid, init, namespace. */
struct system_case {
    const char *args, *path, *below, *word;
    uint32_t uid;
    bool init, host_pids, system;
};

static struct command *command_of(const struct system_case *c)
{
    struct command *cmd = command_new();

    assert_non_null(cmd);
    cmd->has_process = true;
    cmd->process.user.uid = c->uid;
    cmd->init = c->init;
    cmd->ns[NS_PID].mode = c->host_pids ? NS_HOST : NS_NEW;
    cmd->root.path = str_printf("%s/%s", root, c->below ? c->below : "");
    assert_non_null(cmd->root.path);
    assert_int_equal(strv_add(&cmd->process.args, c->args), 0);
    if (c->path)
        assert_int_equal(strv_add(&cmd->process.env, c->path), 0);
    if (c->word)
        assert_int_equal(
            pair_add(&cmd->annotations, &cmd->n_annotations, SYSTEM_ANNOTATION, c->word), 0);
    return cmd;
}

static void tells_systems(void **state)
{
    static const struct system_case cases[] = {
        {.args = "/sbin/init", .system = true},
        {.args = "/usr/lib/systemd/systemd", .system = true},
        {.args = "/lib/systemd/systemd", .system = true},
        {.args = "init", .path = "PATH=/bin:/sbin", .system = true},
        {.args = "init", .path = "PATH=/bin"},
        {.args = "init"},
        {.args = "/sbin/sh"},
        {.args = "/sbin/none"},
        {.args = "/sbin/init", .below = "other"},
        {.args = "/sbin/init", .uid = 1},
        {.args = "/sbin/init", .init = true},
        {.args = "/sbin/init", .host_pids = true},
        {.args = "/sbin/init", .word = "false"},
        {.args = "/sbin/sh", .word = "true", .system = true},
    };
    const struct cgroup_layout layout = {.mode = CGROUP_V2};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_command struct command *cmd = command_of(&cases[i]);
        cleanup_err struct lxcdriver_error *err = NULL;

        if (system_container_prepare(cmd, &layout, &err) < 0)
            fail_msg("case %zu, %s: %s", i, cases[i].args, err_message(err));
        if (cmd->system_container != cases[i].system)
            fail_msg("case %zu, %s: a system container: %d", i, cases[i].args,
                     cmd->system_container);
        assert_int_equal(cmd->stop_signal, cases[i].system ? SIGRTMIN + 3 : 0);
        assert_int_equal(cmd->n_mounts, cases[i].system ? 2 : 0);
    }
}

static void refuses_another_word(void **state)
{
    const struct system_case yes = {.args = "/sbin/init", .word = "yes"};
    const struct cgroup_layout layout = {.mode = CGROUP_V2};
    cleanup_command struct command *cmd = command_of(&yes);
    cleanup_err struct lxcdriver_error *err = NULL;

    (void)state;
    assert_int_equal(system_container_prepare(cmd, &layout, &err), -1);
    assert_string_equal(err_message(err),
                        "annotations." SYSTEM_ANNOTATION ": \"yes\" is neither true nor false");
}

static const struct mount_spec *mount_at(const struct command *cmd, const char *destination)
{
    for (size_t i = 0; i < cmd->n_mounts; i++)
        if (str_eq(cmd->mounts[i].destination, destination))
            return &cmd->mounts[i];
    return NULL;
}

/* What is said stays; a cgroup mount is opened for writing where it is the container's alone. */
static void completes_them(void **state)
{
    const struct system_case init = {.args = "/sbin/init", .path = "container=docker"};
    const struct cgroup_layout layout = {.mode = CGROUP_V2};
    cleanup_command struct command *cmd = command_of(&init);
    cleanup_err struct lxcdriver_error *err = NULL;
    struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

    (void)state;
    assert_non_null(m);
    *m = (struct mount_spec){.destination = strdup("/sys/fs/cgroup"),
                             .type = strdup("cgroup"),
                             .flags = MS_RDONLY | MS_NOSUID};
    cmd->stop_signal = SIGTERM;
    assert_int_equal(system_container_prepare(cmd, &layout, &err), 0);
    assert_int_equal(cmd->stop_signal, SIGTERM);
    assert_int_equal(cmd->process.env.n, 1);
    assert_int_equal(cmd->ns[NS_CGROUP].mode, NS_NEW);
    assert_int_equal(mount_at(cmd, "/sys/fs/cgroup")->flags, MS_NOSUID);
    assert_int_equal(mount_at(cmd, "/run")->flags, MS_NOSUID | MS_NODEV);
    assert_true(mount_at(cmd, "/run/lock") > mount_at(cmd, "/run"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_systems),
        cmocka_unit_test(refuses_another_word),
        cmocka_unit_test(completes_them),
    };

    return cmocka_run_group_tests(tests, make_roots, remove_roots);
}

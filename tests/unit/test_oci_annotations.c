/* What annotations of a bundle ask of this runtime, and who may ask. */
#include "oci_bundle.h"

#define WITH(annotations, args)                                                                    \
    "{#, 'annotations': {" annotations "}, 'process': {'cwd': '/', 'args': ['" args "']},"         \
    "'linux': {" MOUNT_NS "}}"

/* Apply under a list of patterns. */
static int apply(struct bundle *b, const char *text, const char *const *patterns)
{
    struct conf conf = {0};
    int result;

    bundle_accept(b, text);
    for (; *patterns; patterns++)
        assert_int_equal(strv_add(&conf.annotation_lxc_keys, *patterns), 0);
    result = oci_annotations_apply(b->cmd, &conf, &b->err);
    strv_free(&conf.annotation_lxc_keys);
    return result;
}

static void passes_keys(void **state)
{
    static const char *const patterns[] = {"lxc.prlimit.*", "lxc.uts.nam[ef]", "lxc.hook.start",
                                           NULL};
    struct bundle b;

    (void)state;
    assert_int_equal(apply(&b,
                           WITH("'org.linuxcontainers.lxc.prlimit.nofile': '10',"
                                "'other': 'x', 'org.linuxcontainers.lxc.uts.name': 'n',"
                                "'org.linuxcontainers.lxc.hook.start': '/bin/h'",
                                "sh"),
                           patterns),
                     0);
    assert_int_equal(b.cmd->n_lxc_conf, 3);
    assert_string_equal(b.cmd->lxc_conf[0].key, "lxc.prlimit.nofile");
    assert_string_equal(b.cmd->lxc_conf[0].value, "10");
    assert_string_equal(b.cmd->lxc_conf[1].key, "lxc.uts.name");
    assert_string_equal(b.cmd->lxc_conf[2].key, "lxc.hook.start");
    bundle_end(&b);
}

static void passes_nothing_by_default(void **state)
{
    static const char *const none[] = {NULL};
    struct bundle b;

    (void)state;
    assert_int_equal(apply(&b, WITH("'org.linuxcontainers.lxc.uts.name': 'n'", "sh"), none), -1);
    assert_string_equal(err_message(b.err),
                        "annotations.org.linuxcontainers.lxc.uts.name: the key lxc.uts.name is not "
                        "one that annotation_lxc_keys of runlxc.conf allows");
    assert_int_equal(b.cmd->n_lxc_conf, 0);
    bundle_end(&b);
}

/* A wildcard gives nobody a path or a command of the host, nor a key of a later LXC. */
static void wildcards_reach_no_host(void **state)
{
    static const char *const all[] = {"lxc.*", "*", "lxc.[h]ook.start", "lxc.net.*", NULL};
    static const char *const keys[] = {
        "hook",
        "hook.start",
        "hook.pre-start",
        "hook.version",
        "include",
        "rootfs.path",
        "rootfs.options",
        "mount.entry",
        "mount.fstab",
        "mount.auto",
        "log.file",
        "console.path",
        "console.logfile",
        "init.cmd",
        "execute.cmd",
        "namespace.share.net",
        "apparmor.profile",
        "apparmor.raw",
        "seccomp.profile",
        "seccomp.notify.proxy",
        "selinux.context",
        "idmap",
        "cgroup.dir",
        "cgroup.dir.container",
        "cgroup.dir.monitor.pivot",
        "net.0.script.up",
        "net.0.link",
        "net.0.veth.pair",
        "tty.dir",
        "new",
    };
    static const char *const plain[] = {
        "prlimit.nofile",      "cgroup.memory.limit", "cgroup2.cpu.max", "net.0.mtu",
        "net.10.ipv4.address", "sysctl.net.x",        "environment",     "cap.drop",
        "console.size"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        cleanup_free char *text =
            str_printf(WITH("'org.linuxcontainers.lxc.%s': 'v'", "sh"), keys[i]);
        cleanup_free char *name = str_printf("lxc.%s", keys[i]);
        struct bundle b;

        assert_true(text && name);
        if (apply(&b, text, all) == 0)
            fail_msg("%s passed", keys[i]);
        bundle_end(&b);
        if (apply(&b, text, (const char *const[]){"lxc.x", name, NULL}) < 0)
            fail_msg("%s: its full name does not allow it: %s", keys[i], err_message(b.err));
        bundle_end(&b);
    }
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
        cleanup_free char *text =
            str_printf(WITH("'org.linuxcontainers.lxc.%s': 'v'", "sh"), plain[i]);
        struct bundle b;

        assert_non_null(text);
        if (apply(&b, text, (const char *const[]){"lxc.*", NULL}) < 0)
            fail_msg("%s: %s", plain[i], err_message(b.err));
        bundle_end(&b);
    }
}

static void asks_for_lxcfs(void **state)
{
    static const char *const none[] = {NULL};
    struct bundle b;

    (void)state;
    assert_int_equal(apply(&b, WITH("'org.linuxcontainers.lxcfs': 'true'", "sh"), none), 0);
    assert_true(b.cmd->lxcfs);
    bundle_end(&b);
    assert_int_equal(apply(&b, WITH("'org.linuxcontainers.lxcfs': 'false'", "sh"), none), 0);
    assert_false(b.cmd->lxcfs);
    bundle_end(&b);
    assert_int_equal(apply(&b, WITH("'org.linuxcontainers.lxcfs': '1'", "sh"), none), -1);
    assert_string_equal(err_message(b.err),
                        "annotations.org.linuxcontainers.lxcfs: \"1\" is neither true nor false");
    bundle_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_keys),
        cmocka_unit_test(passes_nothing_by_default),
        cmocka_unit_test(wildcards_reach_no_host),
        cmocka_unit_test(asks_for_lxcfs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

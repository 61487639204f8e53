/* What options say about the host's side: networks, namespaces, resources, security, devices. */
#include "flags_line.h"

#include <linux/capability.h>
#include <sys/socket.h>

static void test_networks(void **state)
{
    static const struct {
        const char *net;
        enum net_mode mode;
        const char *bridge, *container, *path;
    } cases[] = {
        {"none", NET_NONE, NULL, NULL, NULL},
        {"host", NET_HOST, NULL, NULL, NULL},
        {"bridge", NET_BRIDGE, NULL, NULL, NULL},
        {"lxcbr0", NET_BRIDGE, "lxcbr0", NULL, NULL},
        {"container:web", NET_CONTAINER, NULL, "web", NULL},
        {"ns:/run/netns/../netns/x", NET_PATH, NULL, NULL, "/run/netns/x"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_line struct line l = {0};

        READ(l, i % 2 ? "--network" : "--net", cases[i].net, "i");
        assert_int_equal(l.cmd->net.mode, cases[i].mode);
        assert_true(str_eq(l.cmd->net.bridge, cases[i].bridge));
        assert_true(str_eq(l.cmd->net.container, cases[i].container));
        assert_true(str_eq(l.cmd->net.path, cases[i].path));
        assert_int_equal(l.cmd->ns[NS_NET].mode, cases[i].mode == NET_HOST   ? NS_HOST
                                                 : cases[i].mode == NET_PATH ? NS_PATH
                                                                             : NS_NEW);
        assert_int_equal(l.cmd->hostname == NULL, cases[i].mode == NET_HOST);
    }
}

static void test_an_interface(void **state)
{
    cleanup_line struct line l = {0};
    char text[64];

    (void)state;
    READ(l, "--bridge", "br0", "--ip=192.0.2.9/28", "--ip6", "2001:db8::9", "--mac-address",
         "02:42:ac:11:00:02", "--mtu=1400", "--dns=192.0.2.1", "--dns-search=example.org",
         "--add-host=db:10.0.0.5", "i");
    assert_int_equal(l.cmd->net.mode, NET_BRIDGE);
    assert_string_equal(l.cmd->net.bridge, "br0");
    assert_int_equal(address_print(&l.cmd->net.ip4, text, sizeof(text)), 0);
    assert_string_equal(text, "192.0.2.9");
    assert_int_equal(l.cmd->net.ip4.prefix, 28);
    assert_int_equal(l.cmd->net.ip6.family, AF_INET6);
    assert_int_equal(l.cmd->net.mtu, 1400);
    assert_string_equal(l.cmd->net.mac, "02:42:ac:11:00:02");
    assert_string_equal(l.cmd->extra_hosts.items[0], "db:10.0.0.5");
    assert_string_equal(l.cmd->dns.items[0], "192.0.2.1");
}

static void test_hosts_by_name(void **state)
{
    static const struct {
        const char *option, *kept;
    } cases[] = {{"a:10.0.0.1", "a:10.0.0.1"},
                 {"a=10.0.0.1", "a:10.0.0.1"},
                 {"a.b-c:::1", "a.b-c:::1"},
                 {"a:[2001:db8::1]", "a:2001:db8::1"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_line struct line l = {0};

        READ(l, "--add-host", cases[i].option, "i");
        assert_string_equal(l.cmd->extra_hosts.items[0], cases[i].kept);
    }
}

static void test_host_names(void **state)
{
    static const struct {
        const char *name, *hostname;
    } cases[] = {{"web", "web"},
                 {"_web_1_", "web-1"},
                 {"a+b", "a-b"},
                 {"web.example", "web.example"},
                 {"---", NULL},
                 {"-a-", "a"},
                 {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_line struct line l = {0};

        READ(l, "--name", cases[i].name, "i");
        if (!str_eq(l.cmd->hostname, cases[i].hostname))
            fail_msg("%s: expected %s, got %s", cases[i].name, cases[i].hostname, l.cmd->hostname);
    }
}

static void test_namespaces(void **state)
{
    cleanup_line struct line l = {0};
    cleanup_line struct line h = {0};

    (void)state;
    READ(l, "--pid=container:a", "--ipc=container:b", "--uts=private", "--hostname", "h.example",
         "i");
    assert_string_equal(l.cmd->pid_container, "a");
    assert_string_equal(l.cmd->ipc_container, "b");
    assert_int_equal(l.cmd->ns[NS_UTS].mode, NS_NEW);
    assert_string_equal(l.cmd->hostname, "h.example");
    READ(h, "--pid=host", "--ipc=host", "--uts=host", "i");
    assert_int_equal(h.cmd->ns[NS_PID].mode, NS_HOST);
    assert_int_equal(h.cmd->ns[NS_IPC].mode, NS_HOST);
    assert_int_equal(h.cmd->ns[NS_UTS].mode, NS_HOST);
    assert_null(h.cmd->hostname);
}

static void test_memory(void **state)
{
    static const struct {
        const char *args[4];
        int64_t limit, swap, reservation;
    } cases[] = {
        {{"-m64m", "i"}, 64 * MIB, 128 * MIB, RES_UNSET},
        {{"-m64m", "--memory-swap=-1", "i"}, 64 * MIB, -1, RES_UNSET},
        {{"-m64m", "--memory-swap=64m", "i"}, 64 * MIB, 64 * MIB, RES_UNSET},
        {{"--memory-swap=-1", "i"}, RES_UNSET, -1, RES_UNSET},
        {{"-m0", "--memory-reservation=32m", "i"}, RES_UNSET, RES_UNSET, 32 * MIB},
        {{"-m6m", "--memory-reservation=6m", "i"}, 6 * MIB, 12 * MIB, 6 * MIB},
        {{"-m8191p", "i"}, 8191 * MIB * MIB * 1024, -1, RES_UNSET},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_line struct line l = {0};

        read_line(&l, cases[i].args);
        assert_true(l.cmd->res.memory_limit == cases[i].limit);
        assert_true(l.cmd->res.memory_swap == cases[i].swap);
        assert_true(l.cmd->res.memory_reservation == cases[i].reservation);
    }
}

static void test_processors(void **state)
{
    static const struct {
        const char *cpus;
        int64_t quota;
    } cases[] = {{"1.5", 150000}, {"2", 200000},   {".5", 50000},         {"0.01", 1000},
                 {"1.", 100000},  {"64", 6400000}, {"0.333333333", 33333}};
    cleanup_line struct line none = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_line struct line l = {0};

        READ(l, "--cpus", cases[i].cpus, "i");
        assert_int_equal(l.cmd->res.cpu_quota_us, cases[i].quota);
        assert_int_equal(l.cmd->res.cpu_period_us, 100000);
    }
    READ(none, "--cpus=0", "i");
    assert_true(none.cmd->res.cpu_quota_us == RES_UNSET &&
                none.cmd->res.cpu_period_us == RES_UNSET);
}

static void test_other_resources(void **state)
{
    cleanup_line struct line l = {0};
    const struct resources *res;

    (void)state;
    READ(l, "-c512", "--cpuset-cpus=0-1,3", "--cpuset-mems=0", "--cpu-period=50000",
         "--cpu-quota=-1", "--pids-limit=0", "--blkio-weight=0", "--memory-swappiness=-1",
         "--oom-kill-disable", "--shm-size=1g", "--cgroup-parent=/a/b", "--kernel-memory=32m", "i");
    res = &l.cmd->res;
    assert_int_equal(res->cpu_shares, 512);
    assert_string_equal(res->cpuset_cpus, "0-1,3");
    assert_int_equal(res->cpu_period_us, 50000);
    assert_int_equal(res->cpu_quota_us, -1);
    assert_int_equal(res->pids_limit, -1);
    assert_true(res->blkio_weight == RES_UNSET && res->memory_swappiness == RES_UNSET);
    assert_true(res->has_oom_kill_disable && res->oom_kill_disable);
    assert_int_equal(l.cmd->shm_size, 1024 * MIB);
    assert_string_equal(l.cmd->cgroup_parent, "/a/b");
}

static void test_capabilities(void **state)
{
    cleanup_line struct line l = {0};
    cleanup_line struct line p = {0};

    (void)state;
    READ(l, "--cap-drop=ALL", "--cap-add=net_admin", "--cap-add", "CAP_KILL", "i");
    assert_true(l.cmd->process.caps.bounding ==
                (UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_KILL));
    READ(p, "--privileged", "i");
    assert_true(p.cmd->process.caps.bounding == CAP_MASK_ALL && p.cmd->privileged &&
                !p.cmd->default_masks);
    assert_int_equal(p.cmd->res.n_devices, 1);
    assert_true(p.cmd->res.devices[0].allow && p.cmd->res.devices[0].type == 'a');
}

static void test_security_options(void **state)
{
    cleanup_line struct line l = {0};
    cleanup_line struct line o = {0};

    (void)state;
    READ(l, "--security-opt=no-new-privileges", "--security-opt", "seccomp=unconfined",
         "--security-opt", "apparmor:mine", "--security-opt", "label=type:my_t",
         "--security-opt=systempaths=unconfined", "i");
    assert_true(l.cmd->process.no_new_privs);
    assert_string_equal(l.opts.seccomp_profile, "unconfined");
    assert_string_equal(l.cmd->process.apparmor_profile, "mine");
    assert_string_equal(l.cmd->process.selinux_label, "system_u:system_r:my_t:s0");
    assert_false(l.cmd->default_masks);
    READ(o, "--security-opt=no-new-privileges:true", "--security-opt=no-new-privileges=false",
         "--security-opt=label=type:x", "--security-opt=label=disable", "i");
    assert_false(o.cmd->process.no_new_privs);
    assert_null(o.cmd->process.selinux_label);
    assert_true(o.cmd->default_masks);
}

static void test_user_namespaces(void **state)
{
    cleanup_line struct line l = {0};
    cleanup_line struct line a = {0};

    (void)state;
    READ(l, "--userns", "100000:65536", "i");
    assert_string_equal(l.opts.user_ns, "100000:65536");
    assert_int_equal(l.cmd->ns[NS_USER].mode, NS_NEW);
    assert_int_equal(l.cmd->n_uid_maps, 1);
    assert_int_equal(l.cmd->n_gid_maps, 1);
    assert_int_equal(l.cmd->uid_maps[0].container_id, 0);
    assert_int_equal(l.cmd->uid_maps[0].host_id, 100000);
    assert_int_equal(l.cmd->gid_maps[0].size, 65536);
    READ(a, "--userns=1:1", "--userns=auto", "i");
    assert_string_equal(a.opts.user_ns, "auto");
    assert_int_equal(a.cmd->n_uid_maps, 0);
}

static void test_devices(void **state)
{
    cleanup_line struct line l = {0};
    const struct device_rule *rules;
    const struct device_node *nodes;

    (void)state;
    READ(l, "--device=/dev/null:/dev/hole:r", "--device", "/dev/zero:rw",
         "--device=/dev/full:/dev/x", "--device=/dev/null", "--device-cgroup-rule=c 42:* rwm",
         "--device-cgroup-rule=a *:* r", "i");
    nodes = l.cmd->devices;
    rules = l.cmd->res.devices + l.cmd->res.n_devices - 6;
    assert_int_equal(l.cmd->n_devices, 4);
    assert_string_equal(nodes[0].path, "/dev/hole");
    assert_string_equal(nodes[0].host_path, "/dev/null");
    assert_true(nodes[0].type == 'c' && nodes[0].major == 1 && nodes[0].minor == 3 &&
                nodes[0].has_mode);
    assert_true(rules[0].read && !rules[0].write && !rules[0].mknod && rules[0].minor == 3);
    assert_string_equal(nodes[1].path, "/dev/zero");
    assert_true(rules[1].read && rules[1].write && !rules[1].mknod);
    assert_string_equal(nodes[2].path, "/dev/x");
    assert_true(rules[3].read && rules[3].write && rules[3].mknod && rules[3].allow);
    assert_true(rules[4].type == 'c' && rules[4].major == 42 && rules[4].minor == -1);
    assert_true(rules[5].type == 'a' && rules[5].major == -1 && !rules[5].write);
}

static void test_pairs(void **state)
{
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "-l", "a=1", "--annotation=b=x=y", "--label=c", "-la=2",
         "--sysctl=net.ipv4.ip_forward=1", "--sysctl=net.ipv4.ip_forward=0",
         "--lxc-conf=lxc.cgroup.devices.allow=c 1:3 r", "--lxc-conf", "lxc.environment = A=1", "i");
    assert_int_equal(l.cmd->n_annotations, 3);
    assert_string_equal(pair_find(l.cmd->annotations, 3, "a"), "2");
    assert_string_equal(pair_find(l.cmd->annotations, 3, "b"), "x=y");
    assert_string_equal(pair_find(l.cmd->annotations, 3, "c"), "");
    assert_int_equal(l.cmd->n_sysctls, 1);
    assert_string_equal(l.cmd->sysctls[0].value, "0");
    assert_int_equal(l.cmd->n_lxc_conf, 2);
    assert_string_equal(l.cmd->lxc_conf[0].value, "c 1:3 r");
    assert_string_equal(l.cmd->lxc_conf[1].key, "lxc.environment");
    assert_string_equal(l.cmd->lxc_conf[1].value, "A=1");
}

static void test_what_flags_make_is_valid(void **state)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_line struct line l = {0};

    (void)state;
    READ(l, "-it", "--net=br0", "--ip=10.0.0.2", "-v/a:/b", "--tmpfs=/c", "-m64m", "--cpus=2",
         "-u1:1", "--device=/dev/null:/dev/n", "--sysctl=net.core.somaxconn=1", "i");
    assert_int_equal(str_set(&l.cmd->root.path, "/srv"), 0);
    assert_int_equal(strv_add(&l.cmd->process.args, "sh"), 0);
    if (command_validate(l.cmd, &err) < 0)
        fail_msg("%s", err_message(err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),        cmocka_unit_test(test_an_interface),
        cmocka_unit_test(test_hosts_by_name),   cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_namespaces),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_processors),      cmocka_unit_test(test_other_resources),
        cmocka_unit_test(test_capabilities),    cmocka_unit_test(test_security_options),
        cmocka_unit_test(test_user_namespaces), cmocka_unit_test(test_devices),
        cmocka_unit_test(test_pairs),           cmocka_unit_test(test_what_flags_make_is_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "execdriver_doc.h"

#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct command *read_text(const char *text)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct command *cmd;

    if (execdriver_read(text, strlen(text), &cmd, &err) < 0)
        fail_msg("%s: %s", text, err_message(err));
    return cmd;
}

static struct command *read_patched(const char *patch)
{
    cleanup_free char *text = patched(patch);

    return read_text(text);
}

static void test_what_docker_writes(void **state)
{
    cleanup_command struct command *cmd = read_text(docker);

    (void)state;
    assert_string_equal(cmd->id, "4a5e");
    assert_string_equal(cmd->root.path, "/var/lib/docker/overlay/4a5e/merged");
    assert_int_equal(cmd->process.args.n, 3);
    assert_string_equal(cmd->process.args.items[0], "/bin/sh");
    assert_string_equal(cmd->process.args.items[2], "exit 7");
    assert_null(cmd->process.user.name);
    assert_null(cmd->process.cwd);
    assert_null(cmd->hostname);
    assert_null(cmd->cgroup_parent);
    assert_null(cmd->process.apparmor_profile);
    assert_null(cmd->res.cpuset_cpus);
    assert_true(cmd->res.memory_limit == RES_UNSET && cmd->res.memory_swap == RES_UNSET);
    assert_true(cmd->res.cpu_quota_us == RES_UNSET && cmd->res.memory_swappiness == RES_UNSET);
    assert_false(cmd->res.has_oom_kill_disable || cmd->root.readonly || cmd->privileged);
    assert_int_equal(cmd->net.mode, NET_NONE);
    assert_int_equal(cmd->ns[NS_USER].mode, NS_HOST);
    assert_int_equal(cmd->ns[NS_TIME].mode, NS_HOST);
    assert_int_equal(cmd->ns[NS_PID].mode, NS_NEW);
    assert_true(cmd->default_mounts && cmd->default_masks && cmd->has_process);
    assert_true(cmd->process.caps.bounding == caps_default());
    assert_int_equal(cmd->n_devices, 0);
    assert_true(cmd->res.n_devices > 1);
}

static void test_the_least_document(void **state)
{
    cleanup_command struct command *cmd = read_text(
        "{\"id\": \"a\", \"rootfs\": \"/r\", \"process_config\": {\"entrypoint\": \"x\"}}");

    (void)state;
    assert_int_equal(cmd->process.args.n, 1);
}

static void test_process(void **state)
{
    cleanup_command struct command *cmd = read_patched(
        "{\"working_dir\": \"/a/../b\", \"cap_add\": [\"SYS_TIME\"], \"cap_drop\": [\"CHOWN\"],"
        "\"group_add\": [\"audio\", \"44\"], \"process_label\": \"u:r:t:s0\", "
        "\"apparmor_profile\": \"p\","
        "\"mount_label\": \"u:r:f:s0\", \"cgroup_parent\": \"/docker\", \"readonly_rootfs\": true,"
        "\"process_config\": {\"user\": \"www:33\", \"tty\": true, \"arguments\": null,"
        "\"env\": [\"HOSTNAME=box\", \"A=b=\\\"c\\\"\\n\"]}}");

    (void)state;
    assert_string_equal(cmd->process.cwd, "/b");
    assert_true(cmd->process.create_cwd && cmd->process.terminal && cmd->root.readonly);
    assert_true(cmd->process.caps.bounding ==
                ((caps_default() | UINT64_C(1) << CAP_SYS_TIME) & ~(UINT64_C(1) << CAP_CHOWN)));
    assert_int_equal(cmd->process.user.groups.n, 2);
    assert_string_equal(cmd->process.user.name, "www:33");
    assert_string_equal(cmd->process.selinux_label, "u:r:t:s0");
    assert_string_equal(cmd->mount_label, "u:r:f:s0");
    assert_string_equal(cmd->process.apparmor_profile, "p");
    assert_string_equal(cmd->cgroup_parent, "/docker");
    assert_string_equal(cmd->hostname, "box");
    assert_string_equal(cmd->process.env.items[1], "A=b=\"c\"\n");
    assert_int_equal(cmd->process.args.n, 1);
}

static void test_host_names(void **state)
{
    cleanup_command struct command *own =
        read_patched("{\"hostname\": \"given\", \"process_config\":"
                     "{\"env\": [\"HOSTNAME=env\"]}}");
    cleanup_command struct command *host =
        read_patched("{\"uts\": {\"host_uts\": true}, \"process_config\":"
                     "{\"env\": [\"HOSTNAME=env\"]}}");

    (void)state;
    assert_string_equal(own->hostname, "given");
    assert_null(host->hostname);
    assert_int_equal(host->ns[NS_UTS].mode, NS_HOST);
}

static void test_privileged(void **state)
{
    cleanup_command struct command *cmd = read_patched(
        "{\"process_config\": {\"privileged\": true}, \"allowed_devices\":"
        "[{\"type\": 99, \"path\": \"\", \"major\": 1, \"minor\": 3, \"permissions\": \"rwm\"}]}");

    (void)state;
    assert_true(cmd->privileged && !cmd->default_masks);
    assert_true(cmd->process.caps.bounding == CAP_MASK_ALL);
    assert_int_equal(cmd->res.n_devices, 1);
    assert_true(cmd->res.devices[0].allow && cmd->res.devices[0].type == 'a');
}

static void test_resources(void **state)
{
    cleanup_command struct command *cmd =
        read_patched("{\"resources\": {\"memory\": 67108864, \"memory_swap\": -1, "
                     "\"memory_reservation\": 33554432,"
                     "\"kernel_memory\": 33554432, \"cpu_shares\": 512, \"cpuset_cpus\": \"0-2\", "
                     "\"cpuset_mems\": \"0\","
                     "\"cpu_period\": 50000, \"cpu_quota\": 25000, \"blkio_weight\": 300, "
                     "\"oom_kill_disable\": true,"
                     "\"memory_swappiness\": 0, \"rlimits\": [{\"hard\": 10, \"soft\": 5},"
                     "{\"type\": 7, \"hard\": 1048576, \"soft\": 1024}, {\"type\": 4},"
                     "{\"Name\": \"nproc\", \"Hard\": -1, \"Soft\": 20}, {\"name\": "
                     "\"RLIMIT_STACK\", \"hard\": 2, \"soft\": 1}]}}");
    const struct rlimit_entry *limits = cmd->process.rlimits;
    const struct resources *res = &cmd->res;

    (void)state;
    assert_int_equal(res->memory_limit, 67108864);
    assert_int_equal(res->memory_swap, -1);
    assert_int_equal(res->memory_reservation, 33554432);
    assert_int_equal(res->memory_kernel, 33554432);
    assert_int_equal(res->cpu_shares, 512);
    assert_string_equal(res->cpuset_cpus, "0-2");
    assert_string_equal(res->cpuset_mems, "0");
    assert_int_equal(res->cpu_period_us, 50000);
    assert_int_equal(res->cpu_quota_us, 25000);
    assert_int_equal(res->blkio_weight, 300);
    assert_int_equal(res->memory_swappiness, 0);
    assert_true(res->has_oom_kill_disable && res->oom_kill_disable);
    assert_int_equal(cmd->process.n_rlimits, 5);
    assert_true(limits[0].resource == RLIMIT_CPU && limits[0].soft == 5 && limits[0].hard == 10);
    assert_true(limits[1].resource == RLIMIT_NOFILE && limits[1].hard == 1048576);
    assert_true(limits[2].resource == RLIMIT_CORE && limits[2].hard == 0);
    assert_true(limits[3].resource == RLIMIT_NPROC && limits[3].soft == 20 &&
                limits[3].hard == UINT64_MAX);
    assert_true(limits[4].resource == RLIMIT_STACK);
}

/* Go writes RLIM_INFINITY in full. */
static void test_an_unlimited_limit(void **state)
{
    cleanup_command struct command *cmd =
        read_text("{\"id\": \"a\", \"rootfs\": \"/r\", \"process_config\": {\"entrypoint\": \"x\"},"
                  "\"resources\": {\"rlimits\": [{\"type\": 7, \"hard\": 18446744073709551615,"
                  "\"soft\": 18446744073709551615}]}}");

    (void)state;
    assert_int_equal(cmd->process.n_rlimits, 1);
    assert_true(cmd->process.rlimits[0].soft == UINT64_MAX &&
                cmd->process.rlimits[0].hard == UINT64_MAX);
}

static void test_networks(void **state)
{
    static const struct {
        const char *network;
        enum net_mode mode;
        enum ns_mode ns;
    } cases[] = {
        {"{}", NET_NONE, NS_NEW},
        {"{\"mtu\": 0, \"container_id\": \"\", \"namespace_path\": \"\", \"host_networking\": "
         "false}",
         NET_NONE, NS_NEW},
        {"{\"mtu\": 1500, \"host_networking\": true}", NET_HOST, NS_HOST},
        {"{\"container_id\": \"other\", \"mtu\": 1500}", NET_CONTAINER, NS_NEW},
        {"{\"namespace_path\": \"/var/run/docker/netns/x\", \"mtu\": 1500}", NET_PATH, NS_PATH},
        {"{\"interface\": {\"bridge\": \"docker0\"}, \"mtu\": 1400}", NET_BRIDGE, NS_NEW},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *patch = str_printf("{\"network\": %s}", cases[i].network);
        cleanup_command struct command *cmd = read_patched(patch);

        assert_int_equal(cmd->net.mode, cases[i].mode);
        assert_int_equal(cmd->ns[NS_NET].mode, cases[i].ns);
        assert_int_equal(cmd->net.mtu, cases[i].mode == NET_BRIDGE ? 1400 : 0);
        assert_true(cases[i].mode != NET_PATH ||
                    str_eq(cmd->ns[NS_NET].path, "/var/run/docker/netns/x"));
    }
}

static void test_an_interface(void **state)
{
    cleanup_command struct command *cmd =
        read_patched("{\"network\": {\"interface\": {\"gateway\": \"172.17.42.1\", \"ip\": "
                     "\"172.17.0.5\", \"ip_prefix_len\": 16,"
                     "\"mac_address\": \"02:42:ac:11:00:05\", \"bridge\": \"docker0\", "
                     "\"global_ipv6\": \"2001:db8::5\","
                     "\"link_local_ipv6\": \"fe80::1\", \"global_ipv6_prefix_len\": 64, "
                     "\"ipv6_gateway\": \"2001:db8::1\","
                     "\"secondary_ips\": null}}}");
    cleanup_command struct command *bare =
        read_patched("{\"network\": {\"interface\": {\"gateway\": \"\", \"ip\": \"\", "
                     "\"ip_prefix_len\": 0, \"mac\": \"\","
                     "\"bridge\": \"\", \"global_ipv6\": \"\", \"global_ipv6_prefix_len\": 0}}}");
    char text[64];

    (void)state;
    assert_string_equal(cmd->net.bridge, "docker0");
    assert_string_equal(cmd->net.mac, "02:42:ac:11:00:05");
    assert_int_equal(cmd->net.ip4.prefix, 16);
    assert_int_equal(cmd->net.ip6.prefix, 64);
    assert_int_equal(address_print(&cmd->net.gw4, text, sizeof(text)), 0);
    assert_string_equal(text, "172.17.42.1");
    assert_int_equal(address_print(&cmd->net.gw6, text, sizeof(text)), 0);
    assert_string_equal(text, "2001:db8::1");
    assert_true(cmd->net.no_auto_address && bare->net.no_auto_address);
    assert_true(bare->net.mode == NET_BRIDGE && !bare->net.bridge && !bare->net.mac &&
                !bare->net.ip4.family);
}

static void test_devices(void **state)
{
    cleanup_command struct command *cmd =
        read_patched("{\"allowed_devices\": [{\"type\": 99, \"path\": \"\", \"major\": -1, "
                     "\"minor\": -1, \"permissions\": \"m\","
                     "\"file_mode\": 0, \"uid\": 0, \"gid\": 0}, {\"type\": \"b\", \"path\": "
                     "\"/dev/sda\", \"major\": 8, \"minor\": 0,"
                     "\"cgroup_permissions\": \"rw\"}], \"autocreated_devices\": ["
                     "{\"type\": 99, \"path\": \"/dev/fuse\", \"major\": 10, \"minor\": 229, "
                     "\"permissions\": \"rwm\","
                     "\"file_mode\": 8630, \"uid\": 3, \"gid\": 4},"
                     "{\"type\": 99, \"path\": \"/dev/null\", \"major\": 1, \"minor\": 3, "
                     "\"permissions\": \"rwm\","
                     "\"file_mode\": 438, \"uid\": 0, \"gid\": 0},"
                     "{\"type\": 99, \"path\": \"/dev/null\", \"major\": 1, \"minor\": 5}]}");
    const struct device_rule *rules = cmd->res.devices;

    (void)state;
    assert_int_equal(cmd->res.n_devices, 3);
    assert_true(!rules[0].allow && rules[0].type == 'a');
    assert_true(rules[1].allow && rules[1].type == 'c' && rules[1].major == -1 && rules[1].mknod &&
                !rules[1].read);
    assert_true(rules[2].type == 'b' && rules[2].major == 8 && rules[2].write && !rules[2].mknod);
    assert_int_equal(cmd->n_devices, 2);
    assert_string_equal(cmd->devices[0].path, "/dev/fuse");
    assert_int_equal(cmd->devices[0].mode, 0666);
    assert_int_equal(cmd->devices[0].uid, 3);
    assert_int_equal(cmd->devices[0].gid, 4);
    assert_int_equal(cmd->devices[1].minor, 5);
    assert_false(cmd->devices[1].has_mode);
}

static void test_no_device_allowed(void **state)
{
    cleanup_command struct command *cmd = read_patched("{\"allowed_devices\": []}");

    (void)state;
    assert_int_equal(cmd->res.n_devices, 1);
    assert_false(cmd->res.devices[0].allow);
}

static void test_mounts(void **state)
{
    cleanup_command struct command *cmd = read_patched(
        "{\"mounts\": [{\"source\": \"/a b\", \"destination\": \"/x/../y\", \"writable\": true, "
        "\"private\": false,"
        "\"slave\": true}, {\"source\": \"/c\", \"destination\": \"/d\", \"private\": true},"
        "{\"source\": \"/e\", \"destination\": \"/f\", \"writable\": true}]}");
    const struct mount_spec *m = cmd->mounts;

    (void)state;
    assert_int_equal(cmd->n_mounts, 3);
    assert_string_equal(m[0].source, "/a b");
    assert_string_equal(m[0].destination, "/y");
    assert_true(m[0].flags == (MS_BIND | MS_REC) && m[0].propagation == (MS_SLAVE | MS_REC));
    assert_true(m[1].flags == (MS_BIND | MS_REC | MS_RDONLY) &&
                m[1].propagation == (MS_PRIVATE | MS_REC));
    assert_true(m[2].flags == (MS_BIND | MS_REC) && !m[2].propagation && !m[2].create_source);
}

static void test_namespaces_and_maps(void **state)
{
    cleanup_command struct command *cmd = read_patched(
        "{\"ipc\": {\"container_id\": \"other\"}, \"pid\": {\"host_pid\": true},"
        "\"uidmapping\": [{\"container_id\": 0, \"host_id\": 100000, \"size\": 65536}],"
        "\"gidmapping\": [{\"container_id\": 0, \"host_id\": 200000, \"size\": 1},"
        "{\"container_id\": 1, \"host_id\": 300000, \"size\": 9}],"
        "\"remap_root\": {\"root_uid\": 100000, \"root_gid\": 200000}}");

    (void)state;
    assert_string_equal(cmd->ipc_container, "other");
    assert_int_equal(cmd->ns[NS_PID].mode, NS_HOST);
    assert_int_equal(cmd->ns[NS_USER].mode, NS_NEW);
    assert_int_equal(cmd->n_uid_maps, 1);
    assert_int_equal(cmd->n_gid_maps, 2);
    assert_int_equal(cmd->gid_maps[1].host_id, 300000);
}

static void test_lxc_config(void **state)
{
    cleanup_command struct command *cmd = read_patched(
        "{\"lxc_config\": [\"cgroup.cpuset.cpus=0,1\", \"lxc.environment = A=1\", \"tty.max =\"]}");

    (void)state;
    assert_int_equal(cmd->n_lxc_conf, 3);
    assert_string_equal(cmd->lxc_conf[0].key, "lxc.cgroup.cpuset.cpus");
    assert_string_equal(cmd->lxc_conf[0].value, "0,1");
    assert_string_equal(cmd->lxc_conf[1].key, "lxc.environment");
    assert_string_equal(cmd->lxc_conf[1].value, "A=1");
    assert_string_equal(cmd->lxc_conf[2].key, "lxc.tty.max");
    assert_string_equal(cmd->lxc_conf[2].value, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_docker_writes),
        cmocka_unit_test(test_the_least_document),
        cmocka_unit_test(test_process),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_privileged),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_an_unlimited_limit),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_an_interface),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_no_device_allowed),
        cmocka_unit_test(test_mounts),
        cmocka_unit_test(test_namespaces_and_maps),
        cmocka_unit_test(test_lxc_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

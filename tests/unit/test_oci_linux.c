/* "linux" of a bundle: namespaces and what belongs to them, paths, labels, cgroup. Devices and
 * resources have a test of their own. */
#include "oci_bundle.h"

#include <sys/mount.h>

#define IN_LINUX(members) "{#, 'linux': {" members "}}"
#define WITH_MOUNT(members) IN_LINUX(MOUNT_NS ", " members)

static void reads_namespaces(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'pid', 'path': ''},"
                               "{'type': 'network', 'path': '/run/n s'}, {'type': 'ipc', 'path': "
                               "'/i'}, {'type': 'time', 'path': '/t'}]"));
    assert_int_equal(b.cmd->ns[NS_MNT].mode, NS_NEW);
    assert_int_equal(b.cmd->ns[NS_PID].mode, NS_NEW);
    assert_null(b.cmd->ns[NS_PID].path);
    assert_int_equal(b.cmd->ns[NS_NET].mode, NS_PATH);
    assert_string_equal(b.cmd->ns[NS_NET].path, "/run/n s");
    assert_int_equal(b.cmd->ns[NS_IPC].mode, NS_PATH);
    assert_int_equal(b.cmd->ns[NS_TIME].mode, NS_PATH);
    assert_int_equal(b.cmd->ns[NS_UTS].mode, NS_HOST);
    assert_int_equal(b.cmd->ns[NS_USER].mode, NS_HOST);
    assert_int_equal(b.cmd->ns[NS_CGROUP].mode, NS_HOST);
    assert_int_equal(b.cmd->net.mode, NET_NONE);
    bundle_end(&b);
}

/* Every kind can be new, and every kind but the mount namespace can be another's or the host's. */
static void reads_each_kind(void **state)
{
    static const char *const words[NS_KINDS] = {
        [NS_PID] = "pid", [NS_NET] = "network", [NS_MNT] = "mount",     [NS_IPC] = "ipc",
        [NS_UTS] = "uts", [NS_USER] = "user",   [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
    };
    static const char maps[] = "[{'containerID': 0, 'hostID': 1000, 'size': 10}]";

    (void)state;
    for (int kind = 0; kind < NS_KINDS; kind++) {
        struct bundle b;
        cleanup_free char *text =
            str_printf(IN_LINUX("'namespaces': [%s{'type': '%s'}]%s%s%s%s"),
                       kind == NS_MNT ? "" : "{'type': 'mount'}, ", words[kind],
                       kind == NS_USER ? ", 'uidMappings': " : "", kind == NS_USER ? maps : "",
                       kind == NS_USER ? ", 'gidMappings': " : "", kind == NS_USER ? maps : "");

        assert_non_null(text);
        bundle_accept(&b, text);
        for (int other = 0; other < NS_KINDS; other++)
            assert_int_equal(b.cmd->ns[other].mode,
                             other == kind || other == NS_MNT ? NS_NEW : NS_HOST);
        assert_int_equal(b.cmd->net.mode, kind == NS_NET ? NET_NONE : NET_HOST);
        bundle_end(&b);
    }
}

static void reads_id_maps(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'user'}],"
                               "'uidMappings': [{'containerID': 0, 'hostID': 1000, 'size': 10},"
                               "{'containerID': 10, 'hostID': 5, 'size': 1}],"
                               "'gidMappings': [{'containerID': 0, 'hostID': 0, 'size': "
                               "4294967295}]"));
    assert_int_equal(b.cmd->n_uid_maps, 2);
    assert_int_equal(b.cmd->uid_maps[1].container_id, 10);
    assert_int_equal(b.cmd->uid_maps[1].host_id, 5);
    assert_int_equal(b.cmd->uid_maps[1].size, 1);
    assert_int_equal(b.cmd->n_gid_maps, 1);
    assert_int_equal(b.cmd->gid_maps[0].size, UINT32_MAX);
    bundle_end(&b);
    /* A container of a pod: the namespace of another and what is mapped there. */
    bundle_accept(&b, IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'user', 'path': '/u'}],"
                               "'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
                               "'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}]"));
    assert_int_equal(b.cmd->ns[NS_USER].mode, NS_PATH);
    bundle_end(&b);
}

static void reads_time_offsets(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'time'}],"
                               "'timeOffsets': {'monotonic': {'secs': -5}, 'boottime': {'secs': "
                               "86400, 'nanosecs': 999999999}}"));
    assert_true(b.cmd->has_time_offsets);
    assert_int_equal(b.cmd->monotonic_s, -5);
    assert_int_equal(b.cmd->monotonic_ns, 0);
    assert_int_equal(b.cmd->boottime_s, 86400);
    assert_int_equal(b.cmd->boottime_ns, 999999999);
    bundle_end(&b);
    bundle_accept(&b, WITH_MOUNT("'timeOffsets': {}"));
    assert_false(b.cmd->has_time_offsets);
    bundle_end(&b);
}

static void reads_texts(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'ipc'}, {'type': "
                               "'network'}], 'cgroupsPath': '/a:b:c/d', 'mountLabel': 'l',"
                               "'maskedPaths': ['/proc/kcore', '/x y'], 'readonlyPaths': ['/z'],"
                               "'sysctl': {'net.core.somaxconn': '256', 'kernel.sem': '1 2 3 4'}"));
    assert_string_equal(b.cmd->cgroups_path, "/a:b:c/d");
    assert_string_equal(b.cmd->mount_label, "l");
    assert_int_equal(b.cmd->masked_paths.n, 2);
    assert_string_equal(b.cmd->masked_paths.items[1], "/x y");
    assert_int_equal(b.cmd->readonly_paths.n, 1);
    assert_int_equal(b.cmd->n_sysctls, 2);
    assert_string_equal(pair_find(b.cmd->sysctls, 2, "kernel.sem"), "1 2 3 4");
    bundle_end(&b);
    bundle_accept(&b, WITH_MOUNT("'cgroupsPath': '', 'mountLabel': '', 'rootfsPropagation': ''"));
    assert_null(b.cmd->cgroups_path);
    assert_null(b.cmd->mount_label);
    assert_int_equal(b.cmd->root.propagation, 0);
    bundle_end(&b);
    bundle_accept(&b, WITH_MOUNT("'cgroupsPath': 'relative/path'"));
    assert_string_equal(b.cmd->cgroups_path, "relative/path");
    bundle_end(&b);
}

static void reads_propagation(void **state)
{
    static const struct {
        const char *word;
        uint64_t flags;
    } cases[] = {
        {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
        {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
        {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
        {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_free char *text =
            str_printf(WITH_MOUNT("'rootfsPropagation': '%s'"), cases[i].word);
        struct bundle b;

        assert_non_null(text);
        bundle_accept(&b, text);
        assert_int_equal(b.cmd->root.propagation, cases[i].flags);
        bundle_end(&b);
    }
}

static void reads_seccomp(void **state)
{
    struct bundle b;

    (void)state;
    bundle_accept(&b, WITH_MOUNT("'seccomp': {'defaultAction': 'SCMP_ACT_ERRNO', "
                                 "'defaultErrnoRet': 38, 'architectures': ['SCMP_ARCH_X86_64'],"
                                 "'flags': ['SECCOMP_FILTER_FLAG_LOG'], 'listenerPath': '/l',"
                                 "'listenerMetadata': 'm', 'syscalls': [{'names': ['read'],"
                                 "'action': 'SCMP_ACT_NOTIFY'}]}"));
    assert_true(b.cmd->seccomp.set);
    assert_string_equal(b.cmd->seccomp.listener_path, "/l");
    assert_int_equal(b.cmd->seccomp.n_rules, 1);
    assert_int_equal(b.cmd->seccomp.default_errno, 38);
    assert_null(b.cmd->seccomp_profile);
    bundle_end(&b);
    bundle_accept(&b, WITH_MOUNT("'seccomp': null"));
    assert_false(b.cmd->seccomp.set);
    bundle_end(&b);
}

static void refuses_namespaces(void **state)
{
    static const struct refusal cases[] = {
        {IN_LINUX("'namespaces': {}"), "linux.namespaces: expected an array, found {}"},
        {IN_LINUX("'namespaces': []"),
         "linux.namespaces: there is no 'mount', and LXC gives every container a mount namespace "
         "of its own"},
        {IN_LINUX("'namespaces': [1]"), "linux.namespaces[0]: expected an object, found 1"},
        {IN_LINUX("'namespaces': [{}]"), "linux.namespaces[0].type: is missing"},
        {IN_LINUX("'namespaces': [{'type': 'mnt'}]"),
         "linux.namespaces[0].type: not a kind of namespace, found 'mnt'"},
        {IN_LINUX("'namespaces': [{'type': 'pid'}, {'type': 'pid', 'path': '/p'}]"),
         "linux.namespaces[1].type: said twice, found 'pid'"},
        {IN_LINUX("'namespaces': [{'type': 'pid', 'path': 'p'}]"),
         "linux.namespaces[0].path: not an absolute path, found 'p'"},
        {IN_LINUX("'namespaces': [{'type': 'pid', 'path': 1}]"),
         "linux.namespaces[0].path: expected a string, found 1"},
        {IN_LINUX("'namespaces': [{'type': 'mount', 'path': '/m'}]"),
         "linux.namespaces[0].path: LXC gives every container a mount namespace of its own, found "
         "'/m'"},
        {WITH_MOUNT("'uidMappings': [{'containerID': 0, 'hostID': 0, 'size': 1}]"),
         "linux.uidMappings: is given, but no user namespace"},
        {IN_LINUX("'namespaces': [{'type': 'user'}]"),
         "linux.uidMappings: is missing beside a new user namespace"},
        {IN_LINUX("'namespaces': [{'type': 'user'}], 'uidMappings': [{'containerID': 0, 'hostID': "
                  "0, 'size': 1}]"),
         "linux.gidMappings: is missing beside a new user namespace"},
        {IN_LINUX("'namespaces': [{'type': 'user'}], 'uidMappings': [{'hostID': 0}]"),
         "linux.uidMappings[0].containerID: is missing"},
        {IN_LINUX("'namespaces': [{'type': 'user'}], 'gidMappings': [{'containerID': 0, 'hostID': "
                  "4294967296, 'size': 1}]"),
         "linux.gidMappings[0].hostID: 4294967296 is not between 0 and 4294967295"},
        {IN_LINUX("'namespaces': [{'type': 'mount'}, {'type': 'user'}], 'uidMappings': "
                  "[{'containerID': 0, 'hostID': 0, 'size': 0}], 'gidMappings': [{'containerID': "
                  "0, 'hostID': 0, 'size': 1}]"),
         "linux.uidMappings[0].size: 0 maps nothing"},
        {WITH_MOUNT("'timeOffsets': {'boottime': {'secs': 1}}"),
         "linux.timeOffsets: cannot be used without a new time namespace"},
        {WITH_MOUNT("'timeOffsets': {'realtime': {'secs': 1}}"),
         "linux.timeOffsets.realtime: not a clock of a time namespace"},
        {WITH_MOUNT("'timeOffsets': {'boottime': {'secs': 'x'}}"),
         "linux.timeOffsets.boottime.secs: expected a whole number, found 'x'"},
        {WITH_MOUNT("'timeOffsets': {'monotonic': {'nanosecs': 1000000000}}"),
         "linux.timeOffsets.monotonic.nanosecs: 1000000000 is not between 0 and 999999999"},
        {WITH_MOUNT("'timeOffsets': {'monotonic': 1}"),
         "linux.timeOffsets.monotonic: expected an object, found 1"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

static void refuses_texts(void **state)
{
    static const struct refusal cases[] = {
        {WITH_MOUNT("'cgroupsPath': 1"), "linux.cgroupsPath: expected a string, found 1"},
        {WITH_MOUNT("'cgroupsPath': '/a/../b'"), "linux.cgroupsPath: '/a/../b' leads upwards"},
        {WITH_MOUNT("'rootfsPropagation': 'x'"),
         "linux.rootfsPropagation: not a propagation type, found 'x'"},
        {WITH_MOUNT("'maskedPaths': '/a'"), "linux.maskedPaths: expected an array, found '/a'"},
        {WITH_MOUNT("'maskedPaths': ['/a', 'b']"),
         "linux.maskedPaths[1]: not an absolute path, found 'b'"},
        {WITH_MOUNT("'readonlyPaths': ['b']"),
         "linux.readonlyPaths[0]: not an absolute path, found 'b'"},
        {WITH_MOUNT("'sysctl': []"), "linux.sysctl: expected an object, found []"},
        {WITH_MOUNT("'sysctl': {'net.a': 1}"), "linux.sysctl.net.a: expected a string, found 1"},
        {WITH_MOUNT("'sysctl': {'vm.swappiness': '1'}"),
         "linux.sysctl: 'vm.swappiness' belongs to the whole machine, not to a container"},
        {WITH_MOUNT("'sysctl': {'net.core.somaxconn': '1'}"),
         "linux.sysctl: 'net.core.somaxconn' cannot be set in the host's network namespace"},
        {WITH_MOUNT("'sysctl': {'kernel.sem': '1'}"),
         "linux.sysctl: 'kernel.sem' cannot be set in the host's ipc namespace"},
        {WITH_MOUNT("'mountLabel': 1"), "linux.mountLabel: expected a string, found 1"},
        {WITH_MOUNT("'mountLabel': 'a\\n'"),
         "linux.mountLabel: 'a\\n': byte 2 is a control character (0x0a)"},
        {WITH_MOUNT("'seccomp': []"), "linux.seccomp: expected an object, found []"},
        {WITH_MOUNT("'seccomp': {'defaultAction': 'X'}"),
         "linux.seccomp.defaultAction: is not an action, found 'X'"},
    };

    (void)state;
    bundle_refuse_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_namespaces), cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(reads_id_maps),    cmocka_unit_test(reads_time_offsets),
        cmocka_unit_test(reads_texts),      cmocka_unit_test(reads_propagation),
        cmocka_unit_test(reads_seccomp),    cmocka_unit_test(refuses_namespaces),
        cmocka_unit_test(refuses_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

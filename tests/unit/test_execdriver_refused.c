/* Every way in which a document can be wrong, with the sentence that it gives. */
#include "execdriver_doc.h"

static const struct {
    const char *patch, *message;
} refused[] = {
    /* required members and types at the top */
    {"{\"id\": null}", "id: is missing"},
    {"{\"id\": 7}", "id: expected a string, found 7"},
    {"{\"id\": \"\"}", "id: the id is empty"},
    {"{\"id\": \"a b\"}", "id: \"a b\" is not an id: letters, digits and _ . + - are expected"},
    {"{\"id\": \"..\"}", "id: \"..\" is not an id: it begins with a '.'"},
    {"{\"rootfs\": null}", "rootfs: is missing"},
    {"{\"rootfs\": \"\"}", "rootfs: \"\" is not an absolute path"},
    {"{\"rootfs\": \"srv\"}", "rootfs: \"srv\" is not an absolute path"},
    {"{\"rootfs\": \"/a\\nb\"}", "rootfs: \"/a\\nb\": byte 3 is a control character (0x0a)"},
    {"{\"rootfs\": [\"/a\"]}", "rootfs: expected a string, found [\"/a\"]"},
    {"{\"readonly_rootfs\": \"yes\"}", "readonly_rootfs: expected true or false, found \"yes\""},
    {"{\"initpath\": 1}", "initpath: expected a string, found 1"},
    {"{\"working_dir\": \"app\"}", "working_dir: \"app\" is not an absolute path"},
    {"{\"working_dir\": false}", "working_dir: expected a string, found false"},
    {"{\"process_label\": 1}", "process_label: expected a string, found 1"},
    {"{\"mount_label\": {}}", "mount_label: expected a string, found {}"},
    {"{\"mount_label\": \"a\\tb\"}",
     "mount_label: \"a\\tb\": byte 2 is a control character (0x09)"},
    {"{\"apparmor_profile\": []}", "apparmor_profile: expected a string, found []"},
    {"{\"apparmor_profile\": \"a\\n\"}",
     "apparmor_profile: \"a\\n\": byte 2 is a control character (0x0a)"},
    {"{\"cgroup_parent\": 3}", "cgroup_parent: expected a string, found 3"},
    {"{\"cgroup_parent\": \"/a/../b\"}", "cgroup_parent: \"/a/../b\" leads upwards"},
    {"{\"hostname\": \"a b\"}",
     "hostname: \"a b\" is not a host name: letters, digits and - _ . within are expected"},
    /* process_config */
    {"{\"process_config\": null}", "process_config: is missing"},
    {"{\"process_config\": []}", "process_config: expected an object, found []"},
    {"{\"process_config\": {\"entrypoint\": null}}", "process_config.entrypoint: is missing"},
    {"{\"process_config\": {\"entrypoint\": \"\"}}",
     "process_config.entrypoint: the program is empty"},
    {"{\"process_config\": {\"entrypoint\": [\"sh\"]}}",
     "process_config.entrypoint: expected a string, found [\"sh\"]"},
    {"{\"process_config\": {\"entrypoint\": \"a\\u0000\"}}",
     "process_config.entrypoint: a NUL character cannot be used, found \"a\\u0000\""},
    {"{\"process_config\": {\"arguments\": \"-c\"}}",
     "process_config.arguments: expected an array, found \"-c\""},
    {"{\"process_config\": {\"arguments\": [\"-c\", 7]}}",
     "process_config.arguments[1]: expected a string, found 7"},
    {"{\"process_config\": {\"arguments\": [null]}}", "process_config.arguments[0]: is missing"},
    {"{\"process_config\": {\"privileged\": 1}}",
     "process_config.privileged: expected true or false, found 1"},
    {"{\"process_config\": {\"tty\": null, \"user\": 0}}",
     "process_config.user: expected a string, found 0"},
    {"{\"process_config\": {\"tty\": \"no\"}}",
     "process_config.tty: expected true or false, found \"no\""},
    {"{\"process_config\": {\"user\": \":1\"}}", "process_config.user: the user is empty"},
    {"{\"process_config\": {\"user\": \"4294967295\"}}",
     "process_config.user: \"4294967295\" is above the last id, 4294967294"},
    {"{\"process_config\": {\"env\": [\"A=1\", \"B\"]}}",
     "process_config.env[1]: \"B\" is not NAME=VALUE"},
    {"{\"process_config\": {\"env\": [\"=1\"]}}",
     "process_config.env[0]: \"=1\" is not NAME=VALUE"},
    {"{\"process_config\": {\"env\": {\"A\": \"1\"}}}",
     "process_config.env: expected an array, found {\"A\":\"1\"}"},
    {"{\"process_config\": {\"env\": [\"HOSTNAME=-\"]}}",
     "hostname: \"-\" is not a host name: letters, digits and - _ . within are expected"},
    {"{\"cap_add\": [\"NOPE\"]}", "cap_add: \"NOPE\" is not the name of a capability"},
    {"{\"cap_add\": \"ALL\"}", "cap_add: expected an array, found \"ALL\""},
    {"{\"cap_drop\": [1]}", "cap_drop[0]: expected a string, found 1"},
    {"{\"cap_add\": [\"ALL\"], \"cap_drop\": [\"ALL\"]}", "cap_add and cap_drop both say ALL"},
    {"{\"group_add\": [\"\"]}", "group_add[0]: the group is empty"},
    {"{\"group_add\": [\"a:b\"]}",
     "group_add[0]: \"a:b\" is neither the name nor the number of a group"},
    /* network */
    {"{\"network\": \"host\"}", "network: expected an object, found \"host\""},
    {"{\"network\": {\"mtu\": \"big\"}}", "network.mtu: expected a whole number, found \"big\""},
    {"{\"network\": {\"mtu\": 67}}", "network.mtu: 67 is not between 68 and 65535"},
    {"{\"network\": {\"mtu\": 65536}}", "network.mtu: 65536 is not between 0 and 65535"},
    {"{\"network\": {\"mtu\": -1}}", "network.mtu: -1 is not between 0 and 65535"},
    {"{\"network\": {\"host_networking\": 1}}",
     "network.host_networking: expected true or false, found 1"},
    {"{\"network\": {\"container_id\": \"a/b\"}}",
     "network.container_id: \"a/b\" is not an id: letters, digits and _ . + - are expected"},
    {"{\"network\": {\"namespace_path\": \"x\"}}",
     "network.namespace_path: \"x\" is not an absolute path"},
    {"{\"network\": {\"host_networking\": true, \"container_id\": \"a\"}}",
     "network: only one of interface, host_networking, container_id and namespace_path can be "
     "given"},
    {"{\"network\": {\"interface\": {}, \"namespace_path\": \"/x\"}}",
     "network: only one of interface, host_networking, container_id and namespace_path can be "
     "given"},
    {"{\"network\": {\"interface\": []}}", "network.interface: expected an object, found []"},
    {"{\"network\": {\"interface\": {\"bridge\": \"a/b\"}}}",
     "network.interface.bridge: \"a/b\" is not an interface's name"},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0\"}}}",
     "network.interface.ip: \"10.0.0\" is not an IP address"},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0.1\"}}}",
     "network.interface.ip_prefix_len: is missing"},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0.1\", \"ip_prefix_len\": 64}}}",
     "network.interface.ip_prefix_len: 64 is not between 1 and 32"},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0.1\", \"ip_prefix_len\": 0}}}",
     "network.interface.ip_prefix_len: 0 is not between 1 and 32"},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0.1\", \"ip_prefix_len\": \"8\"}}}",
     "network.interface.ip_prefix_len: expected a whole number, found \"8\""},
    {"{\"network\": {\"interface\": {\"ip\": \"::1\", \"ip_prefix_len\": 8}}}",
     "network.interface.ip: expected an IPv4 address, found \"::1\""},
    {"{\"network\": {\"interface\": {\"ip\": \"10.0.0.1/8\", \"ip_prefix_len\": 8}}}",
     "network.interface.ip: expected an IPv4 address, found \"10.0.0.1/8\""},
    {"{\"network\": {\"interface\": {\"global_ipv6\": \"2001:db8::1\", \"global_ipv6_prefix_len\": "
     "129}}}",
     "network.interface.global_ipv6_prefix_len: 129 is not between 1 and 128"},
    {"{\"network\": {\"interface\": {\"global_ipv6\": \"10.0.0.1\", \"global_ipv6_prefix_len\": "
     "12}}}",
     "network.interface.global_ipv6: expected an IPv6 address, found \"10.0.0.1\""},
    {"{\"network\": {\"interface\": {\"gateway\": \"gw\"}}}",
     "network.interface.gateway: \"gw\" is not an IP address"},
    {"{\"network\": {\"interface\": {\"ipv6_gateway\": 6}}}",
     "network.interface.ipv6_gateway: expected a string, found 6"},
    {"{\"network\": {\"interface\": {\"mac_address\": \"02-42-ac-11-00-02\"}}}",
     "network.interface.mac_address: \"02-42-ac-11-00-02\" is not a MAC address such as "
     "02:42:ac:11:00:02"},
    {"{\"network\": {\"interface\": {\"mac\": \"ff:ff:ff:ff:ff:ff\"}}}",
     "network.interface.mac: \"ff:ff:ff:ff:ff:ff\" is not the address of one interface (unicast)"},
    {"{\"network\": {\"interface\": {\"secondary_ips\": [\"10.0.0.3\"]}}}",
     "network.interface.secondary_ips: an interface has one address of each family here, found "
     "[\"10.0.0.3\"]"},
    /* namespaces */
    {"{\"ipc\": true}", "ipc: expected an object, found true"},
    {"{\"ipc\": {\"host_ipc\": \"true\"}}", "ipc.host_ipc: expected true or false, found \"true\""},
    {"{\"ipc\": {\"container_id\": \"a b\"}}",
     "ipc.container_id: \"a b\" is not an id: letters, digits and _ . + - are expected"},
    {"{\"ipc\": {\"container_id\": \"a\", \"host_ipc\": true}}",
     "ipc.container_id: \"a\" contradicts ipc.host_ipc"},
    {"{\"pid\": {\"host_pid\": 1}}", "pid.host_pid: expected true or false, found 1"},
    {"{\"uts\": []}", "uts: expected an object, found []"},
    {"{\"uidmapping\": {}}", "uidmapping: expected an array, found {}"},
    {"{\"uidmapping\": [1]}", "uidmapping[0]: expected an object, found 1"},
    {"{\"uidmapping\": [{\"container_id\": 0, \"host_id\": 1}]}", "uidmapping[0].size: is missing"},
    {"{\"uidmapping\": [{\"container_id\": 0, \"host_id\": 1, \"size\": 0}]}",
     "uidmapping[0].size: 0 is not between 1 and 4294967294"},
    {"{\"uidmapping\": [{\"container_id\": -1, \"host_id\": 1, \"size\": 1}]}",
     "uidmapping[0].container_id: -1 is not between 0 and 4294967294"},
    {"{\"uidmapping\": [{\"container_id\": 0, \"host_id\": 1, \"size\": 1}]}",
     "gidmapping: is missing"},
    {"{\"uidmapping\": [{\"container_id\": 0, \"host_id\": 0, \"size\": 9},"
     "{\"container_id\": 8, \"host_id\": 100, \"size\": 9}]}",
     "uidmapping[1].container_id: 8 is in entry 0 too"},
    {"{\"remap_root\": {\"root_uid\": 100000}}",
     "remap_root.root_uid: the id maps do not map root to it, found 100000"},
    {"{\"remap_root\": {\"root_gid\": \"x\"}}",
     "remap_root.root_gid: expected a whole number, found \"x\""},
    {"{\"remap_root\": 0}", "remap_root: expected an object, found 0"},
    /* resources */
    {"{\"resources\": []}", "resources: expected an object, found []"},
    {"{\"resources\": {\"memory\": \"64m\"}}",
     "resources.memory: expected a whole number, found \"64m\""},
    {"{\"resources\": {\"memory\": 4096}}", "resources.memory: 4096 is less than 6291456"},
    {"{\"resources\": {\"memory\": -1}}", "resources.memory: -1 is less than 6291456"},
    {"{\"resources\": {\"memory\": 6.5}}", "resources.memory: expected a whole number, found 6.5"},
    {"{\"resources\": {\"memory_swap\": -2}}", "resources.memory_swap: -2 is less than -1"},
    {"{\"resources\": {\"memory_swap\": 67108864}}",
     "resources.memory_swap: 67108864 needs resources.memory"},
    {"{\"resources\": {\"memory\": 67108864, \"memory_swap\": 33554432}}",
     "resources.memory_swap: 33554432 counts memory too and is less than its 67108864"},
    {"{\"resources\": {\"memory\": 33554432, \"memory_reservation\": 67108864}}",
     "resources.memory_reservation: 67108864 is above resources.memory, 33554432"},
    {"{\"resources\": {\"kernel_memory\": 1}}", "resources.kernel_memory: 1 is less than 6291456"},
    {"{\"resources\": {\"cpu_shares\": 1}}", "resources.cpu_shares: 1 is not between 2 and 262144"},
    {"{\"resources\": {\"cpu_shares\": 262145}}",
     "resources.cpu_shares: 262145 is not between 2 and 262144"},
    {"{\"resources\": {\"cpu_period\": 999}}",
     "resources.cpu_period: 999 is not between 1000 and 1000000"},
    {"{\"resources\": {\"cpu_quota\": 999}}",
     "resources.cpu_quota: 999 is less than 1000 microseconds"},
    {"{\"resources\": {\"cpuset_cpus\": \"0-\"}}",
     "resources.cpuset_cpus: \"0-\" is not a list of numbers and ranges such as 0-3,5"},
    {"{\"resources\": {\"cpuset_mems\": 0}}", "resources.cpuset_mems: expected a string, found 0"},
    {"{\"resources\": {\"blkio_weight\": 9}}",
     "resources.blkio_weight: 9 is not between 10 and 1000"},
    {"{\"resources\": {\"blkio_weight\": 1001}}",
     "resources.blkio_weight: 1001 is not between 10 and 1000"},
    {"{\"resources\": {\"memory_swappiness\": 101}}",
     "resources.memory_swappiness: 101 is not between 0 and 100"},
    {"{\"resources\": {\"oom_kill_disable\": 0}}",
     "resources.oom_kill_disable: expected true or false, found 0"},
    {"{\"resources\": {\"rlimits\": {}}}", "resources.rlimits: expected an array, found {}"},
    {"{\"resources\": {\"rlimits\": [7]}}", "resources.rlimits[0]: expected an object, found 7"},
    {"{\"resources\": {\"rlimits\": [{\"type\": 16}]}}",
     "resources.rlimits[0].type: 16 is not between 0 and 15"},
    {"{\"resources\": {\"rlimits\": [{\"type\": 1, \"soft\": 2, \"hard\": 1}]}}",
     "resources.rlimits[0]: the soft limit 2 is above the hard limit 1"},
    {"{\"resources\": {\"rlimits\": [{\"name\": \"files\", \"soft\": 2, \"hard\": 3}]}}",
     "resources.rlimits[0].name: expected the name of a limit, found \"files\""},
    {"{\"resources\": {\"rlimits\": [{\"name\": \"core\", \"soft\": 2}]}}",
     "resources.rlimits[0].hard: is missing"},
    {"{\"resources\": {\"rlimits\": [{\"type\": 1, \"soft\": -2, \"hard\": 1}]}}",
     "resources.rlimits[0].soft: -2 is not between 0 and 18446744073709551615"},
    /* devices */
    {"{\"allowed_devices\": {}}", "allowed_devices: expected an array, found {}"},
    {"{\"allowed_devices\": [\"c 1:3 rwm\"]}",
     "allowed_devices[0]: expected an object, found \"c 1:3 rwm\""},
    {"{\"allowed_devices\": [{\"major\": 1, \"minor\": 3, \"permissions\": \"r\"}]}",
     "allowed_devices[0].type: is missing"},
    {"{\"allowed_devices\": [{\"type\": 120, \"major\": 1, \"minor\": 3, \"permissions\": \"r\"}]}",
     "allowed_devices[0].type: expected a device's type, one of a, c, b, u, p, found 120"},
    {"{\"allowed_devices\": [{\"type\": \"chr\", \"major\": 1, \"minor\": 3, \"permissions\": "
     "\"r\"}]}",
     "allowed_devices[0].type: expected a device's type, one of a, c, b, u, p, found \"chr\""},
    {"{\"allowed_devices\": [{\"type\": 99, \"minor\": 3, \"permissions\": \"r\"}]}",
     "allowed_devices[0].major: is missing"},
    {"{\"allowed_devices\": [{\"type\": 99, \"major\": 4096, \"minor\": 3, \"permissions\": "
     "\"r\"}]}",
     "allowed_devices[0].major: 4096 is not between -1 and 4095"},
    {"{\"allowed_devices\": [{\"type\": 99, \"major\": 1, \"minor\": -2, \"permissions\": \"r\"}]}",
     "allowed_devices[0].minor: -2 is not between -1 and 1048575"},
    {"{\"allowed_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3}]}",
     "allowed_devices[0].cgroup_permissions: is missing"},
    {"{\"allowed_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3, \"permissions\": \"rx\"}]}",
     "allowed_devices[0].permissions: \"rx\" is not a device access: r, w and m, each once, are "
     "expected"},
    {"{\"autocreated_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3, \"path\": \"\"}]}",
     "autocreated_devices[0].path: is missing"},
    {"{\"autocreated_devices\": [{\"type\": 97, \"major\": 1, \"minor\": 3, \"path\": "
     "\"/dev/x\"}]}",
     "autocreated_devices[0].type: a node cannot be of every type, found 97"},
    {"{\"autocreated_devices\": [{\"type\": 99, \"major\": -1, \"minor\": 3, \"path\": "
     "\"/dev/x\"}]}",
     "autocreated_devices[0]: a node needs a major and a minor number, not -1"},
    {"{\"autocreated_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3, \"path\": \"x\"}]}",
     "autocreated_devices[0].path: \"x\" is not an absolute path"},
    {"{\"autocreated_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3, \"path\": \"/x\", "
     "\"uid\": -1}]}",
     "autocreated_devices[0].uid: -1 is not between 0 and 4294967294"},
    {"{\"autocreated_devices\": [{\"type\": 99, \"major\": 1, \"minor\": 3, \"path\": \"/x\", "
     "\"file_mode\": \"0666\"}]}",
     "autocreated_devices[0].file_mode: expected a whole number, found \"0666\""},
    /* mounts */
    {"{\"mounts\": {}}", "mounts: expected an array, found {}"},
    {"{\"mounts\": [{\"destination\": \"/b\"}]}", "mounts[0].source: is missing"},
    {"{\"mounts\": [{\"source\": \"/a\"}]}", "mounts[0].destination: is missing"},
    {"{\"mounts\": [{\"source\": \"a\", \"destination\": \"/b\"}]}",
     "mounts[0].source: \"a\" is not an absolute path"},
    {"{\"mounts\": [{\"source\": \"/a\", \"destination\": \"b\"}]}",
     "mounts[0].destination: \"b\" is not an absolute path"},
    {"{\"mounts\": [{\"source\": \"/a\", \"destination\": \"/\"}]}",
     "mounts[0].destination: \"/\" is the root itself"},
    {"{\"mounts\": [{\"source\": \"/a\", \"destination\": \"/b\", \"writable\": \"rw\"}]}",
     "mounts[0].writable: expected true or false, found \"rw\""},
    {"{\"mounts\": [{\"source\": \"/a\", \"destination\": \"/b\", \"private\": true, \"slave\": "
     "true}]}",
     "mounts[0]: private and slave contradict one another"},
    {"{\"mounts\": [{\"source\": \"/a\", \"destination\": \"/b\"}, {\"source\": \"/c\", "
     "\"destination\": \"/b/.\"}]}",
     "mounts[1].destination: \"/b\" is a duplicate mount point (mounts[0] is there too)"},
    /* raw keys */
    {"{\"lxc_config\": [\"net.0.type\"]}", "lxc_config[0]: \"net.0.type\" is not KEY = VALUE"},
    {"{\"lxc_config\": [\"a b = c\"]}",
     "lxc_config[0]: \"lxc.a b\" is not an LXC key: lxc.NAME is expected"},
    {"{\"lxc_config\": [\"=x\"]}",
     "lxc_config[0]: \"lxc.\" is not an LXC key: lxc.NAME is expected"},
    {"{\"lxc_config\": [\"a = b\\nlxc.hook.pre-start = /x\"]}",
     "lxc_config[0]: \"b\\nlxc.hook.pre-start = /x\": byte 2 is a control character (0x0a)"},
    {"{\"lxc_config\": \"a=b\"}", "lxc_config: expected an array, found \"a=b\""},
};

static void test_refused(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        cleanup_free char *text = patched(refused[i].patch);
        cleanup_command struct command *cmd = NULL;
        int result = execdriver_read(text, strlen(text), &cmd, &err);

        if (result != -1 || cmd || strcmp(err_message(err), refused[i].message)) {
            print_error("%s:\n expected \"%s\"\n got      \"%s\"\n", refused[i].patch,
                        refused[i].message, err_message(err));
            wrong++;
        }
    }
    assert_true(ARRAY_SIZE(refused) >= 80);
    assert_int_equal(wrong, 0);
}

static void test_no_document(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "the document: expected an object, found []"},
        {"null", "the document: is missing"},
        {"{\"id\": \"a\", \"id\": \"b\"}",
         "command: line 1, column 16: duplicate object key near '\"id\"'"},
        {"{\"id\": \"a\"", "command: line 1, column 10: '}' expected near end of file"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        struct command *cmd = NULL;

        assert_int_equal(execdriver_read(cases[i].text, strlen(cases[i].text), &cmd, &err), -1);
        assert_null(cmd);
        assert_string_equal(err_message(err), cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

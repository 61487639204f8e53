/* Every way to say something wrong, with the sentence that it gives; and the table behind the
 * options. */
#include "flags_line.h"

static const struct {
    const char *args[8], *message;
} refused[] = {
    {{"-i"}, "IMAGE is missing; lxc-launch --help shows how to use it"},
    {{NULL}, "IMAGE is missing; lxc-launch --help shows how to use it"},
    {{""}, "IMAGE is empty"},
    {{"--memroy", "5m", "i"}, "unknown option \"--memroy\"; did you mean \"--memory\"?"},
    {{"--memroy=5m", "i"}, "unknown option \"--memroy\"; did you mean \"--memory\"?"},
    {{"--volumes=/a:/b", "i"}, "unknown option \"--volumes\"; did you mean \"--volume\"?"},
    {{"--prvileged", "i"}, "unknown option \"--prvileged\"; did you mean \"--privileged\"?"},
    {{"--hostnaem", "x", "i"}, "unknown option \"--hostnaem\"; did you mean \"--hostname\"?"},
    {{"--interact", "i"}, "unknown option \"--interact\"; did you mean \"--interactive\"?"},
    {{"--publish=80:80", "i"}, "unknown option \"--publish\"; lxc-launch --help lists them"},
    {{"--x", "i"}, "unknown option \"--x\"; lxc-launch --help lists them"},
    {{"-x", "i"}, "unknown option \"-x\"; lxc-launch --help lists them"},
    {{"-ixt", "i"}, "unknown option \"-x\" in -ixt; lxc-launch --help lists them"},
    {{"--=x", "i"}, "unknown option \"--\"; lxc-launch --help lists them"},
    {{"--name"}, "--name: needs a value (NAME)"},
    {{"-itm"}, "-m: needs a value (SIZE)"},
    {{"--rm=maybe", "i"}, "--rm: \"maybe\" is neither true nor false"},
    {{"-i=2", "i"}, "-i: \"2\" is neither true nor false"},
    {{"--name=", "i"}, "--name: the value is empty"},
    {{"--name=a/b", "i"}, "--name: \"a/b\" is not an id: letters, digits and _ . + - are expected"},
    {{"--name=.x", "i"}, "--name: \".x\" is not an id: it begins with a '.'"},
    {{"-e", "=x", "i"}, "--env: \"=x\" has no variable name"},
    {{"-e", "", "i"}, "-e: the value is empty"},
    {{"--env-file=/nonexistent/e", "i"}, "--env-file /nonexistent/e: no such file or directory"},
    {{"-u", "", "i"}, "-u: the user is empty"},
    {{"-u", "a:", "i"}, "-u: the group is empty"},
    {{"-u4294967295", "i"}, "-u: \"4294967295\" is above the last id, 4294967294"},
    {{"-u", "a b", "i"}, "-u: \"a b\" is neither the name nor the number of a user"},
    {{"-u", "1:2:3", "i"}, "-u: \"2:3\" is neither the name nor the number of a group"},
    {{"-w", "app", "i"}, "-w: \"app\" is not an absolute path"},
    {{"--stop-signal=NOPE", "i"}, "--stop-signal: \"NOPE\" is not a signal"},
    {{"--ulimit=nofile", "i"}, "--ulimit: \"nofile\" is not NAME=SOFT[:HARD]"},
    {{"--ulimit=files=1", "i"}, "--ulimit: \"files\" is not the name of a limit"},
    {{"--ulimit=nofile=x", "i"}, "--ulimit: \"x\" is neither a whole number nor \"unlimited\""},
    {{"--ulimit=nofile=1:", "i"}, "--ulimit: \"\" is neither a whole number nor \"unlimited\""},
    {{"--ulimit=nofile=2:1", "i"},
     "--ulimit: \"nofile=2:1\": the soft limit is above the hard limit"},
    {{"--oom-score-adj=1001", "i"},
     "--oom-score-adj: \"1001\" is not a number between -1000 and 1000"},
    {{"--log-level=loud", "i"}, "--log-level: \"loud\" is none of debug, info, warning, error"},
    {{"--detach-keys=ctrl-", "i"},
     "--detach-keys: \"ctrl-\" is not a key: a character or ctrl-<letter> is expected"},
    {{"--detach-keys=a,,b", "i"},
     "--detach-keys: \"\" is not a key: a character or ctrl-<letter> is expected"},
    {{"--start-timeout=0", "i"}, "--start-timeout: 0 is not between 1 and 86400"},
    {{"--start-timeout=1s", "i"}, "--start-timeout: \"1s\" is not a whole number"},
    {{"-l", "=v", "i"}, "-l: \"=v\" has no key"},
    {{"-v", "/dst", "i"}, "-v: \"/dst\" needs a source and a destination: SRC:DST[:OPTS]"},
    {{"-v", ":/dst", "i"}, "-v: \":/dst\" needs a source and a destination: SRC:DST[:OPTS]"},
    {{"-v", "/src:", "i"}, "-v: \"/src:\" needs a source and a destination: SRC:DST[:OPTS]"},
    {{"-v", "data:/dst", "i"},
     "-v: \"data\" is not a path: it has to begin with / or ./ (there are no named volumes)"},
    {{"-v", "/a:b", "i"}, "-v: \"b\" is not an absolute path"},
    {{"-v", "/a:/", "i"}, "-v: the destination cannot be \"/\""},
    {{"-v", "/a:/x/..", "i"}, "-v: the destination cannot be \"/\""},
    {{"-v", "/a:/b:rx", "i"}, "-v: \"rx\" is not an option of a volume"},
    {{"-v", "/a:/b:", "i"}, "-v: \"\" is not an option of a volume"},
    {{"-v", "/a:/b:noexec", "i"}, "-v: \"noexec\" is not an option of a volume"},
    {{"-v", "/a:/b:ro,rw", "i"}, "-v: \"rw\" contradicts an option before it"},
    {{"-v", "/a:/b:shared,rslave", "i"}, "-v: \"rslave\" contradicts an option before it"},
    {{"-v", "/a:/b:ro:rw", "i"},
     "-v: \"/a:/b:ro:rw\" has too many ':'; --mount takes paths that have one"},
    {{"--tmpfs=tmp", "i"}, "--tmpfs: \"tmp\" is not an absolute path"},
    {{"--tmpfs=/t:sise=1m", "i"}, "--tmpfs: \"sise=1m\" is not an option of tmpfs"},
    {{"--tmpfs=/t:size=", "i"}, "--tmpfs: \"size=\" is not an option of tmpfs"},
    {{"--tmpfs=/t:bind", "i"}, "--tmpfs: \"bind\" cannot be said of a tmpfs"},
    {{"--tmpfs=/t:", "i"}, "--tmpfs: a mount option is empty"},
    {{"--mount=source=/a,target=/b", "i"}, "--mount: type is missing: type=bind or type=tmpfs"},
    {{"--mount=type=bind,source=/a", "i"}, "--mount: target is missing"},
    {{"--mount=type=bind,target=/a", "i"}, "--mount: source is missing"},
    {{"--mount=type=volume,target=/a", "i"}, "--mount: type: \"volume\" is neither bind nor tmpfs"},
    {{"--mount=type=bind,src=a,dst=/b", "i"},
     "--mount: source: \"a\" is not a path: it has to begin with / or ./ (there are no named "
     "volumes)"},
    {{"--mount=type=bind,src=/a,dst=b", "i"}, "--mount: target: \"b\" is not an absolute path"},
    {{"--mount=type=bind,src=/a,dst=/b,readonly=x", "i"},
     "--mount: readonly: \"x\" is neither true nor false"},
    {{"--mount=type=bind,src=/a,source=/a,dst=/b", "i"}, "--mount: \"source\" is said twice"},
    {{"--mount=type=bind,src=,dst=/b", "i"}, "--mount: \"src\" needs a value"},
    {{"--mount=type=bind,src,dst=/b", "i"}, "--mount: \"src\" needs a value"},
    {{"--mount=type=bind,colour=red", "i"}, "--mount: \"colour\" is not a key of --mount"},
    {{"--mount=type=bind,src=/a,dst=/b,bind-propagation=x", "i"},
     "--mount: bind-propagation: \"x\" is none of [r]private, [r]shared, [r]slave"},
    {{"--mount=type=bind,src=/a,dst=/b,tmpfs-size=1m", "i"},
     "--mount: tmpfs-size and tmpfs-mode belong to type=tmpfs"},
    {{"--mount=type=bind,src=/a,dst=/b,bind-recursive=x", "i"},
     "--mount: bind-recursive: \"x\" is none of enabled, disabled, writable, readonly"},
    {{"--mount=type=bind,src=/a,dst=/b,bind-recursive=readonly", "i"},
     "--mount: bind-recursive: \"readonly\" needs a recursive mount that is readonly"},
    {{"--mount=type=tmpfs,dst=/b,src=/a", "i"}, "--mount: source: \"/a\": a tmpfs has none"},
    {{"--mount=type=tmpfs,dst=/b,tmpfs-mode=9", "i"},
     "--mount: tmpfs-mode: \"9\" is not an octal mode"},
    {{"--mount=type=tmpfs,dst=/b,tmpfs-size=x", "i"},
     "--mount: tmpfs-size: \"x\" is not a size: a number and b, k, m, g, t or p is expected"},
    {{"--mount=type=tmpfs,dst=/b,bind-propagation=shared", "i"},
     "--mount: bind-propagation, bind-nonrecursive and bind-recursive belong to type=bind"},
    {{"--shm-size=0", "i"}, "--shm-size: \"0\" is not a size above 0"},
    {{"--shm-size=big", "i"},
     "--shm-size: \"big\" is not a size: a number and b, k, m, g, t or p is expected"},
    {{"--device=/nonexistent", "i"}, "--device: \"/nonexistent\": no such file or directory"},
    {{"--device=/etc/passwd", "i"}, "--device: \"/etc/passwd\" is not a device"},
    {{"--device=/dev", "i"}, "--device: \"/dev\" is not a device"},
    {{"--device=/dev/null:/dev/x:q", "i"},
     "--device: \"q\" is not a device access: r, w and m, each once, are expected"},
    {{"--device=/dev/null:x", "i"}, "--device: \"x\" is not an absolute path"},
    {{"--device=/dev/null:/x:r:w", "i"}, "--device: \"/dev/null:/x:r:w\" is not HOST[:DST][:rwm]"},
    {{"--device-cgroup-rule=c 1:3", "i"},
     "--device-cgroup-rule: \"c 1:3\" is not a rule such as \"c 42:* rwm\""},
    {{"--device-cgroup-rule=x 1:3 r", "i"},
     "--device-cgroup-rule: \"x 1:3 r\" is not a rule such as \"c 42:* rwm\""},
    {{"--device-cgroup-rule=c -1:3 r", "i"},
     "--device-cgroup-rule: \"c -1:3 r\" is not a rule such as \"c 42:* rwm\""},
    {{"--device-cgroup-rule=c 1:3 z", "i"},
     "--device-cgroup-rule: \"c 1:3 z\": \"z\" is not a device access: r, w and m, each once, are "
     "expected"},
    {{"--net=a/b", "i"}, "--net: \"a/b\" is not an interface's name"},
    {{"--net=averylongbridgename", "i"},
     "--net: \"averylongbridgename\" is not an interface's name"},
    {{"--net=container:", "i"}, "--net: container:: the id is empty"},
    {{"--net=ns:x", "i"}, "--net: \"x\" is not an absolute path"},
    {{"--net=host", "--bridge=br0", "i"}, "--bridge \"br0\" cannot be used with --net host"},
    {{"--net=br1", "--bridge=br0", "i"}, "--bridge \"br0\" contradicts --net br1"},
    {{"--bridge=a b", "i"}, "--bridge: \"a b\" is not an interface's name"},
    {{"--ip=10.0.0.2", "i"},
     "--ip cannot be used with --net none: only a bridge gives an interface"},
    {{"--net=host", "--mtu=1500", "i"},
     "--mtu cannot be used with --net host: only a bridge gives an interface"},
    {{"--net=ns:/x", "--mac-address=02:00:00:00:00:01", "i"},
     "--mac-address cannot be used with --net ns:/x: only a bridge gives an interface"},
    {{"--net=bridge", "--ip=10.0.0", "i"}, "--ip: \"10.0.0\" is not an IP address"},
    {{"--net=bridge", "--ip=::1", "i"}, "--ip: \"::1\" is not an IPv4 address"},
    {{"--net=bridge", "--ip6=10.0.0.1", "i"}, "--ip6: \"10.0.0.1\" is not an IPv6 address"},
    {{"--net=bridge", "--ip=10.0.0.1/33", "i"},
     "--ip: \"10.0.0.1/33\": the prefix length is not between 1 and 32"},
    {{"--net=bridge", "--mac-address=02:42", "i"},
     "--mac-address: \"02:42\" is not a MAC address such as 02:42:ac:11:00:02"},
    {{"--net=bridge", "--mac-address=01:00:5e:00:00:01", "i"},
     "--mac-address: \"01:00:5e:00:00:01\" is not the address of one interface (unicast)"},
    {{"--mtu=67", "i"}, "--mtu: \"67\" is not a number between 68 and 65535"},
    {{"--mtu=big", "i"}, "--mtu: \"big\" is not a number between 68 and 65535"},
    {{"--dns=one.one.one.one", "i"}, "--dns: \"one.one.one.one\" is not an IP address"},
    {{"--dns=10.0.0.0/8", "i"}, "--dns: \"10.0.0.0/8\" is a network, not an address"},
    {{"--add-host=db", "i"}, "--add-host: \"db:\": \"\" is not an IP address"},
    {{"--add-host=db:x", "i"}, "--add-host: \"db:x\": \"x\" is not an IP address"},
    {{"--add-host=:10.0.0.1", "i"}, "--add-host: \":10.0.0.1\": the name is empty"},
    {{"--hostname=a_b c", "i"},
     "--hostname: \"a_b c\" is not a host name: letters, digits and - _ . within are expected"},
    {{"-h", "-x", "i"},
     "--hostname: \"-x\" is not a host name: letters, digits and - _ . within are expected"},
    {{"--hostname=x", "--uts=host", "i"}, "--hostname \"x\" cannot be used with --uts host"},
    {{"--pid=hots", "i"}, "--pid: \"hots\" is none of private, host, container:ID"},
    {{"--ipc=none", "i"}, "--ipc: \"none\" is none of private, host, container:ID"},
    {{"--uts=container:x", "i"}, "--uts: \"container:x\" is none of private, host"},
    {{"--pid=container:a/b", "i"},
     "--pid: container:: \"a/b\" is not an id: letters, digits and _ . + - are expected"},
    {{"-m5m", "i"}, "-m: \"5m\" is less than the 6 MiB that a container needs"},
    {{"-m", "lots", "i"},
     "-m: \"lots\" is not a size: a number and b, k, m, g, t or p is expected"},
    {{"--memory=-1", "i"},
     "--memory: \"-1\" is not a size: a number and b, k, m, g, t or p is expected"},
    {{"--memory-swap=1g", "i"}, "--memory-swap 1073741824 needs --memory"},
    {{"-m64m", "--memory-swap=32m", "i"}, "--memory-swap 33554432 is less than --memory 67108864"},
    {{"-m64m", "--memory-reservation=65m", "i"},
     "--memory-reservation 68157440 is more than --memory 67108864"},
    {{"--memory-reservation=1m", "i"},
     "--memory-reservation: \"1m\" is less than the 6 MiB that a container needs"},
    {{"--memory-swappiness=101", "i"}, "--memory-swappiness: 101 is not between -1 and 100"},
    {{"--cpus=x", "i"}, "--cpus: \"x\" is not a number of processors such as 1.5"},
    {{"--cpus=-1", "i"}, "--cpus: \"-1\" is not a number of processors such as 1.5"},
    {{"--cpus=1.5.2", "i"}, "--cpus: \"1.5.2\" is not a number of processors such as 1.5"},
    {{"--cpus=.", "i"}, "--cpus: \".\" is not a number of processors such as 1.5"},
    {{"--cpus=0.009", "i"}, "--cpus: \"0.009\" is less than the 0.01 that the scheduler can give"},
    {{"--cpus=1", "--cpu-quota=5000", "i"},
     "--cpus cannot be used with --cpu-quota or --cpu-period"},
    {{"--cpu-shares=1", "i"}, "--cpu-shares: 1 is not between 2 and 262144"},
    {{"-c262145", "i"}, "-c: 262145 is not between 2 and 262144"},
    {{"--cpu-period=999", "i"}, "--cpu-period: 999 is not between 1000 and 1000000"},
    {{"--cpu-quota=999", "i"}, "--cpu-quota: 999 is less than 1000 microseconds"},
    {{"--cpuset-cpus=0-", "i"},
     "--cpuset-cpus: \"0-\" is not a list of numbers and ranges such as 0-3,5"},
    {{"--cpuset-cpus=3-1", "i"},
     "--cpuset-cpus: \"3-1\" is not a list of numbers and ranges such as 0-3,5"},
    {{"--cpuset-mems=a", "i"},
     "--cpuset-mems: \"a\" is not a list of numbers and ranges such as 0-3,5"},
    {{"--pids-limit=-2", "i"}, "--pids-limit: \"-2\" is neither a number of tasks nor -1"},
    {{"--blkio-weight=9", "i"}, "--blkio-weight: 9 is not between 10 and 1000"},
    {{"--blkio-weight=1001", "i"}, "--blkio-weight: 1001 is not between 10 and 1000"},
    {{"--blkio-weight-device=/dev/null:10", "i"},
     "--blkio-weight-device: \"/dev/null\" is not a block device"},
    {{"--device-read-bps=/dev/null", "i"},
     "--device-read-bps: \"/dev/null\" is not a device and a number: DEV:N"},
    {{"--device-write-iops=/dev/none:1", "i"},
     "--device-write-iops: \"/dev/none\": no such file or directory"},
    {{"--cap-add=NOPE", "i"}, "--cap-add: \"NOPE\" is not the name of a capability"},
    {{"--cap-drop=", "i"}, "--cap-drop: \"\" is not the name of a capability"},
    {{"--cap-add=ALL", "--cap-drop=ALL", "i"}, "cap_add and cap_drop both say ALL"},
    {{"--security-opt=secomp=x", "i"},
     "--security-opt: \"secomp=x\" is none of no-new-privileges, seccomp=, apparmor=, label=, "
     "systempaths="},
    {{"--security-opt=seccomp", "i"}, "--security-opt: \"seccomp\" needs a value"},
    {{"--security-opt=no-new-privileges=2", "i"},
     "--security-opt: no-new-privileges: \"2\" is neither true nor false"},
    {{"--security-opt=label=x", "i"},
     "--security-opt: label: \"x\" is none of disable, user:, role:, type:, level:"},
    {{"--security-opt=systempaths=x", "i"},
     "--security-opt: systempaths: \"x\" is not \"unconfined\""},
    {{"--sysctl=net.core.somaxconn", "i"}, "--sysctl: \"net.core.somaxconn\" is not KEY=VALUE"},
    {{"--sysctl=vm.swappiness=1", "i"},
     "--sysctl: \"vm.swappiness\" belongs to the whole machine, not to a container"},
    {{"--sysctl=net/../kernel/x=1", "i"}, "--sysctl: \"net/../kernel/x\" is not a sysctl key"},
    {{"--userns=mine", "i"}, "--userns: \"mine\" is none of host, auto, BASE:SIZE"},
    {{"--userns=1000:0", "i"}, "--userns: \"1000:0\" is none of host, auto, BASE:SIZE"},
    {{"--userns=4294967000:65536", "i"},
     "--userns: \"4294967000:65536\" goes beyond the last id, 4294967294"},
    {{"--userns=auto", "--privileged", "i"}, "--privileged cannot be used with --userns auto"},
    {{"--userns=1:2", "--net=host", "i"}, "--net host cannot be used with --userns 1:2"},
    {{"--lxc-conf=lxc.net.0.type", "i"}, "--lxc-conf: \"lxc.net.0.type\" is not KEY=VALUE"},
    {{"--lxc-conf=net=x", "i"}, "--lxc-conf: \"net\" is not an LXC key: lxc.NAME is expected"},
    {{"--lxc-conf=lxc.=x", "i"}, "--lxc-conf: \"lxc.\" is not an LXC key: lxc.NAME is expected"},
    {{"--command=x", "i"}, "--command says what to run: \"i\" is one too many"},
    {{"--command=x", "-m64m"}, "--memory cannot be used with --command"},
    {{"-t", "--command=x", "-i"}, "--tty cannot be used with --command"},
};

static void test_refused(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        cleanup_err struct lxcdriver_error *err = NULL;
        struct launch_options opts;
        struct command *cmd;
        int result = parse(refused[i].args, &opts, &cmd, &err);

        if (result == 0 || strcmp(err_message(err), refused[i].message)) {
            print_error("case %zu (%s): expected \"%s\"\n got \"%s\"\n", i, refused[i].args[0],
                        refused[i].message, err_message(err));
            wrong++;
        }
        if (result == 0) {
            command_free(cmd);
            launch_options_clear(&opts);
        }
    }
    assert_true(ARRAY_SIZE(refused) >= 80);
    assert_int_equal(wrong, 0);
}

/* ---- the table ---- */

/* Every option that lxc-launch(1) promises. */
static const char *const promised[] = {
    "interactive",
    "tty",
    "detach",
    "rm",
    "name",
    "env",
    "env-file",
    "volume",
    "mount",
    "tmpfs",
    "workdir",
    "user",
    "group-add",
    "hostname",
    "net",
    "network",
    "ip",
    "ip6",
    "mac-address",
    "mtu",
    "bridge",
    "dns",
    "dns-search",
    "dns-option",
    "add-host",
    "cap-add",
    "cap-drop",
    "privileged",
    "security-opt",
    "read-only",
    "device",
    "device-cgroup-rule",
    "memory",
    "memory-swap",
    "memory-reservation",
    "memory-swappiness",
    "kernel-memory",
    "cpus",
    "cpu-shares",
    "cpu-period",
    "cpu-quota",
    "cpuset-cpus",
    "cpuset-mems",
    "pids-limit",
    "blkio-weight",
    "device-read-bps",
    "device-write-bps",
    "device-read-iops",
    "device-write-iops",
    "oom-kill-disable",
    "oom-score-adj",
    "ulimit",
    "shm-size",
    "sysctl",
    "pid",
    "ipc",
    "uts",
    "userns",
    "cgroup-parent",
    "systemd-cgroup",
    "stop-signal",
    "init",
    "entrypoint",
    "annotation",
    "label",
    "lxc-conf",
    "root",
    "log-level",
    "detach-keys",
    "start-timeout",
    "command",
    "dry-run",
    "help",
    "version",
};

static void test_the_table_is_complete(void **state)
{
    static const char shorts[] = "itdelvwuhmc";

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(promised); i++)
        if (!flag_by_name(promised[i], strlen(promised[i])))
            fail_msg("--%s is not in the table", promised[i]);
    for (size_t i = 0; shorts[i]; i++)
        if (!flag_by_short(shorts[i]))
            fail_msg("-%c is not in the table", shorts[i]);
    assert_null(flag_by_short('\0'));
}

static void test_the_table_is_consistent(void **state)
{
    cleanup_buf struct buf help = {0};

    (void)state;
    flags_help(&help);
    for (size_t g = 0; g < n_flag_groups; g++) {
        assert_non_null(flag_groups[g].flags[flag_groups[g].n - 1].help);
        for (size_t i = 0; i < flag_groups[g].n; i++) {
            const struct flag *flag = &flag_groups[g].flags[i];
            cleanup_free char *shown = str_printf("--%s%s", flag->name, flag->arg ? " " : "");
            const char *at = strstr(help.data, shown);

            assert_non_null(flag->set);
            assert_ptr_equal(flag_by_name(flag->name, strlen(flag->name)), flag);
            assert_true(!flag->short_name || flag_by_short(flag->short_name) == flag);
            if (!at || (!flag->arg && !strchr(" ,", at[strlen(shown)])))
                fail_msg("%s is not in --help", shown);
        }
    }
}

static void test_help_fits(void **state)
{
    cleanup_buf struct buf help = {0};
    size_t lines = 0;

    (void)state;
    flags_help(&help);
    assert_false(help.failed);
    for (const char *p = help.data; *p; p += strcspn(p, "\n") + 1) {
        lines++;
        if (strcspn(p, "\n") > 110)
            fail_msg("%.*s", (int)strcspn(p, "\n"), p);
    }
    assert_in_range(lines, 20, 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_the_table_is_complete),
        cmocka_unit_test(test_the_table_is_consistent),
        cmocka_unit_test(test_help_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The bootstrap: the records of a process, its devices and its network, of a container and of an
 * exec. */
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "bootstrap_fixture.h"

static void test_defaults(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(strv_add(&f->cmd->process.args, "true"), 0);
    write_ok(f);
    /* no /proc was asked for: what is there goes before exec */
    assert_int_equal(number(f, WT_FLAGS, 0), WF_LOOPBACK | WF_UMOUNT_PROC);
    is_string(f, WT_ARG, 0, "true");
    is_string(f, WT_CWD, 0, "/");
    assert_int_equal(number(f, WT_UID, 0), 0);
    assert_int_equal(number(f, WT_GID, 0), 0);
    assert_int_equal(number(f, WT_UMASK, 0), 022);
    assert_int_equal(count(&f->out, WT_ENV), 0);
    assert_int_equal(count(&f->out, WT_CAPS), 0);
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
    assert_int_equal(count(&f->out, WT_SYMLINK), 0);
    assert_int_equal(count(&f->out, WT_MASKED), 0);
    assert_int_equal(count(&f->out, WT_NET_IF), 0);
}

static void test_process(void **state)
{
    struct fixture *f = *state;
    struct process_spec *p = &f->cmd->process;
    struct rlimit_entry *limit = ARRAY_GROW(&p->rlimits, &p->n_rlimits);
    struct wire_rlimit got_limit;
    struct wire_caps got_caps;
    struct wire_winsize got_size;
    int32_t got_score;

    assert_non_null(limit);
    *limit = (struct rlimit_entry){RLIMIT_NOFILE, 100, ~UINT64_C(0)};
    assert_int_equal(strv_add(&p->args, "sh"), 0);
    assert_int_equal(strv_add(&p->args, ""), 0);
    assert_int_equal(strv_add(&p->args, "a\nb"), 0);
    assert_int_equal(strv_add(&f->env, "A=1"), 0);
    assert_int_equal(strv_add(&f->env, "B="), 0);
    assert_int_equal(str_set(&p->user.name, "web:staff"), 0);
    assert_int_equal(strv_add(&p->user.groups, "audio"), 0);
    p->user.gids = calloc(2, sizeof(uint32_t));
    p->user.n_gids = 2;
    p->user.gids[1] = 7;
    p->user.has_umask = true;
    p->user.umask = 077;
    p->caps = (struct capabilities){true, 1, 2, 3, 4, 5};
    p->terminal = p->no_new_privs = p->create_cwd = p->has_console_size = p->has_oom_score_adj =
        true;
    p->console_rows = 24;
    p->console_cols = 80;
    p->oom_score_adj = -500;
    assert_int_equal(str_set(&p->cwd, "/srv"), 0);
    assert_int_equal(str_set(&p->apparmor_profile, "docker-default"), 0);
    assert_int_equal(str_set(&p->selinux_label, "a:b:c"), 0);
    f->facts.flags = WF_CHOWN_STDIO;
    f->facts.seccomp = "12345678";
    f->facts.seccomp_len = 8;
    f->facts.seccomp_flags = 2;
    write_ok(f);
    assert_int_equal(number(f, WT_FLAGS, 0), WF_CHOWN_STDIO | WF_TERMINAL | WF_NO_NEW_PRIVS |
                                                 WF_CREATE_CWD | WF_LOOPBACK | WF_UMOUNT_PROC);
    is_string(f, WT_ARG, 1, "");
    is_string(f, WT_ARG, 2, "a\nb");
    assert_int_equal(count(&f->out, WT_ARG), 3);
    is_string(f, WT_ENV, 0, "A=1");
    is_string(f, WT_ENV, 1, "B=");
    is_string(f, WT_USER, 0, "web:staff");
    assert_null(find(&f->out, WT_UID, 0, NULL));
    is_string(f, WT_GROUP, 0, "audio");
    assert_int_equal(number(f, WT_ADDITIONAL_GID, 1), 7);
    assert_int_equal(number(f, WT_UMASK, 0), 077);
    is_string(f, WT_CWD, 0, "/srv");
    is_string(f, WT_APPARMOR, 0, "docker-default");
    is_string(f, WT_SELINUX, 0, "a:b:c");
    memcpy(&got_limit, find(&f->out, WT_RLIMIT, 0, NULL), sizeof(got_limit));
    assert_int_equal(got_limit.resource, RLIMIT_NOFILE);
    assert_int_equal(got_limit.soft, 100);
    assert_int_equal(got_limit.hard, ~UINT64_C(0));
    memcpy(&got_caps, find(&f->out, WT_CAPS, 0, NULL), sizeof(got_caps));
    assert_int_equal(got_caps.bounding, 1);
    assert_int_equal(got_caps.effective, 2);
    assert_int_equal(got_caps.inheritable, 3);
    assert_int_equal(got_caps.permitted, 4);
    assert_int_equal(got_caps.ambient, 5);
    memcpy(&got_size, find(&f->out, WT_CONSOLE_SIZE, 0, NULL), sizeof(got_size));
    assert_int_equal(got_size.rows, 24);
    assert_int_equal(got_size.cols, 80);
    memcpy(&got_score, find(&f->out, WT_OOM_SCORE_ADJ, 0, NULL), sizeof(got_score));
    assert_int_equal(got_score, -500);
    assert_memory_equal(find(&f->out, WT_SECCOMP, 0, NULL), "12345678", 8);
    assert_int_equal(number(f, WT_SECCOMP_FLAGS, 0), 2);
}

static void test_scheduling(void **state)
{
    struct fixture *f = *state;
    struct process_spec *p = &f->cmd->process;
    struct wire_sched got;
    cpu_set_t cpus;

    p->scheduler.set = true;
    assert_int_equal(str_set(&p->scheduler.policy, "SCHED_DEADLINE"), 0);
    assert_int_equal(strv_add(&p->scheduler.flags, "SCHED_FLAG_RECLAIM"), 0);
    assert_int_equal(strv_add(&p->scheduler.flags, "SCHED_FLAG_RESET_ON_FORK"), 0);
    p->scheduler.nice = -3;
    p->scheduler.runtime_ns = 10;
    p->scheduler.deadline_ns = 20;
    p->scheduler.period_ns = 30;
    p->ioprio = (struct ioprio_spec){true, 2, 5};
    assert_int_equal(str_set(&p->cpu_affinity_final, "0-2,9"), 0);
    assert_int_equal(str_set(&f->cmd->personality, "LINUX32"), 0);
    write_ok(f);
    memcpy(&got, find(&f->out, WT_SCHED, 0, NULL), sizeof(got));
    assert_int_equal(got.policy, SCHED_DEADLINE);
    assert_int_equal(got.nice, -3);
    assert_int_equal(got.flags, 3);
    assert_int_equal(got.runtime, 10);
    assert_int_equal(got.deadline, 20);
    assert_int_equal(got.period, 30);
    assert_int_equal(number(f, WT_IOPRIO, 0), 2 << 13 | 5);
    assert_int_equal(number(f, WT_PERSONALITY, 0), 8);
    memcpy(&cpus, find(&f->out, WT_AFFINITY, 0, NULL), sizeof(cpus));
    assert_int_equal(CPU_COUNT(&cpus), 4);
    assert_true(CPU_ISSET(2, &cpus) && CPU_ISSET(9, &cpus));

    assert_int_equal(str_set(&p->cpu_affinity_final, "2-1"), 0);
    write_refused(f, "process.execCPUAffinity: \"2-1\" is not a list of CPUs");
    assert_int_equal(str_set(&p->cpu_affinity_final, NULL), 0);
    assert_int_equal(strv_add(&p->scheduler.flags, "SCHED_FLAG_X"), 0);
    write_refused(f, "process.scheduler.flags: \"SCHED_FLAG_X\" is not known");
    assert_int_equal(str_set(&p->scheduler.policy, "SCHED_X"), 0);
    write_refused(f, "process.scheduler.policy: \"SCHED_X\" is not known");
    p->scheduler.set = false;
    assert_int_equal(str_set(&f->cmd->personality, "BSD"), 0);
    write_refused(f, "personality.domain: \"BSD\" is neither LINUX nor LINUX32");
}

static void test_memory_policy(void **state)
{
    struct fixture *f = *state;
    struct wire_mempolicy got;

    write_ok(f);
    assert_null(find(&f->out, WT_MEMPOLICY, 0, NULL));
    assert_int_equal(str_set(&f->cmd->memory_policy_mode, "MPOL_INTERLEAVE"), 0);
    assert_int_equal(str_set(&f->cmd->memory_policy_nodes, "0,2-3,64,1023"), 0);
    assert_int_equal(strv_add(&f->cmd->memory_policy_flags, "MPOL_F_STATIC_NODES"), 0);
    write_ok(f);
    memcpy(&got, find(&f->out, WT_MEMPOLICY, 0, NULL), sizeof(got));
    assert_int_equal(got.mode, 3 | 1 << 15);
    assert_int_equal(got.nodes[0], 13);
    assert_int_equal(got.nodes[1], 1);
    assert_int_equal(got.nodes[15], UINT64_C(1) << 63);

    assert_int_equal(str_set(&f->cmd->memory_policy_nodes, "0-1024"), 0);
    write_refused(f, "linux.memoryPolicy.nodes: \"0-1024\" is not a list of nodes below 1024");
    assert_int_equal(strv_add(&f->cmd->memory_policy_flags, "MPOL_F_X"), 0);
    write_refused(f, "linux.memoryPolicy.flags: \"MPOL_F_X\" is not known");
    assert_int_equal(str_set(&f->cmd->memory_policy_mode, "MPOL_X"), 0);
    write_refused(f, "linux.memoryPolicy.mode: \"MPOL_X\" is not known");
}

/* The fixed part of device record i, and its path. */
static struct wire_device device(const struct fixture *f, size_t i, const char *path)
{
    struct wire_device got;
    size_t len = 0;
    const char *record = find(&f->out, WT_DEVICE, i, &len);

    assert_non_null(record);
    memcpy(&got, record, sizeof(got));
    assert_string_equal(record + sizeof(got), path);
    assert_int_equal(len, sizeof(got) + strlen(path) + 1);
    return got;
}

static void add_device(struct fixture *f, char type, const char *path, int64_t major, int64_t minor)
{
    struct device_node *d = ARRAY_GROW(&f->cmd->devices, &f->cmd->n_devices);

    assert_non_null(d);
    d->type = type;
    d->major = major;
    d->minor = minor;
    assert_int_equal(str_set(&d->path, path), 0);
}

static void test_devices(void **state)
{
    struct fixture *f = *state;
    struct wire_device got;

    f->cmd->default_mounts = true;
    add_device(f, 'u', "/dev/fuse", 10, 229);
    f->cmd->devices[0].has_mode = f->cmd->devices[0].has_gid = true;
    f->cmd->devices[0].mode = 0640;
    f->cmd->devices[0].gid = 44;
    add_device(f, 'b', "/dev/sda", 8, 0);
    add_device(f, 'p', "/dev/fifo", 0, 0);
    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 9);
    got = device(f, 0, "/dev/null");
    assert_int_equal(got.mode, S_IFCHR | 0666);
    assert_int_equal(got.major, 1);
    assert_int_equal(got.minor, 3);
    got = device(f, 5, "/dev/tty");
    assert_int_equal(got.major, 5);
    assert_int_equal(got.minor, 0);
    got = device(f, 6, "/dev/fuse");
    assert_int_equal(got.mode, S_IFCHR | 0640);
    assert_int_equal(got.gid, 44);
    assert_int_equal(got.major, 10);
    assert_int_equal(got.minor, 229);
    assert_int_equal(device(f, 7, "/dev/sda").mode, S_IFBLK | 0666);
    assert_int_equal(device(f, 8, "/dev/fifo").mode, S_IFIFO | 0666);
    is_link(f, 0, "/proc/kcore", "/dev/core");
    is_link(f, 1, "pts/ptmx", "/dev/ptmx");
    assert_int_equal(count(&f->out, WT_SYMLINK), 2);

    f->cmd->devices[2].type = 'x';
    write_refused(f, "devices[2].type: 'x' is not one of b, c, u and p");
}

/* With nothing mounted at /dev: a bundle has its devices and links all the same, in the image. */
static void test_devices_of_a_bundle(void **state)
{
    struct fixture *f = *state;

    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
    buf_free(&f->out);
    f->cmd->engine = true;
    write_ok(f);
    assert_int_equal(count(&f->out, WT_DEVICE), 6);
    assert_int_equal(device(f, 0, "/dev/null").minor, 3);
    is_link(f, 0, "/proc/kcore", "/dev/core");
    is_link(f, 1, "pts/ptmx", "/dev/ptmx");
    assert_int_equal(count(&f->out, WT_SYMLINK), 2);
}

/* LXC binds them in a user namespace; the shim may not make any. */
static void test_user_namespace(void **state)
{
    struct fixture *f = *state;

    f->cmd->default_mounts = true;
    add_device(f, 'c', "/dev/fuse", 10, 229);
    *ARRAY_GROW(&f->cmd->uid_maps, &f->cmd->n_uid_maps) = (struct id_map){0, 100000, 65536};
    *ARRAY_GROW(&f->cmd->gid_maps, &f->cmd->n_gid_maps) = (struct id_map){0, 100000, 65536};
    write_ok(f);
    assert_int_equal(number(f, WT_FLAGS, 0), WF_LOOPBACK | WF_USERNS);
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
    assert_int_equal(count(&f->out, WT_SYMLINK), 2);
}

static void test_container(void **state)
{
    struct fixture *f = *state;
    struct hook *hook =
        ARRAY_GROW(&f->cmd->hooks[HOOK_START_CONTAINER], &f->cmd->n_hooks[HOOK_START_CONTAINER]);
    const struct ip_address address = {AF_INET, {192, 0, 2, 7}, 24},
                            gateway = {AF_INET, {192, 0, 2, 1}, 0};
    struct wire_hook got_hook;
    struct wire_addr got;
    const char *record;
    static const char words[] = "/bin/h\0h\0-x\0\0A=1\0";
    size_t len = 0;

    f->cmd->init = f->cmd->root.readonly = true;
    f->cmd->root.propagation = MS_SLAVE | MS_REC;
    assert_int_equal(str_set(&f->cmd->domainname, "example"), 0);
    assert_int_equal(pair_add(&f->cmd->sysctls, &f->cmd->n_sysctls, "net.ipv4.ip_forward", "1"), 0);
    hook->timeout_s = 5;
    assert_int_equal(str_set(&hook->path, "/bin/h"), 0);
    assert_int_equal(strv_add(&hook->args, "h"), 0);
    assert_int_equal(strv_add(&hook->args, "-x"), 0);
    assert_int_equal(strv_add(&hook->env, "A=1"), 0);
    f->cmd->net.mode = NET_BRIDGE;
    f->facts.interface = "eth0";
    f->facts.mtu = 1400;
    f->facts.addresses = &address;
    f->facts.n_addresses = 1;
    f->facts.gateways = &gateway;
    f->facts.n_gateways = 1;
    write_ok(f);
    assert_int_equal(number(f, WT_FLAGS, 0),
                     WF_INIT | WF_ROOT_READONLY | WF_LOOPBACK | WF_UMOUNT_PROC);
    is_string(f, WT_DOMAINNAME, 0, "example");
    is_string(f, WT_SYSCTL, 0, "net.ipv4.ip_forward=1");
    assert_int_equal(number(f, WT_ROOT_PROPAGATION, 0), MS_SLAVE | MS_REC);
    is_string(f, WT_NET_IF, 0, "eth0");
    assert_int_equal(number(f, WT_NET_MTU, 0), 1400);
    memcpy(&got, find(&f->out, WT_NET_ADDR, 0, NULL), sizeof(got));
    assert_int_equal(got.family, AF_INET);
    assert_int_equal(got.prefix, 24);
    assert_memory_equal(got.addr, address.addr, sizeof(got.addr));
    memcpy(&got, find(&f->out, WT_NET_GATEWAY, 0, NULL), sizeof(got));
    assert_memory_equal(got.addr, gateway.addr, sizeof(got.addr));
    record = find(&f->out, WT_HOOK, 0, &len);
    assert_non_null(record);
    memcpy(&got_hook, record, sizeof(got_hook));
    assert_int_equal(got_hook.timeout_s, 5);
    assert_int_equal(got_hook.point, WIRE_HOOK_START_CONTAINER);
    assert_int_equal(len, sizeof(got_hook) + sizeof(words));
    assert_memory_equal(record + sizeof(got_hook), words, sizeof(words));
}

/* lo belongs to somebody else when the network namespace does. */
static void test_loopback(void **state)
{
    struct fixture *f = *state;

    f->cmd->ns[NS_NET].mode = NS_HOST;
    write_ok(f);
    assert_false(number(f, WT_FLAGS, 0) & WF_LOOPBACK);
    f->cmd->ns[NS_NET].mode = NS_NEW;
    f->cmd->net.mode = NET_HOST;
    write_ok(f);
    assert_false(number(f, WT_FLAGS, 0) & WF_LOOPBACK);
    f->cmd->net.mode = NET_CONTAINER;
    write_ok(f);
    assert_false(number(f, WT_FLAGS, 0) & WF_LOOPBACK);
}

static void test_exec(void **state)
{
    struct fixture *f = *state;
    struct process_spec *p = &f->cmd->process;
    cleanup_strv struct strv cgroups = {0};

    assert_int_equal(strv_add(&p->args, "id"), 0);
    assert_int_equal(strv_add(&cgroups, "/sys/fs/cgroup/pids/runlxc/web"), 0);
    f->facts.setns_flags = CLONE_NEWNET | CLONE_NEWPID;
    f->facts.cgroups = &cgroups;
    assert_int_equal(bootstrap_write_exec(p, &f->facts, &f->out, &f->err), 0);
    assert_int_equal(number(f, WT_FLAGS, 0), WF_EXEC);
    is_string(f, WT_ARG, 0, "id");
    assert_int_equal(number(f, WT_SETNS, 0), CLONE_NEWNET | CLONE_NEWPID);
    is_string(f, WT_CGROUP, 0, "/sys/fs/cgroup/pids/runlxc/web");
    assert_int_equal(count(&f->out, WT_DEVICE), 0);
    assert_int_equal(count(&f->out, WT_MASKED), 0);
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    char *huge = malloc(WIRE_MAX);

    assert_non_null(huge);
    memset(huge, 'x', WIRE_MAX);
    huge[WIRE_MAX - 1] = '\0';
    assert_int_equal(strv_take(&f->env, huge), 0);
    assert_int_equal(bootstrap_write(f->cmd, &f->facts, &f->out, &f->err), -1);
    assert_non_null(strstr(err_message(f->err), "more than 8388608"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_process, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scheduling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_devices_of_a_bundle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_user_namespace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the golden files cannot show: what is refused for want of a fact, and that no value of a
 * command can add a line of its own to the configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "spec/readers.h"

struct fixture {
    struct command *cmd;
    struct config_facts facts;
    struct buf out;
    struct lxcdriver_error *err;
};

static const char *template_path(void *opaque, const char *name)
{
    static char path[64];

    (void)opaque;
    snprintf(path, sizeof(path), "/t/%s", name);
    return path;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    f->cmd = command_new();
    assert_non_null(f->cmd);
    f->cmd->default_mounts = true;
    assert_int_equal(device_rules_default(&f->cmd->res, NULL), 0);
    f->facts = (struct config_facts){
        .state_dir = "/run/runlxc/x",
        .rootfs_path = "/srv/root",
        .template_path = template_path,
    };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    command_free(f->cmd);
    buf_free(&f->out);
    err_free(&f->err);
    free(f);
    return 0;
}

static void accepted(struct fixture *f)
{
    buf_free(&f->out);
    if (config_write(f->cmd, &f->facts, &f->out, &f->err) < 0)
        fail_msg("%s", err_message(f->err));
}

static void refused(struct fixture *f, const char *want)
{
    buf_free(&f->out);
    err_free(&f->err);
    assert_int_equal(config_write(f->cmd, &f->facts, &f->out, &f->err), -1);
    assert_string_equal(err_message(f->err), want);
}

static void says(const struct fixture *f, const char *line)
{
    if (!strstr(f->out.data, line))
        fail_msg("expected the line \"%s\" in:\n%s", line, f->out.data);
}

static void says_not(const struct fixture *f, const char *text)
{
    if (strstr(f->out.data, text))
        fail_msg("expected no \"%s\" in:\n%s", text, f->out.data);
}

/* Appends to a buffer that holds something already. */
static void test_append(void **state)
{
    struct fixture *f = *state;

    buf_puts(&f->out, "# mine\n");
    assert_int_equal(config_write(f->cmd, &f->facts, &f->out, &f->err), 0);
    assert_int_equal(strncmp(f->out.data, "# mine\nlxc.include = /t/base.conf\n", 34), 0);
    says(f, "lxc.rootfs.path = dir:/srv/root\n");
}

/* A command that no reader made. */
static void test_no_device_rules(void **state)
{
    struct fixture *f = *state;

    f->cmd->res.n_devices = 0;
    refused(f, "resources.devices: there is no rule");
}

static void test_other_containers(void **state)
{
    struct fixture *f = *state;

    f->cmd->net.mode = NET_CONTAINER;
    assert_int_equal(str_set(&f->cmd->net.container, "db"), 0);
    refused(f, "network.container: the namespace of container db is not known");
    f->facts.ns_path[NS_NET] = "/proc/5/ns/net";
    accepted(f);
    says(f, "lxc.namespace.clone = pid mnt ipc uts cgroup\n");
    says(f, "lxc.namespace.share.net = /proc/5/ns/net\n");
    says_not(f, "net-none.conf");
    assert_int_equal(str_set(&f->cmd->ipc_container, "db"), 0);
    refused(f, "ipc: the namespace of container db is not known");
    f->facts.ns_path[NS_IPC] = "/proc/5/ns/ipc";
    assert_int_equal(str_set(&f->cmd->pid_container, "db"), 0);
    refused(f, "pid: the namespace of container db is not known");
    f->facts.ns_path[NS_PID] = "/proc/5/ns/pid";
    accepted(f);
    says(f, "lxc.namespace.clone = mnt uts cgroup\n");
}

/* A word of a file system's own stays one, whoever mounts it. */
static void test_mount_words(void **state)
{
    struct fixture *f = *state;
    struct mount_spec *m = ARRAY_GROW(&f->cmd->mounts, &f->cmd->n_mounts);

    assert_non_null(m);
    assert_int_equal(str_set(&m->destination, "/x"), 0);
    assert_int_equal(str_set(&m->type, "tmpfs"), 0);
    assert_int_equal(strv_add(&m->data, "size=1m,mode=777"), 0);
    refused(f, "mounts[0].options: \"size=1m,mode=777\" is not one option: it has a comma in it");
    assert_int_equal(str_set(&m->data.items[0], "noswap,mode=777"), 0);
    refused(f, "mounts[0].options: \"noswap,mode=777\" is not one option: it has a comma in it");
    assert_int_equal(str_set(&m->data.items[0], "huge=\"never"), 0);
    refused(f, "mounts[0].options: \"huge=\"never\" is not one option: it has a quote left open");
    /* LXC would take it apart; the shim does not. */
    assert_int_equal(str_set(&m->data.items[0], "context=\"u:r:t:s0:c1,c2\""), 0);
    accepted(f);
    says(f, "# mounts[0]: by the init shim\n");
    says_not(f, "c1,c2");
}

static void test_missing_paths(void **state)
{
    struct fixture *f = *state;

    f->cmd->ns[NS_UTS].mode = NS_PATH;
    refused(f, "namespaces.uts: the path of the namespace to join is missing");
    f->cmd->ns[NS_UTS].mode = NS_NEW;
    f->cmd->net.mode = NET_PATH;
    refused(f, "network.path: is missing");
    assert_int_equal(str_set(&f->cmd->net.path, "/run/netns/a"), 0);
    accepted(f);
    says(f, "lxc.namespace.share.net = /run/netns/a\n");
    f->facts.ns_path[NS_MNT] = "/proc/5/ns/mnt";
    refused(f, "namespaces.mount: LXC gives every container a mount namespace of its own");
}

static void test_bridge(void **state)
{
    struct fixture *f = *state;

    f->cmd->net.mode = NET_BRIDGE;
    refused(f, "network.bridge: no bridge or no name for the host's interface is known");
    f->facts.bridge = "br0";
    f->facts.host_if = "veth0";
    accepted(f);
    says(f, "lxc.net.0.name = eth0\n");
    says_not(f, "hwaddr");
    says_not(f, "mtu");
    f->cmd->ns[NS_NET].mode = NS_HOST;
    refused(f, "network: a bridge needs a network namespace of the container's own");
}

/* Facts that are not known are not held against the command. */
static void test_unknown_controllers(void **state)
{
    struct fixture *f = *state;
    struct strv none = {0};

    f->cmd->res.pids_limit = 5;
    accepted(f);
    says(f, "lxc.cgroup.pids.max = 5\n");
    f->facts.v1_controllers = &none;
    refused(f, "resources.devices: this host has no cgroup v1 controller \"devices\"");
    f->cmd->privileged = true;
    refused(f, "resources.pids_limit: this host has no cgroup v1 controller \"pids\"");
    f->facts.cgroup_mode = CGROUP_V2;
    accepted(f);
    says(f, "lxc.cgroup2.pids.max = 5\n");
}

/* Conversions at their ends, as runc's. */
static void test_weights(void **state)
{
    static const struct {
        int64_t shares;
        const char *want;
    } cases[] = {
        {1, "cpu.weight = 1\n"},          {2, "cpu.weight = 1\n"},
        {1024, "cpu.weight = 39\n"},      {512, "cpu.weight = 20\n"},
        {262144, "cpu.weight = 10000\n"}, {262143, "cpu.weight = 9999\n"},
    };
    struct fixture *f = *state;

    f->facts.cgroup_mode = CGROUP_V2;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        f->cmd->res.cpu_shares = cases[i].shares;
        accepted(f);
        says(f, cases[i].want);
    }
    f->cmd->res.cpu_shares = 0;
    accepted(f);
    says_not(f, "cpu.weight");
    f->cmd->res.blkio_weight = 10;
    accepted(f);
    says(f, "lxc.cgroup2.io.weight = default 1\n");
    f->cmd->res.blkio_weight = 1000;
    accepted(f);
    says(f, "lxc.cgroup2.io.weight = default 10000\n");
    f->facts.blkio_weight_file = "io.bfq.weight";
    accepted(f);
    says(f, "lxc.cgroup2.io.bfq.weight = default 1000\n");
}

#define EVIL "x\nlxc.hook.pre-start = /bin/sh"

/* Every line is one key and one value, and no key is one that was slipped in. */
static void no_injection(struct fixture *f, const char *member)
{
    buf_free(&f->out);
    err_free(&f->err);
    if (config_write(f->cmd, &f->facts, &f->out, &f->err) < 0) {
        assert_null(strchr(err_message(f->err), '\n'));
        return;
    }
    if (strstr(f->out.data, "\nlxc.hook") || strstr(f->out.data, "\rlxc.hook"))
        fail_msg("%s added a line:\n%s", member, f->out.data);
}

static void test_injection(void **state)
{
    struct fixture *f = *state;
    struct command *cmd = f->cmd;
    struct mount_spec *mount = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
    struct hugepage_limit *page = ARRAY_GROW(&cmd->res.hugepages, &cmd->res.n_hugepages);
    struct rdma_limit *rdma = ARRAY_GROW(&cmd->res.rdma, &cmd->res.n_rdma);
    struct net_priority *priority =
        ARRAY_GROW(&cmd->res.net_priorities, &cmd->res.n_net_priorities);
    struct device_node *device = ARRAY_GROW(&cmd->devices, &cmd->n_devices);
    struct string_pair *raw = ARRAY_GROW(&cmd->lxc_conf, &cmd->n_lxc_conf);
    char **const members[] = {
        &cmd->hostname,  &cmd->ns[NS_IPC].path, &cmd->net.name,        &mount->destination,
        &mount->source,  &mount->type,          &page->page_size,      &rdma->device,
        &priority->name, &device->path,         &cmd->res.cpuset_cpus, &cmd->res.cpuset_mems,
        &raw->key,       &raw->value,
    };
    static const char *const good[] = {
        "web",    "/proc/5/ns/ipc", "eth1",      "/data", "/srv", "none",      "2MB",
        "mlx5_0", "eth0",           "/dev/fuse", "0",     "0",    "lxc.group", "a",
    };

    assert_int_equal(ARRAY_SIZE(members), ARRAY_SIZE(good));
    cmd->net.mode = NET_BRIDGE;
    f->facts.bridge = "br0";
    f->facts.host_if = "veth0";
    cmd->ns[NS_IPC].mode = NS_PATH;
    mount->flags = MS_BIND;
    rdma->handles = rdma->objects = 1;
    device->type = 'c';
    *ARRAY_GROW(&cmd->uid_maps, &cmd->n_uid_maps) = (struct id_map){0, 100000, 65536};
    *ARRAY_GROW(&cmd->gid_maps, &cmd->n_gid_maps) = (struct id_map){0, 100000, 65536};
    for (size_t i = 0; i < ARRAY_SIZE(members); i++)
        assert_int_equal(str_set(members[i], good[i]), 0);
    accepted(f);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        static const char *const values[] = {
            EVIL,   "x\rlxc.hook.pre-start = /bin/sh", "/dev/x\nlxc.hook = y", "\n", "", "#", "/..",
            "\t \\"};

        for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
            assert_int_equal(str_set(members[i], values[v]), 0);
            no_injection(f, good[i]);
        }
        assert_int_equal(str_set(members[i], good[i]), 0);
    }
}

/* The same for what the driver itself passes in. */
static void test_fact_injection(void **state)
{
    struct fixture *f = *state;
    const char **const members[] = {
        &f->facts.state_dir,
        &f->facts.rootfs_path,
        &f->facts.host_if,
        &f->facts.bridge,
        &f->facts.mac,
        &f->facts.cgroup_container,
        &f->facts.ns_path[NS_PID],
        &f->facts.blkio_weight_file,
    };

    f->cmd->net.mode = NET_BRIDGE;
    f->cmd->res.blkio_weight = 10;
    f->facts.bridge = "br0";
    f->facts.host_if = "veth0";
    f->facts.dockerenv = true;
    accepted(f);
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        const char *before = *members[i];

        *members[i] = EVIL;
        no_injection(f, "a fact");
        *members[i] = before;
    }
}

static void pids_value(struct fixture *f, enum cgroup_mode mode, int64_t limit, bool inside,
                       const char *expected)
{
    cleanup_cgroup_values struct cgroup_values values = {0};

    f->facts.cgroup_mode = mode;
    f->cmd->supervisor_inside = inside;
    f->cmd->res.pids_limit = limit;
    assert_int_equal(cgroup_values_make(f->cmd, &f->facts, &values, &f->err), 0);
    assert_int_equal(values.n, 1);
    assert_string_equal(values.items[0].file, "pids.max");
    assert_string_equal(values.items[0].value, expected);
    assert_string_equal(values.items[0].member, "resources.pids_limit");
}

/* A supervisor that lives in the cgroup does not cost the container a task. */
static void test_pids(void **state)
{
    struct fixture *f = *state;

    for (int mode = CGROUP_V1; mode <= CGROUP_V2; mode++) {
        pids_value(f, (enum cgroup_mode)mode, 20, false, "20");
        pids_value(f, (enum cgroup_mode)mode, 20, true, "21");
        pids_value(f, (enum cgroup_mode)mode, -1, true, "max");
    }
    assert_int_equal(pids_limit_for(true, -1), -1);
    assert_int_equal(pids_limit_for(true, 1), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_device_rules, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_containers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mount_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bridge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown_controllers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_weights, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_injection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_fact_injection, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

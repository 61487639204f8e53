#include <string.h>

#include "base/cleanup.h"
#include "bootstrap.h"
#include "config/config.h"
#include "fuzz.h"

static const char *template_path(void *opaque, const char *name)
{
    (void)opaque;
    (void)name;
    return "/usr/share/runlxc/lxc-templates/any.conf";
}

static const char *const v1_names[] = {"cpu",     "cpuset",  "memory",   "blkio",   "pids",
                                       "devices", "net_cls", "net_prio", "hugetlb", "rdma"};
static const char *const v2_names[] = {"cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma"};

static void fill(struct strv *list, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        FUZZ_CHECK(strv_add(list, names[i]) == 0);
}

/* Every line is "lxc.KEY = VALUE", or a comment of ours. LXC ends lines at a carriage return, too.
 */
static void check_lines(const char *config)
{
    for (const char *line = config; *line; line += strcspn(line, "\n") + 1) {
        size_t len = strcspn(line, "\n");

        FUZZ_CHECK(line[len] == '\n');
        FUZZ_CHECK(*line == '#' || (strncmp(line, "lxc.", 4) == 0 && memchr(line, '=', len)));
        FUZZ_CHECK(!memchr(line, '\r', len));
    }
}

static void configure(const struct command *cmd, enum cgroup_mode mode, const struct strv *v1,
                      const struct strv *v2)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf out = {0};
    const struct config_facts facts = {
        .state_dir = "/run/runlxc/fuzz",
        .rootfs_path = cmd->root.path ? cmd->root.path : "/srv/image",
        .cgroup_mode = mode,
        .v1_controllers = v1,
        .v2_controllers = v2,
        .template_path = template_path,
        .host_if = "vethfuzz",
        .bridge = cmd->net.bridge ? cmd->net.bridge : "lxcbr0",
        .mac = cmd->net.mac,
        .mtu = cmd->net.mtu,
        .cgroup_container = "runlxc/fuzz",
        .cgroup_monitor = "runlxc/fuzz.monitor",
        .cgroup_pivot = "runlxc/fuzz.pivot",
        .dockerenv = !cmd->engine,
    };

    if (config_write(cmd, &facts, &out, &err) < 0)
        fuzz_refused(err);
    else
        check_lines(out.data);
}

static void decode(const struct buf *text)
{
    void *copy = fuzz_copy(text->data, text->len);
    struct failure failure = {0};
    struct bootstrap b;

    FUZZ_CHECK(bootstrap_decode(&b, copy, text->len, &failure) == 0);
    free(copy);
}

static void bootstrap(const struct command *cmd)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf out = {0};
    const struct bootstrap_facts facts = {
        .env = &cmd->process.env,
        .interface = cmd->net.mode == NET_BRIDGE ? "eth0" : NULL,
        .mtu = cmd->net.mtu,
        .addresses = &cmd->net.ip4,
        .n_addresses = cmd->net.ip4.family ? 1 : 0,
        .gateways = &cmd->net.gw4,
        .n_gateways = cmd->net.gw4.family ? 1 : 0,
        .kcore = true,
    };

    if (bootstrap_write(cmd, &facts, &out, &err) < 0)
        fuzz_refused(err);
    else if (cmd->process.args.n)
        decode(&out);
}

void fuzz_generate(struct command *cmd)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv v1 = {0}, v2 = {0}, none = {0};

    fill(&v1, v1_names, ARRAY_SIZE(v1_names));
    fill(&v2, v2_names, ARRAY_SIZE(v2_names));
    if (config_device_mounts(cmd, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    configure(cmd, CGROUP_V1, &v1, &none);
    configure(cmd, CGROUP_V2, &none, &v2);
    bootstrap(cmd);
}

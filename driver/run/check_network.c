/* What networks of containers are made of. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "host/systemd.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define LXC_NET "/usr/libexec/lxc/lxc-net" /* what lxc-net.service executes */

static void check_kind(struct check *c, const char *kind, const char *config)
{
    int code = 0;

    if (probe_module(kind) == MODULE_LOADABLE) {
        check_add(c, kind, CHECK_OK, OPTIONAL, "--net bridge (a module, loaded when it is needed)");
        return;
    }
    code = probe_run(probe_link, (void *)(uintptr_t)kind, LIMIT_MS, NULL);
    if (code < 0)
        code = errno;
    if (code == 0)
        check_add(c, kind, CHECK_OK, OPTIONAL, "--net bridge");
    else
        check_add(c, kind, CHECK_MISSING, OPTIONAL, "--net bridge: %s", err_text(code));
    if (code == EPERM)
        check_advise(c, "the capability CAP_NET_ADMIN");
    else
        check_advise(c, "a kernel with %s", config);
}

static void check_bridge(struct check *c)
{
    const char *name = c->drv.conf.bridge;
    cleanup_free char *path = str_printf("/sys/class/net/%s/bridge", name);

    if (path && access(path, F_OK) == 0)
        check_add(c, "default bridge", CHECK_OK, OPTIONAL, "%s", name);
    else
        check_add(c, "default bridge", CHECK_OFF, OPTIONAL,
                  "--net bridge without a name: %s is not there", name);
    if (strcmp(name, "lxcbr0") == 0)
        check_advise(c, "%s, or set bridge in runlxc.conf(5)",
                     systemd_booted() || access(LXC_NET, X_OK) < 0 ? "systemctl start lxc-net"
                                                                   : LXC_NET " start");
    else
        check_advise(c, "ip link add %s type bridge, or set bridge in runlxc.conf(5)", name);
}

void check_network(struct check *c)
{
    check_section(c, "network", "Networks");
    if (c->user) {
        check_add(c, "bridges", CHECK_LIMITED, OPTIONAL,
                  "not for ordinary users: none, the host's or another container's network");
        check_advise(c, "podman with slirp4netns gives such a container a network");
        return;
    }
    check_kind(c, "veth", "CONFIG_VETH");
    check_kind(c, "bridge", "CONFIG_BRIDGE");
    check_bridge(c);
}

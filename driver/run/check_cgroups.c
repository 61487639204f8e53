/* Control groups: which hierarchies there are, and what of them is ours to use. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/probe.h"
#include "host/systemd.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define FILE_MAX 65536

struct controller {
    const char *name;    /* as lxc-launch's users know it */
    const char *v1, *v2; /* NULL: there is none */
    const char *use;
    const char *config;
};

static const struct controller controllers[] = {
    {"memory", "memory", "memory", "--memory", "CONFIG_MEMCG"},
    {"cpu", "cpu", "cpu", "--cpus, --cpu-shares", "CONFIG_CFS_BANDWIDTH"},
    {"cpuset", "cpuset", "cpuset", "--cpuset-cpus", "CONFIG_CPUSETS"},
    {"pids", "pids", "pids", "--pids-limit", "CONFIG_CGROUP_PIDS"},
    {"io", "blkio", "io", "--blkio-weight, --device-read-bps", "CONFIG_BLK_CGROUP"},
    {"hugetlb", "hugetlb", "hugetlb", "limits of huge pages", "CONFIG_CGROUP_HUGETLB"},
    {"rdma", "rdma", "rdma", "limits of RDMA", "CONFIG_CGROUP_RDMA"},
};

/* Where containers' directories are made in a hierarchy. Heap; NULL: out of memory. */
static char *base_of(const struct cgroup_hierarchy *h)
{
    return str_printf("%s%s%s", h->mount, *h->base ? "/" : "", h->base);
}

static bool is_writable(const struct cgroup_hierarchy *h)
{
    cleanup_free char *base = base_of(h);

    return base && access(base, W_OK) == 0;
}

static bool lists(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += len)
        if ((at == words || strchr(", ", at[-1])) && strchr(", \n", at[len]))
            return true;
    return false;
}

static const struct cgroup_hierarchy *find(const struct cgroup_layout *layout, const char *v1)
{
    for (size_t i = 0; v1 && i < layout->n; i++)
        if (!layout->hierarchies[i].v2 && lists(layout->hierarchies[i].controllers, v1))
            return &layout->hierarchies[i];
    return NULL;
}

static const struct cgroup_hierarchy *find_v2(const struct cgroup_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++)
        if (layout->hierarchies[i].v2)
            return &layout->hierarchies[i];
    return NULL;
}

/* ---- the mode ---- */

static void advise_writable(struct check *c, const char *mount)
{
    if (c->rootless)
        check_advise(c, "have it delegated: systemctl edit user@.service, [Service] Delegate=yes");
    else
        check_advise(c, "mount -o remount,rw %s; in a container, one that is given its cgroups",
                     mount);
}

static void check_mode(struct check *c, const struct cgroup_layout *layout)
{
    static const char *const modes[] = {
        [CGROUP_V1] = "v1", [CGROUP_HYBRID] = "hybrid: v1 and v2", [CGROUP_V2] = "v2"};
    size_t writable = 0;
    const char *closed = NULL;

    for (size_t i = 0; i < layout->n; i++)
        if (is_writable(&layout->hierarchies[i]))
            writable++;
        else
            closed = layout->hierarchies[i].mount;
    check_add(c, "mode", CHECK_OK, REQUIRED, "%s, %zu hierarch%s", modes[layout->mode], layout->n,
              layout->n == 1 ? "y" : "ies");
    if (!closed)
        check_add(c, "writable", CHECK_OK, REQUIRED, "every hierarchy");
    else if (writable > 0 || c->rootless)
        check_add(c, "writable", CHECK_LIMITED, OPTIONAL, "%zu of %zu, not %s", writable, layout->n,
                  closed);
    else
        check_add(c, "writable", CHECK_MISSING, REQUIRED, "none, not %s", closed);
    if (closed)
        advise_writable(c, closed);
}

/* ---- controllers ---- */

/* The text of cgroup.controllers where containers are made. Heap, or NULL. */
static char *v2_controllers(const struct cgroup_hierarchy *h)
{
    cleanup_free char *base = h ? base_of(h) : NULL, *text = NULL;
    cleanup_free char *path = base ? str_printf("%s/cgroup.controllers", base) : NULL;

    if (!path || fs_read_at(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
        return NULL;
    return steal_ptr(&text);
}

/* /proc/cgroups: "memory 0 1 0" is one that the kernel has and a boot parameter has disabled. */
static bool is_disabled(const char *name)
{
    cleanup_free char *text = NULL;
    char *rest, *line;

    if (fs_read_at(AT_FDCWD, "/proc/cgroups", FILE_MAX, &text, NULL) < 0)
        return false;
    rest = text;
    while ((line = strsep(&rest, "\n"))) {
        size_t len = strlen(line);

        if (str_starts(line, name) && line[strlen(name)] == '\t' && len > 2 &&
            strcmp(line + len - 2, "\t0") == 0)
            return true;
    }
    return false;
}

static void advise_controller(struct check *c, const struct controller *k)
{
    if (c->rootless)
        check_advise(c, "have it delegated: systemctl edit user@.service, [Service] Delegate=cpu "
                        "cpuset io memory pids");
    else if (is_disabled(k->v1))
        check_advise(c, "boot with cgroup_enable=%s", k->v1);
    else
        check_advise(c,
                     "a kernel with %s, and where it has it: boot with "
                     "systemd.unified_cgroup_hierarchy=1, or mount it",
                     k->config);
}

static void check_controller(struct check *c, const struct cgroup_layout *layout, const char *of_v2,
                             const struct controller *k)
{
    const struct cgroup_hierarchy *h = find(layout, k->v1), *v2 = find_v2(layout);

    if (!h && of_v2 && lists(of_v2, k->v2))
        h = v2;
    if (!h) {
        check_add(c, k->name, CHECK_LIMITED, OPTIONAL, "%s: %s", k->use,
                  c->rootless ? "not delegated to this user" : "not there");
        advise_controller(c, k);
    } else if (!is_writable(h)) {
        check_add(c, k->name, CHECK_LIMITED, OPTIONAL, "%s: %s cannot be written", k->use,
                  h->mount);
        advise_writable(c, h->mount);
    } else {
        check_add(c, k->name, CHECK_OK, OPTIONAL, "%s; %s", k->use, h->v2 ? "v2" : h->mount);
    }
}

static void check_freezer(struct check *c, const struct cgroup_layout *layout)
{
    const struct cgroup_hierarchy *h = find(layout, "freezer");

    if (!h)
        h = find_v2(layout);
    if (h && is_writable(h))
        check_add(c, "freezer", CHECK_OK, OPTIONAL, "pause; %s", h->v2 ? "v2" : h->mount);
    else
        check_add(c, "freezer", CHECK_LIMITED, OPTIONAL, "pause: %s",
                  h ? "cannot be written" : "not there");
    if (h)
        advise_writable(c, h->mount);
    else
        check_advise(c, "mount the cgroup v1 hierarchy freezer, or v2");
}

/* Every container has rules; on v2 they are a program of the kernel's. LXC goes by v2 where no
 * other hierarchy lets itself be written. */
static void check_devices(struct check *c, const struct cgroup_layout *layout)
{
    const struct cgroup_hierarchy *h = find(layout, "devices"), *v2 = find_v2(layout);
    int code;

    if (c->rootless) {
        check_add(c, "devices", CHECK_LIMITED, OPTIONAL,
                  "device rules are not applied: who is not root can make no device");
        check_advise(c, "run it as root");
        return;
    }
    if (h) {
        bool ok = is_writable(h);

        check_add(c, "devices", ok ? CHECK_OK : CHECK_MISSING, REQUIRED, "device rules; %s%s",
                  h->mount, ok ? "" : " cannot be written");
        advise_writable(c, h->mount);
        return;
    }
    if (!v2 || layout->mode != CGROUP_V2) {
        check_add(c, "devices", CHECK_MISSING, REQUIRED,
                  "device rules: no cgroup v1 hierarchy \"devices\" is mounted");
        check_advise(c, "mkdir -p /sys/fs/cgroup/devices; mount -t cgroup -o devices devices "
                        "/sys/fs/cgroup/devices");
        return;
    }
    code = probe_run(probe_device_program, NULL, LIMIT_MS, NULL);
    check_add(c, "devices", code == 0 ? CHECK_OK : CHECK_MISSING, REQUIRED,
              "device rules; v2, by a BPF program%s%s", code == 0 ? "" : ": ",
              code == 0 ? "" : err_text(code < 0 ? errno : code));
    check_advise(c, "a kernel with CONFIG_CGROUP_BPF, and the capability CAP_SYS_ADMIN or CAP_BPF");
}

/* ---- systemd ---- */

struct manager {
    bool user;
    unsigned version;
};

/* In a child: a manager that does not answer is waited for no longer than it. */
static int ask_manager(void *arg)
{
    const struct manager *m = arg;
    cleanup_systemd struct systemd *sd = systemd_open(m->user, NULL);

    if (!sd)
        return EIO;
    dprintf(STDOUT_FILENO, "%u", systemd_version(sd));
    return 0;
}

static void check_systemd(struct check *c)
{
    struct manager m = {.user = c->rootless};
    cleanup_free char *version = NULL;

    if (!systemd_booted()) {
        check_add(c, "systemd", CHECK_OFF, OPTIONAL,
                  "--systemd-cgroup: this host was not booted with it");
        check_advise(c, "use the cgroupfs driver of the engine, which is Docker's default here");
        return;
    }
    if (probe_run(ask_manager, &m, LIMIT_MS, &version) == 0) {
        check_add(c, "systemd", CHECK_OK, OPTIONAL, "--systemd-cgroup; version %s", version);
        return;
    }
    check_add(c, "systemd", CHECK_LIMITED, OPTIONAL,
              "--systemd-cgroup: its manager does not answer on D-Bus");
    if (c->rootless)
        check_advise(c, "log in with a session, which has a manager: machinectl shell USER@");
    else
        check_advise_package(c, "dbus");
}

/* For who is not root of the host: what is left of the layout when all that is not his is taken
 * out. */
static int read_layout(struct check *c, struct cgroup_layout *layout, struct lxcdriver_error **err)
{
    cleanup_free char *own = NULL;

    if (cgroup_layout_read(layout, err) < 0)
        return -1;
    if (!c->user)
        return 0;
    if (fs_read_at(AT_FDCWD, "/proc/self/cgroup", FILE_MAX, &own, NULL) < 0)
        return err_sys(err, errno, "read /proc/self/cgroup");
    return cgroup_layout_delegate(layout, own, err);
}

void check_cgroups(struct check *c)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *of_v2 = NULL;
    struct cgroup_layout layout = {0};

    check_section(c, "cgroups", "Control groups");
    if (read_layout(c, &layout, &err) < 0) {
        check_add(c, "mode", c->rootless ? CHECK_LIMITED : CHECK_MISSING,
                  c->rootless ? OPTIONAL : REQUIRED, "%s", err_message(err));
        check_advise(c, "mount -t cgroup2 none /sys/fs/cgroup");
    } else if (layout.n == 0) {
        check_add(c, "mode", CHECK_LIMITED, OPTIONAL,
                  "none is delegated to this user: no limits, no pause, no statistics");
        advise_writable(c, "/sys/fs/cgroup");
    } else {
        of_v2 = v2_controllers(find_v2(&layout));
        check_mode(c, &layout);
        for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
            check_controller(c, &layout, of_v2, &controllers[i]);
        check_freezer(c, &layout);
        check_devices(c, &layout);
    }
    check_systemd(c);
    cgroup_layout_clear(&layout);
}

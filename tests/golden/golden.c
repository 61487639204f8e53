/*
 * golden DIR CASE...: the LXC configuration of each case on a host of each mode, or "error: TEXT",
 * into DIR/CASE.MODE.conf; MODE is v1, hybrid or v2. What went wrong otherwise is on standard
 * error, and the file is missing. A case is a file of lines:
 *
 *     # comment
 *     arg X              an argument of lxc-launch (the image and its command are added)
 *     json FILE          or: an execdriver command, in the file of that name beside the case
 *     bundle FILE        or: the config.json of a bundle, which is at /srv/bundle
 *     DIRECTIVE WORD...  what neither can say: see the table in directives.c
 *
 * In a word, \s \t \n \r \\ stand for a space, tab, newline, carriage return and backslash.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "golden.h"
#include "spec/oci.h"
#include "spec/readers.h"

/* First what makes the command, then what changes it. */
static void read_lines(struct golden *g, const char *text, bool inputs)
{
    cleanup_free char *copy = keep(text);
    char *rest = copy;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        bool bundle = str_starts(line, "bundle ");
        bool input = str_starts(line, "arg ") || str_starts(line, "json ") || bundle;

        if (!*line || *line == '#' || input != inputs)
            continue;
        if (!input) {
            apply(g, line);
        } else if (str_starts(line, "json ")) {
            str_set(&g->json, line + 5);
        } else if (bundle) {
            str_set(&g->bundle, line + 7);
        } else {
            unescape(line + 4);
            if (strv_add(&g->args, line + 4) < 0)
                die("out of memory", NULL);
        }
    }
}

/* The file `name` beside the case. */
static char *read_beside(const char *file, const char *name, size_t *len)
{
    const char *slash = strrchr(file, '/');
    cleanup_free char *path =
        str_printf("%.*s/%s", slash ? (int)(slash - file) : 1, slash ? file : ".", name);
    char *text = NULL;

    if (!path || fs_read_at(AT_FDCWD, path, 1 << 20, &text, len) < 0)
        die("cannot read", path);
    return text;
}

static void read_json(struct golden *g, const char *file)
{
    size_t len;
    cleanup_free char *text = read_beside(file, g->json, &len);
    cleanup_err struct lxcdriver_error *err = NULL;

    if (execdriver_read(text, len, &g->cmd, &err) < 0)
        die(g->json, err_message(err));
}

/* What the driver makes of a bundle's paths is put into the facts. */
static void read_bundle(struct golden *g, const char *file)
{
    size_t len;
    cleanup_free char *text = read_beside(file, g->bundle, &len);
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv warnings = {0};

    g->cmd = command_new();
    if (!g->cmd || str_set(&g->cmd->id, "golden") < 0)
        die("out of memory", NULL);
    if (oci_config_read(text, len, "/srv/bundle", g->cmd, &warnings, &err) < 0 ||
        command_validate(g->cmd, &err) < 0)
        die(g->bundle, err_message(err));
    g->facts.rootfs_path = g->cmd->root.path;
    if (g->cmd->cgroups_path)
        g->facts.cgroup_container = g->cmd->cgroups_path + strspn(g->cmd->cgroups_path, "/");
    g->facts.dockerenv = false;
}

static void read_flags(struct golden *g)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct launch_options opts;
    struct strv argv = {0};

    if (strv_add(&argv, "lxc-launch") < 0 || strv_add(&argv, "--name=golden") < 0 ||
        strv_copy(&argv, &g->args) < 0 || strv_add(&argv, "/srv/image") < 0 ||
        strv_add(&argv, "true") < 0)
        die("out of memory", NULL);
    if (flags_read((int)argv.n, argv.items, &opts, &g->cmd, &err) < 0)
        die("flags", err_message(err));
    launch_options_clear(&opts);
    strv_free(&argv);
}

static const char *template_path(void *opaque, const char *name)
{
    static char path[256];

    (void)opaque;
    snprintf(path, sizeof(path), "@TEMPLATES@/%s", name);
    return path;
}

static void host(struct golden *g, const char *mode)
{
    static const char *const v1[] = {"cpu",      "cpuacct", "cpuset",  "memory",
                                     "blkio",    "pids",    "devices", "net_cls",
                                     "net_prio", "hugetlb", "rdma",    "freezer"};
    static const char *const v2[] = {"cpu", "cpuset", "memory", "io", "pids", "hugetlb", "rdma"};
    bool unified = str_eq(mode, "v2");

    for (size_t i = 0; !unified && i < ARRAY_SIZE(v1); i++)
        strv_add(&g->v1, v1[i]);
    for (size_t i = 0; unified && i < ARRAY_SIZE(v2); i++)
        strv_add(&g->v2, v2[i]);
    g->facts = (struct config_facts){
        .state_dir = "/run/runlxc/golden",
        .rootfs_path = "/srv/image",
        .cgroup_mode = unified              ? CGROUP_V2
                       : str_eq(mode, "v1") ? CGROUP_V1
                                            : CGROUP_HYBRID,
        .v1_controllers = &g->v1,
        .v2_controllers = &g->v2,
        .template_path = template_path,
        .host_if = "vethgolden",
        .bridge = "lxcbr0",
        .cgroup_container = "runlxc/golden",
        .cgroup_monitor = "runlxc/golden.monitor",
        .cgroup_pivot = "runlxc/golden.pivot",
        .dockerenv = true,
    };
}

/* As the launch decides it. */
static void show_hierarchies(struct golden *g)
{
    static const struct config_hierarchy own[] = {
        {"cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct/runlxc/golden"},
        {"memory", "/sys/fs/cgroup/memory/runlxc/golden"},
        {"systemd", "/sys/fs/cgroup/systemd/runlxc/golden"},
        {"unified", "/sys/fs/cgroup/unified/runlxc/golden"},
    };

    if (g->facts.cgroup_mode == CGROUP_V2 || g->cmd->ns[NS_CGROUP].mode == NS_NEW)
        return;
    g->facts.hierarchies = own;
    g->facts.n_hierarchies = ARRAY_SIZE(own);
}

static int one(const char *mode, const char *file)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *text = NULL;
    cleanup_buf struct buf out = {0};
    struct golden g = {0};

    if (fs_read_at(AT_FDCWD, file, 1 << 20, &text, NULL) < 0)
        die("cannot read", file);
    host(&g, mode);
    read_lines(&g, text, true);
    if (g.json)
        read_json(&g, file);
    else if (g.bundle)
        read_bundle(&g, file);
    else
        read_flags(&g);
    if (!g.facts.mac)
        g.facts.mac = g.cmd->net.mac;
    if (g.cmd->net.bridge)
        g.facts.bridge = g.cmd->net.bridge;
    g.facts.mtu = g.cmd->net.mtu;
    read_lines(&g, text, false);
    show_hierarchies(&g);
    if (config_device_mounts(g.cmd, &err) < 0)
        die("device mounts", err_message(err));
    if (config_write(g.cmd, &g.facts, &out, &err) < 0)
        printf("error: %s\n", err_message(err));
    else
        fputs(out.data, stdout);
    command_free(g.cmd);
    return fflush(stdout) ? 1 : 0;
}

/* A process each: a case that crashes takes no other along. */
static void run_case(const char *dir, const char *mode, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    const char *suffix = strrchr(name, '.');
    cleanup_free char *path =
        str_printf("%s/%.*s.%s.conf", dir, (int)(suffix ? suffix - name : 0), name, mode);
    int status = -1;
    pid_t pid;

    if (!path || !suffix)
        die("usage: golden DIR CASE...", NULL);
    pid = fork();
    if (pid == 0)
        _exit(freopen(path, "we", stdout) ? one(mode, file) : 1);
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "%s %s: status %d\n", file, mode, status);
        unlink(path);
    }
}

int main(int argc, char **argv)
{
    static const char *const modes[] = {"v1", "hybrid", "v2"};

    if (argc < 3)
        die("usage: golden DIR CASE...", NULL);
    for (int i = 2; i < argc; i++) {
        for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
            run_case(argv[1], modes[m], argv[i]);
    }
    return 0;
}

/* What a case can say that neither lxc-launch's flags nor an execdriver command can: one function a
 * directive, a table at the end. */
#include "golden.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define WORDS_MAX 32

void die(const char *what, const char *detail)
{
    fprintf(stderr, "golden: %s%s%s\n", what, detail ? ": " : "", detail ? detail : "");
    exit(2);
}

char *keep(const char *s)
{
    char *copy = strdup(s);

    if (!copy)
        die("out of memory", NULL);
    return copy;
}

static int64_t number(const char *s)
{
    int64_t value;

    if (!str_to_i64(s, INT64_MIN, INT64_MAX, &value))
        die("not a number", s);
    return value;
}

void unescape(char *s)
{
    static const char from[] = "stnr\\", to[] = " \t\n\r\\";
    char *out = s;

    for (; *s; s++) {
        const char *known = *s == '\\' && s[1] ? strchr(from, s[1]) : NULL;

        *out++ = known ? to[known - from] : *s;
        if (known)
            s++;
    }
    *out = '\0';
}

static const char *const kinds[NS_KINDS] = {"pid", "net",  "mnt",    "ipc",
                                            "uts", "user", "cgroup", "time"};

static enum ns_kind kind(const char *name)
{
    for (int k = 0; k < NS_KINDS; k++)
        if (str_eq(kinds[k], name))
            return (enum ns_kind)k;
    die("no kind of namespace", name);
    return NS_KINDS;
}

static void set_ns(struct golden *g, char **w)
{
    struct namespace_spec *ns = &g->cmd->ns[kind(w[0])];

    ns->mode = str_eq(w[1], "host") ? NS_HOST : str_eq(w[1], "new") ? NS_NEW : NS_PATH;
    if (ns->mode == NS_PATH)
        str_set(&ns->path, w[1]);
}

static void set_nspath(struct golden *g, char **w)
{
    g->facts.ns_path[kind(w[0])] = keep(w[1]);
}

/* DESTINATION TYPE SOURCE WORD...; "-" for a type or source that is not given */
static void add_mount(struct golden *g, char **w)
{
    struct mount_spec *m = ARRAY_GROW(&g->cmd->mounts, &g->cmd->n_mounts);
    cleanup_err struct lxcdriver_error *err = NULL;

    if (!m)
        die("out of memory", NULL);
    m->destination = keep(w[0]);
    m->type = str_eq(w[1], "-") ? NULL : keep(w[1]);
    m->source = str_eq(w[2], "-") ? NULL : keep(w[2]);
    for (w += 3; *w; w++)
        if (mountopt_apply(m, *w, &err) < 0)
            die("mount", err_message(err));
}

/* one for each mount, in order: PATH exists|dir|file */
static void add_target(struct golden *g, char **w)
{
    size_t i = 0;

    while (i < MOUNTS_MAX - 1 && g->targets[i].path)
        i++;
    g->targets[i].path = keep(str_eq(w[0], "-") ? "" : w[0]);
    g->targets[i].create = str_eq(w[1], "dir")    ? TARGET_CREATE_DIR
                           : str_eq(w[1], "file") ? TARGET_CREATE_FILE
                                                  : TARGET_EXISTS;
    g->facts.targets = g->targets;
}

/* SOURCE PATH ro|rw exists|dir|file */
static void add_bind(struct golden *g, char **w)
{
    struct config_bind *b = &g->binds[g->facts.n_binds++];

    b->source = keep(w[0]);
    b->target.path = keep(w[1]);
    b->readonly = str_eq(w[2], "ro");
    b->target.create = str_eq(w[3], "file") ? TARGET_CREATE_FILE : TARGET_EXISTS;
    g->facts.binds = g->binds;
}

static void add_map(struct id_map **maps, size_t *n, char **w)
{
    struct id_map *map = ARRAY_GROW(maps, n);

    if (!map)
        die("out of memory", NULL);
    *map = (struct id_map){(uint32_t)number(w[0]), (uint32_t)number(w[1]), (uint32_t)number(w[2])};
}

static void add_uidmap(struct golden *g, char **w)
{
    add_map(&g->cmd->uid_maps, &g->cmd->n_uid_maps, w);
}

static void add_gidmap(struct golden *g, char **w)
{
    add_map(&g->cmd->gid_maps, &g->cmd->n_gid_maps, w);
}

/* of the last mount: CONTAINER HOST SIZE */
static void add_mountmap(struct golden *g, char **w)
{
    struct mount_spec *m = &g->cmd->mounts[g->cmd->n_mounts - 1];

    m->idmap = true;
    add_map(&m->uid_maps, &m->n_uid_maps, w);
    add_map(&m->gid_maps, &m->n_gid_maps, w);
}

static void set_time(struct golden *g, char **w)
{
    g->cmd->has_time_offsets = true;
    g->cmd->boottime_s = number(w[0]);
    g->cmd->boottime_ns = (uint32_t)number(w[1]);
    g->cmd->monotonic_s = number(w[2]);
    g->cmd->monotonic_ns = (uint32_t)number(w[3]);
}

static void set_number(struct golden *g, char **w)
{
    struct resources *r = &g->cmd->res;
    const struct {
        const char *name;
        int64_t *value;
    } names[] = {
        {"memory", &r->memory_limit},
        {"reservation", &r->memory_reservation},
        {"swap", &r->memory_swap},
        {"kernel", &r->memory_kernel},
        {"kernel-tcp", &r->memory_kernel_tcp},
        {"swappiness", &r->memory_swappiness},
        {"shares", &r->cpu_shares},
        {"quota", &r->cpu_quota_us},
        {"period", &r->cpu_period_us},
        {"burst", &r->cpu_burst_us},
        {"rt-runtime", &r->cpu_rt_runtime_us},
        {"rt-period", &r->cpu_rt_period_us},
        {"idle", &r->cpu_idle},
        {"pids", &r->pids_limit},
        {"weight", &r->blkio_weight},
        {"leaf-weight", &r->blkio_leaf_weight},
        {"class-id", &r->net_class_id},
        {"shm", &g->cmd->shm_size},
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (str_eq(names[i].name, w[0])) {
            *names[i].value = number(w[1]);
            return;
        }
    die("no such number", w[0]);
}

static void set_flag(struct golden *g, char **w)
{
    struct resources *r = &g->cmd->res;
    const struct {
        const char *name;
        bool *has, *value;
        bool to;
    } names[] = {
        {"privileged", NULL, &g->cmd->privileged, true},
        {"no-default-mounts", NULL, &g->cmd->default_mounts, false},
        {"no-dockerenv", NULL, &g->facts.dockerenv, false},
        {"idmap-root", NULL, &g->facts.idmap_root, true},
        {"inherit-keyring", NULL, &g->facts.inherit_keyring, true},
        {"oom-kill-disable", &r->has_oom_kill_disable, &r->oom_kill_disable, true},
        {"oom-kill-enable", &r->has_oom_kill_disable, &r->oom_kill_disable, false},
        {"use-hierarchy", &r->has_use_hierarchy, &r->use_hierarchy, true},
        {"no-hierarchy", &r->has_use_hierarchy, &r->use_hierarchy, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (str_eq(names[i].name, w[0])) {
            if (names[i].has)
                *names[i].has = true;
            *names[i].value = names[i].to;
            return;
        }
    die("no such flag", w[0]);
}

static void add_hugepage(struct golden *g, char **w)
{
    struct hugepage_limit *h = ARRAY_GROW(&g->cmd->res.hugepages, &g->cmd->res.n_hugepages);

    if (!h)
        die("out of memory", NULL);
    h->page_size = keep(w[0]);
    h->limit = (uint64_t)number(w[1]);
}

static void add_rdma(struct golden *g, char **w)
{
    struct rdma_limit *r = ARRAY_GROW(&g->cmd->res.rdma, &g->cmd->res.n_rdma);

    if (!r)
        die("out of memory", NULL);
    r->device = keep(w[0]);
    r->handles = str_eq(w[1], "-") ? RES_UNSET : number(w[1]);
    r->objects = str_eq(w[2], "-") ? RES_UNSET : number(w[2]);
}

static void add_unified(struct golden *g, char **w)
{
    if (pair_add(&g->cmd->res.unified, &g->cmd->res.n_unified, w[0], w[1]) < 0)
        die("out of memory", NULL);
}

static void add_priority(struct golden *g, char **w)
{
    struct net_priority *p = ARRAY_GROW(&g->cmd->res.net_priorities, &g->cmd->res.n_net_priorities);

    if (!p)
        die("out of memory", NULL);
    p->name = keep(w[0]);
    p->priority = (uint32_t)number(w[1]);
}

/* 0..3 MAJOR MINOR RATE */
static void add_throttle(struct golden *g, char **w)
{
    struct resources *r = &g->cmd->res;
    size_t k = (size_t)number(w[0]) % THROTTLE_KINDS;
    struct throttle_device *d = ARRAY_GROW(&r->throttle[k], &r->n_throttle[k]);

    if (!d)
        die("out of memory", NULL);
    *d = (struct throttle_device){number(w[1]), number(w[2]), NULL, (uint64_t)number(w[3])};
}

/* MAJOR MINOR WEIGHT */
static void add_weight(struct golden *g, char **w)
{
    struct resources *r = &g->cmd->res;
    struct weight_device *d = ARRAY_GROW(&r->blkio_weight_devices, &r->n_blkio_weight_devices);

    if (!d)
        die("out of memory", NULL);
    *d = (struct weight_device){number(w[0]), number(w[1]), number(w[2]), RES_UNSET};
}

/* TYPE PATH MAJOR MINOR */
static void add_device(struct golden *g, char **w)
{
    struct device_node *d = ARRAY_GROW(&g->cmd->devices, &g->cmd->n_devices);

    if (!d)
        die("out of memory", NULL);
    d->type = *w[0];
    d->path = keep(w[1]);
    d->major = number(w[2]);
    d->minor = number(w[3]);
}

/* allow|deny TYPE MAJOR MINOR ACCESS */
static void add_rule(struct golden *g, char **w)
{
    struct device_rule *r = ARRAY_GROW(&g->cmd->res.devices, &g->cmd->res.n_devices);

    if (!r)
        die("out of memory", NULL);
    *r = (struct device_rule){
        .allow = str_eq(w[0], "allow"),
        .type = *w[1],
        .major = number(w[2]),
        .minor = number(w[3]),
        .read = strchr(w[4], 'r'),
        .write = strchr(w[4], 'w'),
        .mknod = strchr(w[4], 'm'),
    };
}

static void add_conf(struct golden *g, char **w)
{
    if (pair_add(&g->cmd->lxc_conf, &g->cmd->n_lxc_conf, w[0], w[1] ? w[1] : "") < 0)
        die("out of memory", NULL);
}

static void set_fact(struct golden *g, char **w)
{
    const struct {
        const char *name;
        const char **value;
    } names[] = {
        {"rootfs", &g->facts.rootfs_path},      {"bridge", &g->facts.bridge},
        {"host-if", &g->facts.host_if},         {"mac", &g->facts.mac},
        {"cgroup", &g->facts.cgroup_container}, {"weight-file", &g->facts.blkio_weight_file},
        {"state-dir", &g->facts.state_dir},
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (str_eq(names[i].name, w[0])) {
            *names[i].value = w[1] ? keep(w[1]) : NULL;
            return;
        }
    die("no such fact", w[0]);
}

/* A host that lacks a controller. */
static void drop_controller(struct golden *g, char **w)
{
    for (size_t i = 0; i < 2; i++) {
        struct strv *list = i ? &g->v2 : &g->v1;

        for (size_t j = 0; j < list->n; j++)
            if (str_eq(list->items[j], w[0]))
                strcpy(list->items[j], "-");
    }
}

static void set_hostname(struct golden *g, char **w)
{
    str_set(&g->cmd->hostname, str_eq(w[0], "-") ? NULL : w[0]);
}

static void set_signal(struct golden *g, char **w)
{
    g->cmd->stop_signal = (int)number(w[0]);
}

static const struct directive {
    const char *name;
    size_t min;
    void (*apply)(struct golden *g, char **words);
} directives[] = {
    {"ns", 2, set_ns},
    {"ns-path", 2, set_nspath},
    {"mount", 3, add_mount},
    {"target", 2, add_target},
    {"bind", 4, add_bind},
    {"uidmap", 3, add_uidmap},
    {"gidmap", 3, add_gidmap},
    {"mount-map", 3, add_mountmap},
    {"time", 4, set_time},
    {"number", 2, set_number},
    {"flag", 1, set_flag},
    {"hugepage", 2, add_hugepage},
    {"rdma", 3, add_rdma},
    {"unified", 2, add_unified},
    {"priority", 2, add_priority},
    {"throttle", 4, add_throttle},
    {"weight", 3, add_weight},
    {"device", 4, add_device},
    {"rule", 5, add_rule},
    {"conf", 1, add_conf},
    {"fact", 1, set_fact},
    {"without-controller", 1, drop_controller},
    {"hostname", 1, set_hostname},
    {"stop-signal", 1, set_signal},
};

static size_t split(char *line, char **words)
{
    size_t n = 0;

    for (char *word = strtok(line, " "); word && n < WORDS_MAX - 1; word = strtok(NULL, " ")) {
        unescape(word);
        words[n++] = word;
    }
    words[n] = NULL;
    return n;
}

void apply(struct golden *g, char *line)
{
    char *words[WORDS_MAX];
    size_t n = split(line, words);

    for (size_t i = 0; i < ARRAY_SIZE(directives); i++)
        if (str_eq(directives[i].name, words[0])) {
            if (n - 1 < directives[i].min)
                die("too few words for", words[0]);
            directives[i].apply(g, words + 1);
            return;
        }
    die("no such directive", words[0]);
}

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "spec/readers.h"

/* Superblock flags, which LXC reads and drops ("sync", "dirsync", "lazytime", "mand") or does not
 * know. */
#define SB_FLAGS                                                                                   \
    (MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME | MS_MANDLOCK | MS_I_VERSION | MS_POSIXACL)

static const char *const default_paths[DEFAULT_MOUNTS] = {
    [DEFAULT_PROC] = "proc",         [DEFAULT_SYS] = "sys",     [DEFAULT_DEV] = "dev",
    [DEFAULT_PTS] = "dev/pts",       [DEFAULT_SHM] = "dev/shm", [DEFAULT_MQUEUE] = "dev/mqueue",
    [DEFAULT_CGROUP] = CGROUP_PLACE,
};

/* A destination as it was written, cleaned of "//", "." and "..": where links were resolved, the
 * target is used instead. */
static char *lexical(const char *destination, struct lxcdriver_error **err)
{
    cleanup_free char *path = path_normalise(destination, err);
    char *relative = path ? strdup(path + 1) : NULL;

    if (path && !relative)
        err_nomem(err);
    return relative;
}

/* What lxc_setup_devpts_child() of LXC mounts: nothing else can be asked of it. */
static bool is_lxc_devpts(const struct mount_spec *m)
{
    static const char *const words[] = {
        "newinstance", "ptmxmode=0666", "ptmxmode=666", "mode=0620",
        "mode=620",    "gid=5",         "max=1024",
    };

    for (size_t i = 0; i < m->data.n; i++) {
        bool known = false;

        for (size_t j = 0; j < ARRAY_SIZE(words); j++)
            known = known || str_eq(m->data.items[i], words[j]);
        if (!known)
            return false;
    }
    return !(m->flags & (MS_RDONLY | MS_NODEV | SB_FLAGS)) && !m->tmpcopyup;
}

/* LXC's has group 5 whether or not that is asked for; an ordinary user may have no such group. */
static bool own_group(const struct command *cmd, const struct mount_spec *m)
{
    return cmd->rootless && !strv_contains(&m->data, "gid=5");
}

/* A word of the file system's own without '=' is dropped by LXC without a word, and so is what
 * stands behind a comma inside quotes. */
static const char *lost_word(const struct mount_spec *m)
{
    for (size_t i = 0; i < m->data.n; i++)
        if (!strchr(m->data.items[i], '=') || strchr(m->data.items[i], ','))
            return m->data.items[i];
    return m->flags & SB_FLAGS ? "sync, dirsync, lazytime, mand, iversion or acl" : NULL;
}

/*
 * LXC turns every mount of the container's namespace into a slave of the host's, and a bind made
 * there is one as well, whatever is set on it afterwards. A bundle says for its root whether the
 * namespace is still tied to the host's: as long as it does not, its shared mounts are shared among
 * its own processes only.
 */
static bool tied_to_host(const struct command *cmd, const struct mount_spec *m)
{
    return (m->propagation & MS_SHARED) && (!cmd->oci_version || cmd->root.propagation & MS_SHARED);
}

/*
 * LXC shifts ids only by the container's map or by a user namespace that has a path, and always in
 * the whole tree.
 */
static bool shifted(const struct mount_spec *m)
{
    return m->idmap || m->n_uid_maps;
}

/* Whether `path` is `dir` or lies in it. */
static bool within(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/*
 * In a user namespace LXC mounts as the container's root, who cannot get to a source below a
 * directory that is closed to him, and opens what is a device. An engine knows of neither. Where
 * the whole runtime is in one, the flags of a source are locked, and LXC's remount would change
 * them.
 */
static bool closed(const struct command *cmd, const struct mount_plan *plan)
{
    return cmd->engine && ns_no_nodes(cmd) && !within(plan->path, default_paths[DEFAULT_PROC]);
}

static int bind_plan(const struct command *cmd, size_t i, struct mount_plan *plan,
                     struct lxcdriver_error **err)
{
    const struct mount_spec *m = &cmd->mounts[i];

    plan->bind = true;
    plan->way = tied_to_host(cmd, m) || shifted(m) || closed(cmd, plan) || m->detached_plus_one
                    ? MOUNT_ATTACH
                    : MOUNT_LXC;
    /* In a bundle they may be what an engine knows of the source's file system: the kernel does not
     * look at them. */
    if (m->data.n && !cmd->engine)
        return err_set(err, "mounts[%zu].options: \"%s\" is not an option of a bind mount", i,
                       m->data.items[0]);
    if (m->flags & SB_FLAGS)
        return err_set(err, "mounts[%zu].options: a bind mount cannot have %s", i, lost_word(m));
    if (m->tmpcopyup)
        return err_set(err, "mounts[%zu].options: tmpcopyup is for a tmpfs", i);
    if (!m->source)
        return err_set(err, "mounts[%zu].source: is missing", i);
    if (m->idmap && !m->n_uid_maps && !cmd->n_uid_maps)
        return err_set(
            err, "mounts[%zu].options: idmap needs id maps, of the mount or of the container", i);
    /* LXC's own /proc would lie under it, and be what the shim finds and takes away. */
    if (plan->way == MOUNT_ATTACH && str_eq(plan->path, default_paths[DEFAULT_PROC]))
        return err_set(err, "mounts[%zu].options: a mount on /proc cannot %s", i,
                       shifted(m) ? "have an id map" : "be shared with the host");
    return 0;
}

/* The shim is inside the container's root by the time it mounts: a source on the host is out of its
 * reach. */
static int other_plan(const struct mount_spec *m, size_t i, struct mount_plan *plan,
                      struct lxcdriver_error **err)
{
    const char *lost = lost_word(m);

    plan->way = lost || m->tmpcopyup ? MOUNT_SHIM : MOUNT_LXC;
    if (m->tmpcopyup && !str_eq(m->type, "tmpfs"))
        return err_set(err, "mounts[%zu].options: tmpcopyup is for a tmpfs, not for type %s", i,
                       m->type);
    if (m->idmap)
        return err_set(err, "mounts[%zu].options: only a bind mount can have an id map", i);
    if (lost && ((m->source && *m->source == '/') || str_starts(m->type, "overlay")))
        return err_set(err, "mounts[%zu].options: %s: LXC has no way to say it for type %s", i,
                       lost, m->type);
    return 0;
}

/*
 * The words of a file system's own become one text with commas between them: a comma in one of them
 * would add an option, a quote left open would swallow those behind it. Inside quotes a comma is
 * part of an SELinux context.
 */
static int check_words(const struct mount_spec *m, size_t i, struct lxcdriver_error **err)
{
    for (size_t k = 0; k < m->data.n; k++) {
        bool quoted = false, comma = false;

        for (const char *p = m->data.items[k]; *p; p++) {
            quoted ^= *p == '"';
            comma |= *p == ',' && !quoted;
        }
        if (comma || quoted)
            return err_set(err, "mounts[%zu].options: \"%s\" is not one option: it has %s", i,
                           m->data.items[k], comma ? "a comma in it" : "a quote left open");
    }
    return 0;
}

static int choose(const struct command *cmd, size_t i, struct mount_plan *plan,
                  struct lxcdriver_error **err)
{
    const struct mount_spec *m = &cmd->mounts[i];
    bool cgroup = str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2");

    if (m->flags & MS_REMOUNT) {
        plan->way = MOUNT_ATTR;
        plan->bind = true; /* per-mount attributes only */
        if (m->data.n)
            return err_set(err, "mounts[%zu].options: \"%s\" cannot be changed by a remount", i,
                           m->data.items[0]);
        return 0;
    }
    if ((m->flags & MS_BIND) || str_eq(m->type, "bind"))
        return bind_plan(cmd, i, plan, err);
    if (check_words(m, i, err) < 0)
        return -1;
    if (str_empty(m->type))
        return err_set(err, "mounts[%zu].type: is missing", i);
    if (cgroup && !cmd->own_cgroups && str_eq(plan->path, default_paths[DEFAULT_CGROUP])) {
        plan->way = MOUNT_CGROUP;
        return 0;
    }
    if (str_eq(m->type, "cgroup") && !cmd->own_cgroups)
        return err_set(
            err, "mounts[%zu].destination: LXC mounts cgroups at /sys/fs/cgroup only, not at %s", i,
            m->destination);
    if (str_eq(m->type, "devpts") && str_eq(plan->path, default_paths[DEFAULT_PTS])) {
        /* LXC's own comes after all other mounts, those of a bundle are to be made in order. */
        plan->way = !is_lxc_devpts(m) || own_group(cmd, m) ? MOUNT_SHIM
                    : cmd->engine                          ? MOUNT_LXC
                                                           : MOUNT_DEVPTS;
        return 0;
    }
    return other_plan(m, i, plan, err);
}

/* A tmpfs that says no mode has that of the directory it covers, as engines expect of --tmpfs. */
static int plan_mode(const struct mount_spec *m, unsigned int mode, struct mount_plan *plan,
                     struct lxcdriver_error **err)
{
    if (!mode || plan->bind || !str_eq(m->type, "tmpfs"))
        return 0;
    for (size_t i = 0; i < m->data.n; i++)
        if (str_starts(m->data.items[i], "mode="))
            return 0;
    plan->mode = str_printf("mode=%o", mode);
    return plan->mode ? 0 : err_nomem(err);
}

/* What mount i needs by itself. */
static int plan_alone(const struct command *cmd, size_t i, const struct mount_target *targets,
                      struct mount_plan *plan, struct lxcdriver_error **err)
{
    const struct mount_spec *m = &cmd->mounts[i];

    *plan = (struct mount_plan){.create = TARGET_EXISTS};
    if (targets) {
        plan->create = (int)targets[i].create;
        plan->path = strdup(targets[i].path);
        if (!plan->path)
            return err_nomem(err);
    } else {
        plan->path = lexical(m->destination, err);
        if (!plan->path)
            return err_wrap(err, "mounts[%zu].destination", i);
    }
    if (!*plan->path && !(m->flags & MS_REMOUNT))
        return err_set(
            err,
            "mounts[%zu].destination: \"%s\" is the container's root, which cannot be mounted over",
            i, m->destination);
    if (choose(cmd, i, plan, err) < 0)
        return -1;
    return targets ? plan_mode(m, targets[i].mode, plan, err) : 0;
}

static bool of_shim(const struct mount_plan *plan)
{
    return plan->way == MOUNT_SHIM || plan->way == MOUNT_ATTACH;
}

/*
 * All of LXC's mounts come before the shim's. One that lies in an earlier mount of the shim's would
 * be hidden by it, one that covers it would not: so the shim makes these too, in their place.
 */
static int give_to_shim(const struct mount_spec *m, size_t i, struct mount_plan *plan,
                        const struct mount_plan *before, struct lxcdriver_error **err)
{
    bool host = m->source && *m->source == '/';

    switch (plan->way) {
    case MOUNT_LXC:
        plan->way = plan->bind ? MOUNT_ATTACH : MOUNT_SHIM;
        if (plan->bind || (!host && !str_starts(m->type, "overlay")))
            return 0;
        break;
    case MOUNT_DEVPTS:
        plan->way = MOUNT_SHIM;
        return 0;
    case MOUNT_CGROUP:
        break;
    default:
        return 0;
    }
    return err_set(err,
                   "mounts[%zu].destination: a mount of type %s cannot be made after the one on "
                   "/%s, which LXC does not make",
                   i, m->type, before->path);
}

static int plan_among(const struct command *cmd, size_t i, struct mount_plans *plans,
                      struct lxcdriver_error **err)
{
    struct mount_plan *plan = &plans->items[i];

    for (size_t k = 0; k < i && !of_shim(plan); k++) {
        const struct mount_plan *before = &plans->items[k];

        if (of_shim(before) &&
            (within(plan->path, before->path) || within(before->path, plan->path)) &&
            give_to_shim(&cmd->mounts[i], i, plan, before, err) < 0)
            return -1;
    }
    return 0;
}

int mount_plans_make(const struct command *cmd, const struct mount_target *targets,
                     struct mount_plans *plans, struct lxcdriver_error **err)
{
    *plans = (struct mount_plans){.items = calloc(cmd->n_mounts + 1, sizeof(*plans->items))};
    if (!plans->items)
        return err_nomem(err);
    plans->n = cmd->n_mounts;
    for (size_t i = 0; i < plans->n; i++)
        if (plan_alone(cmd, i, targets, &plans->items[i], err) < 0 ||
            plan_among(cmd, i, plans, err) < 0)
            return -1;
    return 0;
}

void mount_plans_clear(struct mount_plans *plans)
{
    for (size_t i = 0; i < plans->n; i++) {
        free(plans->items[i].path);
        free(plans->items[i].mode);
    }
    free(plans->items);
    *plans = (struct mount_plans){0};
}

static void survey_mount(const struct mount_spec *m, const struct mount_plan *plan,
                         struct mount_survey *survey)
{
    if (plan->way == MOUNT_ATTR)
        return;
    for (int d = 0; d < DEFAULT_MOUNTS; d++)
        if (str_eq(plan->path, default_paths[d]))
            survey->given[d] = true;
    if (str_eq(plan->path, default_paths[DEFAULT_PROC]))
        survey->proc = plan->way == MOUNT_LXC && !plan->bind && str_eq(m->type, "proc");
    if (str_eq(plan->path, default_paths[DEFAULT_DEV])) {
        survey->own_dev = !plan->bind && str_eq(m->type, "tmpfs");
        survey->dev_readonly = survey->own_dev && (m->flags & MS_RDONLY);
    }
    if (plan->way == MOUNT_DEVPTS)
        survey->pts = true;
    if (str_eq(plan->path, default_paths[DEFAULT_CGROUP]))
        survey->cgroup = plan->way == MOUNT_CGROUP;
    if (str_eq(plan->path, default_paths[DEFAULT_PTS]))
        survey->pts_foreign = plan->way == MOUNT_LXC;
}

int mount_survey_make(const struct command *cmd, const struct mount_target *targets,
                      struct mount_survey *survey, struct lxcdriver_error **err)
{
    cleanup_plans struct mount_plans plans = {0};

    *survey = (struct mount_survey){0};
    if (mount_plans_make(cmd, targets, &plans, err) < 0)
        return -1;
    for (size_t i = 0; i < plans.n; i++)
        survey_mount(&cmd->mounts[i], &plans.items[i], survey);
    if (mount_default(cmd, survey, DEFAULT_PROC))
        survey->proc = true;
    if (mount_default(cmd, survey, DEFAULT_DEV))
        survey->own_dev = true;
    if (mount_default(cmd, survey, DEFAULT_PTS))
        survey->pts = true;
    if (mount_default(cmd, survey, DEFAULT_CGROUP))
        survey->cgroup = true;
    return 0;
}

bool mount_default(const struct command *cmd, const struct mount_survey *survey,
                   enum default_mount d)
{
    if (!cmd->default_mounts || survey->given[d])
        return false;
    return !survey->given[DEFAULT_DEV] ||
           (d != DEFAULT_PTS && d != DEFAULT_SHM && d != DEFAULT_MQUEUE);
}

int config_attached(const struct command *cmd, const struct mount_target *targets, size_t **out,
                    size_t *n, struct lxcdriver_error **err)
{
    cleanup_plans struct mount_plans plans = {0};

    *n = 0;
    *out = NULL;
    if (mount_plans_make(cmd, targets, &plans, err) < 0)
        return -1;
    for (size_t i = 0; i < plans.n; i++) {
        size_t *next;

        if (plans.items[i].way != MOUNT_ATTACH)
            continue;
        next = ARRAY_GROW(out, n);
        if (!next)
            return err_nomem(err);
        *next = i;
    }
    return 0;
}

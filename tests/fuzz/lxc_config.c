/*
 * The configuration that we write against liblxc's own reader: what goes in comes out. Values that
 * nobody has validated are written, loaded by liblxc, and each key is read back; where the writer
 * does not refuse, it must hold what was meant, and no other key may hold anything. liblxc may
 * refuse only what command_validate() would have refused before. The input: a byte of switches, one
 * that chooses a raw key, then the texts of struct meant.
 */
#include <lxc/lxccontainer.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "fuzz.h"
#include "spec/readers.h"

enum { V2 = 1, BIND = 2, READONLY = 4, NET_JOINED = 8, WITH_MOUNT = 16, WITH_RAW = 32 };

enum {
    ROOT,
    HOST,
    NET,
    CGROUP,
    SOURCE,
    TARGET,
    TYPE,
    DATA,
    CPUS,
    FILE_NAME,
    FILE_VALUE,
    RAW,
    MEANT
};

/* Keys whose value LXC keeps as it is. */
static const char *const raw_keys[] = {"lxc.selinux.context", "lxc.apparmor.profile",
                                       "lxc.sysctl.net.core.somaxconn"};

/* None of these is ever written. */
static const char *const unwritten[] = {
    "lxc.hook.pre-start",  "lxc.hook.pre-mount", "lxc.hook.mount",      "lxc.hook.autodev",
    "lxc.hook.start-host", "lxc.hook.start",     "lxc.hook.stop",       "lxc.hook.post-stop",
    "lxc.hook.clone",      "lxc.hook.destroy",   "lxc.environment",     "lxc.init.cmd",
    "lxc.execute.cmd",     "lxc.mount.fstab",    "lxc.console.logfile", "lxc.log.file",
    "lxc.rootfs.options",  "lxc.group",
};

struct input {
    unsigned int flags, raw_key;
    char *meant[MEANT];
};

static struct lxc_container *container;

/* LXC keeps locks in /run/lxc and says what it dislikes on standard error. */
static void open_container(void)
{
    struct lxc_log log = {.name = "fuzz", .level = "FATAL", .quiet = true, .file = "none"};

    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) == 0)
        (void)mount("fuzz", "/run/lxc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m");
    fuzz_write("empty.conf", "", 0);
    log.lxcpath = fuzz_dir();
    FUZZ_CHECK(lxc_log_init(&log) == 0);
    container = lxc_container_new("fuzz", fuzz_dir());
    FUZZ_CHECK(container);
}

static const char *template_path(void *opaque, const char *name)
{
    static char path[4096];

    (void)opaque;
    (void)name;
    snprintf(path, sizeof(path), "%s/empty.conf", fuzz_dir());
    return path;
}

/* What liblxc has for a key, "" for nothing. Each of a list ends with a newline: that of the last
 * is taken away. */
static char *item(const char *key)
{
    int len = container->get_config_item(container, key, NULL, 0);
    char *value = calloc(len > 0 ? (size_t)len + 1 : 1, 1);

    FUZZ_CHECK(value);
    if (len > 0)
        FUZZ_CHECK(container->get_config_item(container, key, value, len + 1) == len);
    if (len > 0 && value[len - 1] == '\n')
        value[len - 1] = '\0';
    return value;
}

static void expect(const char *key, const char *want)
{
    cleanup_free char *got = item(key);
    /* What it prints of some keys that have no value. */
    bool same = strcmp(got, want) == 0 || (!*want && strcmp(got, "(null)") == 0);

    if (!same)
        fprintf(stderr, "%s: got \"%s\", expected \"%s\"\n", key, got, want);
    FUZZ_CHECK(same);
}

/* A value of several lines is one for each that is not empty. */
static void expect_lines(const char *key, const char *lines)
{
    cleanup_free char *want = strdup(lines);
    char *to = want;

    FUZZ_CHECK(want);
    for (const char *p = lines; *p; p++)
        if (*p != '\n' || (to != want && to[-1] != '\n'))
            *to++ = *p;
    *to = '\0';
    if (to != want && to[-1] == '\n')
        to[-1] = '\0';
    expect(key, want);
}

/* ---- writing ---- */

static void make_mount(struct command *cmd, const struct input *in)
{
    struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

    FUZZ_CHECK(m && str_set(&m->destination, "/x") == 0);
    FUZZ_CHECK(str_set(&m->type, in->flags & BIND ? "bind" : in->meant[TYPE]) == 0);
    FUZZ_CHECK(str_set(&m->source, in->meant[SOURCE]) == 0);
    m->flags = (in->flags & BIND ? MS_BIND : 0) | (in->flags & READONLY ? MS_RDONLY : 0);
    if (!(in->flags & BIND) && *in->meant[DATA])
        FUZZ_CHECK(strv_add(&m->data, in->meant[DATA]) == 0);
}

static struct command *make_command(const struct input *in)
{
    struct command *cmd = command_new();

    FUZZ_CHECK(cmd);
    cmd->engine = true;
    FUZZ_CHECK(str_set(&cmd->id, "fuzz") == 0 && strv_add(&cmd->process.args, "true") == 0);
    FUZZ_CHECK(str_set(&cmd->root.path, in->meant[ROOT]) == 0);
    FUZZ_CHECK(!*in->meant[HOST] || str_set(&cmd->hostname, in->meant[HOST]) == 0);
    FUZZ_CHECK(!*in->meant[CPUS] || str_set(&cmd->res.cpuset_cpus, in->meant[CPUS]) == 0);
    if (in->flags & NET_JOINED) {
        cmd->ns[NS_NET].mode = NS_PATH;
        FUZZ_CHECK(str_set(&cmd->ns[NS_NET].path, in->meant[NET]) == 0);
    }
    if (in->flags & V2 && *in->meant[FILE_NAME])
        FUZZ_CHECK(pair_add(&cmd->res.unified, &cmd->res.n_unified, in->meant[FILE_NAME],
                            in->meant[FILE_VALUE]) == 0);
    if (in->flags & WITH_RAW)
        FUZZ_CHECK(
            pair_add(&cmd->lxc_conf, &cmd->n_lxc_conf, raw_keys[in->raw_key], in->meant[RAW]) == 0);
    if (in->flags & WITH_MOUNT)
        make_mount(cmd, in);
    return cmd;
}

/* ---- reading back ---- */

/* The entry's fields as LXC reads them. */
static void check_fields(const char *entry, const struct input *in, const char *options)
{
    cleanup_fclose FILE *file = fmemopen((void *)(uintptr_t)entry, strlen(entry), "r");
    char text[4096];
    struct mntent field;

    FUZZ_CHECK(file && getmntent_r(file, &field, text, sizeof(text)));
    FUZZ_CHECK(strcmp(field.mnt_fsname, in->meant[SOURCE]) == 0);
    FUZZ_CHECK(strcmp(field.mnt_dir, in->meant[TARGET]) == 0);
    FUZZ_CHECK(strcmp(field.mnt_type, in->flags & BIND ? "none" : in->meant[TYPE]) == 0);
    FUZZ_CHECK(strcmp(field.mnt_opts, options) == 0);
    FUZZ_CHECK(!getmntent_r(file, &field, text, sizeof(text)));
}

static void check_mount(const struct command *cmd, const struct mount_target *target,
                        const struct input *in)
{
    cleanup_free char *entries = item("lxc.mount.entry");
    cleanup_plans struct mount_plans plans = {0};
    cleanup_buf struct buf options = {0};

    FUZZ_CHECK(mount_plans_make(cmd, target, &plans, NULL) == 0);
    if (plans.n == 0 || plans.items[0].way != MOUNT_LXC) {
        FUZZ_CHECK(!*entries);
        return;
    }
    FUZZ_CHECK(mount_options(&cmd->mounts[0], &plans.items[0], "", &options, NULL) == 0);
    buf_puts(&options, mount_create_word(plans.items[0].create));
    check_fields(entries, in, options.data);
}

static void check_all(const struct command *cmd, const struct mount_target *target,
                      const struct input *in)
{
    const char *cpus = in->flags & V2 ? "lxc.cgroup2.cpuset.cpus" : "lxc.cgroup.cpuset.cpus";

    expect("lxc.rootfs.path", in->meant[ROOT]); /* its "dir:" is kept elsewhere */
    expect("lxc.uts.name", in->meant[HOST]);
    expect("lxc.cgroup.dir.container", in->meant[CGROUP]);
    expect("lxc.namespace.share.net", in->flags & NET_JOINED ? in->meant[NET] : "");
    expect("lxc.namespace.share.pid", "");
    if (*in->meant[CPUS] && strcmp(in->meant[FILE_NAME], "cpuset.cpus") != 0)
        expect(cpus, in->meant[CPUS]);
    for (size_t i = 0; i < cmd->res.n_unified; i++) {
        cleanup_free char *key = str_printf("lxc.cgroup2.%s", cmd->res.unified[i].key);

        FUZZ_CHECK(key);
        if (!*in->meant[CPUS] || strcmp(key, cpus) != 0)
            expect_lines(key, cmd->res.unified[i].value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(raw_keys); i++)
        expect(raw_keys[i], in->flags & WITH_RAW && i == in->raw_key ? in->meant[RAW] : "");
    for (size_t i = 0; i < ARRAY_SIZE(unwritten); i++)
        expect(unwritten[i], "");
    check_mount(cmd, target, in);
}

static void round_trip(struct command *cmd, const struct input *in)
{
    cleanup_strv struct strv controllers = {0};
    const struct mount_target target = {.path = in->meant[TARGET], .create = TARGET_CREATE_DIR};
    const struct config_facts facts = {
        .state_dir = fuzz_dir(),
        .rootfs_path = in->meant[ROOT],
        .cgroup_mode = in->flags & V2 ? CGROUP_V2 : CGROUP_V1,
        .v1_controllers = &controllers,
        .v2_controllers = &controllers,
        .template_path = template_path,
        .targets = &target,
        .cgroup_container = *in->meant[CGROUP] ? in->meant[CGROUP] : NULL,
    };
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *path = str_printf("%s/config", fuzz_dir());
    cleanup_buf struct buf out = {0};

    FUZZ_CHECK(path && strv_add(&controllers, "cpuset") == 0 &&
               strv_add(&controllers, "memory") == 0 && strv_add(&controllers, "devices") == 0);
    if (config_write(cmd, &facts, &out, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    fuzz_write("config", out.data, out.len);
    container->clear_config(container);
    if (container->load_config(container, path))
        check_all(cmd, &target, in);
    else
        FUZZ_CHECK(command_validate(cmd, NULL) < 0);
}

/* A path has no "." or "//" that LXC would take out, whoever gave it. */
static void normalise(char **path)
{
    cleanup_free char *absolute = str_printf("/%s", *path);

    FUZZ_CHECK(absolute);
    free(*path);
    *path = path_normalise(absolute, NULL);
    if (!*path)
        *path = strdup("/");
    FUZZ_CHECK(*path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input rest = {data, size};
    struct input in = {.flags = fuzz_byte(&rest),
                       .raw_key = fuzz_byte(&rest) % ARRAY_SIZE(raw_keys)};
    cleanup_command struct command *cmd = NULL;

    if (!container)
        open_container();
    for (size_t i = 0; i < MEANT; i++)
        in.meant[i] = fuzz_text(&rest, NULL);
    normalise(&in.meant[ROOT]);
    normalise(&in.meant[CGROUP]);
    memmove(in.meant[CGROUP], in.meant[CGROUP] + 1, strlen(in.meant[CGROUP]));
    cmd = make_command(&in);
    round_trip(cmd, &in);
    for (size_t i = 0; i < MEANT; i++)
        free(in.meant[i]);
    return 0;
}

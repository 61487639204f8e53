/* The kernel: each feature is tried by a child process. */
#include <errno.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "run/check.h"

#define LIMIT_MS 5000
#define OLDEST_MAJOR 5 /* mount_setattr(2) */
#define OLDEST_MINOR 12
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct feature {
    const char *name;
    int (*probe)(void *arg);
    const void *arg;
    enum check_need need;
    const char *use;    /* what it is there for */
    const char *source; /* what kernel has it */
    const char *limit;  /* the setting that may forbid it; NULL: none */
};

static const int kinds[] = {CLONE_NEWNS,  CLONE_NEWPID,    CLONE_NEWIPC, CLONE_NEWUTS,
                            CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_NEWTIME};

#define NS_LIMIT(KIND) "/proc/sys/user/max_" KIND "_namespaces"
#define NAMESPACE(KIND, INDEX, NEED, USE, CONFIG, LIMIT)                                           \
    {                                                                                              \
        KIND " namespaces", probe_namespace, &kinds[INDEX], NEED, USE, CONFIG, NS_LIMIT(LIMIT)     \
    }

static const struct feature features[] = {
    NAMESPACE("mount", 0, REQUIRED, "a root of its own", "CONFIG_NAMESPACES", "mnt"),
    NAMESPACE("pid", 1, REQUIRED, "processes of its own", "CONFIG_PID_NS", "pid"),
    NAMESPACE("ipc", 2, REQUIRED, "shared memory and queues of its own", "CONFIG_IPC_NS", "ipc"),
    NAMESPACE("uts", 3, REQUIRED, "a host name of its own", "CONFIG_UTS_NS", "uts"),
    NAMESPACE("network", 4, REQUIRED, "a network of its own", "CONFIG_NET_NS", "net"),
    NAMESPACE("cgroup", 5, OPTIONAL, "a view of its own cgroups", "CONFIG_CGROUPS", "cgroup"),
    NAMESPACE("time", 6, OPTIONAL, "a clock of its own", "CONFIG_TIME_NS, Linux 5.6", "time"),
    {"openat2", probe_openat2, NULL, REQUIRED, "paths that do not lead out of a root", "Linux 5.6",
     NULL},
    {"mount API", probe_mount_api, NULL, REQUIRED, "open_tree, move_mount", "Linux 5.2", NULL},
    {"tmpfs", probe_fsopen, "tmpfs", REQUIRED, "fsopen, fsmount", "Linux 5.2 with CONFIG_TMPFS",
     NULL},
    {"devpts", probe_fsopen, "devpts", REQUIRED, "terminals of its own", "CONFIG_UNIX98_PTYS",
     NULL},
    {"mqueue", probe_fsopen, "mqueue", REQUIRED, "/dev/mqueue", "CONFIG_POSIX_MQUEUE", NULL},
    {"mount_setattr", probe_mount_setattr, NULL, REQUIRED, "read-only mounts", "Linux 5.12", NULL},
    {"pidfd", probe_pidfd, NULL, REQUIRED, "signals that hit nobody else", "Linux 5.3", NULL},
    {"close_range", probe_close_range, NULL, REQUIRED, "no descriptor leaks", "Linux 5.11", NULL},
};

static void advise(struct check *c, int code, const struct feature *f)
{
    if (code == ENOSPC && f->limit)
        check_advise(c, "raise %s", f->limit);
    else if (code == EPERM || code == EACCES)
        check_advise(c, c->user ? "see user namespaces, below"
                                : "run it with the capability CAP_SYS_ADMIN, and not behind a "
                                  "seccomp filter that forbids it");
    else
        check_advise(c, "a kernel with %s%s", f->source,
                     code == ENOSYS ? ", not behind a seccomp filter that hides it" : "");
}

static void try_feature(struct check *c, const struct feature *f)
{
    int code = probe_run(f->probe, (void *)(uintptr_t)f->arg, LIMIT_MS, NULL);

    if (code == 0) {
        check_add(c, f->name, CHECK_OK, f->need, "%s", f->use);
        return;
    }
    if (code < 0)
        code = errno;
    check_add(c, f->name, CHECK_MISSING, f->need, "%s: %s", f->use, err_text(code));
    advise(c, code, f);
}

static void check_release(struct check *c)
{
    struct utsname kernel;
    unsigned major = 0, minor = 0;
    bool known = uname(&kernel) == 0 && check_version(kernel.release, &major, &minor);
    bool old = major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR);

    check_add(c, "version", old ? CHECK_MISSING : CHECK_OK, REQUIRED, "%s %s",
              known ? kernel.release : "unknown", known ? kernel.machine : "");
    check_advise(c, "Linux %d.%d or later", OLDEST_MAJOR, OLDEST_MINOR);
}

/* ---- file systems ---- */

static void check_overlay(struct check *c)
{
    static const struct feature overlay = {"overlayfs",        probe_overlay,       NULL, OPTIONAL,
                                           "images, @busybox", "CONFIG_OVERLAY_FS", NULL};

    if (probe_module("overlay") == MODULE_LOADABLE)
        check_add(c, overlay.name, CHECK_OK, OPTIONAL, "%s (a module, loaded when it is needed)",
                  overlay.use);
    else
        try_feature(c, &overlay);
}

static void check_idmap(struct check *c)
{
    cleanup_free char *directory = check_existing(c->drv.conf.image_dir);
    const char *place = directory ? directory : "/";
    int code;

    if (c->rootless) {
        check_add(c, "id-mapped mounts", CHECK_LIMITED, OPTIONAL,
                  "images with shifted ids (--userns): not for who is not root");
        check_advise(c, "run it as root");
        return;
    }
    code = probe_run(probe_idmap, (void *)(uintptr_t)place, LIMIT_MS, NULL);
    if (code == 0) {
        check_add(c, "id-mapped mounts", CHECK_OK, OPTIONAL,
                  "images with shifted ids (--userns), in %s", place);
        return;
    }
    check_add(c, "id-mapped mounts", CHECK_LIMITED, OPTIONAL,
              "images with shifted ids (--userns), in %s: %s", place,
              err_text(code < 0 ? errno : code));
    check_advise(c, "set image_dir in runlxc.conf(5) to a file system that has them, as ext4, xfs "
                    "and btrfs");
}

/* What is against images there, NULL for nothing. overlayfs takes not every file system for what is
 * written (its d_revalidate, whiteouts); and nobody else may exchange what root unpacks. */
static const char *against_images(const struct check *c, const char *directory)
{
    struct statfs fs;
    struct stat st;

    if (!directory || access(directory, W_OK) < 0)
        return "it cannot be written";
    if (statfs(directory, &fs) == 0 && ((unsigned long)fs.f_type == NFS_SUPER_MAGIC ||
                                        (unsigned long)fs.f_type == OVERLAYFS_SUPER_MAGIC ||
                                        (unsigned long)fs.f_type == V9FS_MAGIC))
        return "overlayfs cannot write to its file system";
    if (stat(c->drv.conf.image_dir, &st) == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)))
        return "others can write it";
    return NULL;
}

static void check_images(struct check *c)
{
    cleanup_free char *directory = check_existing(c->drv.conf.image_dir);
    const char *why = against_images(c, directory);

    check_add(c, "image directory", why ? CHECK_LIMITED : CHECK_OK, OPTIONAL, "%s%s%s",
              c->drv.conf.image_dir, why ? ": no images, for " : "", why ? why : "");
    check_advise(c,
                 "set image_dir in runlxc.conf(5) to a directory of your own alone on ext4, xfs, "
                 "btrfs or tmpfs");
}

/* ---- cgroup v2 ---- */

static const char *unified(const struct cgroup_layout *layout)
{
    for (size_t i = 0; i < layout->n; i++)
        if (layout->hierarchies[i].v2)
            return layout->hierarchies[i].mount;
    return NULL;
}

static void check_into_cgroup(struct check *c)
{
    struct cgroup_layout layout = {0};
    struct cgroup_dirs dirs = {0};
    const char *use = "clone3 starts in a cgroup of v2, without a move";
    int code = ENOENT;

    if (cgroup_layout_read(&layout, NULL) == 0 && unified(&layout) &&
        cgroup_dirs_of_pid(&layout, getpid(), &dirs, NULL) == 0)
        for (size_t i = 0; i < dirs.n; i++)
            if (dirs.dirs[i].v2)
                code = probe_run(probe_into_cgroup, dirs.dirs[i].path, LIMIT_MS, NULL);
    if (code < 0)
        code = errno;
    /* One that is not ours to write exists, and so does the call. */
    if (code == 0 || code == EACCES)
        check_add(c, "CLONE_INTO_CGROUP", CHECK_OK, OPTIONAL, "%s", use);
    else if (code == ENOENT)
        check_add(c, "CLONE_INTO_CGROUP", CHECK_OFF, OPTIONAL, "%s: there is no cgroup v2", use);
    else
        check_add(c, "CLONE_INTO_CGROUP", CHECK_LIMITED, OPTIONAL, "%s: %s", use, err_text(code));
    check_advise(c, code == ENOENT ? "boot with systemd.unified_cgroup_hierarchy=1"
                                   : "Linux 5.7 or later");
    cgroup_dirs_clear(&dirs);
    cgroup_layout_clear(&layout);
}

void check_kernel(struct check *c)
{
    check_section(c, "kernel", "Kernel");
    check_release(c);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++)
        try_feature(c, &features[i]);
    check_into_cgroup(c);
    check_overlay(c);
    check_images(c);
    check_idmap(c);
}

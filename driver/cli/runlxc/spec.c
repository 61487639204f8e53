/* runlxc spec: a config.json to begin with. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "runlxc/verb.h"
#include "spec/words.h"

#define FILE_NAME "config.json"

struct options {
    const char *bundle;
    bool rootless;
};

static const struct option_def options[] = {
    OPT_TEXT(struct options, bundle, "bundle", 'b', "DIR", "where to write it (here)"),
    OPT_SWITCH(struct options, rootless, "rootless", 0,
               "for a container whose root is the user that makes it"),
};

enum audience { ALL, ROOTFUL, ROOTLESS };

/* Options are words with commas between them. Without rights over the host group 5 has no id in the
 * container, and the host's sysfs cannot be mounted a second time. */
static const struct {
    enum audience who;
    const char *destination, *type, *source, *options;
} mounts[] = {
    {ALL, "/proc", "proc", "proc", NULL},
    {ALL, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k"},
    {ROOTFUL, "/dev/pts", "devpts", "devpts",
     "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5"},
    {ROOTLESS, "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620"},
    {ALL, "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k"},
    {ALL, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev"},
    {ROOTFUL, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro"},
    {ROOTLESS, "/sys", "none", "/sys", "rbind,nosuid,noexec,nodev,ro"},
    {ALL, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro"},
};

/* Who may not make interfaces is left with the host's network. */
static const struct {
    enum audience who;
    enum ns_kind kind;
} namespaces[] = {
    {ALL, NS_PID}, {ROOTFUL, NS_NET}, {ALL, NS_IPC},
    {ALL, NS_UTS}, {ALL, NS_MNT},     {ROOTLESS, NS_USER},
};

static json_t *split(const char *text)
{
    json_t *array = json_array();

    while (array && *text) {
        size_t len = strcspn(text, ",");

        json_array_append_new(array, json_stringn(text, len));
        text += len + (text[len] == ',');
    }
    return array;
}

static bool concerns(enum audience who, bool rootless)
{
    return who == ALL || who == (rootless ? ROOTLESS : ROOTFUL);
}

static json_t *mounts_array(bool rootless)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < ARRAY_SIZE(mounts); i++) {
        json_t *one;

        if (!concerns(mounts[i].who, rootless))
            continue;
        one = json_pack("{s:s, s:s, s:s}", "destination", mounts[i].destination, "type",
                        mounts[i].type, "source", mounts[i].source);
        if (one && mounts[i].options)
            json_object_set_new(one, "options", split(mounts[i].options));
        json_array_append_new(array, one);
    }
    return array;
}

static json_t *namespaces_array(bool rootless)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < ARRAY_SIZE(namespaces); i++)
        if (concerns(namespaces[i].who, rootless))
            json_array_append_new(array,
                                  json_pack("{s:s}", "type", ns_type_word(namespaces[i].kind)));
    return array;
}

static json_t *process_object(void)
{
    const char *caps = "CAP_AUDIT_WRITE,CAP_KILL,CAP_NET_BIND_SERVICE";

    return json_pack("{s:b, s:{s:i, s:i}, s:[s], s:[s, s], s:s, s:{s:o, s:o, s:o, s:o}, "
                     "s:[{s:s, s:i, s:i}], s:b}",
                     "terminal", 1, "user", "uid", 0, "gid", 0, "args", "sh", "env",
                     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                     "TERM=xterm", "cwd", "/", "capabilities", "bounding", split(caps), "effective",
                     split(caps), "permitted", split(caps), "ambient", split(caps), "rlimits",
                     "type", "RLIMIT_NOFILE", "hard", 1024, "soft", 1024, "noNewPrivileges", 1);
}

/* One id: the user's own, as root. */
static json_t *mapping(unsigned host_id)
{
    return json_pack("[{s:i, s:I, s:i}]", "containerID", 0, "hostID", (json_int_t)host_id, "size",
                     1);
}

static json_t *linux_object(bool rootless)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:o}", "namespaces", namespaces_array(rootless), "maskedPaths",
        split("/proc/acpi,/proc/asound,/proc/kcore,/proc/keys,/proc/latency_stats,"
              "/proc/timer_list,/proc/timer_stats,/proc/sched_debug,/sys/firmware,/proc/scsi"),
        "readonlyPaths", split("/proc/bus,/proc/fs,/proc/irq,/proc/sys,/proc/sysrq-trigger"));

    if (!object)
        return NULL;
    if (rootless) {
        json_object_set_new(object, "uidMappings", mapping(geteuid()));
        json_object_set_new(object, "gidMappings", mapping(getegid()));
    } else {
        json_object_set_new(object, "resources",
                            json_pack("{s:[{s:b, s:s}]}", "devices", "allow", 0, "access", "rwm"));
    }
    return object;
}

static char *make_text(bool rootless)
{
    json_t *object =
        json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o}", "ociVersion", OCI_VERSION_MAX,
                  "process", process_object(), "root", "path", "rootfs", "readonly", 1, "hostname",
                  PROGRAM, "mounts", mounts_array(rootless), "linux", linux_object(rootless));
    char *text = object ? json_dumps(object, JSON_INDENT(4)) : NULL;

    json_decref(object);
    return text;
}

static int act(const struct context *ctx, void *values, char **args, struct lxcdriver_error **err)
{
    const struct options *o = values;
    const char *dir = o->bundle ? o->bundle : ".";
    cleanup_close int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
    cleanup_free char *text = make_text(o->rootless);

    (void)ctx;
    (void)args;
    if (!text)
        return err_nomem(err);
    if (dir_fd < 0)
        return err_sys(err, errno, "--bundle: open %s", dir);
    fd = openat(dir_fd, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, "%s/" FILE_NAME " exists and is not overwritten: remove it first", dir);
    if (fd < 0 || fs_write_all(fd, text, strlen(text)) < 0 || fs_write_all(fd, "\n", 1) < 0)
        return err_sys(err, errno, "write %s/" FILE_NAME, dir);
    return 0;
}

const struct verb verb_spec = {
    .name = "spec",
    .usage = "",
    .summary = "write a " FILE_NAME " to begin with",
    .options = options,
    .n_options = ARRAY_SIZE(options),
    .options_size = sizeof(struct options),
    .as_caller = true,
    .act = act,
};

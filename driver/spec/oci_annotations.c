/* What annotations ask of this runtime. */
#include "spec/oci.h"

#include <fnmatch.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"

#define OURS "org.linuxcontainers."
#define RAW_KEY OURS "lxc."

/*
 * The keys that a pattern with a wildcard can allow: none of them names a path or a command of the
 * host. All others are allowed by their full name only, so that "lxc.*" gives no one a hook, and a
 * key that a later LXC adds is on this side by itself.
 */
static const char *const plain_keys[] = {
    "lxc.arch",
    "lxc.autodev",
    "lxc.autodev.tmpfs.size",
    "lxc.cap.*",
    "lxc.cgroup.relative",
    "lxc.cgroup.*.*",
    "lxc.cgroup2.*.*",
    "lxc.console.buffer.size",
    "lxc.console.rotate",
    "lxc.console.size",
    "lxc.environment",
    "lxc.ephemeral",
    "lxc.group",
    "lxc.init.gid",
    "lxc.init.groups",
    "lxc.init.uid",
    "lxc.keyring.session",
    "lxc.log.level",
    "lxc.monitor.signal.pdeath",
    "lxc.monitor.unshare",
    "lxc.net.[0-9]*.flags",
    "lxc.net.[0-9]*.hwaddr",
    "lxc.net.[0-9]*.ipv[46].address",
    "lxc.net.[0-9]*.ipv[46].gateway",
    "lxc.net.[0-9]*.mtu",
    "lxc.net.[0-9]*.name",
    "lxc.no_new_privs",
    "lxc.prlimit.*",
    "lxc.proc.*",
    "lxc.pty.max",
    "lxc.sched.*",
    "lxc.signal.*",
    "lxc.start.*",
    "lxc.sysctl.*",
    "lxc.time.offset.*",
    "lxc.tty.max",
    "lxc.uts.name",
};

static bool is_plain(const char *key)
{
    /* The directories of a container's cgroups are paths of the host. */
    if (str_starts(key, "lxc.cgroup.dir"))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(plain_keys); i++)
        if (fnmatch(plain_keys[i], key, 0) == 0)
            return true;
    return false;
}

static bool is_allowed(const char *key, const struct conf *conf)
{
    bool plain = is_plain(key);

    for (size_t i = 0; i < conf->annotation_lxc_keys.n; i++) {
        const char *pattern = conf->annotation_lxc_keys.items[i];

        if (strcmp(pattern, key) == 0 || (plain && fnmatch(pattern, key, 0) == 0))
            return true;
    }
    return false;
}

static int apply_key(struct command *cmd, const struct string_pair *annotation,
                     const struct conf *conf, struct lxcdriver_error **err)
{
    cleanup_free char *key = str_printf("lxc.%s", annotation->key + strlen(RAW_KEY));

    if (!key)
        return err_nomem(err);
    if (!is_allowed(key, conf))
        return err_set(err,
                       "annotations.%s: the key %s is not one that annotation_lxc_keys of "
                       "runlxc.conf allows",
                       annotation->key, key);
    return pair_add(&cmd->lxc_conf, &cmd->n_lxc_conf, key, annotation->value) < 0 ? err_nomem(err)
                                                                                  : 0;
}

/* An annotation that is "true" or "false"; absent: *out stays. */
static int flag(const struct command *cmd, const char *key, bool *out, struct lxcdriver_error **err)
{
    const char *value = pair_find(cmd->annotations, cmd->n_annotations, key);

    if (!value)
        return 0;
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return err_set(err, "annotations.%s: \"%s\" is neither true nor false", key, value);
    *out = *value == 't';
    return 0;
}

int oci_annotations_apply(struct command *cmd, const struct conf *conf,
                          struct lxcdriver_error **err)
{
    for (size_t i = 0; i < cmd->n_annotations; i++)
        if (str_starts(cmd->annotations[i].key, RAW_KEY) &&
            apply_key(cmd, &cmd->annotations[i], conf, err) < 0)
            return -1;
    return flag(cmd, OURS "lxcfs", &cmd->lxcfs, err);
}

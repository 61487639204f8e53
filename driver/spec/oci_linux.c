/* "linux" of an OCI bundle: namespaces and what belongs to them, paths, labels. The rest is in
 * oci_linux_more.c. */
#include "spec/oci.h"

#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"
#include "spec/seccomp.h"
#include "spec/words.h"

static int read_namespace(const struct json_at *at, struct command *cmd, bool seen[NS_KINDS],
                          struct lxcdriver_error **err)
{
    struct json_at type = json_member(at, "type"), path = json_member(at, "path");
    cleanup_free char *name = NULL;
    struct namespace_spec *ns;
    int kind;

    if (json_want_object(at, err) < 0 || json_get_string(&type, &name, err) < 0)
        return -1;
    kind = ns_type_from_word(name);
    if (kind < 0)
        return json_error(&type, err, "not a kind of namespace");
    if (seen[kind])
        return json_error(&type, err, "said twice");
    seen[kind] = true;
    ns = &cmd->ns[kind];
    if (oci_text(at, "path", &ns->path, err) < 0)
        return -1;
    ns->mode = ns->path ? NS_PATH : NS_NEW;
    if (ns->path && *ns->path != '/')
        return json_error(&path, err, "not an absolute path");
    if (ns->path && kind == NS_MNT)
        return json_error(&path, err, "LXC gives every container a mount namespace of its own");
    return 0;
}

static int read_namespaces(const struct json_at *at, struct command *cmd,
                           struct lxcdriver_error **err)
{
    bool seen[NS_KINDS] = {false};
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "namespaces", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_namespace(&element, cmd, seen, err) < 0)
            return -1;
    return 0;
}

/* Ids make sense in a user namespace only, and a new one without them has nobody in it. */
static int read_id_maps(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    enum ns_mode mode = cmd->ns[NS_USER].mode;

    if (oci_id_maps(at, "uidMappings", &cmd->uid_maps, &cmd->n_uid_maps, err) < 0 ||
        oci_id_maps(at, "gidMappings", &cmd->gid_maps, &cmd->n_gid_maps, err) < 0)
        return -1;
    if (mode == NS_HOST && (cmd->n_uid_maps || cmd->n_gid_maps))
        return err_set(err, "%s.%s: is given, but no user namespace", at->path,
                       cmd->n_uid_maps ? "uidMappings" : "gidMappings");
    if (mode == NS_NEW && !cmd->n_uid_maps)
        return err_set(err, "%s.uidMappings: is missing beside a new user namespace", at->path);
    if (mode == NS_NEW && !cmd->n_gid_maps)
        return err_set(err, "%s.gidMappings: is missing beside a new user namespace", at->path);
    return 0;
}

static int read_offset(const struct json_at *at, int64_t *seconds, uint32_t *ns,
                       struct lxcdriver_error **err)
{
    int64_t nanoseconds = 0;

    if (json_want_object(at, err) < 0 ||
        json_opt_int(at, "secs", INT64_MIN, INT64_MAX, seconds, err) < 0 ||
        json_opt_int(at, "nanosecs", 0, 999999999, &nanoseconds, err) < 0)
        return -1;
    *ns = (uint32_t)nanoseconds;
    return 0;
}

/* The clocks that time_namespaces(7) shifts. */
static int read_time_offsets(const struct json_at *at, struct command *cmd,
                             struct lxcdriver_error **err)
{
    struct json_at object;
    const char *clock;
    json_t *value;

    if (json_opt_object(at, "timeOffsets", &object, &cmd->has_time_offsets, err) < 0)
        return -1;
    if (!cmd->has_time_offsets)
        return 0;
    cmd->has_time_offsets = json_object_size(object.value) > 0;
    json_object_foreach((json_t *)object.value, clock, value)
    {
        struct json_at member = json_member(&object, clock);
        bool boot = strcmp(clock, "boottime") == 0;

        if (!boot && strcmp(clock, "monotonic") != 0)
            return err_set(err, "%s: not a clock of a time namespace", member.path);
        if (read_offset(&member, boot ? &cmd->boottime_s : &cmd->monotonic_s,
                        boot ? &cmd->boottime_ns : &cmd->monotonic_ns, err) < 0)
            return -1;
    }
    return 0;
}

static int read_propagation(const struct json_at *at, struct command *cmd,
                            struct lxcdriver_error **err)
{
    static const struct {
        const char *name;
        uint64_t flags;
    } words[] = {
        {"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
        {"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
        {"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
        {"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
    };
    struct json_at member = json_member(at, "rootfsPropagation");
    cleanup_free char *word = NULL;

    if (oci_text(at, "rootfsPropagation", &word, err) < 0)
        return -1;
    for (size_t i = 0; word && i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].name, word) == 0)
            cmd->root.propagation = words[i].flags;
    if (word && !cmd->root.propagation)
        return json_error(&member, err, "not a propagation type");
    return 0;
}

static int read_paths(const struct json_at *at, const char *name, struct strv *out,
                      struct lxcdriver_error **err)
{
    struct json_at list = json_member(at, name);

    if (json_opt_strv(at, name, out, err) < 0)
        return -1;
    for (size_t i = 0; i < out->n; i++)
        if (*out->items[i] != '/') {
            struct json_at element = json_element(&list, i);

            return json_error(&element, err, "not an absolute path");
        }
    return 0;
}

static int read_seccomp(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_at seccomp = json_member(at, "seccomp");

    return json_present(&seccomp) ? seccomp_oci_read(&seccomp, &cmd->seccomp, err) : 0;
}

int oci_linux_read(const struct json_at *at, struct command *cmd, struct strv *warnings,
                   struct lxcdriver_error **err)
{
    if (json_want_object(at, err) < 0 || read_namespaces(at, cmd, err) < 0 ||
        read_id_maps(at, cmd, err) < 0 || read_time_offsets(at, cmd, err) < 0 ||
        oci_text(at, "cgroupsPath", &cmd->cgroups_path, err) < 0 ||
        read_propagation(at, cmd, err) < 0)
        return -1;
    if (read_paths(at, "maskedPaths", &cmd->masked_paths, err) < 0 ||
        read_paths(at, "readonlyPaths", &cmd->readonly_paths, err) < 0 ||
        oci_pairs(at, "sysctl", &cmd->sysctls, &cmd->n_sysctls, err) < 0 ||
        oci_text(at, "mountLabel", &cmd->mount_label, err) < 0 || read_seccomp(at, cmd, err) < 0)
        return -1;
    return oci_linux_more_read(at, cmd, warnings, err);
}

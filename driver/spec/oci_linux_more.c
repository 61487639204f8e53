/*
 * Of "linux" of an OCI bundle: devices, resources, netDevices, intelRdt, memoryPolicy, personality
 * (config-linux.md, the sections of these names).
 */
#include "spec/oci.h"

#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"
#include "spec/oci_resources.h"
#include "spec/readers.h"
#include "spec/validate.h"
#include "spec/words.h"

static int read_u32(const struct json_at *at, const char *name, uint32_t max, bool *has,
                    uint32_t *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);
    int64_t number;

    if (!json_present(&member))
        return 0;
    if (json_get_int(&member, 0, max, &number, err) < 0)
        return -1;
    *has = true;
    *out = (uint32_t)number;
    return 0;
}

static int read_node_type(const struct json_at *at, char *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "type");
    cleanup_free char *text = NULL;

    if (json_get_string(&member, &text, err) < 0)
        return -1;
    if (strlen(text) != 1 || !strchr("cbup", *text))
        return json_error(&member, err, "expected c, b, u or p as the type of a device");
    *out = *text;
    return 0;
}

static int read_path(const struct json_at *at, char **out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "path");
    cleanup_free char *text = NULL;

    if (json_get_string(&member, &text, err) < 0)
        return -1;
    if (*text != '/')
        return json_error(&member, err, "not an absolute path");
    *out = path_normalise(text, err);
    return *out ? 0 : err_wrap(err, "%s", member.path);
}

/* Engines leave bits of the file's type in fileMode, which `type` says already. */
static int read_node(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct device_node *node = ARRAY_GROW(&cmd->devices, &cmd->n_devices);

    if (!node)
        return err_nomem(err);
    if (json_want_object(at, err) < 0 || read_node_type(at, &node->type, err) < 0 ||
        read_path(at, &node->path, err) < 0 ||
        read_u32(at, "fileMode", UINT32_MAX, &node->has_mode, &node->mode, err) < 0 ||
        read_u32(at, "uid", UINT32_MAX - 1, &node->has_uid, &node->uid, err) < 0 ||
        read_u32(at, "gid", UINT32_MAX - 1, &node->has_gid, &node->gid, err) < 0)
        return -1;
    node->mode &= 07777;
    return node->type == 'p' ? 0 : oci_device_number(at, &node->major, &node->minor, err);
}

static int read_devices(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "devices", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_node(&element, cmd, err) < 0)
            return -1;
    return 0;
}

static int read_resources(const struct json_at *at, struct command *cmd,
                          struct lxcdriver_error **err)
{
    struct json_at resources;
    bool present;

    if (json_opt_object(at, "resources", &resources, &present, err) < 0)
        return -1;
    if (present && oci_resources_read(&resources, &cmd->res, err) < 0)
        return -1;
    return device_rules_bundle(&cmd->res, err);
}

/* The name in the container may be a pattern of the kernel's, "eth%d". */
static int check_new_name(const struct json_at *at, const char *name, struct lxcdriver_error **err)
{
    const char *percent = strchr(name, '%');

    if (check_interface(name, err) < 0)
        return err_wrap(err, "%s", at->path);
    if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
        return json_error(at, err, "\"%%\" stands for nothing but one \"%%d\"");
    return 0;
}

static int read_net_device(const struct json_at *at, const char *host_name, struct command *cmd,
                           struct lxcdriver_error **err)
{
    struct net_device *device = ARRAY_GROW(&cmd->net_devices, &cmd->n_net_devices);
    struct json_at name = json_member(at, "name");

    if (!device || str_set(&device->host_name, host_name) < 0)
        return err_nomem(err);
    if (check_interface(host_name, err) < 0)
        return err_wrap(err, "%s", at->path);
    /* null is an object that says nothing. */
    if (json_present(at) &&
        (json_want_object(at, err) < 0 || json_opt_string(at, "name", &device->name, err) < 0))
        return -1;
    if (str_empty(device->name))
        return str_set(&device->name, NULL);
    return check_new_name(&name, device->name, err);
}

static int read_net_devices(const struct json_at *at, struct command *cmd,
                            struct lxcdriver_error **err)
{
    struct json_at devices;
    const char *name;
    json_t *value;
    bool present;

    if (json_opt_object(at, "netDevices", &devices, &present, err) < 0 || !present)
        return present ? -1 : 0;
    json_object_foreach((json_t *)devices.value, name, value)
    {
        struct json_at member = json_member(&devices, name);

        if (read_net_device(&member, name, cmd, err) < 0)
            return -1;
    }
    return 0;
}

/* One line of a schemata file. */
static int check_schema(const struct json_at *at, const char *name, const char *text,
                        const char *prefix, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);

    if (!text)
        return 0;
    if (strpbrk(text, "\r\n"))
        return json_error(&member, err, "more than one line");
    if (!str_starts(text, prefix))
        return json_error(&member, err, "expected a text that begins with \"%s\"", prefix);
    return 0;
}

static int check_rdt(const struct json_at *at, const struct command *cmd,
                     struct lxcdriver_error **err)
{
    struct json_at clos = json_member(at, "closID");
    const char *id = cmd->rdt_clos_id;

    /* The name of one directory in resctrl, or "/" for its root. */
    if (id && strcmp(id, "/") != 0 &&
        (strchr(id, '/') || !strcmp(id, ".") || !strcmp(id, "..") || check_text(id, NULL) < 0))
        return json_error(&clos, err, "not the name of a class of service");
    for (size_t i = 0; i < cmd->rdt_schemata.n; i++)
        if (check_schema(at, "schemata", cmd->rdt_schemata.items[i], "", err) < 0)
            return -1;
    return check_schema(at, "l3CacheSchema", cmd->rdt_l3_cache, "L3:", err) < 0 ||
                   check_schema(at, "memBwSchema", cmd->rdt_mem_bw, "MB:", err) < 0
               ? -1
               : 0;
}

/* enableCMT and enableMBM are how 1.1 and 1.2 of the specification said enableMonitoring. */
int oci_rdt_read(const struct json_at *at, struct command *cmd, struct lxcdriver_error **err)
{
    bool cmt = false, mbm = false;
    struct json_at rdt;

    if (json_opt_object(at, "intelRdt", &rdt, &cmd->has_intel_rdt, err) < 0 || !cmd->has_intel_rdt)
        return cmd->has_intel_rdt ? -1 : 0;
    if (oci_text(&rdt, "closID", &cmd->rdt_clos_id, err) < 0 ||
        oci_text(&rdt, "l3CacheSchema", &cmd->rdt_l3_cache, err) < 0 ||
        oci_text(&rdt, "memBwSchema", &cmd->rdt_mem_bw, err) < 0 ||
        json_opt_strv(&rdt, "schemata", &cmd->rdt_schemata, err) < 0 ||
        json_opt_bool(&rdt, "enableMonitoring", &cmd->rdt_enable_monitoring, err) < 0 ||
        json_opt_bool(&rdt, "enableCMT", &cmt, err) < 0 ||
        json_opt_bool(&rdt, "enableMBM", &mbm, err) < 0)
        return -1;
    cmd->rdt_enable_monitoring |= cmt || mbm;
    return check_rdt(&rdt, cmd, err);
}

/* set_mempolicy(2). */
static const struct {
    const char *name;
    enum { NODES_NONE, NODES_ANY, NODES_SOME } nodes;
} policy_modes[] = {
    {"MPOL_DEFAULT", NODES_NONE},
    {"MPOL_PREFERRED", NODES_ANY},
    {"MPOL_BIND", NODES_SOME},
    {"MPOL_INTERLEAVE", NODES_SOME},
    {"MPOL_LOCAL", NODES_NONE},
    {"MPOL_PREFERRED_MANY", NODES_SOME},
    {"MPOL_WEIGHTED_INTERLEAVE", NODES_SOME},
};

static const char *const policy_flags[] = {"MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
                                           "MPOL_F_STATIC_NODES"};

const char *memory_policy_mode_word(size_t i)
{
    return i < ARRAY_SIZE(policy_modes) ? policy_modes[i].name : NULL;
}

const char *memory_policy_flag_word(size_t i)
{
    return i < ARRAY_SIZE(policy_flags) ? policy_flags[i] : NULL;
}

static int check_policy(const struct json_at *at, const struct command *cmd,
                        struct lxcdriver_error **err)
{
    struct json_at mode = json_member(at, "mode"), nodes = json_member(at, "nodes");
    size_t i = 0;

    while (i < ARRAY_SIZE(policy_modes) && strcmp(policy_modes[i].name, cmd->memory_policy_mode))
        i++;
    if (i == ARRAY_SIZE(policy_modes))
        return json_error(&mode, err, "not a mode of set_mempolicy(2)");
    if (policy_modes[i].nodes == NODES_NONE && cmd->memory_policy_nodes)
        return json_error(&nodes, err, "%s takes no nodes", policy_modes[i].name);
    if (policy_modes[i].nodes == NODES_SOME && !cmd->memory_policy_nodes)
        return err_set(err, "%s: is missing, %s needs nodes", nodes.path, policy_modes[i].name);
    if (cmd->memory_policy_nodes && check_cpuset(cmd->memory_policy_nodes, err) < 0)
        return err_wrap(err, "%s", nodes.path);
    return 0;
}

static int check_policy_flags(const struct json_at *at, const struct strv *flags,
                              struct lxcdriver_error **err)
{
    struct json_at list = json_member(at, "flags");

    for (size_t i = 0; i < flags->n; i++) {
        struct json_at element = json_element(&list, i);
        bool found = false;

        for (size_t k = 0; k < ARRAY_SIZE(policy_flags); k++)
            found |= strcmp(flags->items[i], policy_flags[k]) == 0;
        if (!found)
            return json_error(&element, err, "not a flag of set_mempolicy(2)");
    }
    return 0;
}

static int read_memory_policy(const struct json_at *at, struct command *cmd,
                              struct lxcdriver_error **err)
{
    struct json_at policy, mode;
    bool present;

    if (json_opt_object(at, "memoryPolicy", &policy, &present, err) < 0 || !present)
        return present ? -1 : 0;
    mode = json_member(&policy, "mode");
    if (json_get_string(&mode, &cmd->memory_policy_mode, err) < 0 ||
        oci_text(&policy, "nodes", &cmd->memory_policy_nodes, err) < 0 ||
        json_opt_strv(&policy, "flags", &cmd->memory_policy_flags, err) < 0 ||
        check_policy(&policy, cmd, err) < 0)
        return -1;
    return check_policy_flags(&policy, &cmd->memory_policy_flags, err);
}

static int read_personality(const struct json_at *at, struct command *cmd,
                            struct lxcdriver_error **err)
{
    struct json_at personality, domain;
    struct json_list flags;
    bool present;

    if (json_opt_object(at, "personality", &personality, &present, err) < 0 || !present)
        return present ? -1 : 0;
    domain = json_member(&personality, "domain");
    if (json_get_string(&domain, &cmd->personality, err) < 0 ||
        json_opt_list(&personality, "flags", &flags, err) < 0)
        return -1;
    if (strcmp(cmd->personality, "LINUX") != 0 && strcmp(cmd->personality, "LINUX32") != 0)
        return json_error(&domain, err, "expected LINUX or LINUX32");
    return flags.n > 0 ? json_error(&flags.at, err, "the specification knows no flags") : 0;
}

int oci_linux_more_read(const struct json_at *at, struct command *cmd, struct strv *warnings,
                        struct lxcdriver_error **err)
{
    (void)warnings;
    if (read_devices(at, cmd, err) < 0 || read_resources(at, cmd, err) < 0 ||
        read_net_devices(at, cmd, err) < 0 || oci_rdt_read(at, cmd, err) < 0)
        return -1;
    return read_memory_policy(at, cmd, err) < 0 ? -1 : read_personality(at, cmd, err);
}

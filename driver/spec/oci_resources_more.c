/* Of "linux.resources": the list of allowed devices, and what few bundles say. */
#include "spec/oci_resources.h"

#include <string.h>

#include "base/cleanup.h"
#include "spec/oci_parts.h"
#include "spec/readers.h"
#include "spec/validate.h"

/* 12 and 20 bits, linux/kdev_t.h. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

int oci_device_number(const struct json_at *at, int64_t *major, int64_t *minor,
                      struct lxcdriver_error **err)
{
    struct json_at major_at = json_member(at, "major"), minor_at = json_member(at, "minor");

    return json_get_int(&major_at, 0, MAJOR_MAX, major, err) < 0 ||
                   json_get_int(&minor_at, 0, MINOR_MAX, minor, err) < 0
               ? -1
               : 0;
}

static int read_rule_type(const struct json_at *at, char *out, struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "type");
    cleanup_free char *text = NULL;

    *out = 'a';
    if (!json_present(&member))
        return 0;
    if (json_get_string(&member, &text, err) < 0)
        return -1;
    if (!*text)
        return 0;
    *out = text[0];
    return strlen(text) == 1 && strchr("acb", *out)
               ? 0
               : json_error(&member, err, "expected a, c or b as the type of devices");
}

/* Absent or -1: any. */
static int read_rule_numbers(const struct json_at *at, struct device_rule *rule,
                             struct lxcdriver_error **err)
{
    rule->major = rule->minor = -1;
    return json_opt_int(at, "major", -1, UINT32_MAX, &rule->major, err) < 0 ||
                   json_opt_int(at, "minor", -1, UINT32_MAX, &rule->minor, err) < 0
               ? -1
               : 0;
}

/* A rule without access says nothing of one device. For all of them it is the whole: the kernel
 * reads no access behind "a" (cgroup-v1/devices.rst). */
static int read_rule_access(const struct json_at *at, struct device_rule *rule,
                            struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "access");
    cleanup_free char *text = NULL;

    if (json_present(&member) && json_get_string(&member, &text, err) < 0)
        return -1;
    if (str_empty(text)) {
        rule->read = rule->write = rule->mknod = rule->type == 'a';
        return 0;
    }
    return device_rule_access(text, rule, err) < 0 ? err_wrap(err, "%s", member.path) : 0;
}

static int read_rule(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_at allow = json_member(at, "allow");
    struct device_rule rule = {0}, *slot;

    if (json_want_object(at, err) < 0 || json_get_bool(&allow, &rule.allow, err) < 0 ||
        read_rule_type(at, &rule.type, err) < 0 || read_rule_numbers(at, &rule, err) < 0 ||
        read_rule_access(at, &rule, err) < 0)
        return -1;
    slot = ARRAY_GROW(&out->devices, &out->n_devices);
    if (!slot)
        return err_nomem(err);
    *slot = rule;
    return 0;
}

int oci_device_rules(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "devices", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element))
        if (read_rule(&element, out, err) < 0)
            return -1;
    return 0;
}

static int read_hugepages(const struct json_at *at, struct resources *out,
                          struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "hugepageLimits", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct json_at size = json_member(&element, "pageSize"),
                       limit = json_member(&element, "limit");
        struct hugepage_limit *slot = ARRAY_GROW(&out->hugepages, &out->n_hugepages);
        size_t digits;

        if (!slot)
            return err_nomem(err);
        if (json_want_object(&element, err) < 0 ||
            json_get_string(&size, &slot->page_size, err) < 0 ||
            json_get_u64(&limit, 0, UINT64_MAX, &slot->limit, err) < 0)
            return -1;
        digits = strspn(slot->page_size, "0123456789");
        if (!digits || digits + 2 != strlen(slot->page_size) ||
            !strchr("KMG", slot->page_size[digits]) || slot->page_size[digits + 1] != 'B')
            return json_error(&size, err, "expected a size such as \"2MB\"");
    }
    return 0;
}

static int read_priorities(const struct json_at *at, struct resources *out,
                           struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "priorities", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct json_at name = json_member(&element, "name"),
                       priority = json_member(&element, "priority");
        struct net_priority *slot = ARRAY_GROW(&out->net_priorities, &out->n_net_priorities);
        int64_t number;

        if (!slot)
            return err_nomem(err);
        if (json_want_object(&element, err) < 0 || json_get_string(&name, &slot->name, err) < 0 ||
            json_get_int(&priority, 0, UINT32_MAX, &number, err) < 0)
            return -1;
        if (check_interface(slot->name, err) < 0)
            return err_wrap(err, "%s", name.path);
        slot->priority = (uint32_t)number;
    }
    return 0;
}

static int read_network(const struct json_at *at, struct resources *out,
                        struct lxcdriver_error **err)
{
    struct json_at network;
    bool present;

    if (json_opt_object(at, "network", &network, &present, err) < 0 || !present)
        return present ? -1 : 0;
    if (json_opt_int(&network, "classID", 0, UINT32_MAX, &out->net_class_id, err) < 0)
        return -1;
    return read_priorities(&network, out, err);
}

static int read_rdma_device(const struct json_at *at, const char *name, struct resources *out,
                            struct lxcdriver_error **err)
{
    struct rdma_limit *slot = ARRAY_GROW(&out->rdma, &out->n_rdma);

    if (!slot)
        return err_nomem(err);
    slot->handles = slot->objects = RES_UNSET;
    if (str_set(&slot->device, name) < 0)
        return err_nomem(err);
    if (json_want_object(at, err) < 0 ||
        json_opt_int(at, "hcaHandles", 0, UINT32_MAX, &slot->handles, err) < 0 ||
        json_opt_int(at, "hcaObjects", 0, UINT32_MAX, &slot->objects, err) < 0)
        return -1;
    /* The name is the first word of a line of rdma.max. */
    if (!*name || strpbrk(name, " \t") || check_text(name, NULL) < 0)
        return json_error(at, err, "not the name of a device");
    if (slot->handles == RES_UNSET && slot->objects == RES_UNSET)
        return json_error(at, err, "has neither hcaHandles nor hcaObjects");
    return 0;
}

static int read_rdma(const struct json_at *at, struct resources *out, struct lxcdriver_error **err)
{
    struct json_at rdma;
    const char *name;
    json_t *value;
    bool present;

    if (json_opt_object(at, "rdma", &rdma, &present, err) < 0 || !present)
        return present ? -1 : 0;
    json_object_foreach((json_t *)rdma.value, name, value)
    {
        struct json_at member = json_member(&rdma, name);

        if (read_rdma_device(&member, name, out, err) < 0)
            return -1;
    }
    return 0;
}

static int read_unified(const struct json_at *at, struct resources *out,
                        struct lxcdriver_error **err)
{
    size_t first = out->n_unified;

    if (oci_pairs(at, "unified", &out->unified, &out->n_unified, err) < 0)
        return -1;
    for (size_t i = first; i < out->n_unified; i++) {
        const char *name = out->unified[i].key;

        if (!strchr(name, '.') || *name == '.' || strchr(name, '/') || check_text(name, NULL) < 0)
            return err_set(err, "%s.unified: \"%s\" is not the name of a control file", at->path,
                           name);
    }
    return 0;
}

int oci_resources_rare(const struct json_at *at, struct resources *out,
                       struct lxcdriver_error **err)
{
    if (read_hugepages(at, out, err) < 0 || read_network(at, out, err) < 0 ||
        read_rdma(at, out, err) < 0)
        return -1;
    return read_unified(at, out, err);
}

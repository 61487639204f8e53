#include "spec/readers.h"

#include <string.h>

#include "base/cleanup.h"

#define ANY (-1)

/* Numbers of Documentation/admin-guide/devices.txt. */
static const struct device_rule default_rules[] = {
    {false, 'a', ANY, ANY, true, true, true},
    {true, 'c', ANY, ANY, false, false,
     true}, /* any node may be made; using it is another matter */
    {true, 'b', ANY, ANY, false, false, true},
    {true, 'c', 1, 3, true, true, true},     /* null */
    {true, 'c', 1, 5, true, true, true},     /* zero */
    {true, 'c', 1, 7, true, true, true},     /* full */
    {true, 'c', 1, 8, true, true, true},     /* random */
    {true, 'c', 1, 9, true, true, true},     /* urandom */
    {true, 'c', 5, 0, true, true, true},     /* tty */
    {true, 'c', 5, 1, true, true, true},     /* console */
    {true, 'c', 5, 2, true, true, true},     /* ptmx */
    {true, 'c', 136, ANY, true, true, true}, /* pts/0 .. */
};

static int add(struct resources *res, const struct device_rule *rule, struct lxcdriver_error **err)
{
    struct device_rule *slot = ARRAY_GROW(&res->devices, &res->n_devices);

    if (!slot)
        return err_nomem(err);
    *slot = *rule;
    return 0;
}

int device_rules_default(struct resources *res, struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(default_rules); i++)
        if (add(res, &default_rules[i], err) < 0)
            return -1;
    return 0;
}

static bool is_everything(const struct device_rule *r)
{
    return r->type == 'a' && r->major < 0 && r->minor < 0 && r->read && r->write && r->mknod;
}

/* A bundle's /dev/console is a pty. */
static bool is_console(const struct device_rule *r)
{
    return r->type == 'c' && r->major == 5 && r->minor == 1;
}

/* Not in the specification, but what every runtime allows, and engines rely on. */
static const struct device_rule tun = {true, 'c', 10, 200, true, true, true};

int device_rules_bundle(struct resources *res, struct lxcdriver_error **err)
{
    bool open = res->n_devices > 0 && is_everything(&res->devices[0]);
    bool reset = open;

    for (size_t i = 0; i < res->n_devices; i++)
        open = open && res->devices[i].allow;
    if (open)
        return 0;
    if (!reset) {
        if (add(res, &default_rules[0], err) < 0)
            return -1;
        memmove(res->devices + 1, res->devices, (res->n_devices - 1) * sizeof(*res->devices));
        res->devices[0] = default_rules[0];
    }
    for (size_t i = 1; i < ARRAY_SIZE(default_rules); i++)
        if (!is_console(&default_rules[i]) && add(res, &default_rules[i], err) < 0)
            return -1;
    return add(res, &tun, err);
}

int device_rules_all(struct resources *res, struct lxcdriver_error **err)
{
    return add(res, &(struct device_rule){true, 'a', ANY, ANY, true, true, true}, err);
}

int device_rule_access(const char *text, struct device_rule *rule, struct lxcdriver_error **err)
{
    bool read = false, write = false, mknod = false;

    for (const char *p = text; *p || p == text; p++) {
        bool *which = *p == 'r' ? &read : *p == 'w' ? &write : *p == 'm' ? &mknod : NULL;

        if (!which || *which)
            return err_set(
                err, "\"%s\" is not a device access: r, w and m, each once, are expected", text);
        *which = true;
    }
    rule->read = read;
    rule->write = write;
    rule->mknod = mknod;
    return 0;
}

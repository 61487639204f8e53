/* The checks of single values, and command_validate() which strings the parts together. */
#include "spec/validate.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "spec/readers.h"

#define ID_MAX NAME_MAX           /* it is a directory's name */
#define SHOWN_MAX 64              /* of a text that is no good, in its error */
#define CPU_MAX 65535             /* far above any kernel's NR_CPUS */
#define UID_MAX_VALUE 4294967294u /* -1 is "no id" to the kernel */

static bool only(const char *s, const char *others)
{
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr(others, *s))
            return false;
    return true;
}

int command_check_id(const char *id, struct lxcdriver_error **err)
{
    if (str_empty(id))
        return err_set(err, "the id is empty");
    if (strlen(id) > ID_MAX)
        return err_set(err, "the id \"%.32s...\" is longer than %d characters", id, ID_MAX);
    if (!only(id, "_.+-"))
        return err_set(err, "\"%s\" is not an id: letters, digits and _ . + - are expected", id);
    if (*id == '.')
        return err_set(err, "\"%s\" is not an id: it begins with a '.'", id);
    return 0;
}

int check_text(const char *text, struct lxcdriver_error **err)
{
    size_t shown = strnlen(text, SHOWN_MAX);

    for (const char *p = text; *p; p++)
        if (iscntrl((unsigned char)*p))
            return err_set(err, "\"%.*s%s\": byte %td is a control character (0x%02x)", (int)shown,
                           text, text[shown] ? "..." : "", p - text + 1, (unsigned char)*p);
    return 0;
}

int check_absolute(const char *path, struct lxcdriver_error **err)
{
    if (*path != '/')
        return err_set(err, "\"%s\" is not an absolute path", path);
    if (strlen(path) >= PATH_MAX)
        return err_set(err, "a path of %zu bytes is longer than %d", strlen(path), PATH_MAX - 1);
    return 0;
}

int check_range(int64_t value, int64_t min, int64_t max, struct lxcdriver_error **err)
{
    if (value == RES_UNSET || (value >= min && value <= max))
        return 0;
    if (max == INT64_MAX)
        return err_set(err, "%" PRId64 " is less than %" PRId64, value, min);
    return err_set(err, "%" PRId64 " is not between %" PRId64 " and %" PRId64, value, min, max);
}

/* The number at *p, which moves behind it; -1 when there is none or it is too large. */
static int64_t cpu_number(const char **p)
{
    int64_t number = 0;

    if (!isdigit((unsigned char)**p))
        return -1;
    for (; isdigit((unsigned char)**p); ++*p) {
        number = number * 10 + (**p - '0');
        if (number > CPU_MAX)
            return -1;
    }
    return number;
}

int check_cpuset(const char *list, struct lxcdriver_error **err)
{
    const char *p = list;

    for (;;) {
        int64_t first = cpu_number(&p), last = first;

        if (first >= 0 && *p == '-') {
            p++;
            last = cpu_number(&p);
        }
        if (first < 0 || last < first || (*p && *p != ','))
            return err_set(err, "\"%s\" is not a list of numbers and ranges such as 0-3,5", list);
        if (!*p++)
            return 0;
    }
}

int check_hostname(const char *name, struct lxcdriver_error **err)
{
    size_t len = strlen(name);

    if (!len)
        return err_set(err, "the name is empty");
    if (len > HOSTNAME_MAX)
        return err_set(err, "\"%s\" is longer than %d characters", name, HOSTNAME_MAX);
    if (!only(name, "-_.") || !isalnum((unsigned char)name[0]) ||
        !isalnum((unsigned char)name[len - 1]))
        return err_set(
            err, "\"%s\" is not a host name: letters, digits and - _ . within are expected", name);
    return 0;
}

int check_mac(const char *mac, struct lxcdriver_error **err)
{
    bool zero = true;
    bool right = strlen(mac) == 17;

    for (size_t i = 0; right && i < 17; i++) {
        right = i % 3 == 2 ? mac[i] == ':' : isxdigit((unsigned char)mac[i]);
        zero &= i % 3 == 2 || mac[i] == '0';
    }
    if (!right)
        return err_set(err, "\"%s\" is not a MAC address such as 02:42:ac:11:00:02", mac);
    /* The lowest bit of the first byte says group, IEEE 802. */
    if (zero || strchr("13579bdfBDF", mac[1]))
        return err_set(err, "\"%s\" is not the address of one interface (unicast)", mac);
    return 0;
}

int check_interface(const char *name, struct lxcdriver_error **err)
{
    size_t len = strlen(name);
    bool right = len > 0 && len < IF_NAMESIZE && strcmp(name, ".") && strcmp(name, "..");

    /* dev_valid_name() of the kernel's net/core/dev.c; control characters too, which it would take.
     */
    for (const char *p = name; right && *p; p++)
        right =
            *p != '/' && *p != ':' && !isspace((unsigned char)*p) && !iscntrl((unsigned char)*p);
    if (!right)
        return err_set(err, "\"%s\" is not an interface's name", name);
    return 0;
}

int check_extra_host(const char *text, struct lxcdriver_error **err)
{
    size_t len = strcspn(text, ":");
    cleanup_free char *name = strndup(text, len);
    struct ip_address addr;

    if (!name)
        return err_nomem(err);
    if (!text[len])
        return err_set(err, "\"%s\" is not NAME:ADDRESS", text);
    if (check_hostname(name, err) < 0)
        return err_wrap(err, "\"%s\"", text);
    if (address_read(text + len + 1, &addr, err) < 0)
        return err_wrap(err, "\"%s\"", text);
    if (addr.prefix)
        return err_set(err, "\"%s\": a network is not an address", text);
    return 0;
}

/* A name of passwd(5) or group(5), or a number that is an id. */
static int check_name(const char *name, const char *what, struct lxcdriver_error **err)
{
    uint64_t id;

    if (!*name)
        return err_set(err, "the %s is empty", what);
    if (strspn(name, "0123456789") == strlen(name) && !str_to_u64(name, 0, UID_MAX_VALUE, &id))
        return err_set(err, "\"%s\" is above the last id, %u", name, UID_MAX_VALUE);
    if (*name == '-' || strpbrk(name, ":/ \t"))
        return err_set(err, "\"%s\" is neither the name nor the number of a %s", name, what);
    return check_text(name, err);
}

int check_user(const char *user, struct lxcdriver_error **err)
{
    size_t len = strcspn(user, ":");
    cleanup_free char *name = strndup(user, len);

    if (!name)
        return err_nomem(err);
    if (check_name(name, "user", err) < 0)
        return -1;
    return user[len] ? check_name(user + len + 1, "group", err) : 0;
}

int check_group(const char *group, struct lxcdriver_error **err)
{
    return check_name(group, "group", err);
}

/* The key with '.' between its parts; '/' may stand there too, sysctl(8), and then a '.' belongs to
 * an interface's name. */
static bool under(const char *key, const char *prefix)
{
    size_t i = 0;

    while (prefix[i] && (key[i] == prefix[i] || (prefix[i] == '.' && key[i] == '/')))
        i++;
    return !prefix[i];
}

int check_sysctl_key(const char *key, struct lxcdriver_error **err)
{
    /* Each of these has a value of its own in an IPC or UTS namespace: proc_sys(5), namespaces(7).
     */
    static const char *const own[] = {
        "kernel.msgmax", "kernel.msgmnb",          "kernel.msgmni",
        "kernel.sem",    "kernel.shmall",          "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.domainname",
    };
    static const char *const trees[] = {"net.", "fs.mqueue."};

    if (!*key)
        return err_set(err, "the key is empty");
    if (check_text(key, err) < 0)
        return -1;
    /* The key becomes a path below /proc/sys: nothing may lead out of it. */
    if (strpbrk(key, " =") || strstr(key, "..") || strstr(key, "//"))
        return err_set(err, "\"%s\" is not a sysctl key", key);
    for (size_t i = 0; i < ARRAY_SIZE(own); i++)
        if (under(key, own[i]) && strlen(key) == strlen(own[i]))
            return 0;
    for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
        if (under(key, trees[i]) && strlen(key) > strlen(trees[i]))
            return 0;
    return err_set(err, "\"%s\" belongs to the whole machine, not to a container", key);
}

int check_lxc_key(const char *key, struct lxcdriver_error **err)
{
    if (!str_starts(key, "lxc.") || !key[4] || !only(key, "_.-"))
        return err_set(err, "\"%s\" is not an LXC key: lxc.NAME is expected", key);
    return 0;
}

static int validate_root(const struct command *cmd, struct lxcdriver_error **err)
{
    const struct root_spec *root = &cmd->root;

    if (str_empty(root->path))
        return err_set(err, "root.path: is missing");
    if (check_absolute(root->path, err) < 0 || check_text(root->path, err) < 0)
        return err_wrap(err, "root.path");
    for (size_t i = 0; i < root->layers.n; i++)
        if (check_absolute(root->layers.items[i], err) < 0)
            return err_wrap(err, "root.layers[%zu]", i);
    if (!root->upper != !root->work)
        return err_set(err, "root.upper and root.work: one is missing");
    if ((root->upper && check_absolute(root->upper, err) < 0) ||
        (root->work && check_absolute(root->work, err) < 0))
        return err_wrap(err, "root.upper");
    return 0;
}

static int validate_id(const struct command *cmd, struct lxcdriver_error **err)
{
    return command_check_id(cmd->id, err) < 0 ? err_wrap(err, "id") : 0;
}

int command_validate(const struct command *cmd, struct lxcdriver_error **err)
{
    static int (*const parts[])(const struct command *, struct lxcdriver_error **) = {
        validate_id,         validate_root,      validate_process,
        validate_mounts,     validate_devices,   validate_network,
        validate_namespaces, validate_resources, validate_texts,
    };

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (parts[i](cmd, err) < 0)
            return -1;
    return 0;
}

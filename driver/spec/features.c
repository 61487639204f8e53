#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "shared/capnames.h"
#include "spec/words.h"

#define WORDS_MAX 128

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words of a table in the order of the alphabet, as callers compare them. */
static json_t *sorted(const char *(*word)(size_t i))
{
    const char *list[WORDS_MAX] = {NULL};
    json_t *array = json_array();
    size_t n = 0;

    while (n < ARRAY_SIZE(list) && word(n)) {
        list[n] = word(n);
        n++;
    }
    qsort(list, n, sizeof(*list), compare);
    for (size_t i = 0; array && i < n; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static const char *ns_word(size_t i)
{
    return ns_type_word((enum ns_kind)i);
}

/* Hooks in the order in which they run, capabilities by their numbers. */
static json_t *hooks(void)
{
    json_t *array = json_array();

    for (int i = 0; array && i < HOOK_POINTS; i++)
        json_array_append_new(array, json_string(hook_point_word((enum hook_point)i)));
    return array;
}

static json_t *capabilities(void)
{
    json_t *array = json_array();

    for (unsigned cap = 0; array && cap <= CAP_LAST_KNOWN; cap++)
        json_array_append_new(array, json_string(capname(cap)));
    return array;
}

static json_t *seccomp(void)
{
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions",
                     sorted(seccomp_action_word), "operators", sorted(seccomp_operator_word),
                     "archs", sorted(seccomp_arch_word), "knownFlags", sorted(seccomp_flag_word),
                     "supportedFlags", sorted(seccomp_flag_word));
}

static json_t *cgroup(void)
{
    return json_pack("{s:b, s:b, s:b, s:b, s:b}", "v1", 1, "v2", 1, "systemd", 1, "systemdUser", 0,
                     "rdma", 1);
}

static json_t *enabled(void)
{
    return json_pack("{s:b}", "enabled", 1);
}

static json_t *rdt(void)
{
    return json_pack("{s:b, s:b, s:b}", "enabled", 1, "schemata", 1, "monitoring", 1);
}

static json_t *linux_features(void)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o}, s:o, s:o, s:{s:o}}",
                     "namespaces", sorted(ns_word), "capabilities", capabilities(), "cgroup",
                     cgroup(), "seccomp", seccomp(), "apparmor", enabled(), "selinux", enabled(),
                     "memoryPolicy", "modes", sorted(memory_policy_mode_word), "flags",
                     sorted(memory_policy_flag_word), "intelRdt", rdt(), "netDevices", enabled(),
                     "mountExtensions", "idmap", enabled());
}

static json_t *annotations(const char *version)
{
    const struct scmp_version *lib = seccomp_version();

    return json_pack("{s:o, s:s}", "io.github.seccomp.libseccomp.version",
                     json_sprintf("%u.%u.%u", lib->major, lib->minor, lib->micro),
                     "org.linuxcontainers.runlxc.version", version);
}

json_t *features_object(const char *version)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:[s, s]}", "ociVersionMin", OCI_VERSION_MIN,
                     "ociVersionMax", OCI_VERSION_MAX, "hooks", hooks(), "mountOptions",
                     sorted(mountopt_word), "linux", linux_features(), "annotations",
                     annotations(version), "potentiallyUnsafeConfigAnnotations",
                     "org.linuxcontainers.lxc.", "org.linuxcontainers.lxcfs");
}

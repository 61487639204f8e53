#include "spec/words.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

static const char *const ns_types[NS_KINDS] = {
    [NS_PID] = "pid", [NS_NET] = "network", [NS_MNT] = "mount",     [NS_IPC] = "ipc",
    [NS_UTS] = "uts", [NS_USER] = "user",   [NS_CGROUP] = "cgroup", [NS_TIME] = "time",
};

static const char *const hook_points[HOOK_POINTS] = {
    [HOOK_PRESTART] = "prestart",
    [HOOK_CREATE_RUNTIME] = "createRuntime",
    [HOOK_CREATE_CONTAINER] = "createContainer",
    [HOOK_START_CONTAINER] = "startContainer",
    [HOOK_POSTSTART] = "poststart",
    [HOOK_POSTSTOP] = "poststop",
};

const char *ns_type_word(enum ns_kind kind)
{
    return (size_t)kind < NS_KINDS ? ns_types[kind] : NULL;
}

int ns_type_from_word(const char *word)
{
    for (int i = 0; i < NS_KINDS; i++)
        if (str_eq(word, ns_types[i]))
            return i;
    return -1;
}

const char *hook_point_word(enum hook_point point)
{
    return (size_t)point < HOOK_POINTS ? hook_points[point] : NULL;
}

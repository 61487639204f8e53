/* Texts of /proc that others can have a word in: names of mounts, of cgroups, of processes. The
 * input: mountinfo, pid 1's cgroup, cgroup.controllers, a process's stat. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"
#include "host/mountinfo.h"
#include "host/proc.h"

/* Whether / is shared, as its last mount has it. */
static bool mounts(const char *text)
{
    cleanup_free char *copy = fuzz_copy(text, strlen(text) + 1);
    char *rest = copy;
    struct mountinfo m;
    bool shared = false;

    while (mountinfo_next(&rest, &m)) {
        FUZZ_CHECK(m.root && m.target && m.type && m.super);
        if (strcmp(m.target, "/") == 0)
            shared = m.shared;
    }
    return shared;
}

static void layout(const char *mountinfo, const char *cgroup, const char *controllers)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct cgroup_layout out;

    if (cgroup_layout_parse(mountinfo, cgroup, controllers, &out, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    FUZZ_CHECK(out.n > 0);
    FUZZ_CHECK(out.root_shared == mounts(mountinfo));
    for (size_t i = 0; i < out.n; i++) {
        const struct cgroup_hierarchy *h = &out.hierarchies[i];
        cleanup_free char *inside = str_printf("/%s", h->base);

        FUZZ_CHECK(h->v2 == !*h->controllers);
        /* Where containers go is below the mount, and no ".." leads out again. */
        FUZZ_CHECK(*h->base != '/' && inside && cgroup_path_below(inside, ""));
    }
    for (size_t i = 0; i < out.v1_controllers.n; i++)
        FUZZ_CHECK(*out.v1_controllers.items[i] && !strchr(out.v1_controllers.items[i], ','));
    for (size_t i = 0; i < out.v2_controllers.n; i++)
        FUZZ_CHECK(*out.v2_controllers.items[i] && !strpbrk(out.v2_controllers.items[i], " \n"));
    cgroup_layout_clear(&out);
}

/* Whatever the name says, what stands behind it is read. */
static void stat_line(const char *name)
{
    cleanup_free char *text =
        str_printf("12 (%s) S 34 12 12 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 5678 9 10 11 12", name);
    struct proc_stat out;

    FUZZ_CHECK(text);
    FUZZ_CHECK(proc_stat_parse(text, &out) == 0);
    FUZZ_CHECK(out.state == 'S' && out.ppid == 34 && out.start_time == 5678 && out.exiting);
    (void)proc_stat_parse(name, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    cleanup_free char *mountinfo = fuzz_text(&in, NULL), *cgroup = fuzz_text(&in, NULL);
    cleanup_free char *controllers = fuzz_text(&in, NULL), *name = fuzz_text(&in, NULL);

    layout(mountinfo, cgroup, *controllers ? controllers : NULL);
    mounts(mountinfo);
    stat_line(name);
    return 0;
}

/* SOURCES: driver/cli/runlxc/install_json.c driver/cli/runlxc/install_toml.c */
/* SOURCES: driver/cli/runlxc/install_plans.c driver/cli/runlxc/install_blocks.c */
/* SOURCES: driver/cli/runlxc/install_span.c */
/* What `runlxc install` makes of engines' configurations. The input: a byte that says whose it is,
 * then the file. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/runlxc/install_toml.h"
#include "fuzz.h"
#include "spec/engines.h"

#define TEXT_MAX 4096

static const struct install_wish wishes[] = {
    {.name = "runlxc", .path = "/usr/bin/runlxc"},
    {.name = "runlxc", .path = "/usr/bin/runlxc", .make_default = true},
    {.name = "runlxc", .path = "/usr/bin/runlxc", .make_default = true, .systemd_cgroup = true},
};
static const struct install_wish removal = {.name = "runlxc", .remove = true};
static install_planner *const planners[] = {NULL, plan_containerd, plan_podman, plan_crio};

/* False when it was refused. */
static bool edit(install_planner *planner, const struct install_wish *wish, const char *text,
                 size_t len, struct install_edit *out)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    int result = planner ? install_toml(planner, wish, "FILE", text, len, out, &err)
                         : install_json(wish, "FILE", text, len, out, &err);

    if (result < 0)
        fuzz_refused(err);
    return result == 0;
}

static void check_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    FUZZ_CHECK(a_len == b_len);
    FUZZ_CHECK(a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* As the engine reads it. */
static enum engine_switched known(install_planner *planner, const char *text, size_t len)
{
    enum engine_kind kind = planner == plan_containerd ? ENGINE_CONTAINERD
                            : planner == plan_podman   ? ENGINE_PODMAN
                            : planner == plan_crio     ? ENGINE_CRIO
                                                       : ENGINE_DOCKER;
    cleanup_engine_settings struct engine_settings s = {.kind = kind, .major = 1};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_strv struct strv imports = {0};

    if (engine_read(&s, "FILE", text, len, &imports, &err) < 0) {
        fuzz_refused(err);
        return SWITCHED_NOT;
    }
    return engine_switched(&s, NULL, NULL);
}

/* What was put in is there, is not put in twice, and is taken out without a trace. */
static void check(install_planner *planner, const struct install_wish *wish, const char *text,
                  size_t len)
{
    cleanup_edit struct install_edit in = {0}, twice = {0}, out = {0};

    if (!edit(planner, wish, text, len, &in))
        return;
    if (!in.changed)
        check_same(text, len, in.text, in.len);
    FUZZ_CHECK(edit(planner, wish, in.text, in.len, &twice) && !twice.changed);
    check_same(in.text, in.len, twice.text, twice.len);
    /* Somebody's own runtime of this name is not taken out as ours would be. */
    if (!in.of_runtime)
        return;
    FUZZ_CHECK(known(planner, in.text, in.len) >=
               (wish->make_default ? SWITCHED_DEFAULT : SWITCHED_RUNTIME));
    FUZZ_CHECK(edit(planner, &removal, in.text, in.len, &out) && out.changed);
    /* A default that was ours without being there is one that no engine starts with. */
    if (planner || !strstr(text, "runlxc"))
        check_same(text, len, out.text, out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    install_planner *planner = planners[fuzz_byte(&in) % ARRAY_SIZE(planners)];
    cleanup_free char *text = NULL;
    cleanup_edit struct install_edit out = {0};
    size_t len = in.left < TEXT_MAX ? in.left : TEXT_MAX;

    text = malloc(len + 1);
    FUZZ_CHECK(text);
    if (len)
        memcpy(text, in.at, len);
    text[len] = '\0';
    (void)known(planner, text, len);
    (void)edit(planner, &removal, text, len, &out);
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
        check(planner, &wishes[i], text, len);
    return 0;
}

/* SOURCES: tests/fuzz/shared/generate.c initshim/bootstrap.c initshim/failure.c initshim/text.c */
/*
 * Mount options: the words of a bundle's mount, and lxc-launch's --volume, --mount and --tmpfs. The
 * input: a byte that says what is mounted, a list of words, and one value for each of the three
 * options.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "config/section.h"
#include "fuzz.h"
#include "spec/readers.h"

/* 0, or -1 when a word was refused. */
static int apply_all(struct mount_spec *m, const char *list)
{
    cleanup_free char *copy = strdup(list);
    char *rest = copy;

    FUZZ_CHECK(copy);
    for (char *word = strsep(&rest, ","); word; word = strsep(&rest, ",")) {
        cleanup_err struct lxcdriver_error *err = NULL;

        if (mountopt_apply(m, word, &err) < 0) {
            fuzz_refused(err);
            return -1;
        }
    }
    return 0;
}

/* Nothing is both set and cleared, but the field of access times, which is one number. */
static void check_bits(const struct mount_spec *m)
{
    FUZZ_CHECK(!(m->flags & m->clear));
    FUZZ_CHECK(!(m->rec_set & m->rec_clear & ~(uint64_t)MOUNT_ATTR__ATIME));
    FUZZ_CHECK(!m->idmap_rec || m->idmap);
}

/* What LXC is told says what was meant: read again, it has no flag that was not given, and leaves
 * out none that LXC knows. */
static void check_said(const struct mount_spec *m, const char *type)
{
    const uint64_t known = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
                           MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
    char path[] = "mnt";
    const struct mount_plan plan = {.bind = strcmp(type, "bind") == 0, .path = path};
    struct mount_spec again = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_buf struct buf out = {0};

    if (mount_options(m, &plan, "mounts[0]", &out, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    FUZZ_CHECK(apply_all(&again, out.data) == 0);
    FUZZ_CHECK((again.flags & known) == (m->flags & known));
    FUZZ_CHECK(!(again.flags & ~known & ~m->flags & ~(uint64_t)MS_BIND));
    FUZZ_CHECK(plan.bind || again.data.n == m->data.n);
    mount_spec_clear(&again);
}

static void words(const char *list, const char *type)
{
    cleanup_command struct command *cmd = command_new();
    struct mount_spec *m = cmd ? ARRAY_GROW(&cmd->mounts, &cmd->n_mounts) : NULL;

    FUZZ_CHECK(m && str_set(&m->destination, "/mnt") == 0 && str_set(&m->type, type) == 0 &&
               str_set(&m->source, "/srv") == 0 && str_set(&cmd->id, "fuzz") == 0 &&
               str_set(&cmd->root.path, "/srv") == 0 && strv_add(&cmd->process.args, "x") == 0);
    if (apply_all(m, list) < 0)
        return;
    check_bits(m);
    check_said(m, type);
    if (command_validate(cmd, NULL) == 0)
        fuzz_generate(cmd);
}

static void flags(struct fuzz_input *in)
{
    static const char *const names[] = {"--volume", "--mount", "--tmpfs"};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_command struct command *cmd = NULL;
    cleanup_strv struct strv argv = {0};
    struct launch_options opts;

    FUZZ_CHECK(strv_add(&argv, "lxc-launch") == 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *value = fuzz_text(in, NULL);

        FUZZ_CHECK(!*value || strv_printf(&argv, "%s=%s", names[i], value) == 0);
        free(value);
    }
    FUZZ_CHECK(strv_add(&argv, "/srv/image") == 0 && strv_add(&argv, "true") == 0);
    if (flags_read((int)argv.n, argv.items, &opts, &cmd, &err) < 0) {
        fuzz_refused(err);
        return;
    }
    launch_options_clear(&opts);
    for (size_t i = 0; i < cmd->n_mounts; i++)
        check_bits(&cmd->mounts[i]);
    FUZZ_CHECK(str_set(&cmd->root.path, "/srv") == 0);
    if (command_validate(cmd, NULL) == 0)
        fuzz_generate(cmd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"bind", "tmpfs", "proc", "devpts"};
    struct fuzz_input in = {data, size};
    const char *type = types[fuzz_byte(&in) % ARRAY_SIZE(types)];
    cleanup_free char *list = fuzz_text(&in, NULL);

    words(list, type);
    flags(&in);
    return 0;
}

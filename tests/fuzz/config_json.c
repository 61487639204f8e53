/* SOURCES: tests/fuzz/shared/generate.c initshim/bootstrap.c initshim/failure.c initshim/text.c */
/* An OCI bundle's config.json: read, annotations applied, validated, and made into a configuration
 * and a bootstrap. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "spec/oci.h"

static int read_all(const char *text, size_t size, struct command *cmd,
                    struct lxcdriver_error **err)
{
    static char any[] = "lxc.*";
    static char *patterns[] = {any, NULL};
    const struct conf conf = {.annotation_lxc_keys = {patterns, 1}};
    cleanup_strv struct strv warnings = {0};

    cmd->engine = true;
    if (str_set(&cmd->id, "fuzz") < 0 || str_set(&cmd->bundle, "/srv/bundle") < 0)
        return err_nomem(err);
    if (oci_config_read(text, size, "/srv/bundle", cmd, &warnings, err) < 0 ||
        oci_annotations_apply(cmd, &conf, err) < 0)
        return -1;
    return command_validate(cmd, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *text = fuzz_copy(data, size);
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_command struct command *cmd = command_new();

    FUZZ_CHECK(cmd);
    if (read_all(text, size, cmd, &err) < 0)
        fuzz_refused(err);
    else
        fuzz_generate(cmd);
    return 0;
}

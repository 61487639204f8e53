/* An OCI process object, as engines hand it to exec. */
#include <stdlib.h>

#include "base/json.h"
#include "run/exec.h"
#include "spec/oci.h"
#include "spec/readers.h"
#include "spec/validate.h"

static int read_process(const char *json, size_t len, struct lxcdriver_process_spec *spec,
                        struct lxcdriver_error **err)
{
    json_t *value = json_parse(json, len, "process", err);
    struct json_at at = json_root(value);
    int result;

    if (!value)
        return -1;
    result = oci_process_read(&at, &spec->cmd->process, &spec->warnings, err);
    json_decref(value);
    spec->cmd->has_process = true;
    return result < 0 ? -1 : validate_process(spec->cmd, err);
}

struct lxcdriver_process_spec *lxcdriver_process_read(const char *json, size_t len,
                                                      struct lxcdriver_error **err)
{
    struct lxcdriver_process_spec *spec = calloc(1, sizeof(*spec));

    if (spec)
        spec->cmd = command_new();
    if (!spec || !spec->cmd) {
        err_nomem(err);
        lxcdriver_process_free(spec);
        return NULL;
    }
    if (read_process(json, len, spec, err) < 0) {
        lxcdriver_process_free(spec);
        return NULL;
    }
    return spec;
}

bool lxcdriver_process_terminal(const struct lxcdriver_process_spec *spec)
{
    return spec->cmd->process.terminal;
}

void lxcdriver_process_free(struct lxcdriver_process_spec *spec)
{
    if (!spec)
        return;
    command_free(spec->cmd);
    strv_free(&spec->warnings);
    free(spec);
}

int lxcdriver_signal_number(const char *name, struct lxcdriver_error **err)
{
    return signal_from_name(name, err);
}

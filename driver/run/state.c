/* state.json: the OCI runtime specification's state, and what else is known. The supervisor
 * rewrites its last lines (base/supervise.h). */
#include "run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "spec/readers.h"

#define STATE_MAX (4 << 20)

static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static json_t *address_list(const struct ip_address *list, size_t n, bool prefix)
{
    json_t *array = json_array();

    for (size_t i = 0; array && i < n; i++) {
        char text[64];

        if (address_print(&list[i], text, sizeof(text)) < 0)
            continue;
        json_array_append_new(array, prefix ? json_sprintf("%s/%u", text, list[i].prefix)
                                            : json_string(text));
    }
    return array;
}

static json_t *network_object(const struct network_facts *net)
{
    json_t *object = json_pack("{s:s}", "mode", net->mode);

    if (!object || !net->host_if)
        return object;
    json_object_set_new(object, "hostInterface", json_string(net->host_if));
    json_object_set_new(object, "interface", json_string(net->name));
    json_object_set_new(object, "bridge", json_string(net->bridge));
    json_object_set_new(object, "addresses", address_list(net->addresses, net->n_addresses, true));
    json_object_set_new(object, "gateways", address_list(net->gateways, net->n_gateways, false));
    return object;
}

static json_t *cgroups_object(const struct cgroup_dirs *dirs)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < dirs->n; i++)
        json_object_set_new(object, dirs->dirs[i].controllers, json_string(dirs->dirs[i].path));
    return object;
}

static json_t *annotations_object(const struct command *cmd)
{
    json_t *object = json_object();

    for (size_t i = 0; object && i < cmd->n_annotations; i++)
        json_object_set_new(object, cmd->annotations[i].key,
                            json_string(cmd->annotations[i].value));
    return object;
}

static json_t *head_object(const struct state_facts *f)
{
    const struct command *cmd = f->cmd;
    json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:s, s:I, s:i, s:I, s:I}", "ociVersion",
                               cmd->oci_version ? cmd->oci_version : "1.3.0", "id", cmd->id, "pid",
                               (int)f->pid, "bundle", cmd->bundle ? cmd->bundle : "", "rootfs",
                               f->rootfs, "initStartTime", (json_int_t)f->start_time,
                               "supervisorPid", (int)f->supervisor, "supervisorStartTime",
                               (json_int_t)f->supervisor_start, "created", (json_int_t)now_ns());

    if (!object)
        return NULL;
    json_object_set_new(object, "stopSignal", json_integer(cmd->stop_signal));
    json_object_set_new(object, "supervisorInside", json_boolean(cmd->supervisor_inside));
    json_object_set_new(object, "systemContainer", json_boolean(cmd->system_container));
    json_object_set_new(object, "cgroups", cgroups_object(f->cgroups));
    if (f->unit)
        json_object_set_new(object, "systemdUnit", json_string(f->unit));
    json_object_set_new(object, "network", network_object(f->net));
    if (f->rdt->dir)
        json_object_set_new(object, "intelRdt", furnish_record(f->rdt));
    json_object_set_new(object, "annotations", annotations_object(cmd));
    return object;
}

int state_write_created(int dir_fd, const struct state_facts *facts, struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};
    json_t *head = head_object(facts);
    cleanup_free char *dump = head ? json_dumps(head, JSON_INDENT(2)) : NULL;
    size_t len;

    json_decref(head);
    if (!dump)
        return err_nomem(err);
    /* In place of the closing "\n}" come the lines that the supervisor will rewrite. */
    len = strlen(dump) - 2;
    buf_append(&text, dump, len);
    buf_puts(&text, ",");
    buf_printf(&text, STATE_TAIL_FORMAT, "created", 0LL, 0LL, "null", -1, "false");
    if (text.failed)
        return err_nomem(err);
    if (fs_write_atomic(dir_fd, "state.json", text.data, text.len, 0600) < 0)
        return err_sys(err, errno, "write state.json");
    return 0;
}

json_t *state_read(int dir_fd, struct lxcdriver_error **err)
{
    cleanup_free char *text = NULL;
    json_error_t where;
    json_t *object;
    size_t len = 0;

    if (fs_read_at(dir_fd, "state.json", STATE_MAX, &text, &len) < 0) {
        if (errno != ENOENT)
            err_sys(err, errno, "read state.json");
        return NULL;
    }
    object = json_loadb(text, len, 0, &where);
    if (!object)
        err_set(err, "state.json:%d: %s", where.line, where.text);
    else if (!json_is_object(object))
        err_set(err, "state.json: is not an object");
    if (json_is_object(object))
        return object;
    json_decref(object);
    return NULL;
}

/* "mounts" of an OCI bundle. */
#include "spec/oci_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "spec/readers.h"

/* Relative destinations are deprecated and belong to the container's root. */
static int read_destination(const struct json_at *at, struct mount_spec *m,
                            struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, "destination");
    cleanup_free char *text = NULL;

    if (json_get_string(&member, &text, err) < 0)
        return -1;
    if (!*text)
        return json_error(&member, err, "a path is expected");
    m->destination = *text == '/' ? steal_ptr(&text) : str_printf("/%s", text);
    return m->destination ? 0 : err_nomem(err);
}

static int read_options(const struct json_at *at, struct mount_spec *m,
                        struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, "options", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        cleanup_free char *word = NULL;

        if (json_get_string(&element, &word, err) < 0)
            return -1;
        if (mountopt_apply(m, word, err) < 0)
            return err_wrap(err, "%s", element.path);
    }
    return 0;
}

/* Mappings ask for an id-mapped mount by themselves; the words "idmap" and "ridmap" are there for
 * runtimes that do not know them. */
static int read_maps(const struct json_at *at, struct mount_spec *m, struct lxcdriver_error **err)
{
    if (oci_id_maps(at, "uidMappings", &m->uid_maps, &m->n_uid_maps, err) < 0 ||
        oci_id_maps(at, "gidMappings", &m->gid_maps, &m->n_gid_maps, err) < 0)
        return -1;
    if (!m->n_uid_maps != !m->n_gid_maps)
        return err_set(err, "%s.%s: is missing", at->path,
                       m->n_uid_maps ? "gidMappings" : "uidMappings");
    m->idmap |= m->n_uid_maps > 0;
    return 0;
}

/* What is said about the type of a bind means nothing; "bind" as the type alone is one as well. */
static int settle_bind(const char *bundle, struct mount_spec *m, struct lxcdriver_error **err)
{
    if (str_eq(m->type, "bind"))
        m->flags |= MS_BIND;
    if (!(m->flags & MS_BIND))
        return 0;
    free(m->type);
    m->type = NULL;
    if (m->source && *m->source != '/') {
        cleanup_free char *relative = m->source;

        m->source = str_printf("%s/%s", bundle, relative);
        if (!m->source)
            return err_nomem(err);
    }
    return 0;
}

static int read_mount(const struct json_at *at, const char *bundle, struct mount_spec *m,
                      struct lxcdriver_error **err)
{
    if (json_want_object(at, err) < 0 || read_destination(at, m, err) < 0 ||
        oci_text(at, "type", &m->type, err) < 0 || oci_text(at, "source", &m->source, err) < 0 ||
        read_options(at, m, err) < 0 || read_maps(at, m, err) < 0)
        return -1;
    return settle_bind(bundle, m, err);
}

int oci_mounts_read(const struct json_at *root, const char *bundle, struct command *cmd,
                    struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(root, "mounts", &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct mount_spec *m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);

        if (!m)
            return err_nomem(err);
        if (read_mount(&element, bundle, m, err) < 0)
            return -1;
    }
    return 0;
}

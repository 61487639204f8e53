#include "spec/oci_parts.h"

#include <stdlib.h>

#include "base/cleanup.h"

int oci_text(const struct json_at *at, const char *name, char **out, struct lxcdriver_error **err)
{
    if (json_opt_string(at, name, out, err) < 0)
        return -1;
    if (*out && !**out) {
        free(*out);
        *out = NULL;
    }
    return 0;
}

int oci_pairs(const struct json_at *at, const char *name, struct string_pair **pairs, size_t *n,
              struct lxcdriver_error **err)
{
    struct json_at object;
    const char *key;
    json_t *value;
    bool present;

    if (json_opt_object(at, name, &object, &present, err) < 0)
        return -1;
    if (!present)
        return 0;
    json_object_foreach((json_t *)object.value, key, value)
    {
        struct json_at member = json_member(&object, key);
        cleanup_free char *text = NULL;

        if (json_get_string(&member, &text, err) < 0)
            return -1;
        if (pair_add(pairs, n, key, text) < 0)
            return err_nomem(err);
    }
    return 0;
}

static int read_u32(const struct json_at *at, const char *name, uint32_t *out,
                    struct lxcdriver_error **err)
{
    struct json_at member = json_member(at, name);
    int64_t number;

    if (json_get_int(&member, 0, UINT32_MAX, &number, err) < 0)
        return -1;
    *out = (uint32_t)number;
    return 0;
}

int oci_id_maps(const struct json_at *at, const char *name, struct id_map **maps, size_t *n,
                struct lxcdriver_error **err)
{
    struct json_list list;
    struct json_at element;

    if (json_opt_list(at, name, &list, err) < 0)
        return -1;
    while (json_list_next(&list, &element)) {
        struct id_map *map = ARRAY_GROW(maps, n);

        if (!map)
            return err_nomem(err);
        if (json_want_object(&element, err) < 0 ||
            read_u32(&element, "containerID", &map->container_id, err) < 0 ||
            read_u32(&element, "hostID", &map->host_id, err) < 0 ||
            read_u32(&element, "size", &map->size, err) < 0)
            return -1;
    }
    return 0;
}

/* OCI image layouts: image-layout.md, image-index.md, manifest.md and descriptor.md of the image
 * specification 1.1. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "cli/launch/image_parts.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"

/* An index may hold indexes; the specification sets no limit, images in use have one such level. */
#define INDEX_DEPTH 4

/* A descriptor's digest, which becomes part of file names: "sha256:" and 64 lower-case digits. */
static int read_digest(const struct json_at *descriptor, char hex[SHA256_HEX + 1],
                       struct lxcdriver_error **err)
{
    struct json_at at = json_member(descriptor, "digest");
    cleanup_free char *digest = NULL;
    const char *digits;

    if (json_get_string(&at, &digest, err) < 0)
        return -1;
    if (!str_starts(digest, "sha256:"))
        return json_error(&at, err, "only sha256 digests are supported");
    digits = digest + strlen("sha256:");
    if (strlen(digits) != SHA256_HEX || strspn(digits, "0123456789abcdef") != SHA256_HEX)
        return json_error(&at, err, "is not a sha256 digest");
    memcpy(hex, digits, SHA256_HEX + 1);
    return 0;
}

static int read_descriptor(const struct json_at *at, struct image_manifest *out,
                           struct lxcdriver_error **err)
{
    struct json_at size = json_member(at, "size");

    if (read_digest(at, out->hex, err) < 0)
        return -1;
    return json_get_int(&size, 0, INT64_MAX, &out->size, err);
}

/* A small blob, checked against its digest. */
static int read_blob(const char *dir, const char *hex, char **text, size_t *len,
                     struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/blobs/sha256/%s", dir, hex);
    char found[SHA256_HEX + 1];

    if (!path)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, path, IMAGE_JSON_MAX, text, len) < 0)
        return err_sys(err, errno, "%s", path);
    sha256_hex(*text, *len, found);
    if (!str_eq(found, hex))
        return err_set(err, "%s: is damaged: its sha256 is %s", path, found);
    return 0;
}

static bool for_this_machine(const struct json_at *descriptor)
{
    struct json_at platform = json_member(descriptor, "platform");
    struct json_at arch = json_member(&platform, "architecture");
    struct json_at os = json_member(&platform, "os");

    return str_eq(json_string_value(arch.value), image_architecture()) &&
           str_eq(json_string_value(os.value), "linux");
}

static const char *ref_name(const struct json_at *descriptor)
{
    struct json_at annotations = json_member(descriptor, "annotations");
    struct json_at name = json_member(&annotations, REF_NAME);

    return json_string_value(name.value);
}

/* What of an index could have been meant, for an error: names, or architectures. */
static char *list_choices(const struct json_at *manifests, size_t n, bool names)
{
    struct buf text = {0};
    bool first = true;

    for (size_t i = 0; i < n && text.len < 200; i++) {
        struct json_at at = json_element(manifests, i);
        struct json_at platform = json_member(&at, "platform");
        struct json_at arch = json_member(&platform, "architecture");
        const char *choice = names ? ref_name(&at) : json_string_value(arch.value);

        if (!choice)
            continue;
        buf_printf(&text, "%s%s", first ? "" : ", ", choice);
        first = false;
    }
    if (first)
        buf_puts(&text, names ? "no names" : "none that is named");
    return buf_take(&text);
}

/*
 * Choose of an index: by name (`ref` NULL: any when it is the only one, else "latest"), then by
 * platform when several are left. With `by_platform` names do not count.
 */
static int choose(const struct json_at *manifests, size_t n, const char *ref, bool by_platform,
                  struct json_at *chosen, struct lxcdriver_error **err)
{
    const char *want = ref || n == 1 ? ref : "latest";
    cleanup_free char *choices = NULL;
    size_t named = 0;

    chosen->value = NULL;
    for (size_t i = 0; i < n; i++) {
        struct json_at at = json_element(manifests, i);

        if (!by_platform && want && !str_eq(ref_name(&at), want))
            continue;
        named++;
        if (!chosen->value || (!for_this_machine(chosen) && for_this_machine(&at)))
            *chosen = at;
    }
    if (named == 1 || (chosen->value && for_this_machine(chosen)))
        return 0;
    choices = list_choices(manifests, n, named == 0);
    if (!choices)
        return err_nomem(err);
    if (n == 0)
        return json_error(manifests, err, "no image is in it");
    if (named == 0)
        return err_set(err, "no image \"%s\" is in it; there is %s", want, choices);
    return err_set(err, "no image for linux/%s is in it; there is %s", image_architecture(),
                   choices);
}

/* The descriptor that was chosen; *index tells whether it leads to another index. */
static int read_chosen(const struct json_at *chosen, struct image_manifest *out, bool *index,
                       struct lxcdriver_error **err)
{
    struct json_at at = json_member(chosen, "mediaType");
    cleanup_free char *type = NULL;

    if (read_descriptor(chosen, out, err) < 0 || json_get_string(&at, &type, err) < 0)
        return -1;
    *index = str_eq(type, TYPE_INDEX) || str_eq(type, TYPE_DOCKER_INDEX);
    if (!*index && !str_eq(type, TYPE_MANIFEST))
        return json_error(&at, err, "is not an OCI image manifest");
    return 0;
}

static int find_in_index(const char *text, size_t len, const char *ref, bool top,
                         struct image_manifest *out, bool *index, struct lxcdriver_error **err)
{
    json_auto_t *json = json_parse(text, len, "JSON", err);
    struct json_at root, manifests, chosen;
    size_t n;

    if (!json)
        return -1;
    root = json_root(json);
    if (json_want_object(&root, err) < 0)
        return -1;
    manifests = json_member(&root, "manifests");
    if (json_want_array(&manifests, &n, err) < 0 ||
        choose(&manifests, n, ref, !top, &chosen, err) < 0)
        return -1;
    return read_chosen(&chosen, out, index, err);
}

int image_layout_find(const char *dir, const char *ref, struct image_manifest *out,
                      struct lxcdriver_error **err)
{
    cleanup_free char *path = str_printf("%s/index.json", dir), *text = NULL;
    bool index = true;
    size_t len;

    if (!path)
        return err_nomem(err);
    if (fs_read_at(AT_FDCWD, path, IMAGE_JSON_MAX, &text, &len) < 0) {
        if (errno == ENOENT)
            return err_set(err, "%s is not an OCI image layout: it has no index.json", dir);
        return err_sys(err, errno, "%s", path);
    }
    if (find_in_index(text, len, ref, true, out, &index, err) < 0)
        return err_wrap(err, "%s", path);
    for (int depth = 0; index; depth++) {
        if (depth == INDEX_DEPTH)
            return err_set(err, "%s: more than %d indexes within one another", path, INDEX_DEPTH);
        free(steal_ptr(&text));
        if (read_blob(dir, out->hex, &text, &len, err) < 0)
            return -1;
        if (find_in_index(text, len, NULL, false, out, &index, err) < 0)
            return err_wrap(err, "image index");
    }
    return 0;
}

int image_layout_config(const char *dir, const struct image_manifest *manifest, char **text,
                        size_t *len, struct lxcdriver_error **err)
{
    cleanup_free char *body = NULL;
    json_auto_t *json = NULL;
    struct json_at root, config;
    struct image_manifest described;
    size_t body_len;

    if (read_blob(dir, manifest->hex, &body, &body_len, err) < 0)
        return -1;
    json = json_parse(body, body_len, "image manifest", err);
    if (!json)
        return -1;
    root = json_root(json);
    if (json_want_object(&root, err) < 0)
        return err_wrap(err, "image manifest");
    config = json_member(&root, "config");
    if (json_want_object(&config, err) < 0 || read_descriptor(&config, &described, err) < 0)
        return err_wrap(err, "image manifest");
    return read_blob(dir, described.hex, text, len, err);
}

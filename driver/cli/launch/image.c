#include "cli/launch/image.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

/*
 * The root that lxc-launch itself sees, below an overlay. Only its own filesystem: what is mounted
 * in it (/home on another disk, /proc) is not part of an overlay's layer.
 */
static int from_host(const struct image_request *req, struct image *out,
                     struct lxcdriver_error **err)
{
    (void)req;
    if (strv_add(&out->layers, "/") < 0 || strv_add(&out->env, IMAGE_PATH_ENV) < 0 ||
        strv_add(&out->cmd, "/bin/sh") < 0 || str_set(&out->workdir, "/") < 0)
        return err_nomem(err);
    out->shared = true;
    return 0;
}

static int from_directory(const struct image_request *req, struct image *out,
                          struct lxcdriver_error **err)
{
    cleanup_free char *path = realpath(req->name, NULL);

    if (!path && errno == ENOENT && !strchr(req->name, '/'))
        return err_set(err, "no such directory; an image of a registry is written docker://%s",
                       req->name);
    if (!path)
        return err_sys(err, errno, "directory \"%s\"", req->name);
    if (!fs_is_dir(path))
        return err_set(err, "%s is not a directory", path);
    if (str_eq(path, "/"))
        return err_set(err, "a container that writes to this machine's own root: use @host");
    return strv_take(&out->layers, steal_ptr(&path)) < 0 ? err_nomem(err) : 0;
}

static const struct kind {
    const char *prefix;
    bool whole; /* nothing stands behind the prefix */
    int (*resolve)(const struct image_request *req, struct image *out,
                   struct lxcdriver_error **err);
} kinds[] = {
    {"@busybox", true, image_from_busybox},    {"@host", true, from_host},
    {"oci:", false, image_from_layout},        {"docker-archive:", false, image_from_archive},
    {"docker://", false, image_from_registry},
};

static int resolve(const char *ref, struct image_request *req, struct image *out,
                   struct lxcdriver_error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (!str_starts(ref, kinds[i].prefix))
            continue;
        req->name = ref + strlen(kinds[i].prefix);
        if (!kinds[i].whole || !*req->name)
            return kinds[i].resolve(req, out, err);
    }
    req->name = ref;
    if (!*ref)
        return err_set(err, "the name is empty");
    if (*ref == '@')
        return err_set(err, "there is only @busybox and @host");
    return from_directory(req, out, err);
}

int image_resolve(const char *ref, const struct conf *conf, bool progress, struct image *out,
                  struct lxcdriver_error **err)
{
    struct image_request req = {.conf = conf, .progress = progress};
    mode_t mask;
    int result;

    *out = (struct image){0};
    /* Other users than root must reach the files in a container whatever the caller's umask is. */
    mask = umask(022);
    result = resolve(ref, &req, out, err);
    umask(mask);
    if (result < 0) {
        image_clear(out);
        return err_wrap(err, "image %s", ref);
    }
    return 0;
}

void image_clear(struct image *image)
{
    strv_free(&image->layers);
    strv_free(&image->env);
    strv_free(&image->entrypoint);
    strv_free(&image->cmd);
    free(image->workdir);
    free(image->user);
    free(image->stop_signal);
    *image = (struct image){0};
}

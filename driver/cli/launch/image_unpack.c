#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

static const char images[] = "images";

int image_unpacked(const struct conf *conf, const char *hex, struct image *out,
                   struct lxcdriver_error **err)
{
    cleanup_close int dir = image_store_open(conf, images, err);
    cleanup_free char *config = str_printf("sha256-%s/config.json", hex), *text = NULL;
    size_t len;

    if (dir < 0)
        return -1;
    if (!config)
        return err_nomem(err);
    if (fs_read_at(dir, config, IMAGE_JSON_MAX, &text, &len) < 0) {
        if (errno == ENOENT)
            return 0;
        return err_sys(err, errno, "%s/%s/%s", conf->image_dir, images, config);
    }
    if (image_config_read(text, len, out, err) < 0)
        return -1;
    if (strv_printf(&out->layers, "%s/%s/sha256-%s/rootfs", conf->image_dir, images, hex) < 0)
        return err_nomem(err);
    out->shared = true;
    return 1;
}

/*
 * A layout with nothing in it but this manifest: umoci takes a name, which somebody could move to
 * another image after we have looked it up, and it knows no index within an index. The blobs stay
 * where they are; umoci checks each against its digest.
 */
static int make_layout(const struct image_slot *slot, const char *dir,
                       const struct image_manifest *manifest, struct lxcdriver_error **err)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    cleanup_free char *blobs = NULL, *target = NULL;
    cleanup_buf struct buf index = {0};
    cleanup_close int layout = -1;

    target = str_printf("%s/blobs", dir);
    if (!target)
        return err_nomem(err);
    blobs = realpath(target, NULL);
    if (!blobs)
        return err_sys(err, errno, "%s", target);
    buf_printf(&index,
               "{\"schemaVersion\":2,\"manifests\":[{"
               "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
               "\"digest\":\"sha256:%s\",\"size\":%lld,"
               "\"annotations\":{\"org.opencontainers.image.ref.name\":\"image\"}}]}",
               manifest->hex, (long long)manifest->size);
    if (index.failed)
        return err_nomem(err);
    if (mkdirat(slot->lock_fd, "layout", 0700) < 0 ||
        (layout = openat(slot->lock_fd, "layout", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
        fs_write_atomic(layout, "oci-layout", version, sizeof(version) - 1, 0600) < 0 ||
        fs_write_atomic(layout, "index.json", index.data, index.len, 0600) < 0 ||
        symlinkat(blobs, layout, "blobs") < 0)
        return err_sys(err, errno, "%s/layout", slot->path);
    return 0;
}

static int run_umoci(const struct image_request *req, const struct image_slot *slot,
                     struct lxcdriver_error **err)
{
    /* "raw": without the listing of every file's hash that umoci would need to repack the image. */
    static const char *const argv[] = {"umoci",   "--log=info",   "raw",    "unpack",
                                       "--image", "layout:image", "rootfs", NULL};
    const struct image_tool tool = {
        .argv = argv,
        .package = "umoci",
        .cwd = slot->path,
        .keep_fd = slot->lock_fd,
        .progress = req->progress,
    };

    return image_tool_run(&tool, err);
}

static int fill(const struct image_request *req, const struct image_slot *slot, const char *dir,
                const struct image_manifest *manifest, const char *config, size_t len,
                struct lxcdriver_error **err)
{
    if (make_layout(slot, dir, manifest, err) < 0 || run_umoci(req, slot, err) < 0)
        return -1;
    if (fs_remove_tree(slot->lock_fd, "layout") < 0)
        return err_sys(err, errno, "remove %s/layout", slot->path);
    if (fs_write_atomic(slot->lock_fd, "config.json", config, len, 0600) < 0)
        return err_sys(err, errno, "%s/config.json", slot->path);
    return 0;
}

static int unpack(const struct image_request *req, const char *dir,
                  const struct image_manifest *manifest, struct lxcdriver_error **err)
{
    cleanup_free char *config = NULL, *name = str_printf("sha256-%s", manifest->hex);
    struct image_slot slot;
    struct image checked = {0};
    size_t len;
    int result;

    if (!name)
        return err_nomem(err);
    /* An image that cannot run here is refused before it is unpacked. */
    if (image_layout_config(dir, manifest, &config, &len, err) < 0)
        return -1;
    result = image_config_read(config, len, &checked, err);
    image_clear(&checked);
    if (result < 0)
        return -1;
    result = image_slot_begin(req->conf, images, name, req->progress, &slot, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (req->progress)
        fprintf(stderr, "Unpacking image %.12s\n", manifest->hex);
    result = fill(req, &slot, dir, manifest, config, len, err);
    if (result == 0)
        result = image_slot_commit(&slot, err);
    image_slot_end(&slot);
    return result;
}

int image_unpack(const struct image_request *req, const char *dir,
                 const struct image_manifest *manifest, struct image *out,
                 struct lxcdriver_error **err)
{
    int found = image_unpacked(req->conf, manifest->hex, out, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    if (unpack(req, dir, manifest, err) < 0)
        return -1;
    found = image_unpacked(req->conf, manifest->hex, out, err);
    if (found == 0)
        return err_set(err, "%s/%s/sha256-%s has no config.json", req->conf->image_dir, images,
                       manifest->hex);
    return found < 0 ? -1 : 0;
}

/* oci:, docker-archive: and docker://: from a reference to a manifest. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "cli/launch/image_parts.h"

#define REF_MAX 255

/* What references of layouts, archives and registries are made of; skopeo looks closer. */
static int check_ref(const char *ref, struct lxcdriver_error **err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t len = strlen(ref);

    if (!len)
        return err_set(err, "the reference is empty");
    if (len > REF_MAX)
        return err_set(err, "\"%.40s...\" is longer than %d characters", ref, REF_MAX);
    for (size_t i = 0; i < len; i++)
        if (!strchr(letters, ref[i]) && !strchr(i ? "._:@/+-" : "@", ref[i]))
            return err_set(err, "\"%s\" is not a reference: character %zu", ref, i + 1);
    return 0;
}

/*
 * "PATH[:REF]", where PATH may hold colons too: the shortest part before a colon that exists,
 * unless all of it does. *ref stays NULL when there is none.
 */
static int split(const char *text, const char *what, char **path, char **ref,
                 struct lxcdriver_error **err)
{
    struct stat st;

    if (!*text)
        return err_set(err, "the name of the %s is missing", what);
    if (stat(text, &st) == 0)
        return str_set(path, text) < 0 ? err_nomem(err) : 0;
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        cleanup_free char *head = strndup(text, (size_t)(colon - text));

        if (!head)
            return err_nomem(err);
        if (!*head || stat(head, &st) < 0)
            continue;
        if (check_ref(colon + 1, err) < 0)
            return -1;
        *path = steal_ptr(&head);
        return str_set(ref, colon + 1) < 0 ? err_nomem(err) : 0;
    }
    return err_sys(err, ENOENT, "%s \"%s\"", what, text);
}

int image_from_layout(const struct image_request *req, struct image *out,
                      struct lxcdriver_error **err)
{
    cleanup_free char *dir = NULL, *ref = NULL;
    struct image_manifest manifest;

    if (split(req->name, "directory", &dir, &ref, err) < 0 ||
        image_layout_find(dir, ref, &manifest, err) < 0)
        return -1;
    return image_unpack(req, dir, &manifest, out, err);
}

/* ---- through skopeo: what a source turned out to be is remembered in <image_dir>/refs ---- */

static const char refs[] = "refs";

struct source {
    const char *skopeo;       /* its name for it */
    const char *file;         /* an archive, linked as "archive"; or NULL */
    const char *key;          /* what it is remembered by */
    char hex[SHA256_HEX + 1]; /* of the key */
    bool look_up;             /* also when it is known */
};

/* The image, when it is known and still there: 1; 0; -1. */
static int recall(const struct image_request *req, const struct source *source, struct image *out,
                  struct lxcdriver_error **err)
{
    cleanup_close int dir = image_store_open(req->conf, refs, err);
    cleanup_free char *text = NULL;
    size_t len;

    if (dir < 0)
        return -1;
    if (source->look_up)
        return 0;
    /* A damaged note is no reason to fail: it is written again. */
    if (fs_read_at(dir, source->hex, 1u << 16, &text, &len) < 0 || len <= SHA256_HEX ||
        text[SHA256_HEX] != '\n' || strspn(text, "0123456789abcdef") != SHA256_HEX)
        return 0;
    text[SHA256_HEX] = '\0';
    return image_unpacked(req->conf, text, out, err);
}

static int remember(const struct image_request *req, const struct source *source, const char *hex,
                    struct lxcdriver_error **err)
{
    cleanup_close int dir = image_store_open(req->conf, refs, err);
    cleanup_buf struct buf text = {0};

    if (dir < 0)
        return -1;
    buf_printf(&text, "%s\n%s\n", hex, source->key);
    if (text.failed)
        return err_nomem(err);
    if (fs_write_atomic(dir, source->hex, text.data, text.len, 0600) < 0)
        return err_sys(err, errno, "%s/%s/%s", req->conf->image_dir, refs, source->hex);
    return 0;
}

static int run_skopeo(const struct image_request *req, const struct source *source,
                      const struct image_slot *slot, struct lxcdriver_error **err)
{
    const char *argv[] = {"skopeo", "copy", source->skopeo, "oci:layout:image", NULL};
    const struct image_tool tool = {
        .argv = argv,
        .package = "skopeo",
        .cwd = slot->path,
        .keep_fd = slot->lock_fd,
        .progress = req->progress,
    };

    /* skopeo ends a file name at the first colon; a link has a name without one. */
    if (source->file && symlinkat(source->file, slot->lock_fd, "archive") < 0)
        return err_sys(err, errno, "%s/archive", slot->path);
    return image_tool_run(&tool, err);
}

static int copy_and_unpack(const struct image_request *req, const struct source *source,
                           const struct image_slot *slot, struct image *out,
                           struct lxcdriver_error **err)
{
    cleanup_free char *layout = str_printf("%s/layout", slot->path);
    struct image_manifest manifest;
    int known;

    if (!layout)
        return err_nomem(err);
    /* Another process may have done it while we waited for the lock. */
    known = recall(req, source, out, err);
    if (known != 0)
        return known < 0 ? -1 : 0;
    if (run_skopeo(req, source, slot, err) < 0 ||
        image_layout_find(layout, NULL, &manifest, err) < 0 ||
        image_unpack(req, layout, &manifest, out, err) < 0)
        return -1;
    return remember(req, source, manifest.hex, err);
}

static int from_skopeo(const struct image_request *req, struct source *source, struct image *out,
                       struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL;
    struct image_slot slot;
    int result;

    sha256_hex(source->key, strlen(source->key), source->hex);
    result = recall(req, source, out, err);
    if (result != 0)
        return result < 0 ? -1 : 0;
    /* The slot only holds the copy; it is never committed, so nothing has its final name. */
    name = str_printf("%s.copy", source->hex);
    if (!name)
        return err_nomem(err);
    result = image_slot_begin(req->conf, refs, name, req->progress, &slot, err);
    if (result != 0)
        return result < 0 ? -1 : err_sys(err, EEXIST, "%s/%s/%s", req->conf->image_dir, refs, name);
    result = copy_and_unpack(req, source, &slot, out, err);
    image_slot_end(&slot);
    return result;
}

int image_from_archive(const struct image_request *req, struct image *out,
                       struct lxcdriver_error **err)
{
    cleanup_free char *path = NULL, *ref = NULL, *file = NULL, *key = NULL, *skopeo = NULL;
    struct source source = {0};
    struct stat st;

    if (split(req->name, "file", &path, &ref, err) < 0)
        return -1;
    file = realpath(path, NULL);
    if (!file || stat(file, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, "%s is not a file", file);
    /* A file that is written to or replaced has other numbers; its digest would take a read of it
     * all. */
    key = str_printf("docker-archive:%s:%s %llx:%llx %lld %lld.%09ld %lld.%09ld", file,
                     ref ? ref : "", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
                     (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
                     (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    skopeo = str_printf("docker-archive:archive%s%s", ref ? ":" : "", ref ? ref : "");
    if (!key || !skopeo)
        return err_nomem(err);
    source = (struct source){.skopeo = skopeo, .file = file, .key = key};
    return from_skopeo(req, &source, out, err);
}

int image_from_registry(const struct image_request *req, struct image *out,
                        struct lxcdriver_error **err)
{
    cleanup_free char *name = NULL;
    struct source source = {0};

    if (check_ref(req->name, err) < 0)
        return -1;
    name = str_printf("docker://%s", req->name);
    if (!name)
        return err_nomem(err);
    source = (struct source){.skopeo = name, .key = name, .look_up = req->conf->image_pull_always};
    return from_skopeo(req, &source, out, err);
}

/* What the image_*.c files share; image.h is what others see. */
#ifndef RUNLXC_IMAGE_PARTS_H
#define RUNLXC_IMAGE_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "cli/launch/image.h"

#define IMAGE_PATH_ENV "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct image_request {
    const char *name; /* what stands behind the prefix */
    const struct conf *conf;
    bool progress;
};

int image_from_busybox(const struct image_request *req, struct image *out,
                       struct lxcdriver_error **err);
int image_from_layout(const struct image_request *req, struct image *out,
                      struct lxcdriver_error **err);
int image_from_archive(const struct image_request *req, struct image *out,
                       struct lxcdriver_error **err);
int image_from_registry(const struct image_request *req, struct image *out,
                        struct lxcdriver_error **err);

/* ---- image_tool.c: other programs ---- */

struct image_tool {
    const char *const *argv; /* argv[0] is looked up in PATH */
    const char *package;     /* Debian package that has it */
    const char *cwd;
    int keep_fd;   /* a lock that the tool holds too, so that it outlives a killed lxc-launch; or -1
                    */
    bool progress; /* pass its output on to stderr, line by line */
    struct buf *output; /* collects its output instead; may be NULL */
};

/* Run it to its end. A failure is reported with the last line that it printed. 0 or -1. */
int image_tool_run(const struct image_tool *tool, struct lxcdriver_error **err);

/* ---- image_store.c: what is kept in image_dir ---- */

/*
 * A directory in the making. It has a temporary name beside its final one and is locked by
 * flock(2), so only one process fills it; the lock goes when the process does.
 */
struct image_slot {
    int parent_fd, lock_fd;
    char *partial, *final; /* names below parent_fd */
    char *path;            /* absolute path of the temporary one */
};

/* A descriptor of <image_dir>/sub (sub NULL: itself), made when missing, or -1. Its owner and mode
 * are checked: whoever can write there decides what runs as root. */
int image_store_open(const struct conf *conf, const char *sub, struct lxcdriver_error **err);

/*
 * Get hold of <image_dir>/sub/name. 1: it exists (slot is empty). 0: the slot's directory exists,
 * is empty and locked; fill it, then commit and end. -1: error. Temporary directories that killed
 * processes have left are removed.
 */
int image_slot_begin(const struct conf *conf, const char *sub, const char *name, bool progress,
                     struct image_slot *slot, struct lxcdriver_error **err);
/* Write it out to disk and give it its final name. */
int image_slot_commit(struct image_slot *slot, struct lxcdriver_error **err);
/* Remove what was not committed, and unlock. Safe on an ended slot. */
void image_slot_end(struct image_slot *slot);

/* ---- image_layout.c: OCI image layouts ---- */

#define IMAGE_JSON_MAX (8u << 20) /* an index, manifest or configuration, bytes */

struct image_manifest {
    char hex[SHA256_HEX + 1]; /* of the manifest: the image's name in image_dir */
    int64_t size;             /* bytes */
};

/* Find the manifest of `ref` (NULL: the only one, or "latest") for this machine in the layout. */
int image_layout_find(const char *dir, const char *ref, struct image_manifest *out,
                      struct lxcdriver_error **err);
/* The image configuration of a manifest, its digests checked: heap text. */
int image_layout_config(const char *dir, const struct image_manifest *manifest, char **text,
                        size_t *len, struct lxcdriver_error **err);

/* ---- image_config.c ---- */

/* Take what an image configuration (application/vnd.oci.image.config.v1+json) says into *out. */
int image_config_read(const char *text, size_t len, struct image *out,
                      struct lxcdriver_error **err);
/* This machine's architecture as images name it (GOARCH): "amd64". */
const char *image_architecture(void);

/* ---- image_unpack.c ---- */

/* The image of a manifest that lies in the layout `dir`: unpacked when it is not there yet. */
int image_unpack(const struct image_request *req, const char *dir,
                 const struct image_manifest *manifest, struct image *out,
                 struct lxcdriver_error **err);
/* The image with this manifest digest when it is already there: 1; 0 when not; -1. */
int image_unpacked(const struct conf *conf, const char *hex, struct image *out,
                   struct lxcdriver_error **err);

/* ---- image_busybox.c ---- */

/* A program that needs no file but itself. The error says what to install. */
int image_check_static(const char *path, struct lxcdriver_error **err);

#endif

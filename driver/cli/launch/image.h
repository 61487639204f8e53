/*
 * Where lxc-launch gets a root filesystem from:
 *
 *     DIR                      a directory, used as it is
 *     @busybox                 made from the host's static busybox
 *     @host                    the host's own root
 *     oci:DIR[:REF]            an OCI image layout
 *     docker-archive:FILE[:REF]  what `docker save` writes; through skopeo
 *     docker://REF             a registry's image; through skopeo
 *
 * Images are unpacked once, by umoci, into <image_dir>/images/sha256-<manifest digest>/, and shared
 * read-only between containers. What is below <image_dir> belongs to root and only root can enter
 * it: an image's setuid programs are not for the host's users.
 */
#ifndef RUNLXC_IMAGE_H
#define RUNLXC_IMAGE_H

#include <stdbool.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/str.h"

struct image {
    struct strv layers; /* absolute overlay lower directories, uppermost first; or one directory */
    bool shared; /* the layers are read-only: a container needs an upper directory of its own */
    struct strv env, entrypoint, cmd; /* empty: the image does not say */
    char *workdir;                    /* absolute; NULL: the image does not say */
    char *user;                       /* "name|uid[:group|gid]"; NULL: likewise */
    char *stop_signal;                /* "SIGQUIT" or a number; NULL: likewise */
};

/*
 * Find the image `ref`, getting and unpacking it when it is not there yet. With `progress` the
 * tools' output goes to stderr. Several processes may resolve the same image at once: one unpacks,
 * the others wait. A process that is killed leaves nothing that a later one takes for an image.
 * *out is zeroed first and is the caller's to clear; nothing in it on failure. 0 or -1.
 */
int image_resolve(const char *ref, const struct conf *conf, bool progress, struct image *out,
                  struct lxcdriver_error **err);
void image_clear(struct image *image);

#endif

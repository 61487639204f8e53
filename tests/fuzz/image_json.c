/* SOURCES: driver/cli/launch/image.c driver/cli/launch/image_busybox.c */
/* SOURCES: driver/cli/launch/image_config.c driver/cli/launch/image_layout.c */
/* SOURCES: driver/cli/launch/image_source.c driver/cli/launch/image_store.c */
/* SOURCES: driver/cli/launch/image_tool.c driver/cli/launch/image_unpack.c */
/* An image's index, manifest and configuration, of which its author wrote every byte. The input: a
 * byte that chooses one of them, then its text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/launch/image_parts.h"
#include "fuzz.h"

enum { CONFIG, INDEX, INDEX_LATEST, MANIFEST, KINDS };

static void config(const char *text, size_t size)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct image image = {0};

    if (image_config_read(text, size, &image, &err) < 0)
        fuzz_refused(err);
    else
        for (size_t i = 0; i < image.env.n; i++)
            FUZZ_CHECK(strchr(image.env.items[i], '=') > image.env.items[i]);
    FUZZ_CHECK(err || !image.workdir || *image.workdir == '/');
    image_clear(&image);
}

/* A digest is a file name to us. */
static void check_digest(const char *hex)
{
    FUZZ_CHECK(strlen(hex) == SHA256_HEX && strspn(hex, "0123456789abcdef") == SHA256_HEX);
}

static void index_json(const char *text, size_t size, const char *ref)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct image_manifest manifest = {0};

    fuzz_write("index.json", text, size);
    if (image_layout_find(fuzz_dir(), ref, &manifest, &err) < 0)
        fuzz_refused(err);
    else
        check_digest(manifest.hex);
}

static void manifest(const char *text, size_t size)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct image_manifest m = {.size = (int64_t)size};
    cleanup_free char *blob = NULL, *path = NULL, *out = NULL;
    size_t len;

    sha256_hex(text, size, m.hex);
    blob = str_printf("blobs/sha256/%s", m.hex);
    path = blob ? str_printf("%s/%s", fuzz_dir(), blob) : NULL;
    FUZZ_CHECK(path);
    fuzz_write(blob, text, size);
    if (image_layout_config(fuzz_dir(), &m, &out, &len, &err) < 0)
        fuzz_refused(err);
    remove(path);
}

static void make_layout(void)
{
    static const char *const dirs[] = {"blobs", "blobs/sha256"};
    static bool made;

    for (size_t i = 0; !made && i < ARRAY_SIZE(dirs); i++) {
        cleanup_free char *path = str_printf("%s/%s", fuzz_dir(), dirs[i]);

        FUZZ_CHECK(path && mkdir(path, 0700) == 0);
    }
    made = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    unsigned int kind = fuzz_byte(&in) % KINDS;
    cleanup_free char *text = fuzz_copy(in.at, in.left);

    make_layout();
    if (kind == CONFIG)
        config(text, in.left);
    else if (kind == MANIFEST)
        manifest(text, in.left);
    else
        index_json(text, in.left, kind == INDEX ? NULL : "latest");
    return 0;
}

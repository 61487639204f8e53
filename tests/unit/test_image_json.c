/* SOURCES: driver/cli/launch/image.c driver/cli/launch/image_busybox.c */
/* SOURCES: driver/cli/launch/image_config.c driver/cli/launch/image_layout.c */
/* SOURCES: driver/cli/launch/image_source.c driver/cli/launch/image_store.c */
/* SOURCES: driver/cli/launch/image_tool.c driver/cli/launch/image_unpack.c */
/* Indexes and image configurations as their authors may have written them, hostile ones among them.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cli/launch/image_parts.h"

static char dir[] = "/tmp/test_image_json.XXXXXX";
static char index_file[64];

/* ---- image configurations ---- */

static void bad_config(const char *text, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    struct image image = {0};

    assert_int_equal(image_config_read(text, strlen(text), &image, &err), -1);
    image_clear(&image);
    assert_string_equal(err_message(err), want);
}

static void test_config(void **state)
{
    static const char empty[] = "{\"config\":{\"User\":\"\",\"WorkingDir\":\"\",\"Cmd\":null}}";
    cleanup_err struct lxcdriver_error *err = NULL;
    struct image image = {0};

    (void)state;
    assert_int_equal(image_config_read("{}", 2, &image, &err), 0);
    assert_null(image.user);
    assert_int_equal(image_config_read(empty, sizeof(empty) - 1, &image, &err), 0);
    assert_null(image.user);
    assert_null(image.workdir);
    bad_config("[]", "image configuration: the document: expected an object, found []");
    /* It would be taken from the environment of lxc-launch. */
    bad_config("{\"config\":{\"Env\":[\"A=b\",\"HOME\"]}}",
               "image configuration: config.Env[1]: is not \"NAME=VALUE\", found \"HOME\"");
    bad_config("{\"config\":{\"Env\":[\"=b\"]}}",
               "image configuration: config.Env[0]: is not \"NAME=VALUE\", found \"=b\"");
    bad_config("{\"config\":{\"Cmd\":\"sh\"}}",
               "image configuration: config.Cmd: expected an array, found \"sh\"");
    bad_config("{\"config\":7}", "image configuration: config: expected an object, found 7");
    bad_config("{\"config\":{\"WorkingDir\":\"srv\"}}",
               "image configuration: config.WorkingDir: is not an absolute path, found \"srv\"");
    bad_config("{\"os\":\"windows\"}",
               "image configuration: the image is for windows, this machine runs linux");
}

/* ---- layouts ---- */

static void bad_index(const char *text, const char *want)
{
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *full = str_printf("%s: %s", index_file, want);
    struct image_manifest manifest;
    FILE *file = fopen(index_file, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(image_layout_find(dir, NULL, &manifest, &err), -1);
    assert_string_equal(err_message(err), full);
}

/* An index with one descriptor of these members. */
static void bad_descriptor(const char *members, const char *want)
{
    cleanup_free char *text = str_printf("{\"manifests\":[{%s}]}", members);

    bad_index(text, want);
}

static void test_index(void **state)
{
    (void)state;
    bad_index("", "JSON: line 1, column 0: unexpected token near end of file");
    bad_index("{\"manifests\":{}}", "manifests: expected an array, found {}");
    bad_index("{\"manifests\":[]}", "manifests: no image is in it, found []");
    bad_descriptor("\"size\":1,\"digest\":\"sha256:../../../../etc/shadow\"",
                   "manifests[0].digest: is not a sha256 digest, found "
                   "\"sha256:../../../../etc/shadow\"");
    bad_descriptor("\"size\":1,\"digest\":\"sha512:00\"",
                   "manifests[0].digest: only sha256 digests are supported, found \"sha512:00\"");
    bad_descriptor("\"size\":1", "manifests[0].digest: is missing");
#define DIGEST                                                                                     \
    "\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
    bad_descriptor(DIGEST ",\"size\":-1",
                   "manifests[0].size: -1 is not between 0 and 9223372036854775807");
    bad_descriptor(DIGEST ",\"size\":1", "manifests[0].mediaType: is missing");
    bad_descriptor(DIGEST ",\"size\":1,\"mediaType\":\"text/plain\"",
                   "manifests[0].mediaType: is not an OCI image manifest, found \"text/plain\"");
}

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(index_file, sizeof(index_file), "%s/index.json", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(index_file);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_index),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

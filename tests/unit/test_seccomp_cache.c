/* SOURCES: tests/unit/seccomp_rig.c */
/* The cache of filters: what is kept, what makes a key differ, what is not believed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "seccomp_rig.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char scratch[] = "/tmp/test_seccomp_cache.XXXXXX";
static char *image_dir, *cache_dir;

static int begin(void **state)
{
    (void)state;
    image_dir = str_printf("%s/images", scratch);
    cache_dir = str_printf("%s/images/seccomp", scratch);
    return image_dir && cache_dir ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    free(image_dir);
    free(cache_dir);
    return fs_remove_tree(AT_FDCWD, scratch);
}

static int empty(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, image_dir);
}

static void compiled(struct seccomp_filter *out)
{
    struct seccomp_spec spec;

    rig_begin(&spec, "SCMP_ACT_ERRNO", "SCMP_ARCH_X86");
    rig_rule(&spec, "SCMP_ACT_ALLOW", -1, "read no_such_call write neither_this");
    strv_add(&spec.flags, "SECCOMP_FILTER_FLAG_LOG");
    rig_compile(&spec, out);
    seccomp_spec_clear(&spec);
}

static void put(const char *key)
{
    struct seccomp_filter f;

    compiled(&f);
    seccomp_cache_put(image_dir, key, &f);
    seccomp_filter_clear(&f);
}

static bool has(const char *key)
{
    struct seccomp_filter f;
    bool found = seccomp_cache_get(image_dir, key, &f);

    assert_true(found || (!f.insns && f.unknown.n == 0));
    seccomp_filter_clear(&f);
    return found;
}

static void test_kept(void **state)
{
    struct seccomp_filter f, got;
    struct stat st;

    (void)state;
    compiled(&f);
    assert_false(has(KEY_A));
    assert_int_equal(access(image_dir, F_OK), -1);
    seccomp_cache_put(image_dir, KEY_A, &f);
    assert_true(seccomp_cache_get(image_dir, KEY_A, &got));
    assert_int_equal(got.n, f.n);
    assert_memory_equal(got.insns, f.insns, f.n * sizeof(*f.insns));
    assert_int_equal(got.flags, f.flags);
    assert_int_not_equal(got.flags, 0);
    assert_int_equal(got.unknown.n, 2);
    assert_string_equal(got.unknown.items[0], "no_such_call");
    assert_string_equal(got.unknown.items[1], "neither_this");
    assert_false(has(KEY_B));
    assert_int_equal(stat(cache_dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    seccomp_filter_clear(&f);
    seccomp_filter_clear(&got);
}

static char *file_of(const char *key)
{
    return str_printf("%s/%s", cache_dir, key);
}

/* Any byte that differs, any other length: not there, and written again. */
static void test_damaged(void **state)
{
    cleanup_free char *path = file_of(KEY_A), *data = NULL;
    size_t len = 0;

    (void)state;
    put(KEY_A);
    assert_int_equal(fs_read_at(AT_FDCWD, path, 1 << 20, &data, &len), 0);
    for (size_t i = 0; i < len; i++) {
        data[i] ^= 1;
        assert_int_equal(fs_write_atomic(AT_FDCWD, path, data, len, 0600), 0);
        if (has(KEY_A))
            fail_msg("byte %zu of %zu does not matter", i, len);
        data[i] ^= 1;
    }
    for (size_t i = 0; i <= len + 1; i++) {
        if (i == len)
            continue;
        assert_int_equal(fs_write_atomic(AT_FDCWD, path, data, i, 0600), 0);
        if (has(KEY_A))
            fail_msg("%zu of %zu bytes are enough", i, len);
    }
    put(KEY_A);
    assert_true(has(KEY_A));
}

static size_t count(void)
{
    cleanup_closedir DIR *dir = opendir(cache_dir);
    struct dirent *entry;
    size_t n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.';
    return n;
}

/* The oldest go. */
static void test_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < SECCOMP_CACHE_MAX + 5; i++) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000 - i}};
        char key[SHA256_HEX + 1];
        cleanup_free char *path = NULL;

        snprintf(key, sizeof(key), "%064d", i);
        put(key);
        path = file_of(key);
        /* Those before have made room for the newest, which is made the oldest now. */
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_int_equal(count(), i < SECCOMP_CACHE_MAX ? i + 1 : SECCOMP_CACHE_MAX);
    }
    assert_true(has("0000000000000000000000000000000000000000000000000000000000000062"));
    assert_false(has("0000000000000000000000000000000000000000000000000000000000000063"));
    assert_false(has("0000000000000000000000000000000000000000000000000000000000000067"));
    assert_true(has("0000000000000000000000000000000000000000000000000000000000000068"));
}

/* What others than root can write to is neither read nor written. */
static void test_not_ours(void **state)
{
    const char *dirs[] = {image_dir, cache_dir};

    (void)state;
    put(KEY_A);
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
        struct stat st;

        assert_int_equal(stat(dirs[i], &st), 0);
        assert_int_equal(chmod(dirs[i], st.st_mode | S_IWGRP), 0);
        assert_false(has(KEY_A));
        put(KEY_B);
        assert_int_equal(chmod(dirs[i], st.st_mode & 07777), 0);
        assert_false(has(KEY_B));
        assert_int_equal(chown(dirs[i], 1000, 0), 0);
        assert_false(has(KEY_A));
        assert_int_equal(chown(dirs[i], 0, 0), 0);
        assert_true(has(KEY_A));
    }
    assert_int_equal(fs_remove_tree(AT_FDCWD, cache_dir), 0);
    assert_int_equal(symlink("/tmp", cache_dir), 0);
    put(KEY_A);
    assert_false(has(KEY_A));
    assert_int_equal(access("/tmp/" KEY_A, F_OK), -1);
}

/* Every member counts. */
static void test_profile_key(void **state)
{
    struct stat stats[8];
    struct seccomp_host hosts[ARRAY_SIZE(stats)];
    char keys[ARRAY_SIZE(stats) + 3][SHA256_HEX + 1];
    struct seccomp_host host = {"SCMP_ARCH_X86_64", 1, 6, 1};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
        stats[i] = (struct stat){.st_ino = 5, .st_size = 100};
        hosts[i] = host;
    }
    stats[1].st_ino = 6;
    stats[2].st_size = 101;
    stats[3].st_mtim.tv_nsec = 1;
    stats[4].st_ctim.tv_nsec = 1;
    stats[5].st_mtim.tv_sec = 1;
    stats[6].st_dev = 1;
    hosts[7].caps = 3;
    for (size_t i = 0; i < ARRAY_SIZE(stats); i++)
        assert_int_equal(seccomp_key_profile("/p", &stats[i], &hosts[i], keys[i], NULL), 0);
    host.kernel_minor = 2;
    assert_int_equal(seccomp_key_profile("/p", &stats[0], &host, keys[8], NULL), 0);
    host = hosts[0];
    host.arch = "SCMP_ARCH_X86";
    assert_int_equal(seccomp_key_profile("/p", &stats[0], &host, keys[9], NULL), 0);
    assert_int_equal(seccomp_key_profile("/q", &stats[0], &hosts[0], keys[10], NULL), 0);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        assert_int_equal(strspn(keys[i], "0123456789abcdef"), SHA256_HEX);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(keys[i], keys[k]);
    }
    assert_int_equal(seccomp_key_profile("/p", &stats[0], &hosts[0], keys[1], NULL), 0);
    assert_string_equal(keys[0], keys[1]);
}

/* The same with one thing changed. */
static void make_spec(struct seccomp_spec *spec, int change)
{
    struct seccomp_rule *rule;

    rig_begin(spec, change == 1 ? "SCMP_ACT_LOG" : "SCMP_ACT_ERRNO",
              change == 2 ? "SCMP_ARCH_X86" : "");
    spec->has_default_errno = change == 3;
    spec->default_errno = change == 4;
    if (change == 5)
        strv_add(&spec->flags, "SECCOMP_FILTER_FLAG_LOG");
    if (change == 6)
        spec->listener_path = strdup("/s");
    rule =
        rig_rule(spec, "SCMP_ACT_ALLOW", change == 7 ? 0 : -1, change == 8 ? "read" : "read write");
    rig_arg(rule, change == 9, "SCMP_CMP_EQ", change == 10, change == 11);
    if (change == 12)
        rig_arg(rule, 0, "SCMP_CMP_EQ", 0, 0);
    if (change == 13)
        rig_rule(spec, "SCMP_ACT_ALLOW", -1, "open");
    if (change == 14)
        str_set(&rule->args[0].op, "SCMP_CMP_NE");
    if (change == 15)
        str_set(&rule->action, "SCMP_ACT_LOG");
}

static void test_spec_key(void **state)
{
    char keys[16][SHA256_HEX + 1], again[SHA256_HEX + 1];
    struct seccomp_spec spec;

    (void)state;
    for (int i = 0; i < (int)ARRAY_SIZE(keys); i++) {
        make_spec(&spec, i);
        assert_int_equal(seccomp_key_spec(&spec, keys[i], NULL), 0);
        seccomp_spec_clear(&spec);
        for (int k = 0; k < i; k++)
            if (strcmp(keys[i], keys[k]) == 0)
                fail_msg("changes %d and %d have the same key", i, k);
    }
    make_spec(&spec, 0);
    assert_int_equal(seccomp_key_spec(&spec, again, NULL), 0);
    assert_string_equal(again, keys[0]);
    seccomp_spec_clear(&spec);
}

static void test_settled(void **state)
{
    struct stat st = {0};

    (void)state;
    st.st_ctim.tv_sec = time(NULL);
    assert_false(seccomp_is_settled(&st));
    st.st_ctim.tv_sec -= 10;
    assert_true(seccomp_is_settled(&st));
    st.st_ctim.tv_sec += 100;
    assert_false(seccomp_is_settled(&st));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_kept, empty),
        cmocka_unit_test_setup(test_damaged, empty),
        cmocka_unit_test_setup(test_bounded, empty),
        cmocka_unit_test_setup(test_not_ours, empty),
        cmocka_unit_test(test_profile_key),
        cmocka_unit_test(test_spec_key),
        cmocka_unit_test(test_settled),
    };

    if (!mkdtemp(scratch))
        return 1;
    return cmocka_run_group_tests(tests, begin, end);
}

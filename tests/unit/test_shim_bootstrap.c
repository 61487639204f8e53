/* SOURCES: initshim/bootstrap.c initshim/failure.c initshim/text.c initshim/shared/record.c */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootstrap.h"

#include <cmocka.h>

static struct {
    _Alignas(8) unsigned char data[8192];
    size_t len;
} file;

static struct bootstrap b;
static struct failure f;

static void begin(void)
{
    struct wire_header header = {WIRE_MAGIC, WIRE_VERSION};

    memcpy(file.data, &header, sizeof(header));
    file.len = sizeof(header);
}

static void put(uint32_t tag, const void *data, uint32_t len)
{
    struct wire_record head = {tag, len};

    memcpy(file.data + file.len, &head, sizeof(head));
    memset(file.data + file.len + sizeof(head), 0, (len + 7) & ~7u);
    memcpy(file.data + file.len + sizeof(head), data, len);
    file.len += sizeof(head) + ((len + 7) & ~7u);
}

#define STRING(tag, s) put(tag, s, sizeof(s))

static void put_u64(uint32_t tag, uint64_t n)
{
    put(tag, &n, sizeof(n));
}

static void put_u32(uint32_t tag, uint32_t n)
{
    put(tag, &n, sizeof(n));
}

static void begin_valid(uint64_t flags)
{
    begin();
    put_u64(WT_FLAGS, flags);
    STRING(WT_ARG, "/bin/true");
}

/* Decoded from memory of exactly that size, so that the sanitizer sees a read past its end. */
static int decode(void)
{
    unsigned char *copy = malloc(file.len ? file.len : 1);
    int rc;

    memcpy(copy, file.data, file.len);
    rc = bootstrap_decode(&b, copy, file.len, &f);
    free(copy);
    b.data = file.data;
    return rc;
}

static void expect_refused(const char *detail)
{
    assert_int_equal(decode(), -1);
    assert_string_equal(f.detail, detail);
    assert_int_equal(f.stage, STAGE_BOOTSTRAP);
    assert_int_equal(f.code, 125);
}

static void test_valid(void **state)
{
    struct wire_rlimit limit = {.resource = 7, .soft = 1, .hard = 2}, got;
    char *args[4], *env[3];
    struct record r;
    size_t pos = 0;

    (void)state;
    begin_valid(WF_LOOPBACK | WF_INIT);
    STRING(WT_ARG, "");
    STRING(WT_ENV, "A=b");
    STRING(WT_ARG, "last");
    STRING(WT_ENV, "C=d");
    STRING(WT_CWD, "/x");
    put(WT_RLIMIT, &limit, sizeof(limit));
    put_u32(WT_UMASK, 077);
    assert_int_equal(decode(), 0);
    assert_int_equal(b.flags, WF_LOOPBACK | WF_INIT);
    assert_int_equal(b.count[WT_ARG], 3);
    assert_int_equal(bootstrap_vector(&b, WT_ARG, args), 3);
    assert_string_equal(args[0], "/bin/true");
    assert_string_equal(args[1], "");
    assert_string_equal(args[2], "last");
    assert_null(args[3]);
    assert_int_equal(bootstrap_vector(&b, WT_ENV, env), 2);
    assert_string_equal(env[1], "C=d");
    assert_string_equal(bootstrap_string(&b, WT_CWD), "/x");
    assert_null(bootstrap_string(&b, WT_USER));
    assert_true(bootstrap_next_of(&b, WT_RLIMIT, &pos, &r));
    memcpy(&got, r.data, sizeof(got));
    assert_int_equal(got.hard, 2);
    assert_false(bootstrap_next_of(&b, WT_RLIMIT, &pos, &r));
    assert_false(bootstrap_value(&b, WT_OOM_SCORE_ADJ, &got, 4));
}

static void test_mount_and_link(void **state)
{
    struct {
        struct wire_mount head;
        char text[24];
    } m = {.text = "/dst\0tmpfs\0src\0size=1"};
    struct record r;

    (void)state;
    begin_valid(0);
    put(WT_MOUNT, &m, sizeof(m.head) + 22);
    put(WT_SYMLINK, "target\0/link", 13);
    assert_int_equal(decode(), 0);
    assert_true(bootstrap_find(&b, WT_MOUNT, &r));
    assert_string_equal(record_text_at(&r, sizeof(m.head), 0), "/dst");
    assert_string_equal(record_text_at(&r, sizeof(m.head), 3), "size=1");
    assert_true(bootstrap_find(&b, WT_SYMLINK, &r));
    assert_string_equal(record_text_at(&r, 0, 1), "/link");

    begin_valid(0);
    put(WT_MOUNT, &m, sizeof(m.head) + 15);
    expect_refused("record of tag 38: not a whole mount");
    begin_valid(0);
    put(WT_SYMLINK, "target\0link", 12);
    expect_refused("record of tag 39: not a whole link");
}

static void test_attach(void **state)
{
    struct {
        struct wire_attach head;
        char text[8];
    } a = {.head = {.propagation = 1, .create = WIRE_CREATE_FILE}, .text = "/dst"};
    struct record r;

    (void)state;
    begin_valid(0);
    put(WT_ATTACH, &a, sizeof(a.head) + 5);
    put(WT_ATTACH, &a, sizeof(a.head) + 5);
    assert_int_equal(decode(), 0);
    assert_int_equal(b.count[WT_ATTACH], 2);
    assert_true(bootstrap_find(&b, WT_ATTACH, &r));
    assert_string_equal(record_text(&r, sizeof(a.head)), "/dst");

    begin_valid(0);
    put(WT_ATTACH, &a, sizeof(a.head) + 4);
    expect_refused("record of tag 40: not an absolute path");
    begin_valid(0);
    put(WT_ATTACH, &a, sizeof(a.head) - 1);
    expect_refused("record of tag 40: wrong length");
    a.head.create++;
    begin_valid(0);
    put(WT_ATTACH, &a, sizeof(a.head) + 5);
    expect_refused("record of tag 40: what to create");
    a.head.create = 0;
    begin_valid(WF_EXEC);
    put(WT_ATTACH, &a, sizeof(a.head) + 5);
    expect_refused("record of tag 40: does not belong to this mode");
}

static void test_header(void **state)
{
    struct wire_header header = {WIRE_MAGIC + 1, WIRE_VERSION};

    (void)state;
    begin_valid(0);
    memcpy(file.data, &header, sizeof(header));
    expect_refused("header");
    begin_valid(0);
    header = (struct wire_header){WIRE_MAGIC, WIRE_VERSION + 1};
    memcpy(file.data, &header, sizeof(header));
    expect_refused("header");
    file.len = 0;
    expect_refused("header");
    begin();
    expect_refused("record of tag 2: missing");
}

static void test_cut(void **state)
{
    size_t whole;

    (void)state;
    begin_valid(0);
    STRING(WT_CWD, "/somewhere");
    whole = file.len;
    for (size_t len = 0; len < whole; len++) {
        file.len = len;
        /* Only a cut between records leaves a whole file. */
        if (len != 8 + 16 + 24)
            assert_int_equal(decode(), -1);
    }
}

static void test_lengths(void **state)
{
    struct wire_record head = {WT_ARG, UINT32_MAX};

    (void)state;
    begin_valid(0);
    memcpy(file.data + file.len, &head, sizeof(head));
    file.len += sizeof(head);
    expect_refused("record runs past the end");
    begin_valid(0);
    put(WT_UMASK, "abc", 3);
    expect_refused("record of tag 10: wrong length");
    begin_valid(0);
    put(WT_SECCOMP, "1234567", 7);
    expect_refused("record of tag 16: wrong length");
    begin_valid(0);
    put(WT_SECCOMP, "", 0);
    expect_refused("record of tag 16: wrong length");
    begin_valid(0);
    put(WT_MOUNT_ATTR, "abc", 3);
    expect_refused("record of tag 27: wrong length");
}

static void test_strings(void **state)
{
    (void)state;
    begin_valid(0);
    put(WT_ENV, "A=b", 3);
    expect_refused("record of tag 3: not one string");
    begin_valid(0);
    put(WT_ENV, "A\0b", 4);
    expect_refused("record of tag 3: not one string");
    begin_valid(0);
    put(WT_ENV, "", 0);
    expect_refused("record of tag 3: not one string");
    begin_valid(0);
    STRING(WT_CWD, "relative");
    expect_refused("record of tag 4: not an absolute path");
    begin_valid(0);
    STRING(WT_CWD, "");
    expect_refused("record of tag 4: not an absolute path");
}

static void test_tags(void **state)
{
    (void)state;
    begin_valid(0);
    put(WT_TAGS, "", 0);
    expect_refused("record of tag 43: unknown");
    begin_valid(0);
    put(0, "", 0);
    expect_refused("record of tag 0: unknown");
    begin_valid(0);
    put(UINT32_MAX, "", 0);
    expect_refused("record of tag 4294967295: unknown");
    begin_valid(0);
    STRING(WT_CWD, "/a");
    STRING(WT_CWD, "/b");
    expect_refused("record of tag 4: given twice");
}

static void test_modes(void **state)
{
    (void)state;
    begin_valid(WF_EXEC);
    STRING(WT_MASKED, "/x");
    expect_refused("record of tag 25: does not belong to this mode");
    begin_valid(0);
    put_u64(WT_SETNS, 0);
    expect_refused("record of tag 35: does not belong to this mode");
    begin_valid(WF_EXEC);
    put_u64(WT_SETNS, 0);
    assert_int_equal(decode(), 0);
    begin_valid(1u << 15);
    expect_refused("record of tag 1: unknown flag");
}

static void test_ranges(void **state)
{
    struct wire_addr addr = {.family = 2, .prefix = 33};
    struct wire_device dev = {.mode = S_IFREG | 0600};

    (void)state;
    begin_valid(0);
    put_u32(WT_UMASK, 01000);
    expect_refused("record of tag 10: out of range");
    begin_valid(0);
    put_u32(WT_UID, UINT32_MAX);
    expect_refused("record of tag 6: out of range");
    begin_valid(0);
    put_u32(WT_UID, 1);
    STRING(WT_USER, "u");
    expect_refused("record of tag 5: given with numbers");
    begin_valid(0);
    put_u32(WT_NET_MTU, 1500);
    expect_refused("record of tag 32: no interface begun");
    begin_valid(0);
    STRING(WT_NET_IF, "0123456789abcdef");
    expect_refused("record of tag 31: length of the name");
    begin_valid(0);
    STRING(WT_NET_IF, "eth0");
    put(WT_NET_ADDR, &addr, sizeof(addr));
    expect_refused("record of tag 33: prefix length");
    begin_valid(0);
    put(WT_DEVICE, (unsigned char[sizeof(dev) + 3]){0}, sizeof(dev) + 3);
    expect_refused("record of tag 30: not an absolute path");
    begin_valid(0);
    {
        unsigned char both[sizeof(dev) + 3];

        memcpy(both, &dev, sizeof(dev));
        memcpy(both + sizeof(dev), "/x", 3);
        put(WT_DEVICE, both, sizeof(both));
    }
    expect_refused("record of tag 30: not a device or FIFO");
}

static void test_hooks(void **state)
{
    static const struct {
        const char *text;
        uint32_t len;
        int rc;
    } cases[] = {
        {"/bin/x\0\0\0", 9, 0},
        {"/bin/x\0a\0b\0\0K=V\0\0", 17, 0},
        {"/bin/x\0a\0b\0\0K=V\0", 16, -1},
        {"/bin/x\0\0\0x", 10, -1},
        {"bin/x\0\0\0", 8, -1},
        {"/bin/x", 6, -1},
        {"/bin/x\0", 7, -1},
        {"", 0, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char record[64] = {0};

        memcpy(record + sizeof(struct wire_hook), cases[i].text, cases[i].len);
        begin_valid(0);
        put(WT_HOOK, record, (uint32_t)sizeof(struct wire_hook) + cases[i].len);
        assert_int_equal(decode(), cases[i].rc);
    }
}

/* Every single byte of a file changed to each of some values: never more than a refusal. */
static void test_mutations(void **state)
{
    static const unsigned char values[] = {0, 1, 8, 0x7f, 0x80, 0xff};
    char *args[64];

    (void)state;
    begin_valid(WF_LOOPBACK);
    STRING(WT_ENV, "A=b");
    STRING(WT_NET_IF, "eth0");
    put_u32(WT_NET_MTU, 1500);
    put(WT_SYMLINK, "target\0/link", 13);
    for (size_t at = 0; at < file.len; at++) {
        unsigned char was = file.data[at];

        for (size_t i = 0; i < sizeof(values); i++) {
            file.data[at] = values[i];
            if (decode() == 0 && b.count[WT_ARG] < 60)
                assert_int_equal(bootstrap_vector(&b, WT_ARG, args), b.count[WT_ARG]);
        }
        file.data[at] = was;
    }
}

static void test_load(void **state)
{
    int fd = memfd_create("bootstrap", MFD_CLOEXEC);

    (void)state;
    begin_valid(0);
    assert_int_equal(write(fd, file.data, file.len), file.len);
    assert_int_equal(bootstrap_load(&b, fd, &f), 0);
    assert_string_equal(bootstrap_string(&b, WT_ARG), "/bin/true");
    munmap((void *)(uintptr_t)b.data, b.len);
    assert_int_equal(ftruncate(fd, WIRE_MAX + 1), 0);
    assert_int_equal(bootstrap_load(&b, fd, &f), -1);
    assert_string_equal(f.detail, "size of the file");
    close(fd);
    assert_int_equal(bootstrap_load(&b, -1, &f), -1);
    assert_int_equal(f.errnum, EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),   cmocka_unit_test(test_mount_and_link),
        cmocka_unit_test(test_attach),  cmocka_unit_test(test_header),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_strings), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_modes),   cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_hooks),   cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

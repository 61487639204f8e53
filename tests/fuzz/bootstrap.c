/* SOURCES: initshim/bootstrap.c initshim/failure.c initshim/text.c initshim/supervise/record.c */
/*
 * The record files of base/protocol.h: the shim's bootstrap, whose readers rely on the decoder to
 * have checked everything, and the supervisor's record.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bootstrap.h"
#include "fuzz.h"
#include "supervise/supervisor.h"

/* Strings as the shim reads them are within their record, and end with it. */
static void check_strings(const struct record *r, size_t skip, unsigned n)
{
    const char *end = (const char *)r->data + r->len;
    const char *last = record_text_at(r, skip, n - 1);

    FUZZ_CHECK(last + strlen(last) + 1 == end);
}

/* Path, arguments up to an empty string, environment up to an empty string. */
static void check_hook(const struct record *r)
{
    const char *p = record_text(r, sizeof(struct wire_hook));

    FUZZ_CHECK(*p == '/');
    p += strlen(p) + 1;
    for (int list = 0; list < 2; list++) {
        while (*p)
            p += strlen(p) + 1;
        p++;
    }
    FUZZ_CHECK(p == (const char *)r->data + r->len);
}

static void check_record(const struct record *r)
{
    switch (r->tag) {
    case WT_HOOK:
        check_hook(r);
        break;
    case WT_MOUNT:
        check_strings(r, sizeof(struct wire_mount), 4);
        break;
    case WT_SYMLINK:
        check_strings(r, 0, 2);
        break;
    case WT_MOUNT_ATTR:
        check_strings(r, sizeof(struct wire_mount_attr), 1);
        break;
    case WT_DEVICE:
        check_strings(r, sizeof(struct wire_device), 1);
        break;
    case WT_ATTACH:
        check_strings(r, sizeof(struct wire_attach), 1);
        break;
    case WT_ARG:
    case WT_ENV:
    case WT_CWD:
    case WT_GROUP:
    case WT_SYSCTL:
    case WT_MASKED:
    case WT_READONLY:
    case WT_NET_IF:
    case WT_CGROUP:
    case WT_STATE:
        check_strings(r, 0, 1);
        break;
    default:
        break;
    }
}

static void walk(const struct bootstrap *b)
{
    uint32_t count[WT_TAGS] = {0};
    struct record r;
    size_t pos = 0, n;
    char **argv;

    while (bootstrap_next(b, &pos, &r)) {
        FUZZ_CHECK(r.tag < WT_TAGS);
        count[r.tag]++;
        check_record(&r);
    }
    FUZZ_CHECK(memcmp(count, b->count, sizeof(count)) == 0);
    FUZZ_CHECK(count[WT_ARG] > 0);
    argv = calloc(b->count[WT_ARG] + 1, sizeof(*argv));
    FUZZ_CHECK(argv);
    n = bootstrap_vector(b, WT_ARG, argv);
    FUZZ_CHECK(n == b->count[WT_ARG] && !argv[n]);
    free(argv);
}

static void supervisor(const void *data, size_t size)
{
    struct sup_record record = {0};

    if (sup_record_take(data, size, &record) < 0)
        return;
    FUZZ_CHECK(record.lxc_start && record.log_file && record.log_level);
    FUZZ_CHECK(record.n_payload <= MAX_CGROUPS && record.n_monitor <= MAX_CGROUPS);
    FUZZ_CHECK(record.n_listener_parts <= LISTENER_PARTS);
    for (size_t i = 0; i < record.n_payload; i++)
        FUZZ_CHECK(strlen(record.payload[i]) < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free void *copy = fuzz_copy(data, size);
    struct failure failure = {0};
    struct bootstrap b;

    if (bootstrap_decode(&b, copy, size, &failure) == 0)
        walk(&b);
    else
        FUZZ_CHECK(failure.stage == STAGE_BOOTSTRAP && failure.detail[0]);
    supervisor(copy, size);
    return 0;
}

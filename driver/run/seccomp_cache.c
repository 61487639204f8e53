/* Compiled filters, kept by a digest of what they were made from. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "run/seccomp_filter.h"

/* Changes with what the compiler makes of the same input. */
#define FORM "runlxc seccomp 2"
#define SUBDIR "seccomp"
#define MAGIC "rlxcsec1"

/* Names that libseccomp does not know are a few; a file that is longer is none of ours. */
#define UNKNOWN_MAX (256u << 10)
#define FILE_MAX (sizeof(struct header) + BPF_MAXINSNS * sizeof(struct sock_filter) + UNKNOWN_MAX)

#define SETTLED_AFTER_S 2

/* Instructions follow, then the unknown names, each with its NUL. The digest is of all behind it:
 * files are not synced, so that a power failure can leave one of the right length with holes. */
struct header {
    char magic[8];
    char digest[SHA256_HEX];
    uint32_t flags;
    uint32_t n_insns;
    uint32_t n_unknown; /* bytes */
};

#define DIGEST_FROM offsetof(struct header, flags)

/* ---- keys ---- */

static void put_text(struct buf *key, const char *text)
{
    if (text)
        buf_printf(key, "%zu:%s\n", strlen(text), text);
    else
        buf_puts(key, "-\n");
}

static void put_texts(struct buf *key, const struct strv *texts)
{
    buf_printf(key, "%zu\n", texts->n);
    for (size_t i = 0; i < texts->n; i++)
        put_text(key, texts->items[i]);
}

/* libseccomp asks the kernel which actions it has. */
static int begin(struct buf *key, const char *kind, struct lxcdriver_error **err)
{
    const struct scmp_version *version = seccomp_version();
    struct utsname name;

    if (uname(&name) < 0)
        return err_sys(err, errno, "uname");
    buf_printf(key, FORM " %s %u.%u.%u\n", kind, version->major, version->minor, version->micro);
    put_text(key, name.release);
    put_text(key, name.machine);
    return 0;
}

static int end(const struct buf *text, char key[SHA256_HEX + 1], struct lxcdriver_error **err)
{
    if (text->failed)
        return err_nomem(err);
    sha256_hex(text->data, text->len, key);
    return 0;
}

int seccomp_key_profile(const char *path, const struct stat *st, const struct seccomp_host *host,
                        char key[SHA256_HEX + 1], struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};

    if (begin(&text, "profile", err) < 0)
        return -1;
    put_text(&text, path);
    buf_printf(&text, "%ju %ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)st->st_dev,
               (uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
               st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
    put_text(&text, host->arch);
    buf_printf(&text, "%" PRIx64 " %u.%u\n", host->caps, host->kernel_major, host->kernel_minor);
    return end(&text, key, err);
}

static void put_rule(struct buf *key, const struct seccomp_rule *rule)
{
    put_text(key, rule->action);
    buf_printf(key, "%d %" PRIu32 " %zu\n", rule->has_errno, rule->errno_ret, rule->n_args);
    for (size_t i = 0; i < rule->n_args; i++) {
        const struct seccomp_arg *arg = &rule->args[i];

        buf_printf(key, "%" PRIu32 " %" PRIx64 " %" PRIx64 " ", arg->index, arg->value,
                   arg->value_two);
        put_text(key, arg->op);
    }
    put_texts(key, &rule->names);
}

int seccomp_key_spec(const struct seccomp_spec *spec, char key[SHA256_HEX + 1],
                     struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};

    if (begin(&text, "spec", err) < 0)
        return -1;
    put_text(&text, spec->default_action);
    buf_printf(&text, "%d %" PRIu32 "\n", spec->has_default_errno, spec->default_errno);
    put_texts(&text, &spec->architectures);
    put_texts(&text, &spec->flags);
    put_text(&text, spec->listener_path);
    buf_printf(&text, "%zu\n", spec->n_rules);
    for (size_t i = 0; i < spec->n_rules; i++)
        put_rule(&text, &spec->rules[i]);
    return end(&text, key, err);
}

bool seccomp_is_settled(const struct stat *st)
{
    struct timespec now;

    return clock_gettime(CLOCK_REALTIME, &now) == 0 &&
           now.tv_sec - st->st_ctim.tv_sec >= SETTLED_AFTER_S;
}

/* ---- the directory ---- */

static bool is_ours(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* A descriptor, or -1: it is not there, or is not root's alone to write to. */
static int open_cache(const char *image_dir, bool make)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    cleanup_close int top = -1, fd = -1;

    if ((make && fs_mkdir_p(image_dir, 0711) < 0) || (top = open(image_dir, flags)) < 0 ||
        !is_ours(top) || (make && mkdirat(top, SUBDIR, 0700) < 0 && errno != EEXIST) ||
        (fd = openat(top, SUBDIR, flags | O_NOFOLLOW)) < 0 || !is_ours(fd))
        return -1;
    return steal_fd(&fd);
}

struct kept {
    char name[NAME_MAX + 1];
    struct timespec when;
};

static bool is_older(const struct kept *a, const struct kept *b)
{
    return a->when.tv_sec != b->when.tv_sec ? a->when.tv_sec < b->when.tv_sec
                                            : a->when.tv_nsec < b->when.tv_nsec;
}

/* How many files there are, and the oldest. A temporary one that a killed process left counts. */
static size_t look_through(int cache, struct kept *oldest)
{
    cleanup_closedir DIR *dir = fs_opendir(cache);
    struct dirent *entry;
    size_t n = 0;

    while (dir && (entry = readdir(dir))) {
        struct stat st;
        struct kept found;

        if (fstatat(cache, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
            continue;
        found.when = st.st_mtim;
        snprintf(found.name, sizeof(found.name), "%s", entry->d_name);
        if (n++ == 0 || is_older(&found, oldest))
            *oldest = found;
    }
    return n;
}

/* One file more than allowed is the usual case; several processes may have added one each. */
static void bound(int cache)
{
    struct kept oldest = {0};

    for (int i = 0; i < SECCOMP_CACHE_MAX; i++)
        if (look_through(cache, &oldest) <= SECCOMP_CACHE_MAX ||
            unlinkat(cache, oldest.name, 0) < 0)
            return;
}

/* ---- files ---- */

static void digest_of(const char *data, size_t len, char hex[SHA256_HEX + 1])
{
    sha256_hex(data + DIGEST_FROM, len - DIGEST_FROM, hex);
}

static bool is_whole(const char *data, size_t len, struct header *head)
{
    char hex[SHA256_HEX + 1];

    if (len < sizeof(*head))
        return false;
    memcpy(head, data, sizeof(*head));
    if (memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0 || head->n_insns == 0 ||
        head->n_insns > BPF_MAXINSNS || head->n_unknown > UNKNOWN_MAX ||
        len != sizeof(*head) + head->n_insns * sizeof(struct sock_filter) + head->n_unknown ||
        (head->n_unknown > 0 && data[len - 1] != '\0'))
        return false;
    digest_of(data, len, hex);
    return memcmp(head->digest, hex, sizeof(head->digest)) == 0;
}

bool seccomp_cache_get(const char *image_dir, const char *key, struct seccomp_filter *out)
{
    cleanup_close int cache = open_cache(image_dir, false);
    cleanup_free char *data = NULL;
    const char *insns, *unknown;
    struct header head;
    size_t len = 0;

    *out = (struct seccomp_filter){0};
    if (cache < 0 || fs_read_at(cache, key, FILE_MAX, &data, &len) < 0 ||
        !is_whole(data, len, &head))
        return false;
    insns = data + sizeof(head);
    unknown = insns + head.n_insns * sizeof(*out->insns);
    out->insns = calloc(head.n_insns, sizeof(*out->insns));
    if (!out->insns)
        return false;
    memcpy(out->insns, insns, head.n_insns * sizeof(*out->insns));
    out->n = head.n_insns;
    out->flags = head.flags;
    for (const char *at = unknown; at < data + len; at += strlen(at) + 1) {
        if (strv_add(&out->unknown, at) < 0) {
            seccomp_filter_clear(out);
            return false;
        }
    }
    return true;
}

void seccomp_cache_put(const char *image_dir, const char *key, const struct seccomp_filter *filter)
{
    struct header head = {.magic = MAGIC, .flags = filter->flags, .n_insns = (uint32_t)filter->n};
    cleanup_buf struct buf file = {0};
    cleanup_close int cache = -1;
    char hex[SHA256_HEX + 1];

    for (size_t i = 0; i < filter->unknown.n; i++)
        head.n_unknown += (uint32_t)strlen(filter->unknown.items[i]) + 1;
    buf_append(&file, &head, sizeof(head));
    buf_append(&file, filter->insns, filter->n * sizeof(*filter->insns));
    for (size_t i = 0; i < filter->unknown.n; i++)
        buf_append(&file, filter->unknown.items[i], strlen(filter->unknown.items[i]) + 1);
    if (file.failed || file.len > FILE_MAX)
        return;
    digest_of(file.data, file.len, hex);
    memcpy(file.data + offsetof(struct header, digest), hex, SHA256_HEX);
    cache = open_cache(image_dir, true);
    if (cache >= 0 && fs_write_atomic(cache, key, file.data, file.len, 0600) == 0)
        bound(cache);
}

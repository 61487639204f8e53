#include "bootstrap.h"

#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

enum form {
    FORM_NONE,
    FORM_FIXED,  /* exactly `size` bytes */
    FORM_STRING, /* `size` bytes, then a string */
    FORM_PATH,   /* `size` bytes, then a string that begins with '/' */
    FORM_ARRAY,  /* one or more elements of `size` bytes */
    FORM_HOOK,   /* struct wire_hook, then lists of strings */
    FORM_MOUNT,  /* `size` bytes, then four strings, the first an absolute path */
    FORM_LINK,   /* two strings, the second an absolute path */
};

enum scope { ANY, START_ONLY, EXEC_ONLY };

struct shape {
    uint8_t form, size, repeats, scope;
};

static const struct shape shapes[WT_TAGS] = {
    [WT_FLAGS] = {FORM_FIXED, sizeof(uint64_t), 0, ANY},
    [WT_ARG] = {FORM_STRING, 0, 1, ANY},
    [WT_ENV] = {FORM_STRING, 0, 1, ANY},
    [WT_CWD] = {FORM_PATH, 0, 0, ANY},
    [WT_USER] = {FORM_STRING, 0, 0, ANY},
    [WT_UID] = {FORM_FIXED, sizeof(uint32_t), 0, ANY},
    [WT_GID] = {FORM_FIXED, sizeof(uint32_t), 0, ANY},
    [WT_GROUP] = {FORM_STRING, 0, 1, ANY},
    [WT_ADDITIONAL_GID] = {FORM_FIXED, sizeof(uint32_t), 1, ANY},
    [WT_UMASK] = {FORM_FIXED, sizeof(uint32_t), 0, ANY},
    [WT_CAPS] = {FORM_FIXED, sizeof(struct wire_caps), 0, ANY},
    [WT_RLIMIT] = {FORM_FIXED, sizeof(struct wire_rlimit), 1, ANY},
    [WT_OOM_SCORE_ADJ] = {FORM_FIXED, sizeof(int32_t), 0, ANY},
    [WT_APPARMOR] = {FORM_STRING, 0, 0, ANY},
    [WT_SELINUX] = {FORM_STRING, 0, 0, ANY},
    [WT_SECCOMP] = {FORM_ARRAY, sizeof(struct sock_filter), 0, ANY},
    [WT_SECCOMP_FLAGS] = {FORM_FIXED, sizeof(uint32_t), 0, ANY},
    [WT_SCHED] = {FORM_FIXED, sizeof(struct wire_sched), 0, ANY},
    [WT_IOPRIO] = {FORM_FIXED, sizeof(uint32_t), 0, ANY},
    [WT_AFFINITY] = {FORM_ARRAY, 1, 0, ANY},
    [WT_PERSONALITY] = {FORM_FIXED, sizeof(uint64_t), 0, ANY},
    [WT_CONSOLE_SIZE] = {FORM_FIXED, sizeof(struct wire_winsize), 0, ANY},
    [WT_DOMAINNAME] = {FORM_STRING, 0, 0, START_ONLY},
    [WT_SYSCTL] = {FORM_STRING, 0, 1, START_ONLY},
    [WT_MASKED] = {FORM_PATH, 0, 1, START_ONLY},
    [WT_READONLY] = {FORM_PATH, 0, 1, START_ONLY},
    [WT_MOUNT_ATTR] = {FORM_PATH, sizeof(struct wire_mount_attr), 1, START_ONLY},
    [WT_TMPCOPYUP] = {FORM_PATH, 0, 1, START_ONLY},
    [WT_ROOT_PROPAGATION] = {FORM_FIXED, sizeof(uint64_t), 0, START_ONLY},
    [WT_DEVICE] = {FORM_PATH, sizeof(struct wire_device), 1, START_ONLY},
    [WT_NET_IF] = {FORM_STRING, 0, 1, START_ONLY},
    [WT_NET_MTU] = {FORM_FIXED, sizeof(uint32_t), 1, START_ONLY},
    [WT_NET_ADDR] = {FORM_FIXED, sizeof(struct wire_addr), 1, START_ONLY},
    [WT_NET_GATEWAY] = {FORM_FIXED, sizeof(struct wire_addr), 1, START_ONLY},
    [WT_SETNS] = {FORM_FIXED, sizeof(uint64_t), 0, EXEC_ONLY},
    [WT_CGROUP] = {FORM_PATH, 0, 1, EXEC_ONLY},
    [WT_HOOK] = {FORM_HOOK, sizeof(struct wire_hook), 1, START_ONLY},
    [WT_MOUNT] = {FORM_MOUNT, sizeof(struct wire_mount), 1, START_ONLY},
    [WT_SYMLINK] = {FORM_LINK, 0, 1, START_ONLY},
    [WT_ATTACH] = {FORM_PATH, sizeof(struct wire_attach), 1, START_ONLY},
    [WT_MEMPOLICY] = {FORM_FIXED, sizeof(struct wire_mempolicy), 0, ANY},
    [WT_STATE] = {FORM_STRING, 0, 1, START_ONLY},
};

#define ALL_FLAGS                                                                                  \
    (WF_EXEC | WF_TERMINAL | WF_NO_NEW_PRIVS | WF_INIT | WF_ROOT_READONLY | WF_CREATE_CWD |        \
     WF_LOOPBACK | WF_UMOUNT_PROC | WF_NEW_SESSION_KEYRING | WF_SYS_READONLY | WF_CHOWN_STDIO |    \
     WF_DEV_READONLY | WF_USERNS | WF_CGROUP_NS | WF_NOTIFY)

static int refuse(struct failure *f, uint32_t tag, const char *why)
{
    char where[32];
    struct text t;

    text_init(&t, where, sizeof(where));
    text_put(&t, "record of tag ");
    text_put_number(&t, tag);
    return fail_with(f, STAGE_BOOTSTRAP, EINVAL, where, why);
}

/* Lists of strings, each with its NUL: path, arguments up to "", environment up to "". Returns
 * whether s[len] is exactly that. */
static bool hook_is_complete(const char *s, size_t len)
{
    size_t lists = 0, at = 0;

    if (len == 0 || s[0] != '/')
        return false;
    while (at < len && lists < 2) {
        size_t n = strnlen(s + at, len - at);

        if (at + n == len)
            return false;
        if (n == 0)
            lists++;
        at += n + 1;
    }
    return lists == 2 && at == len;
}

/* Whether s[len] is exactly `n` strings, the one with number `path` being an absolute path. */
static bool strings_are_complete(const char *s, size_t len, unsigned n, unsigned path)
{
    for (unsigned i = 0; i < n; i++) {
        size_t one = strnlen(s, len);

        if (one == len || (i == path && *s != '/'))
            return false;
        s += one + 1;
        len -= one + 1;
    }
    return len == 0;
}

static const char *form_error(const struct shape *shape, const struct record *r)
{
    const char *rest = (const char *)r->data + shape->size;
    size_t left = r->len - shape->size;

    if (r->len < shape->size)
        return "wrong length";
    switch (shape->form) {
    case FORM_FIXED:
        return left == 0 ? NULL : "wrong length";
    case FORM_ARRAY:
        return r->len > 0 && r->len % shape->size == 0 ? NULL : "wrong length";
    case FORM_STRING:
        return strings_are_complete(rest, left, 1, 1) ? NULL : "not one string";
    case FORM_PATH:
        return strings_are_complete(rest, left, 1, 0) ? NULL : "not an absolute path";
    case FORM_MOUNT:
        return strings_are_complete(rest, left, 4, 0) ? NULL : "not a whole mount";
    case FORM_LINK:
        return strings_are_complete(rest, left, 2, 1) ? NULL : "not a whole link";
    case FORM_HOOK:
        return hook_is_complete(rest, left) ? NULL : "not a whole hook";
    default:
        return "unknown";
    }
}

static const char *address_error(const struct record *r)
{
    struct wire_addr addr;

    memcpy(&addr, r->data, sizeof(addr));
    if (addr.family != AF_INET && addr.family != AF_INET6)
        return "address family";
    return addr.prefix <= (addr.family == AF_INET ? 32 : 128) ? NULL : "prefix length";
}

static const char *device_error(const struct record *r)
{
    struct wire_device dev;

    memcpy(&dev, r->data, sizeof(dev));
    if (dev.mode & ~(uint32_t)(S_IFMT | 07777))
        return "mode";
    if (!S_ISCHR(dev.mode) && !S_ISBLK(dev.mode) && !S_ISFIFO(dev.mode))
        return "not a device or FIFO";
    return NULL;
}

static const char *attach_error(const struct record *r)
{
    struct wire_attach attach;

    memcpy(&attach, r->data, sizeof(attach));
    return attach.create > WIRE_CREATE_FILE ? "what to create" : NULL;
}

static const char *number_error(const struct record *r)
{
    uint64_t wide;
    uint32_t n = 0;

    if (r->len >= sizeof(n))
        memcpy(&n, r->data, sizeof(n));
    switch (r->tag) {
    case WT_FLAGS:
        memcpy(&wide, r->data, sizeof(wide));
        return wide & ~(uint64_t)ALL_FLAGS ? "unknown flag" : NULL;
    case WT_UMASK:
        return n > 0777 ? "out of range" : NULL;
    case WT_UID:
    case WT_GID:
    case WT_ADDITIONAL_GID:
        /* (uid_t)-1 means "leave as it is" to the system calls that would get it. */
        return n == UINT32_MAX ? "out of range" : NULL;
    case WT_NET_IF:
        return r->len <= 1 || r->len > IFNAMSIZ ? "length of the name" : NULL;
    case WT_SECCOMP:
        return r->len / sizeof(struct sock_filter) > BPF_MAXINSNS ? "too long" : NULL;
    case WT_NET_ADDR:
    case WT_NET_GATEWAY:
        return address_error(r);
    case WT_DEVICE:
        return device_error(r);
    case WT_ATTACH:
        return attach_error(r);
    default:
        return NULL;
    }
}

static int check_record(struct bootstrap *b, const struct record *r, struct failure *f)
{
    const struct shape *shape;
    const char *why;

    if (r->tag >= WT_TAGS || shapes[r->tag].form == FORM_NONE)
        return refuse(f, r->tag, "unknown");
    shape = &shapes[r->tag];
    why = form_error(shape, r);
    if (!why)
        why = number_error(r);
    if (!why && b->count[r->tag] && !shape->repeats)
        why = "given twice";
    if (!why && (r->tag == WT_NET_MTU || r->tag == WT_NET_ADDR || r->tag == WT_NET_GATEWAY) &&
        !b->count[WT_NET_IF])
        why = "no interface begun";
    if (why)
        return refuse(f, r->tag, why);
    b->count[r->tag]++;
    return 0;
}

static int check_whole(struct bootstrap *b, struct failure *f)
{
    uint8_t wrong;

    bootstrap_value(b, WT_FLAGS, &b->flags, sizeof(b->flags));
    wrong = b->flags & WF_EXEC ? START_ONLY : EXEC_ONLY;
    for (uint32_t tag = 0; tag < WT_TAGS; tag++)
        if (b->count[tag] && shapes[tag].scope == wrong)
            return refuse(f, tag, "does not belong to this mode");
    if (!b->count[WT_ARG])
        return refuse(f, WT_ARG, "missing");
    if (b->count[WT_USER] && (b->count[WT_UID] || b->count[WT_GID]))
        return refuse(f, WT_USER, "given with numbers");
    return 0;
}

int bootstrap_decode(struct bootstrap *b, const void *data, size_t len, struct failure *f)
{
    struct record_reader reader;
    struct record r;
    int rc;

    *b = (struct bootstrap){.data = data, .len = len};
    if (record_open(&reader, data, len) < 0)
        return fail(f, STAGE_BOOTSTRAP, EINVAL, "header");
    while ((rc = record_next(&reader, &r)) > 0)
        if (check_record(b, &r, f) < 0)
            return -1;
    if (rc < 0)
        return fail(f, STAGE_BOOTSTRAP, EINVAL, "record runs past the end");
    return check_whole(b, f);
}

int bootstrap_load(struct bootstrap *b, int fd, struct failure *f)
{
    struct stat st;
    char *data;
    size_t got = 0;

    if (fstat(fd, &st) < 0)
        return fail(f, STAGE_BOOTSTRAP, errno, "stat");
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > (off_t)WIRE_MAX)
        return fail(f, STAGE_BOOTSTRAP, EINVAL, "size of the file");
    /* Not a mapping of the file: were it cut meanwhile, the shim would die of SIGBUS and say
     * nothing. */
    data =
        mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
        return fail(f, STAGE_BOOTSTRAP, errno, "memory");
    while (got < (size_t)st.st_size) {
        ssize_t n = pread(fd, data + got, (size_t)st.st_size - got, (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail(f, STAGE_BOOTSTRAP, n < 0 ? errno : EINVAL, "read");
        got += (size_t)n;
    }
    return bootstrap_decode(b, data, got, f);
}

bool bootstrap_next(const struct bootstrap *b, size_t *pos, struct record *r)
{
    size_t at = *pos ? *pos : sizeof(struct wire_header);
    struct record_reader reader = {.at = b->data + at, .end = b->data + b->len};

    if (record_next(&reader, r) <= 0)
        return false;
    *pos = (size_t)(reader.at - b->data);
    return true;
}

bool bootstrap_next_of(const struct bootstrap *b, uint32_t tag, size_t *pos, struct record *r)
{
    if (!b->count[tag])
        return false;
    while (bootstrap_next(b, pos, r))
        if (r->tag == tag)
            return true;
    return false;
}

bool bootstrap_find(const struct bootstrap *b, uint32_t tag, struct record *r)
{
    size_t pos = 0;

    return bootstrap_next_of(b, tag, &pos, r);
}

const char *record_text(const struct record *r, size_t skip)
{
    return (const char *)r->data + skip;
}

const char *record_text_at(const struct record *r, size_t skip, unsigned i)
{
    const char *s = record_text(r, skip);

    while (i-- > 0)
        s += strlen(s) + 1;
    return s;
}

const char *bootstrap_string(const struct bootstrap *b, uint32_t tag)
{
    struct record r;

    return bootstrap_find(b, tag, &r) ? record_text(&r, 0) : NULL;
}

bool bootstrap_value(const struct bootstrap *b, uint32_t tag, void *out, size_t size)
{
    struct record r;

    if (!bootstrap_find(b, tag, &r) || r.len != size)
        return false;
    memcpy(out, r.data, size);
    return true;
}

size_t bootstrap_vector(const struct bootstrap *b, uint32_t tag, char **out)
{
    struct record r;
    size_t pos = 0, n = 0;

    /* execve(2) takes char *const[] and writes to none of it. */
    while (bootstrap_next_of(b, tag, &pos, &r))
        out[n++] = (char *)(uintptr_t)r.data;
    out[n] = NULL;
    return n;
}

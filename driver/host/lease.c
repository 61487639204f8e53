#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"
#include "host/net.h"
#include "host/proc.h"

#define LEASES ".leases"
#define ID_MAX 4096
#define STATE_MAX (4 << 20)
/* Addresses tried before a subnet is called full; each that is taken has a file, so a search is as
 * long as there are leases. */
#define SEARCH_LIMIT 65536
/* The last lease takes its directory with it, so one may vanish between being opened and being
 * locked. */
#define LOCK_TRIES 1000

/* ---- numbers ---- */

static size_t size_of(const struct ip_address *a)
{
    return a->family == AF_INET ? 4 : 16;
}

static bool same_address(const struct ip_address *a, const struct ip_address *b)
{
    return a->family == b->family && memcmp(a->addr, b->addr, size_of(a)) == 0;
}

/* The subnet's first address, or its last: host bits all zero or all one. */
static struct ip_address subnet_edge(const struct ip_address *net, bool last)
{
    struct ip_address edge = *net;

    for (size_t bit = net->prefix; bit < size_of(net) * 8; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);

        edge.addr[bit / 8] =
            (uint8_t)(last ? edge.addr[bit / 8] | mask : edge.addr[bit / 8] & ~mask);
    }
    return edge;
}

static bool in_subnet(const struct ip_address *a, const struct ip_address *net)
{
    struct ip_address of_net = subnet_edge(net, false), of_a = *a;

    of_a.prefix = net->prefix;
    of_a = subnet_edge(&of_a, false);
    return a->family == net->family && same_address(&of_a, &of_net);
}

static void next_address(struct ip_address *a)
{
    for (size_t i = size_of(a); i-- > 0;)
        if (++a->addr[i] != 0)
            return;
}

/* Why an address of the subnet cannot be a container's, or NULL. A subnet of two (RFC 3021, RFC
 * 6164) has hosts only. */
static const char *reserved_for(const struct ip_address *a, const struct ip_address *net)
{
    struct ip_address first = subnet_edge(net, false), last = subnet_edge(net, true);

    if (same_address(a, net))
        return "the bridge's own";
    if (net->prefix + 1 >= size_of(net) * 8)
        return NULL;
    if (same_address(a, &first))
        return net->family == AF_INET ? "the network's" : "the routers' anycast";
    if (net->family == AF_INET && same_address(a, &last))
        return "the broadcast";
    return NULL;
}

struct address_text {
    char s[INET6_ADDRSTRLEN];
};

static struct address_text print(const struct ip_address *a)
{
    struct address_text text = {{0}};

    inet_ntop(a->family, a->addr, text.s, sizeof(text.s));
    return text;
}

/* ---- the directory ---- */

/* A bridge's leases, locked until the descriptors are closed. */
struct leases {
    int root;
    int dir;
};

static void leases_close(struct leases *l)
{
    cleanup_closep(&l->dir);
    cleanup_closep(&l->root);
}

#define cleanup_leases __attribute__((cleanup(leases_close)))

/* Lock a directory that may be removed before the lock is had: 1 then. 0, or -1 with errno. */
static int lock_dir(int fd)
{
    struct stat st;
    int rc;

    do
        rc = flock(fd, LOCK_EX);
    while (rc < 0 && errno == EINTR);
    if (rc < 0 || fstat(fd, &st) < 0)
        return -1;
    return st.st_nlink == 0;
}

static int make_and_open(int root, const char *sub)
{
    if (mkdirat(root, LEASES, 0700) < 0 && errno != EEXIST)
        return -1;
    if (mkdirat(root, sub, 0700) < 0 && errno != EEXIST)
        return -1;
    return openat(root, sub, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int leases_open(struct leases *l, const char *root, const char *sub,
                       struct lxcdriver_error **err)
{
    l->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (l->root < 0)
        return err_sys(err, errno, "open %s", root);
    for (int i = 0; i < LOCK_TRIES; i++) {
        cleanup_close int dir = make_and_open(l->root, sub);
        int rc = dir < 0 ? -1 : lock_dir(dir);

        if (rc == 0) {
            l->dir = steal_fd(&dir);
            return 0;
        }
        if (rc < 0 && errno != ENOENT)
            return err_sys(err, errno, "lock %s/%s", root, sub);
    }
    return err_set(err, "lock %s/%s: it does not stay", root, sub);
}

/* ---- one lease ---- */

/* Whether a container is over: its directory is gone, or its state.json ends with "stopped".
 * Without a state.json it is being made. */
static bool ended(const struct leases *l, const char *id)
{
    cleanup_free char *path = str_printf("%s/state.json", id), *text = NULL;
    struct stat st;

    if (fstatat(l->root, id, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return true;
    return path && fs_read_at(l->root, path, STATE_MAX, &text, NULL) == 0 &&
           strstr(text, "\n  \"status\": \"stopped\"");
}

/* The container that has it, on the heap: NULL when it is free, which the lease of a container that
 * is gone, and a file that names none, are too. */
static int holder_of(const struct leases *l, const char *address, const char *id, char **holder)
{
    cleanup_free char *text = NULL;

    *holder = NULL;
    if (fs_read_at(l->dir, address, ID_MAX, &text, NULL) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!*text || str_eq(text, id) || ended(l, text))
        return 0;
    *holder = steal_ptr(&text);
    return 0;
}

/* 0: taken for id; 1: another has it (*holder, on the heap); -1 with err. */
static int try_take(const struct leases *l, const struct ip_address *a, const char *id,
                    char **holder, struct lxcdriver_error **err)
{
    struct address_text text = print(a);

    if (holder_of(l, text.s, id, holder) < 0)
        return err_sys(err, errno, "read the lease of %s", text.s);
    if (*holder)
        return 1;
    if (fs_write_atomic(l->dir, text.s, id, strlen(id), 0600) < 0)
        return err_sys(err, errno, "write the lease of %s", text.s);
    return 0;
}

static int take_wanted(const struct leases *l, const char *bridge, const struct ip_address *net,
                       const struct ip_address *want, const char *id, struct lxcdriver_error **err)
{
    cleanup_free char *holder = NULL;
    struct address_text text = print(want), subnet = print(net);
    const char *reserved;
    int rc;

    if (!in_subnet(want, net))
        return err_set(err, "address %s is not in the subnet %s/%u of bridge %s", text.s, subnet.s,
                       net->prefix, bridge);
    reserved = reserved_for(want, net);
    if (reserved)
        return err_set(err, "address %s is %s address in the subnet %s/%u of bridge %s", text.s,
                       reserved, subnet.s, net->prefix, bridge);
    rc = try_take(l, want, id, &holder, err);
    return rc <= 0 ? rc : err_set(err, "address %s is in use by container %s", text.s, holder);
}

static int take_next(const struct leases *l, const char *bridge, const struct ip_address *net,
                     const char *id, struct ip_address *out, struct lxcdriver_error **err)
{
    struct address_text subnet = print(net);
    struct ip_address at = subnet_edge(net, false), last = subnet_edge(net, true);

    for (int i = 0; i < SEARCH_LIMIT; i++, next_address(&at)) {
        cleanup_free char *holder = NULL;
        int rc;

        if (!reserved_for(&at, net)) {
            rc = try_take(l, &at, id, &holder, err);
            if (rc == 0)
                *out = at;
            if (rc <= 0)
                return rc;
        }
        if (same_address(&at, &last))
            break;
    }
    return err_set(err, "no address is free in the subnet %s/%u of bridge %s", subnet.s,
                   net->prefix, bridge);
}

int lease_take(const char *root, const char *bridge, const struct ip_address *net,
               const struct ip_address *want, const char *id, struct ip_address *out,
               struct lxcdriver_error **err)
{
    cleanup_leases struct leases l = {-1, -1};
    cleanup_free char *sub =
        str_printf(LEASES "/%llu-%s", (unsigned long long)proc_ns_inode(0, "net"), bridge);

    if (!sub)
        return err_nomem(err);
    if (net->family != AF_INET && net->family != AF_INET6)
        return err_set(err, "bridge %s has no subnet to take an address from", bridge);
    if (net->prefix > size_of(net) * 8)
        return err_set(err, "bridge %s: prefix %u is out of range", bridge, net->prefix);
    if (leases_open(&l, root, sub, err) < 0)
        return err_wrap(err, "lease of an address");
    if (want->family == 0)
        return take_next(&l, bridge, net, id, out, err);
    if (take_wanted(&l, bridge, net, want, id, err) < 0)
        return -1;
    *out = *want;
    out->prefix = net->prefix;
    return 0;
}

/* ---- ranges of ids ---- */

int lease_id_range(const char *root, uint32_t base, uint32_t size, const char *id, uint32_t *first,
                   struct lxcdriver_error **err)
{
    cleanup_leases struct leases l = {-1, -1};

    if (leases_open(&l, root, LEASES "/ids", err) < 0)
        return err_wrap(err, "lease of a range of ids");
    for (uint64_t at = base; at + size <= UINT32_MAX; at += size) {
        cleanup_free char *holder = NULL;
        char name[16];

        snprintf(name, sizeof(name), "%llu", (unsigned long long)at);
        if (holder_of(&l, name, id, &holder) < 0)
            return err_sys(err, errno, "read the lease of ids %s", name);
        if (holder)
            continue;
        if (fs_write_atomic(l.dir, name, id, strlen(id), 0600) < 0)
            return err_sys(err, errno, "write the lease of ids %s", name);
        *first = (uint32_t)at;
        return 0;
    }
    return err_set(err, "no range of %u ids is free from %u on", size, base);
}

/* ---- giving back ---- */

/* Remove those of `id`; *left counts the others. */
static void release_in(int dir, const char *id, size_t *left)
{
    cleanup_closedir DIR *list = fs_opendir(dir);
    struct dirent *entry;

    *left = 1;
    if (!list)
        return;
    *left = 0;
    while ((entry = readdir(list))) {
        cleanup_free char *holder = NULL;

        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        /* A temporary file is nobody's while we hold the lock: its writer is dead. */
        if (*entry->d_name != '.' &&
            (fs_read_at(dir, entry->d_name, ID_MAX, &holder, NULL) < 0 || !str_eq(holder, id)))
            ++*left;
        else
            unlinkat(dir, entry->d_name, 0);
    }
}

void lease_release(const char *root, const char *id)
{
    cleanup_close int root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_close int all = -1;
    cleanup_closedir DIR *list = NULL;
    struct dirent *entry;

    if (root_fd < 0)
        return;
    all = openat(root_fd, LEASES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (all < 0)
        return;
    list = fs_opendir(all);
    if (!list)
        return;
    while ((entry = readdir(list))) {
        cleanup_close int dir = -1;
        size_t left;

        if (*entry->d_name == '.')
            continue;
        dir = openat(all, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0 || lock_dir(dir) != 0)
            continue;
        release_in(dir, id, &left);
        /* Under the lock: whoever waits for it sees that the directory is gone and makes it anew.
         */
        if (left == 0)
            unlinkat(all, entry->d_name, AT_REMOVEDIR);
    }
    unlinkat(root_fd, LEASES, AT_REMOVEDIR);
}

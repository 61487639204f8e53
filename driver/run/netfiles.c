/*
 * /etc/hosts, /etc/hostname and /etc/resolv.conf of a container with a network of its own, as files
 * of ours that are bound over the image's. A destination that the user mounts himself is left
 * alone.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "spec/readers.h"

static bool mounted_already(const struct command *cmd, const char *destination)
{
    for (size_t i = 0; i < cmd->n_mounts; i++)
        if (str_eq(cmd->mounts[i].destination, destination) ||
            str_eq(cmd->mounts[i].destination, "/etc"))
            return true;
    return false;
}

static int add_file(struct command *cmd, int dir_fd, const char *dir, const char *name,
                    struct buf *text, struct lxcdriver_error **err)
{
    struct mount_spec *m;

    if (text->failed)
        return err_nomem(err);
    if (dir_fd >= 0 &&
        fs_write_atomic(dir_fd, name, text->data ? text->data : "", text->len, 0644) < 0)
        return err_sys(err, errno, "write %s/%s", dir, name);
    if (dir_fd >= 0 && cmd->n_uid_maps > 0 &&
        fchownat(dir_fd, name, userns_root(cmd->uid_maps, cmd->n_uid_maps),
                 userns_root(cmd->gid_maps, cmd->n_gid_maps), AT_SYMLINK_NOFOLLOW) < 0)
        return err_sys(err, errno, "give %s/%s to the container's root", dir, name);
    m = ARRAY_GROW(&cmd->mounts, &cmd->n_mounts);
    if (!m)
        return err_nomem(err);
    m->flags = MS_BIND;
    m->propagation = MS_PRIVATE;
    m->destination = str_printf("/etc/%s", name);
    m->source = str_printf("%s/%s", dir, name);
    m->type = strdup("bind");
    return m->destination && m->source && m->type ? 0 : err_nomem(err);
}

static void hosts_text(const struct command *cmd, const struct network_facts *net, struct buf *out)
{
    char text[64];

    buf_puts(
        out,
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n"
        "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
    for (size_t i = 0; cmd->hostname && i < net->n_addresses; i++)
        if (address_print(&net->addresses[i], text, sizeof(text)) == 0)
            buf_printf(out, "%s\t%s\n", text, cmd->hostname);
    for (size_t i = 0; i < cmd->extra_hosts.n; i++) {
        const char *entry = cmd->extra_hosts.items[i], *colon = strchr(entry, ':');

        if (colon)
            buf_printf(out, "%s\t%.*s\n", colon + 1, (int)(colon - entry), entry);
    }
}

static void resolv_text(const struct command *cmd, struct buf *out)
{
    for (size_t i = 0; i < cmd->dns.n; i++)
        buf_printf(out, "nameserver %s\n", cmd->dns.items[i]);
    for (size_t i = 0; i < cmd->dns_search.n; i++)
        buf_printf(out, "%s%s", i ? " " : "search ", cmd->dns_search.items[i]);
    if (cmd->dns_search.n)
        buf_putc(out, '\n');
    for (size_t i = 0; i < cmd->dns_options.n; i++)
        buf_printf(out, "%s%s", i ? " " : "options ", cmd->dns_options.items[i]);
    if (cmd->dns_options.n)
        buf_putc(out, '\n');
}

/* Without --dns a container that can reach anything gets the host's own file; one without a network
 * gets none. */
static int resolv_of_host(struct buf *out)
{
    cleanup_free char *text = NULL;
    size_t len = 0;

    if (fs_read_at(AT_FDCWD, "/etc/resolv.conf", 1 << 20, &text, &len) < 0)
        return -1;
    buf_append(out, text, len);
    return 0;
}

static int add_resolv(struct command *cmd, int dir_fd, const char *dir,
                      struct lxcdriver_error **err)
{
    cleanup_buf struct buf text = {0};
    bool told = cmd->dns.n || cmd->dns_search.n || cmd->dns_options.n;

    if (!told && (cmd->net.mode == NET_NONE || resolv_of_host(&text) < 0))
        return 0;
    if (told)
        resolv_text(cmd, &text);
    return add_file(cmd, dir_fd, dir, "resolv.conf", &text, err);
}

int netfiles_prepare(struct command *cmd, int dir_fd, const char *dir,
                     const struct network_facts *net, struct lxcdriver_error **err)
{
    if (!mounted_already(cmd, "/etc/resolv.conf") && add_resolv(cmd, dir_fd, dir, err) < 0)
        return -1;
    if (cmd->net.mode != NET_HOST && !mounted_already(cmd, "/etc/hosts")) {
        cleanup_buf struct buf text = {0};

        hosts_text(cmd, net, &text);
        if (add_file(cmd, dir_fd, dir, "hosts", &text, err) < 0)
            return -1;
    }
    if (cmd->hostname && !mounted_already(cmd, "/etc/hostname")) {
        cleanup_buf struct buf text = {0};

        buf_printf(&text, "%s\n", cmd->hostname);
        if (add_file(cmd, dir_fd, dir, "hostname", &text, err) < 0)
            return -1;
    }
    return 0;
}

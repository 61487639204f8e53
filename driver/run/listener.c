#include "run/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "shared/listener.h"
#include "shared/record.h"

/* What a socket's address holds beside "/proc/self/fd/2147483647/" and the end. */
#define NAME_LONGEST                                                                               \
    (sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/proc/self/fd/2147483647/"))

static int check_path(const char *path, struct lxcdriver_error **err)
{
    const char *name = strrchr(path, '/');

    if (*path != '/' || !name || !name[1])
        return err_set(err, "linux.seccomp.listenerPath: \"%s\" is not an absolute path", path);
    if (strlen(name + 1) > NAME_LONGEST)
        return err_set(err, "linux.seccomp.listenerPath: \"%s\": its last part is longer than %zu",
                       path, NAME_LONGEST);
    return 0;
}

int listener_record(struct launch *l, struct lxcdriver_error **err)
{
    const struct seccomp_filter *filter = &l->seccomp;
    cleanup_buf struct buf before = {0}, metadata = {0}, head = {0}, tail = {0};

    if (!(filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
        return 0;
    if (check_path(filter->listener_path, err) < 0)
        return -1;
    buf_puts(&before, "{\"ociVersion\":");
    config_json_string(&before, config_oci_version(l->cmd));
    buf_puts(&before, ",\"fds\":[\"seccompFd\"],\"pid\":");
    if (!str_empty(filter->listener_metadata)) {
        buf_puts(&metadata, ",\"metadata\":");
        config_json_string(&metadata, filter->listener_metadata);
    }
    buf_puts(&metadata, ",\"state\":");
    config_state_text(l->cmd, &head, &tail);
    if (!before.data || !metadata.data || !head.data || !tail.data || before.failed ||
        metadata.failed || head.failed)
        return err_nomem(err);
    buf_puts(&metadata, head.data);
    buf_puts(&tail, "}");
    if (metadata.failed || tail.failed)
        return err_nomem(err);
    record_add_string(&l->record, SUPT_LISTENER, filter->listener_path);
    record_add_string(&l->record, SUPT_LISTENER_STATE, before.data);
    record_add_string(&l->record, SUPT_LISTENER_STATE, metadata.data);
    record_add_string(&l->record, SUPT_LISTENER_STATE, "\",\"pid\":");
    record_add_string(&l->record, SUPT_LISTENER_STATE, tail.data);
    return 0;
}

/* ---- one more process ---- */

struct found {
    const char *path;
    struct listener_state state;
    size_t n;
};

static void look(const char *data, size_t len, struct found *out)
{
    struct record_reader reader;
    struct record rec;

    if (record_open(&reader, data, len) < 0)
        return;
    while (record_next(&reader, &rec) > 0) {
        if (rec.tag == SUPT_LISTENER)
            out->path = record_string(&rec);
        else if (rec.tag == SUPT_LISTENER_STATE && out->n < LISTENER_PARTS && record_string(&rec))
            out->state.parts[out->n++] = record_string(&rec);
    }
}

/* By its directory's descriptor: the path may be longer than a socket's address. */
static int send_by(const struct found *f, int fd)
{
    const char *slash = strrchr(f->path, '/');
    cleanup_free char *dir = strndup(f->path, (size_t)(slash - f->path) + 1), *name = NULL;
    cleanup_close int at = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

    if (at < 0)
        return -1;
    name = str_printf("/proc/self/fd/%d/%s", at, slash + 1);
    return name ? listener_send(name, &f->state, fd) : -1;
}

int listener_hand_on(const struct container *c, pid_t process, int fd, struct lxcdriver_error **err)
{
    struct found f = {.state = {.process = process,
                                .container = c->pid,
                                .status = state_name(container_state(c))}};
    cleanup_free char *data = NULL;
    size_t len = 0;

    if (fs_read_at(c->dir_fd, "supervise", WIRE_MAX, &data, &len) < 0)
        return err_sys(err, errno, "container \"%s\": read its record", c->id);
    look(data, len, &f);
    if (!f.path || f.n != LISTENER_PARTS || !strchr(f.path, '/'))
        return err_set(err, "container \"%s\": its record does not say who listens", c->id);
    if (send_by(&f, fd) < 0)
        return err_sys(err, errno, "hand the seccomp listener to %s", f.path);
    return 0;
}

/*
 * LXC's monitor FIFO: struct lxc_msg of liblxc's monitor.c, 264 bytes a message, written by
 * lxc-start with one write each.
 *
 * It is also a brake. After the init's end lxc-start sends the status and goes on at once to remove
 * the cgroups, and with them the count of OOM kills. A pipe of one page that is full makes that
 * write wait until we have read the count: so the pipe is filled when LXC has said RUNNING and
 * emptied when the init's pidfd tells its end. lxc-start writes nothing in between.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervise/supervisor.h"

enum { LXC_MSG_STATE = 0, LXC_MSG_EXIT = 2 };
enum { LXC_STATE_RUNNING = 2 };

struct lxc_message {
    int32_t type;
    char name[256];
    int32_t value;
};

#define BRAKE_SIZE 4096

/* mkdir -p of the root's path below <dir>/lxc, where LXC looks for the FIFO:
 * /run/lxc/<lxcpath>/monitor-fifo. */
static int open_fifo_dir(struct supervisor *s)
{
    int at = openat(s->dir_fd, "lxc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *from = s->root;

    while (at >= 0) {
        char name[256];
        size_t len;
        int next;

        from += strspn(from, "/");
        if (!*from)
            return at;
        len = strcspn(from, "/");
        if (len >= sizeof(name)) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, from, len);
        name[len] = '\0';
        from += len;
        if (mkdirat(at, name, 0755) < 0 && errno != EEXIST) {
            close(at);
            return -1;
        }
        next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        close(at);
        at = next;
    }
    return -1;
}

int sup_fifo_open(struct supervisor *s)
{
    int dir;

    if (mkdirat(s->dir_fd, "lxc", 0755) < 0)
        return -1;
    dir = open_fifo_dir(s);
    if (dir < 0)
        return -1;
    /* Read-write: it never reports end of file while lxc-start is between two messages. */
    if (mkfifoat(dir, "monitor-fifo", 0600) == 0)
        s->fifo = openat(dir, "monitor-fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    close(dir);
    if (s->fifo < 0 || fcntl(s->fifo, F_SETPIPE_SZ, BRAKE_SIZE) < 0)
        return -1;
    return 0;
}

void sup_fifo_read(struct supervisor *s)
{
    struct lxc_message msg;
    ssize_t got;

    if (s->braked)
        return;
    while ((got = read(s->fifo, &msg, sizeof(msg))) > 0) {
        if ((size_t)got != sizeof(msg))
            continue; /* another liblxc: the slow path in main.c and end.c does without */
        if (msg.type == LXC_MSG_STATE && msg.value == LXC_STATE_RUNNING)
            s->lxc_running = true;
        if (msg.type == LXC_MSG_EXIT && !s->have_status) {
            s->have_status = true;
            s->status = msg.value;
        }
    }
}

void sup_fifo_brake(struct supervisor *s)
{
    static const char page[BRAKE_SIZE];

    /* With the pidfd nothing else tells the init's end, so without it the brake would never be
     * released. */
    if (s->braked || s->init_pidfd < 0)
        return;
    sup_fifo_read(s);
    if (!s->have_status && write(s->fifo, page, sizeof(page)) == (ssize_t)sizeof(page))
        s->braked = true;
}

void sup_fifo_release(struct supervisor *s)
{
    char page[BRAKE_SIZE];

    if (!s->braked)
        return;
    s->braked = false;
    if (read(s->fifo, page, sizeof(page)) < 0 && errno != EAGAIN)
        s->have_status = false;
}

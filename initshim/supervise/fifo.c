/*
 * LXC's monitor FIFO: struct lxc_msg of liblxc's monitor.c, 264 bytes a message, written by
 * lxc-start with one write each.
 *
 * It is also a brake. After the init's end lxc-start sends the status and then goes on to remove
 * the cgroups, and with them the count of OOM kills. A write to a full pipe waits: so the pipe is
 * one page, and when LXC has said RUNNING it is filled up to the size of one message. The status
 * still fits; the next one, STOPPING, which lxc-start sends before it touches the cgroups, waits
 * until the status was taken out. lxc-start writes nothing between RUNNING and the status. Where it
 * sends no status, with SF_RESTORE, the pipe is filled up whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

#define PIPE_SIZE 4096
#define FILLER (PIPE_SIZE - sizeof(struct lxc_message))

/* mkdir -p of the root's path below our own /run/lxc, where LXC looks for the FIFO:
 * /run/lxc/<lxcpath>/monitor-fifo. */
static int open_fifo_dir(struct supervisor *s)
{
    int at = s->run_lxc;
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
    int dir = open_fifo_dir(s);

    s->run_lxc = -1; /* the walk has closed it */
    if (dir < 0)
        return -1;
    /* Read-write: it never reports end of file while lxc-start is between two messages. */
    if (mkfifoat(dir, "monitor-fifo", 0600) == 0)
        s->fifo = openat(dir, "monitor-fifo", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    close(dir);
    if (s->fifo < 0 || fcntl(s->fifo, F_SETPIPE_SZ, PIPE_SIZE) < 0)
        return -1;
    return 0;
}

void sup_fifo_read(struct supervisor *s)
{
    struct lxc_message msg;
    ssize_t got;

    if (s->braked)
        return;
    /*
     * What lxc-start would do now is to remove cgroups and interface, which we do quicker: it would
     * first move itself through a pivot cgroup in every hierarchy. Raw keys of the user's such as
     * lxc.hook.post-stop need its own end. Killed here, while the status lies in the pipe, it has
     * not begun; and an init that ended by SIGHUP does not come back as a reboot.
     */
    if (s->init_dead && s->lxc > 0 && !(s->rec.flags & SF_LXC_TEARDOWN))
        kill(s->lxc, SIGKILL);
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
    static const char filler[PIPE_SIZE];
    size_t len = s->rec.flags & SF_RESTORE ? PIPE_SIZE : FILLER;

    /* With the pidfd nothing else tells the init's end, so without it the brake would never be
     * released. */
    if (s->braked || s->init_pidfd < 0)
        return;
    sup_fifo_read(s);
    if (!s->have_status && write(s->fifo, filler, len) == (ssize_t)len)
        s->braked = true;
}

/* The filler goes, what lies behind it stays: lxc-start is held until that is read. */
void sup_fifo_release(struct supervisor *s)
{
    char filler[PIPE_SIZE];
    size_t len = s->rec.flags & SF_RESTORE ? PIPE_SIZE : FILLER;

    if (s->braked && read(s->fifo, filler, len) == (ssize_t)len)
        s->braked = false;
}

#include "handshake.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "descriptor.h"
#include "message.h"

#define STDIO 3

static int take_packet(struct shim *s, struct packet *p, uint32_t type)
{
    if (message_receive(s->sock, p) < 0) {
        if (errno == EPIPE || errno == ECONNRESET)
            _exit(EXIT_SHIM);
        return fail(&s->failure, STAGE_BOOTSTRAP, errno, "receive");
    }
    if (p->msg.type != type)
        return fail(&s->failure, STAGE_BOOTSTRAP, EPROTO, "unexpected message");
    return 0;
}

/* What follows the bootstrap: the init's pidfd, or a socket of our own. */
static void take_second(struct shim *s, int fd)
{
    if (s->exec) {
        s->pidfd = fd;
        return;
    }
    /* lxc-start holds the first socket open as well: only on one of our own is the exec seen. */
    close(s->sock);
    s->sock = fd;
}

/* The mounts, and the cgroup namespace behind them, come before the preserved descriptors; *next is
 * where they begin, and where the others do. */
static int take_mounts(struct shim *s, const struct packet *p, size_t *next)
{
    s->n_mounts = s->boot.count[WT_ATTACH] + (s->boot.flags & WF_CGROUP_NS ? 1 : 0);
    if (*next > p->n_fds || s->n_mounts > p->n_fds - *next)
        return -1;
    memcpy(s->mounts, p->fds + *next, s->n_mounts * sizeof(*s->mounts));
    *next += s->n_mounts;
    return 0;
}

int handshake_receive(struct shim *s)
{
    struct packet p;
    const int *stdio = NULL;
    size_t next = 1;
    int rc;

    if (take_packet(s, &p, SHIM_BOOTSTRAP) < 0)
        return -1;
    if (p.n_fds < 1)
        return fail(&s->failure, STAGE_BOOTSTRAP, EPROTO, "no descriptor");
    if (next < p.n_fds)
        take_second(s, p.fds[next++]);
    rc = bootstrap_load(&s->boot, p.fds[0], &s->failure);
    /* Closed before anything of the container can look at our descriptors: it is a file of the
     * host. */
    close(p.fds[0]);
    if (rc < 0)
        return -1;
    if (s->exec != !!(s->boot.flags & WF_EXEC))
        return fail(&s->failure, STAGE_BOOTSTRAP, EINVAL, "mode");
    if (!(s->boot.flags & WF_TERMINAL)) {
        stdio = p.fds + next;
        next += STDIO;
    }
    if (take_mounts(s, &p, &next) < 0 || p.n_fds < 2)
        return fail(&s->failure, STAGE_BOOTSTRAP, EPROTO, "too few descriptors");
    s->n_kept = p.n_fds - next;
    if (descriptors_lift(s->mounts, s->n_mounts, s->n_kept) < 0 ||
        descriptors_place(stdio, p.fds + next, s->n_kept, &s->sock, &s->pidfd) < 0)
        return fail(&s->failure, STAGE_BOOTSTRAP, errno, "descriptors");
    return 0;
}

static int say(struct shim *s, uint32_t type, const char *what)
{
    struct shim_msg msg = {.type = type};

    return message_send(s->sock, &msg, -1) < 0 ? fail(&s->failure, STAGE_BOOTSTRAP, errno, what)
                                               : 0;
}

int handshake_hooks(struct shim *s)
{
    struct packet p;
    int rc;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_HOOK, errno, "death signal");
    if (say(s, SHIM_HOOKS, "hooks") < 0 || take_packet(s, &p, SHIM_HOOKS_GO) < 0)
        return -1;
    if (p.n_fds != 1)
        return fail(&s->failure, STAGE_BOOTSTRAP, EPROTO, "no descriptor");
    rc = bootstrap_load(&s->boot, p.fds[0], &s->failure);
    close(p.fds[0]);
    return rc;
}

int handshake_hooks_done(struct shim *s)
{
    return say(s, SHIM_HOOKS_DONE, "hooks");
}

int handshake_ready(struct shim *s)
{
    return say(s, SHIM_READY, "ready");
}

int handshake_wait(struct shim *s)
{
    struct packet p;

    if (take_packet(s, &p, SHIM_START) < 0)
        return -1;
    for (size_t i = 0; i < p.n_fds; i++)
        close(p.fds[i]);
    return 0;
}

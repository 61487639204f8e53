/* Acting on a running container, and waiting for its end. */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/net.h"
#include "host/pidns.h"
#include "host/proc.h"
#include "shared/packet.h"

/* Engines stop by SIGTERM, which systemd takes for the wish to be executed anew. */
static int meant_signal(const struct container *c, int signum)
{
    int stop = (int)json_integer_value(json_object_get(c->state, "stopSignal"));

    return signum == SIGTERM && stop > 0 &&
                   json_is_true(json_object_get(c->state, "systemContainer"))
               ? stop
               : signum;
}

int lxcdriver_kill(struct lxcdriver *drv, const char *id, int signum, bool all,
                   struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    cleanup_close int pidfd = -1;

    if (signum < 0 || signum > SIGRTMAX)
        return err_set(err, "signal %d is not between 0 and %d", signum, SIGRTMAX);
    if (container_open(drv, id, &c, err) < 0)
        return -1;
    if (all && c.cgroups.n == 0)
        return container_want_running(&c, true, err) < 0 ? -1 : pidns_signal(c.pid, signum, err);
    if (all)
        return cgroup_signal(&c.cgroups, signum, container_supervisor(&c), err);
    pidfd = container_pidfd(&c, err);
    if (pidfd < 0)
        return -1;
    signum = meant_signal(&c, signum);
    if (proc_signal(pidfd, signum) < 0)
        return err_sys(err, errno, "container \"%s\": send signal %d", id, signum);
    /* What is frozen in v1 does not see it; no other signal is worth the end of a pause. */
    if (signum == SIGKILL && container_state(&c) == LXCDRIVER_PAUSED)
        return cgroup_freeze(&c.cgroups, false, err);
    return 0;
}

static int freeze(struct lxcdriver *drv, const char *id, bool frozen, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};

    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0 ||
        container_want_cgroup(&c, err) < 0)
        return -1;
    if (cgroup_freeze(&c.cgroups, frozen, err) < 0)
        return err_wrap(err, "container \"%s\"", id);
    return 0;
}

int lxcdriver_pause(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    return freeze(drv, id, true, err);
}

int lxcdriver_unpause(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    return freeze(drv, id, false, err);
}

/* What is recorded of a container that has ended. */
static int recorded_status(const struct container *c, int *status, struct lxcdriver_error **err)
{
    json_t *state = state_read(c->dir_fd, err), *value;
    int recorded;

    if (!state)
        return err && *err ? -1 : err_set(err, "container \"%s\" was never started", c->id);
    value = json_object_get(state, "waitStatus");
    recorded = json_is_integer(value) ? (int)json_integer_value(value) : -1;
    json_decref(state);
    /* Ended without a record: whoever would have written it was killed, and the container with it.
     */
    *status = recorded >= 0 ? recorded : SIGKILL;
    return 0;
}

/* Ask the supervisor to be told. 1: told, 0: nobody answers (any more), -1: the time was up. */
static int ask_supervisor(const struct container *c, int timeout_ms, int *status)
{
    cleanup_close int sock = control_connect(c->dir_fd);
    struct sup_msg ask = {.type = SUP_WAIT}, answer;
    struct pollfd fds = {sock, POLLIN, 0};
    int ready;

    if (sock < 0 || packet_send(sock, &ask, sizeof(ask), NULL, 0) < 0)
        return 0;
    do {
        ready = poll(&fds, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return -1;
    if (packet_recv(sock, &answer, sizeof(answer), NULL, 0, NULL, NULL) <= 0 ||
        answer.type != SUP_EXIT)
        return 0;
    *status = answer.status;
    return 1;
}

/* Wait for the init by its pidfd, which needs no supervisor. 0 when it has ended, -1 when the time
 * was up. */
static int wait_init(const struct container *c, int timeout_ms)
{
    cleanup_close int pidfd = container_pidfd(c, NULL);
    struct pollfd fds = {pidfd, POLLIN, 0};
    int ready;

    if (pidfd < 0)
        return 0;
    do {
        ready = poll(&fds, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 ? 0 : -1;
}

/* 0: ended, *status set; 1: the time (-1: none) was up; -1: error. */
static int wait_end(const struct container *c, int timeout_ms, int *status,
                    struct lxcdriver_error **err)
{
    int told = ask_supervisor(c, timeout_ms, status);

    if (told > 0)
        return 0;
    if (told < 0 || wait_init(c, timeout_ms) < 0)
        return 1;
    return recorded_status(c, status, err);
}

int lxcdriver_wait(struct lxcdriver *drv, const char *id, int *status, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    return wait_end(&c, -1, status, err);
}

int lxcdriver_terminate(struct lxcdriver *drv, const char *id, int signum, int timeout_s,
                        struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    int status, ended;

    if (container_open(drv, id, &c, err) < 0)
        return -1;
    if (container_state(&c) == LXCDRIVER_STOPPED)
        return 0;
    if (signum == 0)
        signum = (int)json_integer_value(json_object_get(c.state, "stopSignal"));
    if (signum == 0)
        signum = SIGTERM;
    if (container_state(&c) == LXCDRIVER_PAUSED && cgroup_freeze(&c.cgroups, false, err) < 0)
        return -1;
    if (lxcdriver_kill(drv, id, signum, false, NULL) == 0 && timeout_s > 0) {
        ended = wait_end(&c, timeout_s * 1000, &status, err);
        if (ended <= 0)
            return ended;
    }
    if (lxcdriver_kill(drv, id, SIGKILL, false, err) < 0) {
        if (err && *err && (*err)->errno_code != ESRCH)
            return -1;
        err_free(err);
    }
    return wait_end(&c, -1, &status, err) < 0 ? -1 : 0;
}

int lxcdriver_pids(struct lxcdriver *drv, const char *id, pid_t **pids, size_t *n,
                   struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};
    pid_t supervisor;
    size_t kept = 0;

    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0)
        return -1;
    if ((c.cgroups.n ? cgroup_pids(&c.cgroups, pids, n, err) : pidns_members(c.pid, pids, n, err)) <
        0)
        return err_wrap(err, "container \"%s\"", id);
    supervisor = container_supervisor(&c);
    for (size_t i = 0; i < *n; i++)
        if ((*pids)[i] != supervisor)
            (*pids)[kept++] = (*pids)[i];
    *n = kept;
    return 0;
}

static uint64_t realtime_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

int lxcdriver_get_stats(struct lxcdriver *drv, const char *id, struct lxcdriver_stats *stats,
                        struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};

    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0 ||
        container_want_cgroup(&c, err) < 0)
        return -1;
    memset(stats, 0xff, sizeof(*stats)); /* LXCDRIVER_NO_VALUE */
    stats->read_ns = realtime_ns();
    if (cgroup_stats(&c.cgroups, stats, err) < 0)
        return err_wrap(err, "container \"%s\"", id);
    /* With the host's network the numbers would be the host's. */
    if (proc_ns_inode(c.pid, "net") != proc_ns_inode(0, "net"))
        return net_stats(c.pid, stats, err);
    return 0;
}

int lxcdriver_oom_fd(struct lxcdriver *drv, const char *id, struct lxcdriver_error **err)
{
    struct container c cleanup_container = {.dir_fd = -1};

    if (container_open(drv, id, &c, err) < 0 || container_want_running(&c, true, err) < 0 ||
        container_want_cgroup(&c, err) < 0)
        return -1;
    return cgroup_oom_fd(&c.cgroups, err);
}

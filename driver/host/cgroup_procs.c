#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "host/cgroup.h"
#include "host/cgroup_path.h"
#include "host/proc.h"

#define PROCS_MAX ((size_t)64 << 20)
/* Processes held by a descriptor at a time: far below the usual limit of 1024 descriptors. */
#define BATCH 256
#define KILL_LIMIT_MS 10000
#define KILL_ROUNDS 2000
/* Rounds of SIGKILL after which what is left is taken to fork as fast as it is killed, and is
 * frozen meanwhile. */
#define ROUNDS_BEFORE_FREEZE 3
#define DEATH_WAIT_MS 100

/* ---- the list ---- */

struct pid_list {
    pid_t *pids;
    size_t n, cap;
};

static void pid_list_free(struct pid_list *list)
{
    free(list->pids);
}

#define cleanup_pids __attribute__((cleanup(pid_list_free)))

static int pid_list_add(struct pid_list *list, pid_t pid)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 64;
        pid_t *grown = reallocarray(list->pids, cap, sizeof(*grown));

        if (!grown)
            return -1;
        list->pids = grown;
        list->cap = cap;
    }
    list->pids[list->n++] = pid;
    return 0;
}

static int collect(void *opaque, int fd, const char *path)
{
    cleanup_free char *text = NULL;
    char *at, *end;

    (void)path;
    if (fs_read_at(fd, "cgroup.procs", PROCS_MAX, &text, NULL) < 0)
        /* A directory removed meanwhile; or a threaded cgroup, whose processes the domain above it
         * lists. */
        return errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP ? 0 : -1;
    for (at = text; *at; at = *end ? end + 1 : end) {
        long pid = strtol(at, &end, 10);

        if (end == at)
            break;
        /* 0 stands for a process that our pid namespace does not have. */
        if (pid > 0 && pid_list_add(opaque, (pid_t)pid) < 0)
            return -1;
    }
    return 0;
}

static int compare_pids(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

    return (x > y) - (x < y);
}

/* Fill an empty list, ascending, each once. */
static int pid_list_read(const struct cgroup_dirs *dirs, struct pid_list *list,
                         struct lxcdriver_error **err)
{
    struct cgroup_visitor visitor = {.enter = collect, .opaque = list};
    size_t roots = 0, kept = 0;

    for (size_t i = 0; i < dirs->n; i++) {
        if (cgroup_path_is_root(dirs->dirs[i].path))
            roots++;
        else if (cgroup_walk(dirs->dirs[i].path, &visitor) < 0)
            return err_sys(err, errno, "list the processes of %s", dirs->dirs[i].path);
    }
    if (roots > 0 && roots == dirs->n)
        return err_set(err, "%s is the root of its hierarchy, not a container's cgroup",
                       dirs->dirs[0].path);
    if (list->n > 0)
        qsort(list->pids, list->n, sizeof(*list->pids), compare_pids);
    for (size_t i = 0; i < list->n; i++)
        if (kept == 0 || list->pids[kept - 1] != list->pids[i])
            list->pids[kept++] = list->pids[i];
    list->n = kept;
    return 0;
}

int cgroup_pids(const struct cgroup_dirs *dirs, pid_t **pids, size_t *n,
                struct lxcdriver_error **err)
{
    struct pid_list list = {0};

    if (pid_list_read(dirs, &list, err) < 0) {
        pid_list_free(&list);
        return -1;
    }
    *pids = list.pids;
    *n = list.n;
    return 0;
}

static bool pid_list_has(const struct pid_list *list, pid_t pid)
{
    return list->n > 0 &&
           bsearch(&pid, list->pids, list->n, sizeof(*list->pids), compare_pids) != NULL;
}

/* ---- signals ---- */

/* Processes that got the signal, by descriptors that are readable when they have ended. */
struct batch {
    struct pollfd fds[BATCH];
    pid_t pids[BATCH];
    nfds_t n;
};

static void batch_close(struct batch *batch)
{
    for (nfds_t i = 0; i < batch->n; i++)
        cleanup_closep(&batch->fds[i].fd);
    batch->n = 0;
}

#define cleanup_batch __attribute__((cleanup(batch_close)))

/* The victims of a list: all but those that must never be hit. */
static void drop_protected(struct pid_list *list, pid_t spare)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++)
        if (list->pids[i] > 1 && list->pids[i] != spare && list->pids[i] != getpid())
            list->pids[kept++] = list->pids[i];
    list->n = kept;
}

/* Open up to BATCH processes; those that have ended are left out. */
static int batch_open(struct batch *batch, const pid_t *pids, size_t n,
                      struct lxcdriver_error **err)
{
    for (size_t i = 0; i < n; i++) {
        int fd = (int)syscall(SYS_pidfd_open, pids[i], 0);

        if (fd < 0 && (errno == ESRCH || errno == EINVAL))
            continue;
        if (fd < 0)
            return err_sys(err, errno, "open process %d", (int)pids[i]);
        batch->fds[batch->n] = (struct pollfd){.fd = fd, .events = POLLIN};
        batch->pids[batch->n++] = pids[i];
    }
    return 0;
}

/* Signal those of the batch that the cgroups still list: the descriptors were opened before that
 * list was read, so each is of the process listed or of an ended one, never of a stranger that got
 * the pid. */
static int batch_signal(const struct cgroup_dirs *dirs, struct batch *batch, int signum,
                        struct lxcdriver_error **err)
{
    cleanup_pids struct pid_list members = {0};

    if (pid_list_read(dirs, &members, err) < 0)
        return -1;
    for (nfds_t i = 0; i < batch->n; i++)
        if (pid_list_has(&members, batch->pids[i]) && proc_signal(batch->fds[i].fd, signum) < 0 &&
            errno != ESRCH)
            return err_sys(err, errno, "send signal %d to process %d", signum, (int)batch->pids[i]);
    return 0;
}

/* One signal to each process there is now. *seen is how many there were; `last` keeps the
 * descriptors of the last ones. */
static int signal_each(const struct cgroup_dirs *dirs, int signum, pid_t spare, struct batch *last,
                       size_t *seen, struct lxcdriver_error **err)
{
    cleanup_pids struct pid_list list = {0};

    if (pid_list_read(dirs, &list, err) < 0)
        return -1;
    drop_protected(&list, spare);
    *seen = list.n;
    for (size_t at = 0; at < list.n; at += BATCH) {
        size_t n = list.n - at < BATCH ? list.n - at : BATCH;

        batch_close(last);
        if (batch_open(last, list.pids + at, n, err) < 0 ||
            batch_signal(dirs, last, signum, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- SIGKILL until nothing is left ---- */

/* Wait until the processes have ended, or for a while: one that is in the kernel for long holds up
 * no other. */
static void batch_wait(struct batch *batch)
{
    int64_t deadline = cgroup_now_ms() + DEATH_WAIT_MS;
    nfds_t alive = batch->n;

    while (alive > 0 && cgroup_now_ms() < deadline) {
        if (poll(batch->fds, batch->n, (int)(deadline - cgroup_now_ms())) <= 0)
            return;
        alive = 0;
        for (nfds_t i = 0; i < batch->n; i++) {
            /* poll(2) passes over negative descriptors; cleared of what is done, it waits for the
             * others. */
            if (batch->fds[i].fd >= 0 && batch->fds[i].revents) {
                close(batch->fds[i].fd);
                batch->fds[i].fd = -1;
            }
            alive += batch->fds[i].fd >= 0;
        }
    }
}

/* Best effort: kernels before 5.14 have no cgroup.kill. */
static void kill_by_file(const struct cgroup_dirs *dirs)
{
    for (size_t i = 0; i < dirs->n; i++) {
        cleanup_close int fd = -1;

        if (!dirs->dirs[i].v2 || cgroup_path_is_root(dirs->dirs[i].path))
            continue;
        fd = open(dirs->dirs[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            fs_write_existing(fd, "cgroup.kill", "1");
    }
}

static const struct cgroup_dir *own_freezer(const struct cgroup_dirs *dirs)
{
    const struct cgroup_dir *freezer = cgroup_dir_find(dirs, "freezer");

    return freezer && !cgroup_path_is_root(freezer->path) ? freezer : NULL;
}

/* Not waited for: a child forked in a freezing cgroup is born frozen, which is all that is needed
 * against one that forks. */
static void begin_freeze(const struct cgroup_dirs *dirs)
{
    const struct cgroup_dir *freezer = own_freezer(dirs);
    cleanup_close int fd = freezer ? open(freezer->path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0)
        fs_write_existing(fd, freezer->v2 ? "cgroup.freeze" : "freezer.state",
                          freezer->v2 ? "1" : "FROZEN");
}

static int thaw_one(void *opaque, int fd, const char *path)
{
    const struct cgroup_dir *freezer = opaque;

    (void)path;
    fs_write_existing(fd, freezer->v2 ? "cgroup.freeze" : "freezer.state",
                      freezer->v2 ? "0" : "THAWED");
    return 0;
}

/* A task that is frozen in v1, also one further down, does not see its SIGKILL. In v2 it does, but
 * there the spared process would stay frozen with nobody left to thaw it. */
static void thaw(const struct cgroup_dirs *dirs)
{
    const struct cgroup_dir *freezer = own_freezer(dirs);
    struct cgroup_visitor visitor = {.enter = thaw_one, .opaque = (void *)(uintptr_t)freezer};

    if (freezer)
        cgroup_walk(freezer->path, &visitor);
}

static bool contains_us(const struct cgroup_dirs *dirs)
{
    cleanup_pids struct pid_list list = {0};

    /* When in doubt we are in it: then the ways that would hit ourselves are not used. */
    return pid_list_read(dirs, &list, NULL) < 0 || pid_list_has(&list, getpid());
}

static int kill_round(const struct cgroup_dirs *dirs, pid_t spare, bool freeze, size_t *seen,
                      struct lxcdriver_error **err)
{
    cleanup_batch struct batch last = {.n = 0};
    int rc;

    if (freeze)
        begin_freeze(dirs);
    rc = signal_each(dirs, SIGKILL, spare, &last, seen, err);
    if (freeze || *seen > 0)
        thaw(dirs);
    if (rc == 0)
        batch_wait(&last);
    return rc;
}

static int kill_all(const struct cgroup_dirs *dirs, pid_t spare, struct lxcdriver_error **err)
{
    int64_t deadline = cgroup_now_ms() + KILL_LIMIT_MS;
    bool us = contains_us(dirs);
    size_t seen = 0;

    if (spare == 0 && !us)
        kill_by_file(dirs);
    for (int round = 0; round < KILL_ROUNDS; round++) {
        seen = 0;
        if (kill_round(dirs, spare, round >= ROUNDS_BEFORE_FREEZE && !us, &seen, err) < 0)
            return -1;
        if (seen == 0)
            return 0;
        if (cgroup_now_ms() >= deadline)
            break;
    }
    return err_set(err, "%zu processes of %s do not end after SIGKILL", seen, dirs->dirs[0].path);
}

int cgroup_signal(const struct cgroup_dirs *dirs, int signum, pid_t spare,
                  struct lxcdriver_error **err)
{
    cleanup_batch struct batch last = {.n = 0};
    size_t seen;

    if (signum == SIGKILL)
        return kill_all(dirs, spare, err);
    return signal_each(dirs, signum, spare, &last, &seen, err);
}

/* The end of a container, whoever brought it about, and what has to be gone after it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define END_TIMEOUT_MS 10000
#define ORPHAN_ROUNDS 200 /* of 10 ms at most */

void sup_end(struct supervisor *s)
{
    if (s->phase == PHASE_ENDING && s->deadline_ms != 0)
        return;
    if (s->init_pidfd >= 0)
        syscall(SYS_pidfd_send_signal, s->init_pidfd, SIGKILL, NULL, 0);
    else if (s->lxc > 0)
        kill(s->lxc, SIGKILL); /* our own child, not reaped yet: the pid is still its own */
    sup_come_back(s);
    sup_cgroups_thaw(s->rec.payload, s->rec.n_payload);
    s->phase = PHASE_ENDING;
    s->deadline_ms = sup_now_ms() + END_TIMEOUT_MS;
}

void sup_init_died(struct supervisor *s)
{
    close(s->init_pidfd);
    s->init_pidfd = -1;
    s->init_dead = true;
    s->finished_ns = sup_realtime_ns();
    /* While the brake holds lxc-start the cgroup is still there. */
    s->oom_kills = sup_oom_kills(s->oom);
    /* lxc-start takes its time to send the status. What the container's cgroups still hold, a child
     * of theirs or a process, is met again behind it. */
    if (s->phase == PHASE_RUNNING && !s->inside && !(s->rec.flags & SF_LXC_TEARDOWN))
        s->payload_gone = sup_cgroups_remove_empty(s->rec.payload, s->rec.n_payload);
    sup_fifo_release(s);
    if (s->phase != PHASE_ENDING && s->phase != PHASE_RUNNING && !s->exec_done && !s->failed)
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, 0, "its init was killed before the command ran");
    if (s->phase != PHASE_ENDING)
        s->deadline_ms = sup_now_ms() + END_TIMEOUT_MS;
    s->phase = PHASE_ENDING;
}

/* lxc-start's own end gets this long, then it is killed: a hook of the user's may hang. */
static void reap_lxc(struct supervisor *s)
{
    int64_t until = sup_now_ms() + END_TIMEOUT_MS;
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    while (s->lxc > 0) {
        int64_t left = until - sup_now_ms();
        struct timespec wait = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};

        if (waitpid(s->lxc, NULL, WNOHANG) != 0)
            s->lxc = 0;
        else if (left > 0)
            sigtimedwait(&child, NULL, &wait);
        else
            kill(s->lxc, SIGKILL);
    }
}

/* The init became ours if lxc-start died first. */
static void reap_init(struct supervisor *s)
{
    int status;

    if (s->init > 0 && !s->have_status && waitpid(s->init, &status, 0) == s->init) {
        s->have_status = true;
        s->status = status;
    }
}

/* Kill every child that there is now. False when there is none. */
static bool kill_children(int children)
{
    char text[4096], *at = text, *end;
    ssize_t got = pread(children, text, sizeof(text) - 1, 0);
    bool any = false;

    if (got <= 0)
        return false;
    text[got] = '\0';
    for (;;) {
        long pid = strtol(at, &end, 10);

        /* A number that the buffer's end cut in two is left for the next round. */
        if (end == at || *end != ' ')
            return any;
        kill((pid_t)pid, SIGKILL); /* our own child, not reaped yet */
        any = true;
        at = end + 1;
    }
}

/*
 * As subreaper we are the parent of whatever is left: a hook of the user's that outlived lxc-start,
 * which still holds our descriptors, or in the host's pid namespace what the command left behind.
 * It ends with the container.
 */
static void end_orphans(const struct supervisor *s)
{
    const struct timespec nap = {.tv_nsec = 10000000};
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (int i = 0; i < ORPHAN_ROUNDS && s->children >= 0 && kill_children(s->children); i++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        sigtimedwait(&child, NULL, &nap);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* lxc-start that has taken its configuration for empty (sup_config_taken()) leaves LXC's own pivot
 * beside ours; one that others use stays. */
static void remove_lxc_pivot(const struct supervisor *s)
{
    for (size_t i = 0; i < s->rec.n_monitor; i++) {
        const char *path = s->rec.monitor[i], *slash = strrchr(path, '/');
        char pivot[PATH_MAX];

        if (slash && snprintf(pivot, sizeof(pivot), "%.*s/lxc.pivot", (int)(slash - path), path) <
                         (int)sizeof(pivot))
            (void)rmdir(pivot);
    }
}

/* In the container's cgroups ourselves we cannot remove them, and the engine waits for our end:
 * they are left to `delete`, which it always calls. */
static void remove_traces(struct supervisor *s)
{
    bool whole = s->have_status && !(s->rec.flags & SF_KILL_CGROUP);

    if (s->inside) {
        if (!whole)
            sup_cgroups_kill(s->rec.payload, s->rec.n_payload);
        return;
    }
    s->left = !s->payload_gone && !sup_cgroups_remove(s->rec.payload, s->rec.n_payload, !whole);
    /* Whatever lxc-start left in its own: a hook that would not end. */
    s->left = !sup_cgroups_remove(s->rec.monitor, s->rec.n_monitor, true) || s->left;
    if (s->started_ns == 0 && !sup_config_taken(s))
        remove_lxc_pivot(s);
    if (s->rec.host_if)
        sup_link_delete(s->rec.host_if);
}

void sup_teardown(struct supervisor *s)
{
    /* An init that ended by SIGHUP is a reboot to LXC. */
    bool reboot = s->have_status && WIFSIGNALED(s->status) && WTERMSIG(s->status) == SIGHUP;

    sup_come_back(s);
    if (s->lxc > 0 && (reboot || !(s->rec.flags & SF_LXC_TEARDOWN)))
        kill(s->lxc, SIGKILL);
    if (s->init_pidfd >= 0)
        syscall(SYS_pidfd_send_signal, s->init_pidfd, SIGKILL, NULL, 0);
    reap_lxc(s);
    reap_init(s);
    end_orphans(s);
    sup_drain_rest(s);
    remove_traces(s);
    if (!s->have_status) {
        s->have_status = true;
        s->status = SIGKILL;
    }
    if (s->finished_ns == 0)
        s->finished_ns = sup_realtime_ns();
}

/* The end of a container, whoever brought it about, and what has to be gone after it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define END_TIMEOUT_MS 10000

void sup_end(struct supervisor *s)
{
    if (s->phase == PHASE_ENDING && s->deadline_ms != 0)
        return;
    if (s->init_pidfd >= 0)
        syscall(SYS_pidfd_send_signal, s->init_pidfd, SIGKILL, NULL, 0);
    else if (s->lxc > 0)
        kill(s->lxc, SIGKILL); /* our own child, not reaped yet: the pid is still its own */
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
    sup_fifo_release(s);
    if (s->phase != PHASE_ENDING && s->phase != PHASE_RUNNING && !s->exec_done && !s->failed)
        sup_fail(s, SUP_ORIGIN_SUPERVISOR, 0, "its init was killed before the command ran");
    if (s->phase != PHASE_ENDING)
        s->deadline_ms = sup_now_ms() + END_TIMEOUT_MS;
    s->phase = PHASE_ENDING;
}

/* Wait for lxc-start, by itself or killed; and for an init that became ours when lxc-start died
 * first. */
static void reap_all(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, 0)) > 0 || (pid < 0 && errno == EINTR)) {
        if (pid == s->init && !s->have_status) {
            s->have_status = true;
            s->status = status;
        }
    }
    s->lxc = 0;
}

void sup_teardown(struct supervisor *s)
{
    bool whole = s->have_status && !(s->rec.flags & SF_KILL_CGROUP);

    if (s->lxc > 0 && !(s->rec.flags & SF_LXC_TEARDOWN))
        kill(s->lxc, SIGKILL);
    if (s->init_pidfd >= 0)
        syscall(SYS_pidfd_send_signal, s->init_pidfd, SIGKILL, NULL, 0);
    reap_all(s);
    sup_drain_rest(s);
    sup_cgroups_remove(s->rec.payload, s->rec.n_payload, !whole);
    sup_cgroups_remove(s->rec.monitor, s->rec.n_monitor, !whole);
    if (s->rec.host_if)
        sup_link_delete(s->rec.host_if);
    if (!s->have_status) {
        s->have_status = true;
        s->status = SIGKILL;
    }
    if (s->finished_ns == 0)
        s->finished_ns = sup_realtime_ns();
}

/*
 * PR_SET_PDEATHSIG lets lxc-start die with us, and the init with lxc-start. AppArmor forgets it
 * when an exec takes a process under a profile (apparmor_bprm_committing_creds,
 * security/apparmor/lsm.c), which happens to both; and a profile that takes signals from unconfined
 * processes alone would not let lxc-start's end reach the init. So a process of ours holds both,
 * and kills them when we are gone without having ended them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervise/supervisor.h"

enum { LEASH_US, LEASH_LXC, LEASH_INIT, LEASH_FDS };

static void hold(int (*held)[LEASH_FDS])
{
    struct pollfd fds[] = {{LEASH_US, POLLIN, 0}, {LEASH_INIT, POLLIN, 0}};

    prctl(PR_SET_NAME, "runlxc-leash", 0, 0, 0);
    /* Nothing else stays open here: an end of a pipe would keep its other end waiting. */
    for (int i = 0; i < LEASH_FDS; i++)
        if (((*held)[i] = fcntl((*held)[i], F_DUPFD, LEASH_FDS)) < 0)
            _exit(1);
    for (int i = 0; i < LEASH_FDS; i++)
        if (dup2((*held)[i], i) < 0)
            _exit(1);
    syscall(SYS_close_range, LEASH_FDS, ~0U, 0);
    /* Signals are blocked, as they are in the supervisor. */
    while (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 1)
        ;
    if (fds[0].revents) {
        syscall(SYS_pidfd_send_signal, LEASH_LXC, SIGKILL, NULL, 0);
        syscall(SYS_pidfd_send_signal, LEASH_INIT, SIGKILL, NULL, 0);
    }
    _exit(0);
}

int sup_leash(const struct supervisor *s)
{
    int held[LEASH_FDS] = {[LEASH_US] = (int)syscall(SYS_pidfd_open, getpid(), 0),
                           [LEASH_LXC] = (int)syscall(SYS_pidfd_open, s->lxc, 0),
                           [LEASH_INIT] = s->init_pidfd};
    pid_t pid = -1;
    int saved;

    if (held[LEASH_US] >= 0 && held[LEASH_LXC] >= 0)
        pid = fork(); /* it is killed at the end like all our children */
    if (pid == 0)
        hold(&held);
    saved = errno;
    close(held[LEASH_US]);
    close(held[LEASH_LXC]);
    errno = saved;
    return pid < 0 ? -1 : 0;
}

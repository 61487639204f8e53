/*
 * The init shim: first process of a container, between lxc-start and the workload; in exec mode,
 * what takes a new process into a running one; in hook mode, what runs createContainer hooks before
 * there is an init. base/protocol.h says how it is started and
 * what it says. Each list below is the whole order of things.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attributes.h"
#include "caps.h"
#include "confine.h"
#include "console.h"
#include "descriptor.h"
#include "device.h"
#include "handshake.h"
#include "hook.h"
#include "identity.h"
#include "join.h"
#include "message.h"
#include "mounts.h"
#include "network.h"
#include "newmount.h"
#include "program.h"
#include "reaper.h"
#include "rootdir.h"
#include "shim.h"
#include "symlink.h"
#include "sysctl.h"
#include "workdir.h"

/* clang-format off */
static const shim_step init_steps[] = {
    handshake_receive,
    join_cgroup_namespace,
    rootdir_open,
    identity_resolve,      /* the terminal needs an owner */
    caps_check,
    network_setup,
    mounts_unshare,        /* before anything is mounted in them */
    mounts_create,         /* /dev/pts may be one of them */
    devices_create,
    links_create,
    console_open,
    mounts_change,
    sysctl_apply,          /* before /proc/sys is made read-only */
    domainname_set,
    workdir_create,        /* before the root is made read-only */
    mounts_restrict,
    program_check,
    handshake_ready,
    handshake_wait,
    reaper_start,
};

static const shim_step hook_steps[] = {
    handshake_hooks,
    hooks_run_before_pivot,
    handshake_hooks_done,
};

static const shim_step exec_steps[] = {
    handshake_receive,
    join_cgroups,          /* their directories are the host's */
    oom_score_set_outside, /* the file is the host's root's for who is in a user namespace */
    join_namespaces,
    join_fork,
    rootdir_open,
    identity_resolve,
    caps_check,
    console_open,
    workdir_create,
    handshake_ready,
    handshake_wait,
};

static const shim_step workload_steps[] = {
    session_start,
    keyring_join,
    stdio_chown,
    oom_score_set,
    scheduling_set,
    lsm_set,
    mounts_detach_proc,    /* nothing after this opens a file of procfs */
    workdir_enter,
    umask_set,
    rlimits_set,           /* nothing after this opens a file, as a rule */
    program_seal,          /* from here on what is opened is close-on-exec, or passed on */
    seccomp_privileged,    /* without no_new_privs it needs CAP_SYS_ADMIN */
    caps_limit,
    identity_assume,
    caps_apply,
    guard_restore,         /* changes of credentials undo it */
    workdir_enter_as_user,
    no_new_privs_set,
    seccomp_unprivileged,
    hooks_run,             /* the container's own programs: confined like the workload */
    program_exec,
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void run_steps(struct shim *s, const shim_step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (steps[i](s) == 0)
            continue;
        message_fail(s->sock, &s->failure);
        _exit(s->failure.code);
    }
}

int main(int argc, char **argv)
{
    static struct shim s = {.sock = SHIM_FD, .pidfd = -1, .root_fd = -1};
    sigset_t all;

    /* First of all: nobody in the container may look at our descriptors, and no signal may end us
     * half-way. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        _exit(EXIT_SHIM);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    /* LXC appends words of its own to the command line of a hook. */
    if (argc < 2 || descriptors_isolate(s.sock) < 0)
        _exit(EXIT_SHIM);
    if (strcmp(argv[1], SHIM_INIT_ARG) == 0) {
        run_steps(&s, init_steps, COUNT(init_steps));
    } else if (strcmp(argv[1], SHIM_EXEC_ARG) == 0) {
        s.exec = true;
        run_steps(&s, exec_steps, COUNT(exec_steps));
    } else if (strcmp(argv[1], SHIM_HOOK_ARG) == 0) {
        run_steps(&s, hook_steps, COUNT(hook_steps));
        _exit(0);
    } else {
        _exit(EXIT_SHIM);
    }
    run_steps(&s, workload_steps, COUNT(workload_steps));
    _exit(EXIT_SHIM);
}

#include "confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "message.h"
#include "procfs.h"
#include "text.h"

#define LABEL_MAX 4096

static int set_apparmor(struct shim *s, const char *profile)
{
    char command[LABEL_MAX];
    struct text t;

    text_init(&t, command, sizeof(command));
    text_put(&t, "exec ");
    text_put(&t, profile);
    if (t.cut)
        return fail(&s->failure, STAGE_LSM, ENAMETOOLONG, profile);
    if (procfs_write(s->root_fd, "self/attr/apparmor/exec", command, t.len) == 0)
        return 0;
    /* Before Linux 5.8 AppArmor has no directory of its own. */
    if (errno != ENOENT || procfs_write(s->root_fd, "self/attr/exec", command, t.len) < 0)
        return fail(&s->failure, STAGE_LSM, errno, profile);
    return 0;
}

int lsm_set(struct shim *s)
{
    const char *profile = bootstrap_string(&s->boot, WT_APPARMOR);
    const char *label = bootstrap_string(&s->boot, WT_SELINUX);

    if (profile && set_apparmor(s, profile) < 0)
        return -1;
    if (label && procfs_write(s->root_fd, "self/attr/exec", label, strlen(label)) < 0)
        return fail(&s->failure, STAGE_LSM, errno, label);
    return 0;
}

/* Nothing that is to be looked at may run before somebody looks: wait until it was handed on. By
 * read(2), which every filter has to let through. */
static int hand_on(struct shim *s, int listener)
{
    struct shim_msg msg = {.type = SHIM_SECCOMP, .value = 1};
    ssize_t got;

    if (message_send(s->sock, &msg, listener) < 0)
        return fail(&s->failure, STAGE_SECCOMP, errno, "listener");
    do {
        got = read(s->sock, &msg, sizeof(msg));
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(msg) || msg.type != SHIM_SECCOMP_DONE)
        _exit(EXIT_SHIM); /* who did not hand it on knows why */
    return 0;
}

static int load_filter(struct shim *s)
{
    cleanup_close int listener = -1;
    struct sock_fprog prog;
    struct record r;
    uint32_t flags = 0;
    long rc;

    if (!bootstrap_find(&s->boot, WT_SECCOMP, &r))
        return 0;
    bootstrap_value(&s->boot, WT_SECCOMP_FLAGS, &flags, sizeof(flags));
    prog.len = (unsigned short)(r.len / sizeof(struct sock_filter));
    prog.filter = (struct sock_filter *)(uintptr_t)r.data;
    rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
    if (rc < 0)
        return fail(&s->failure, STAGE_SECCOMP, errno, "filter");
    if (!(flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
        return 0;
    listener = (int)rc;
    return hand_on(s, listener);
}

int seccomp_privileged(struct shim *s)
{
    return s->boot.flags & WF_NO_NEW_PRIVS ? 0 : load_filter(s);
}

int no_new_privs_set(struct shim *s)
{
    if (s->boot.flags & WF_NO_NEW_PRIVS && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(&s->failure, STAGE_CAPS, errno, "no_new_privs");
    return 0;
}

int seccomp_unprivileged(struct shim *s)
{
    return s->boot.flags & WF_NO_NEW_PRIVS ? load_filter(s) : 0;
}

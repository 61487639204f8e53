/* lxc-start, with the shim's executable and socket as descriptors SHIM_EXE_FD and SHIM_FD. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/supervisor.h"

#define ARGS_MAX 16
#define CONFIG_LOG 16384 /* of the log's beginning, in which lxc-start reads its configuration */

/* LXC keeps locks and its FIFO below /run where that is its user's, as for root, else below what
 * XDG_RUNTIME_DIR says. */
#define LXC_RUNTIME "XDG_RUNTIME_DIR=/run"

#define TEXT(number) #number
#define PRELOAD(number) "LD_PRELOAD=/proc/self/fd/" TEXT(number)

static const char guard_env[] = PRELOAD(SUP_GUARD_LIB_FD);

static const char *const lxc_env[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", LXC_RUNTIME,
    guard_env, NULL};

/*
 * Here PATH has no directory with newuidmap: as root, LXC would otherwise ask it, and insist on
 * /etc/subuid entries for any id map. apparmor_parser and ip are in sbin.
 */
static const char *const lxc_idmap_env[] = {"PATH=/usr/sbin:/sbin", "LANG=C", LXC_RUNTIME,
                                            guard_env, NULL};

static void unconfined(void)
{
    static const char command[] = "exec unconfined";
    int fd = open("/proc/self/attr/apparmor/exec", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        fd = open("/proc/self/attr/exec", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* no AppArmor: nothing confines it */
    if (write(fd, command, sizeof(command) - 1) < 0)
        _exit(126);
    close(fd);
}

/* Put `fd` at number `want`, open across exec. All such numbers lie below every descriptor that is
 * still needed here. */
static int place(int fd, int want)
{
    if (fd == want)
        return fcntl(fd, F_SETFD, 0);
    return dup2(fd, want) < 0 ? -1 : 0;
}

/*
 * LXC finds the configuration by the name, and its lock is a file called after it with a "." in
 * front, for which an id as long as a file name is too long. Such a container has another name
 * there, and by that LXC's tools reach it while it runs: they find no configuration.
 */
static void arguments(const struct supervisor *s, const char *argv[ARGS_MAX])
{
    const struct sup_record *rec = &s->rec;
    const char *fixed[] = {rec->lxc_start, "-F",          "-P", s->root,
                           "-o",           rec->log_file, "-l", rec->log_level};
    size_t n = sizeof(fixed) / sizeof(fixed[0]);

    memcpy(argv, fixed, sizeof(fixed));
    argv[n++] = "-n";
    argv[n++] = rec->lxc_name ? rec->lxc_name : s->id;
    if (rec->lxc_name) {
        argv[n++] = "-f";
        argv[n++] = rec->lxc_config;
    }
    argv[n++] = "--";
    argv[n++] = "/proc/self/fd/4";
    argv[n++] = SHIM_INIT_ARG;
    argv[n] = NULL;
}

/* LXC joins namespaces in a process that shares its memory, which the kernel does not allow for
 * this kind: so lxc-start itself is in it, and what it starts. */
static int join_time(const char *path)
{
    int fd, result;

    if (!path)
        return 0;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    result = setns(fd, CLONE_NEWTIME);
    close(fd);
    return result;
}

/* What lxc-start inherits: first out of the way of all the numbers, then into place. */
static int pass_descriptors(const int fds[4])
{
    static const int places[] = {SHIM_FD, SHIM_EXE_FD, SUP_GUARD_FD, SUP_GUARD_LIB_FD};
    int lifted[4];

    for (size_t i = 0; i < 4; i++)
        if ((lifted[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) < 0)
            return -1;
    for (size_t i = 0; i < 4; i++)
        if (place(lifted[i], places[i]) < 0)
            return -1;
    return 0;
}

static void child(struct supervisor *s, const int fds[4], pid_t parent)
{
    const char *argv[ARGS_MAX];
    sigset_t none;
    int null;

    arguments(s, argv);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* When we die, it dies, and with it (LXC's own PDEATHSIG) the container. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
        _exit(126);
    null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(126);
    if (pass_descriptors(fds) < 0 || join_time(s->rec.time_ns) < 0)
        _exit(126);
    if ((s->rec.flags & SF_NO_SETGID) && prctl(PR_CAPBSET_DROP, CAP_SETGID, 0, 0, 0) < 0)
        _exit(126);
    if ((s->rec.flags & SF_OWN_CGROUPS) &&
        sup_cgroups_enter(s->rec.payload, s->rec.n_payload, 0) < 0)
        _exit(126);
    if (s->rec.flags & SF_UNCONFINED)
        unconfined();
    execve(s->rec.lxc_start, (char *const *)argv,
           (char *const *)(s->rec.flags & SF_IDMAP ? lxc_idmap_env : lxc_env));
    _exit(errno == ENOENT ? 127 : 126);
}

int sup_spawn(struct supervisor *s)
{
    pid_t self = getpid();
    int pair[2], guard[2], lib = open(s->rec.guard, O_RDONLY | O_CLOEXEC);

    if (lib < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
        pipe2(guard, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    s->lxc = fork();
    if (s->lxc == 0)
        child(s, (const int[]){pair[1], s->exe, guard[1], lib}, self);
    close(pair[1]);
    close(guard[1]);
    close(lib);
    s->shim = pair[0];
    s->guard = guard[0];
    close(s->exe);
    s->exe = -1;
    if (s->lxc < 0) {
        s->lxc = 0;
        return -1;
    }
    return 0;
}

int sup_guard_check(struct supervisor *s)
{
    char byte;
    ssize_t n = read(s->guard, &byte, 1);

    close(s->guard);
    s->guard = -1;
    if (n == 1)
        return 0;
    /* What the loader has against it went to lxc-start's standard error, /dev/null. */
    errno = ELIBACC;
    return -1;
}

/*
 * liblxc (parse.c, lxc_file_for_each_line_mmap()) goes on as if a file had been empty when the copy
 * that it makes of it in memory fails: for a file that is included the container would come up
 * without what that says. Only its log knows.
 */
bool sup_config_taken(const struct supervisor *s)
{
    static const char sentence[] = "Failed to copy config file";
    char text[CONFIG_LOG];
    int fd = open(s->rec.log_file, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return true;
    got = read(fd, text, sizeof(text));
    close(fd);
    return got <= 0 || !memmem(text, (size_t)got, sentence, sizeof(sentence) - 1);
}

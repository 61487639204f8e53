/*
 * runlxc-lxc-restore: in lxc-start's place, and with its command line, bring a container back by
 * liblxc and CRIU.
 *
 *     runlxc-lxc-restore -F -P LXCPATH -o LOG -l LEVEL -n NAME [-f CONFIG] -- ...
 *
 * To the supervisor it is lxc-start and the shim in one: it gets the streams by SHIM_BOOTSTRAP, and
 * says SHIM_READY with the credentials of the init that CRIU has brought back. liblxc's restore()
 * forks the monitor and leaves that alone, so we stay as its parent: it dies with us, and the init
 * with it. The file "restore" beside LOG says the rest: base/restore.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <lxc/lxccontainer.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/lxclock.h"
#include "base/protocol.h"
#include "base/restore.h"
#include "base/str.h"
#include "base/supervise.h"
#include "shared/packet.h"

#define FILE_MAX (64 << 10)
#define ROOT_DIR "root" /* where the root filesystem is mounted for CRIU */
#define READONLY_DIR "readonly"
#define KEYS_MAX (1 << 20)
#define KEY_PREFIX "lxc.cgroup2."
#define INHERITED (RESTORE_STREAMS + 1)
#define FREEZE_ENV "RUNLXC_FREEZE"

struct arguments {
    const char *lxcpath, *name, *config, *log, *level;
};

/* For the processes that liblxc forks: what CRIU inherits, by our own numbers, and ourselves. */
static struct {
    int fds[INHERITED]; /* -1: none */
    int sock, self;
    const char *conf, *freeze;
    bool no_new_privs;
    pid_t parent;
    int depth;
} inherit = {.fds = {-1, -1, -1, -1}, .sock = -1, .self = -1};

/* What CRIU has and does not write down it leaves to what it brings back: its session keyring, and
 * whether programs may give privileges. */
static void become_criu(void)
{
    if (setenv("CRIU_CONFIG_FILE", inherit.conf, 1) < 0 ||
        setenv(FREEZE_ENV, inherit.freeze, 1) < 0 ||
        syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
        (inherit.no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
        _exit(EXIT_FAILURE);
}

/*
 * Runs in each process that liblxc forks. The first generation is the monitor, which lives as long
 * as the container: it may keep neither a stream, or nobody would see the container close it, nor
 * our socket. The second is CRIU, which takes the streams from us instead, and alone is told of its
 * configuration: that names them, and a CRIU that does not have them, which LXC asks for its
 * version, takes that for an error. Every one dies with its parent; what CRIU brings back is the
 * monitor's child.
 */
static void in_child(void)
{
    pid_t parent = getppid();

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || parent != inherit.parent)
        _exit(EXIT_FAILURE);
    inherit.parent = getpid();
    inherit.depth++;
    for (size_t i = 0; i < INHERITED; i++) {
        int number = RESTORE_STREAM_FD + (int)i, fd;

        if (inherit.depth == 1 && inherit.fds[i] >= 0)
            close(inherit.fds[i]);
        if (inherit.depth != 2 || inherit.fds[i] < 0)
            continue;
        fd = (int)syscall(SYS_pidfd_getfd, inherit.self, inherit.fds[i], 0);
        if (fd < 0 || dup2(fd, number) < 0)
            _exit(EXIT_FAILURE);
        close(fd);
    }
    if (inherit.depth == 1)
        close(inherit.sock);
    if (inherit.depth == 2)
        become_criu();
}

/* The numbers that CRIU is told must be nobody else's when they are needed. */
static int reserve_numbers(void)
{
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int i = 0; null >= 0 && i < INHERITED; i++)
        if (dup3(null, RESTORE_STREAM_FD + i, O_CLOEXEC) < 0)
            return -1;
    return null < 0 ? -1 : 0;
}

static int receive(void)
{
    int fds[2 + RESTORE_STREAMS + SUP_SHIM_MAX];
    struct shim_msg msg;
    size_t n = 0;
    int got = packet_recv(SHIM_FD, &msg, sizeof(msg), fds, ARRAY_SIZE(fds), &n, NULL);

    close(SHIM_FD);
    close(SHIM_EXE_FD);
    if (got <= 0 || msg.type != SHIM_BOOTSTRAP || n < 2 + RESTORE_STREAMS)
        return -1;
    close(fds[0]); /* for who makes a container anew */
    inherit.sock = fds[1];
    for (size_t i = 0; i < n - 2; i++) {
        if (i >= RESTORE_STREAMS)
            close(fds[2 + i]);
        else if ((inherit.fds[i] = fcntl(fds[2 + i], F_DUPFD_CLOEXEC, 30)) < 0 ||
                 close(fds[2 + i]) < 0)
            return -1;
    }
    return 0;
}

static void say_failed(const char *detail)
{
    struct shim_msg msg = {.type = SHIM_FAIL, .stage = STAGE_BOOTSTRAP, .errnum = errno};

    msg.value = 125;
    snprintf(msg.detail, sizeof(msg.detail), "%s", detail);
    packet_send(inherit.sock, &msg, sizeof(msg), NULL, 0);
}

/* We know the init's pid by LXC; the kernel lets root say it for another process. */
static int say_ready(pid_t init)
{
    struct shim_msg ready = {.type = SHIM_READY};
    struct ucred cred = {.pid = init};
    char control[CMSG_SPACE(sizeof(cred))] __attribute__((aligned(8))) = {0};
    struct iovec iov = {.iov_base = &ready, .iov_len = sizeof(ready)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_CREDENTIALS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(cred));
    memcpy(CMSG_DATA(cmsg), &cred, sizeof(cred));
    return sendmsg(inherit.sock, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/*
 * CRIU runs this program at each of its stages (criu(8), "--action-script"). liblxc's restore sets
 * neither limits nor the filter of devices: so that no instruction is executed without, what comes
 * back is frozen at the last stage in which CRIU still holds it. The driver thaws it.
 */
static int be_script(const char *stage, const char *file)
{
    cleanup_close int fd = -1;

    if (strcmp(stage, "pre-resume") != 0)
        return EXIT_SUCCESS;
    fd = open(file, O_WRONLY | O_CLOEXEC);
    return fd < 0 || write(fd, "1", 1) != 1 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int read_arguments(int argc, char **argv, struct arguments *out)
{
    int option;

    while ((option = getopt(argc, argv, "+FP:o:l:n:f:")) != -1) {
        if (option == 'P')
            out->lxcpath = optarg;
        else if (option == 'o')
            out->log = optarg;
        else if (option == 'l')
            out->level = optarg;
        else if (option == 'n')
            out->name = optarg;
        else if (option == 'f')
            out->config = optarg;
        else if (option != 'F')
            return -1;
    }
    return out->lxcpath && out->log && out->level && out->name ? 0 : -1;
}

/* The strings of the file into fields[]; the text is theirs. */
static int read_fields(const char *dir, char **text, const char *fields[RESTORE_FIELDS])
{
    cleanup_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    size_t len = 0;
    const char *at;

    if (fd < 0 || fs_read_at(fd, RESTORE_FILE, FILE_MAX, text, &len) < 0)
        return -1;
    at = *text;
    for (size_t i = 0; i < RESTORE_FIELDS; i++) {
        if (at >= *text + len)
            return -1;
        fields[i] = at;
        at += strlen(at) + 1;
    }
    return 0;
}

static int set_environment(const char *const fields[RESTORE_FIELDS])
{
    const char *old = getenv("PATH");
    cleanup_free char *path =
        str_printf("%s%s%s", fields[RESTORE_CRIU_DIR], old ? ":" : "", old ? old : "");

    inherit.conf = fields[RESTORE_CONF];
    inherit.freeze = fields[RESTORE_FREEZE];
    inherit.no_new_privs = *fields[RESTORE_NO_NEW_PRIVS] != '\0';
    if (!path || setenv("PATH", path, 1) < 0)
        return -1;
    if (!*fields[RESTORE_NET])
        return 0;
    inherit.fds[RESTORE_STREAMS] = open(fields[RESTORE_NET], O_RDONLY | O_CLOEXEC);
    return inherit.fds[RESTORE_STREAMS] < 0 ? -1 : 0;
}

/*
 * LXC's own profile is none, since the shim sets the container's; but what LXC has it has CRIU put
 * in place of what the images say. And CRIU is to have its mount of the root below our own
 * directory: LXC removes that of its package when a restore fails.
 */
static int set_configuration(struct lxc_container *c, const char *dir, const char *profile)
{
    cleanup_free char *root = str_printf("%s/" ROOT_DIR, dir);

    if (!root || (mkdir(root, 0700) < 0 && errno != EEXIST) ||
        !c->set_config_item(c, "lxc.rootfs.mount", root) ||
        !c->clear_config_item(c, "lxc.apparmor.profile"))
        return -1;
    return *profile && !c->set_config_item(c, "lxc.apparmor.profile", profile) ? -1 : 0;
}

/* CRIU takes the root as it is mounted: a read-only one is a mount of ours. */
static int mount_readonly(struct lxc_container *c, const char *dir, const char *root)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    cleanup_free char *place = str_printf("%s/" READONLY_DIR, dir);
    cleanup_free char *value = str_printf("dir:%s/" READONLY_DIR, dir);

    if (!*root)
        return 0;
    if (!place || !value || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
        (mkdir(place, 0700) < 0 && errno != EEXIST) ||
        mount(root, place, NULL, MS_BIND, NULL) < 0 ||
        syscall(SYS_mount_setattr, AT_FDCWD, place, 0, &attr, sizeof(attr)) < 0)
        return -1;
    return c->set_config_item(c, "lxc.rootfs.path", value) ? 0 : -1;
}

static bool is_frozen(const char *file)
{
    cleanup_free char *text = NULL;

    return fs_read_at(AT_FDCWD, file, 64, &text, NULL) == 0 && *text == '1';
}

/* The filter of devices is a program that LXC's monitor makes and holds, out of one rule after the
 * other; all else about cgroups is the driver's. */
static int set_devices(struct lxc_container *c)
{
    cleanup_free char *keys = calloc(1, KEYS_MAX);
    char *rest = keys;
    int len = keys ? c->get_config_item(c, "lxc.cgroup2", keys, KEYS_MAX) : -1;

    if (len < 0 || len >= KEYS_MAX)
        return -1;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        char *value = strstr(line, " = ");

        if (!str_starts(line, KEY_PREFIX "devices.") || !value)
            continue;
        *value = '\0';
        if (!c->set_cgroup_item(c, line + strlen(KEY_PREFIX), value + strlen(" = ")))
            return -1;
    }
    return 0;
}

static int bring_back(struct lxc_container *c, const char *dir,
                      const char *const fields[RESTORE_FIELDS])
{
    char self[PATH_MAX] = "";
    struct migrate_opts opts = {
        .directory = (char *)fields[RESTORE_IMAGES], .verbose = true, .action_script = self};

    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || set_environment(fields) < 0 ||
        set_configuration(c, dir, fields[RESTORE_APPARMOR]) < 0 ||
        mount_readonly(c, dir, fields[RESTORE_ROOT]) < 0) {
        say_failed("prepare to restore");
        return -1;
    }
    inherit.self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    inherit.parent = getpid();
    if (inherit.self < 0 || pthread_atfork(NULL, NULL, in_child) != 0 ||
        c->migrate(c, MIGRATE_RESTORE, &opts, sizeof(opts)) != 0)
        return -1; /* LXC's log and CRIU's say why */
    errno = 0;
    if (!is_frozen(fields[RESTORE_FREEZE]) || set_devices(c) < 0) {
        say_failed("freeze what came back and restrict its devices");
        return -1;
    }
    for (size_t i = 0; i < INHERITED; i++)
        close_fd(&inherit.fds[i]);
    return say_ready(c->init_pid(c));
}

/* Until the supervisor says so the container counts as created only; what LXC has started stays our
 * child to its end. */
static int stay(void)
{
    struct shim_msg msg;
    int got = packet_recv(inherit.sock, &msg, sizeof(msg), NULL, 0, NULL, NULL);

    if (got <= 0 || msg.type != SHIM_START)
        return EXIT_FAILURE;
    close(inherit.sock);
    while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR)
        ;
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    struct lxc_log log = {.quiet = true, .prefix = "runlxc-lxc-restore"};
    cleanup_free char *text = NULL, *path = NULL;
    const char *fields[RESTORE_FIELDS], *dir, *stage = getenv("CRTOOLS_SCRIPT_ACTION");
    const char *freeze = getenv(FREEZE_ENV);
    struct lxc_container *c;
    int result = -1;

    if (stage && freeze)
        return be_script(stage, freeze);
    if (read_arguments(argc, argv, &a) < 0 || !(path = strdup(a.log)) || reserve_numbers() < 0 ||
        receive() < 0)
        return EXIT_FAILURE;
    dir = dirname(path);
    log.name = a.name;
    log.lxcpath = a.lxcpath;
    log.file = a.log;
    log.level = a.level;
    if (lxc_log_init(&log) != 0 || read_fields(dir, &text, fields) < 0) {
        say_failed("read what is to be restored");
        return EXIT_FAILURE;
    }
    c = lxc_container_new(a.name, a.lxcpath);
    if (c && (!a.config || c->load_config(c, a.config)))
        result = bring_back(c, dir, fields);
    lxclock_remove(a.lxcpath, a.name);
    return result < 0 ? EXIT_FAILURE : stay();
}
